package risk

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// blockedEvery is how often it is asked who is blocked.
const blockedEvery = 10 * time.Second

// bar learns who was erased and who is blocked, and forgets them: before anything is read, so that nothing of them is taken in.
func (d *Desk) bar(ctx context.Context) error {
	key, err := d.o.Key()
	if err != nil {
		return nil //nolint:nilerr // without a key nobody was erased, and no ticket can be read
	}
	if known := d.ring.Load(); known == nil || known.key != key {
		d.keep(key)
	}
	marks, newest, err := d.tombstones(ctx)
	if err != nil {
		return err
	}
	fresh := d.window.barred.erase(key.Mark, marks)
	d.buried = newest
	if now := d.o.Now(); d.o.Blocked != nil && now.Sub(d.asked) >= blockedEvery {
		visitors, err := d.o.Blocked(ctx)
		if err != nil {
			return fmt.Errorf("ask who is blocked: %w", err)
		}
		fresh += d.window.barred.block(visitors)
		d.asked = now
	}
	if fresh > 0 {
		d.window.forget()
	}
	return nil
}

// skew is how far the clock of another aggregator, which dates its marks itself, may be behind. Marks of a day are few.
const skew = 24 * time.Hour

// tombstones are the marks of who was erased since the last time.
func (d *Desk) tombstones(ctx context.Context) (marks map[string][]uint64, newest time.Time, err error) {
	newest = d.buried
	rows, err := d.o.Conn.Query(ctx, "SELECT site, mark, made FROM tombstones WHERE made >= {since:DateTime64(3)}",
		clickhouse.DateNamed("since", newest.Add(-skew), clickhouse.MilliSeconds))
	if err != nil {
		return nil, newest, fmt.Errorf("ask who was erased: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	marks = map[string][]uint64{}
	for rows.Next() {
		var site string
		var number uint64
		var made time.Time
		if err := rows.Scan(&site, &number, &made); err != nil {
			return nil, newest, fmt.Errorf("ask who was erased: %w", err)
		}
		marks[site] = append(marks[site], number)
		if made.After(newest) {
			newest = made
		}
	}
	if err := rows.Err(); err != nil {
		return nil, newest, fmt.Errorf("ask who was erased: %w", err)
	}
	return marks, newest, nil
}
