package deliver

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Marker gives the mark by which a tombstone knows a visitor.
type Marker interface {
	Mark(site string, visitor uint64) uint64
}

// tombstones are the marks of who was erased: their rows are left out, however late they come, from a queue or from a segment that was
// set aside and is sent again.
type tombstones struct {
	conn   driver.Conn
	marker Marker // nil: rows are of nobody who could be erased
	read   time.Time
	marks  map[uint64]struct{}
	asked  map[asked]bool // of this segment; a visitor has many rows
}

type asked struct {
	site    string
	visitor uint64
}

const (
	// freshness is how old the marks may be when a segment is read. Whoever erases looks for what slipped through meanwhile.
	freshness = 2 * time.Second
	// mostAsked bounds what is remembered of a segment.
	mostAsked = 1 << 16
)

// refresh reads the marks, unless that was done a moment ago.
func (t *tombstones) refresh(ctx context.Context) error {
	clear(t.asked)
	if t.marker == nil || time.Since(t.read) < freshness {
		return nil
	}
	began := time.Now()
	rows, err := t.conn.Query(ctx, "SELECT DISTINCT mark FROM tombstones")
	if err != nil {
		return fmt.Errorf("read tombstones: %w", withoutText(err))
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	marks := map[uint64]struct{}{}
	for rows.Next() {
		var mark uint64
		if err := rows.Scan(&mark); err != nil {
			return fmt.Errorf("read tombstones: %w", err)
		}
		marks[mark] = struct{}{}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read tombstones: %w", withoutText(err))
	}
	t.marks, t.read = marks, began
	return nil
}

// erased tells whether rows of this visitor are left out.
func (t *tombstones) erased(site string, visitor uint64) bool {
	if len(t.marks) == 0 || visitor == 0 {
		return false
	}
	who := asked{site, visitor}
	known, ok := t.asked[who]
	if !ok {
		_, known = t.marks[t.marker.Mark(site, visitor)]
		if len(t.asked) < mostAsked {
			who.site = string([]byte(site)) // the record's memory is only lent
			t.asked[who] = known
		}
	}
	return known
}
