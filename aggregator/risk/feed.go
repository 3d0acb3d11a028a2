package risk

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	overlap     = 30 * time.Second // how much of what was read before is read again, since rows of one second do not arrive in order
	longOverlap = 10 * time.Minute // once a minute, for what came late
	mostRows    = 300_000          // of one reading: the newest
	mostTrails  = 300_000
)

// Feed keeps a Window up to date from the database.
type Feed struct {
	conn    driver.Conn
	window  *Window
	metrics *metrics

	read  time.Time // up to where, by the database's clock; only Refresh uses these
	long  time.Time
	swept time.Time
	newer time.Time // tombstones up to here were seen
}

// Refresh takes in what has come since the last time; the first one reads the whole hour. It is not safe for concurrent use.
func (f *Feed) Refresh(ctx context.Context) (rows uint64, err error) {
	var now time.Time
	if err := f.conn.QueryRow(ctx, "SELECT now64(3, 'UTC')").Scan(&now); err != nil {
		return 0, fmt.Errorf("ask for the time: %w", err)
	}
	since := f.read.Add(-overlap)
	if f.read.IsZero() || now.Sub(f.read) > length {
		since = now.Add(-length)
		if err := f.trails(ctx, now); err != nil {
			return 0, err
		}
		f.long = now
	} else if now.Sub(f.long) > time.Minute {
		since = f.read.Add(-longOverlap)
		f.long = now
	}
	rows, err = f.events(ctx, since, now)
	if err != nil {
		return rows, err
	}
	f.metrics.rows.Add(float64(rows))
	f.read = now
	if now.Sub(f.swept) > time.Minute {
		groups, skipped := f.window.Sweep(now)
		f.metrics.groups.Set(float64(groups))
		f.metrics.skipped.Add(float64(skipped))
		f.swept = now
	}
	return rows, nil
}

// recent are the events that were taken since a moment. Addresses are joined from network_log, where rows lie by the time of the event: of what
// came late they are not looked for, and the event counts for its network alone.
const recent = `SELECT e.site, e.ts, e.id, e.reference, e.visitor, e.consent IN ('analytics', 'advertising'), n.address, e.network, n.user_agent,
	e.type, e.engaged_ms, e.network_kind, e.language, e.timezone, e.os, e.device, e.bot, e.touch, e.origin, e.look
FROM (
	SELECT site, ts, id, reference, visitor, consent, network, toString(type) AS type, engaged_ms, network_kind, language, timezone, os, device, bot, touch, origin,
		concatWithSeparator(' ', browser, browser_version, os, device, brand, toString(screen_width), toString(screen_height), language) AS look
	FROM events
	WHERE ts >= {from:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({from:DateTime64(3)}) AND ts <= {now:DateTime64(3)} + 60
		AND received >= {since:DateTime64(3)} AND visitor != 0 AND type NOT IN ('report', 'open', 'click')
	ORDER BY received DESC
	LIMIT {most:UInt64}
) AS e
LEFT ANY JOIN (
	SELECT site, id, address, user_agent FROM network_log
	WHERE ts >= {joined:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({joined:DateTime64(3)})
) AS n ON e.site = n.site AND e.id = n.id
ORDER BY e.ts`

func (f *Feed) events(ctx context.Context, since, now time.Time) (read uint64, err error) {
	rows, err := f.conn.Query(ctx, recent,
		clickhouse.DateNamed("from", now.Add(-length), clickhouse.MilliSeconds), clickhouse.DateNamed("now", now, clickhouse.MilliSeconds),
		clickhouse.DateNamed("since", since, clickhouse.MilliSeconds), clickhouse.DateNamed("joined", since.Add(-2*time.Minute), clickhouse.MilliSeconds),
		clickhouse.Named("most", strconv.Itoa(mostRows)))
	if err != nil {
		return 0, fmt.Errorf("read recent events: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		s, err := sightingOf(rows)
		if err != nil {
			return read, fmt.Errorf("read recent events: %w", err)
		}
		if f.window.Add(s) {
			read++
		}
	}
	if err := rows.Err(); err != nil {
		return read, fmt.Errorf("read recent events: %w", err)
	}
	return read, nil
}

func sightingOf(rows driver.Rows) (*Sighting, error) {
	s := &Sighting{}
	var consented, touch uint8
	var engaged uint32
	var address netip.Addr
	var kind, origin string
	err := rows.Scan(&s.Site, &s.At, &s.ID, &s.Reference, &s.Visitor, &consented, &address, &s.Network, &s.Agent,
		&kind, &engaged, &s.Kind, &s.Browser.Language, &s.Browser.TimeZone, &s.Browser.OS, &s.Browser.Device, &s.Browser.Bot, &touch, &origin, &s.Look)
	if err != nil {
		return nil, err
	}
	if address = address.Unmap(); address.IsValid() && !address.IsUnspecified() {
		s.Address = address
	}
	s.Consented = consented == 1
	s.View, s.Action = kind == "pageview", kind == "event"
	s.Engaged = time.Duration(engaged) * time.Millisecond
	s.Browser.Touch, s.Browser.Script, s.Browser.Consented = touch, origin == "script", s.Consented
	return s, nil
}

// trails reads where those who consented were in the last day, by their networks: that is near enough, and needs no address.
func (f *Feed) trails(ctx context.Context, now time.Time) error {
	rows, err := f.conn.Query(ctx, `SELECT site, visitor, network, min(ts), max(ts), any(os) FROM events
		WHERE ts >= {from:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({from:DateTime64(3)}) AND visitor != 0 AND network != '' AND type NOT IN ('open', 'click')
			AND consent IN ('analytics', 'advertising')
		GROUP BY site, visitor, network ORDER BY max(ts) DESC LIMIT {most:UInt64}`,
		clickhouse.DateNamed("from", now.Add(-trailLength), clickhouse.MilliSeconds), clickhouse.Named("most", strconv.Itoa(mostTrails)))
	if err != nil {
		return fmt.Errorf("read where visitors were: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var site, network, system string
		var visitor uint64
		var first, last time.Time
		if err := rows.Scan(&site, &visitor, &network, &first, &last, &system); err != nil {
			return fmt.Errorf("read where visitors were: %w", err)
		}
		f.window.follow(site, visitor, network, system, first, last)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read where visitors were: %w", err)
	}
	return nil
}

// Erased asks who was erased since the last time, and has the window forget them. Mark is what is kept of an erased visitor.
func (f *Feed) Erased(ctx context.Context, mark func(site string, visitor uint64) uint64) error {
	rows, err := f.conn.Query(ctx, "SELECT site, mark, made FROM tombstones WHERE made >= {since:DateTime64(3)}",
		clickhouse.DateNamed("since", f.newer.Add(-time.Minute), clickhouse.MilliSeconds))
	if err != nil {
		return fmt.Errorf("ask who was erased: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	marks := map[string]map[uint64]bool{}
	newest := f.newer
	for rows.Next() {
		var site string
		var number uint64
		var made time.Time
		if err := rows.Scan(&site, &number, &made); err != nil {
			return fmt.Errorf("ask who was erased: %w", err)
		}
		if marks[site] == nil {
			marks[site] = map[uint64]bool{}
		}
		marks[site][number] = true
		if made.After(newest) {
			newest = made
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("ask who was erased: %w", err)
	}
	if len(marks) > 0 {
		f.window.Forget(func(site string, visitor uint64) bool { return marks[site] != nil && marks[site][mark(site, visitor)] })
	}
	f.newer = newest
	return nil
}
