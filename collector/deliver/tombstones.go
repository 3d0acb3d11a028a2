package deliver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/visitor"
)

// Marker is the key that visitors' ids are made with.
type Marker interface {
	// Mark is the mark by which a tombstone knows a visitor.
	Mark(site string, visitor uint64) uint64
	// Register tells whether the ids in the database are of this key; the first one is what they are made with from then on.
	Register(ctx context.Context, conn driver.Conn, now time.Time) error
}

// tombstones are the marks of who was erased: their rows are left out, however late they come, from a queue or from a segment that was
// set aside and is sent again.
type tombstones struct {
	conn    driver.Conn
	marker  Marker // nil: rows are of nobody who could be erased
	read    time.Time
	whole   time.Time // when all marks were read last
	newest  time.Time
	checked time.Time // when the key was
	marks   map[uint64]struct{}
	asked   map[asked]bool // of this segment; a visitor has many rows
}

type asked struct {
	site    string
	visitor uint64
}

const (
	// freshness is how old the marks may be when a segment is read. Whoever erases looks for what slipped through meanwhile.
	freshness = 2 * time.Second
	// wholeness is how often all marks are read, and the key is looked at: another database may stand behind the address by then.
	wholeness = time.Minute
	// skew is how far the clocks of two aggregators may be apart.
	skew = 10 * time.Minute
	// mostAsked bounds what is remembered of a segment.
	mostAsked = 1 << 16
)

// refresh reads the marks, unless that was done a moment ago.
func (t *tombstones) refresh(ctx context.Context) error {
	clear(t.asked)
	if t.marker == nil || time.Since(t.read) < freshness {
		return nil
	}
	if err := t.check(ctx); err != nil {
		return err
	}
	began := time.Now()
	whole := began.Sub(t.whole) >= wholeness
	since := time.Unix(0, 0)
	if !whole {
		since = t.newest.Add(-skew)
	}
	marks, newest, err := t.since(ctx, since)
	if err != nil {
		return err
	}
	t.read = began
	if whole {
		t.marks, t.newest, t.whole = marks, newest, began
		return nil
	}
	maps.Copy(t.marks, marks)
	if newest.After(t.newest) {
		t.newest = newest
	}
	return nil
}

// check refuses a database whose ids are made with another key: they would be nobody's.
func (t *tombstones) check(ctx context.Context) error {
	began := time.Now()
	if began.Sub(t.checked) < wholeness {
		return nil
	}
	err := t.marker.Register(ctx, t.conn, began)
	if err == nil {
		t.checked = began
	}
	if errors.Is(err, visitor.ErrOtherKey) {
		return err
	}
	return withoutText(err)
}

func (t *tombstones) since(ctx context.Context, since time.Time) (marks map[uint64]struct{}, newest time.Time, err error) {
	rows, err := t.conn.Query(ctx, fmt.Sprintf("SELECT mark, max(made) FROM tombstones WHERE made >= fromUnixTimestamp64Milli(toInt64(%d), 'UTC') GROUP BY mark", since.UnixMilli()))
	if err != nil {
		return nil, newest, fmt.Errorf("read tombstones: %w", withoutText(err))
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	marks = map[uint64]struct{}{}
	for rows.Next() {
		var mark uint64
		var made time.Time
		if err := rows.Scan(&mark, &made); err != nil {
			return nil, newest, fmt.Errorf("read tombstones: %w", err)
		}
		marks[mark] = struct{}{}
		if made.After(newest) {
			newest = made
		}
	}
	if err := rows.Err(); err != nil {
		return nil, newest, fmt.Errorf("read tombstones: %w", withoutText(err))
	}
	return marks, newest, nil
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
