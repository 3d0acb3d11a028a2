package risk

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	overlap    = 30 * time.Second // how much of what was read before is read again, since rows of one second do not arrive in order
	patience   = 4 * time.Second  // how long an event waits for its address, which is stored after it
	ahead      = time.Minute      // how far clocks may be before the database's
	chunk      = 5 * time.Minute  // read at once, as window_changes counts
	leastChunk = 20 * time.Second
	mostRows   = 300_000 // of one reading: the newest
	lateEvery  = time.Minute
	sweepEvery = time.Minute
)

// Feed keeps a Window up to date from the database. What comes in is read every time, by when it happened: then only the newest parts of the
// table are touched. What happened before is read in chunks, the newest first: when the process starts, and where window_changes tells that
// something came late. A chunk that cannot be read at once is halved, so that none is in the way of the others for ever.
type Feed struct {
	conn    driver.Conn
	window  *Window
	metrics *metrics

	// Only Refresh uses these.
	read    time.Time // up to where, by the database's clock
	chunks  []span    // that wait, the next one last
	hours   []span    // of trails, the same
	changes map[time.Time]uint64
	counted map[time.Time]uint64 // changes of each chunk when it was read
	asked   time.Time
	swept   time.Time
}

// span is from a moment to before another.
type span struct{ from, to time.Time }

// halves are the span's two, the newer one last.
func (s span) halves() []span {
	middle := s.from.Add(s.to.Sub(s.from) / 2)
	return []span{{s.from, middle}, {middle, s.to}}
}

// Refresh takes in what has come since the last time, and one chunk of what is still to be read. It is not safe for concurrent use.
func (f *Feed) Refresh(ctx context.Context) (rows uint64, err error) {
	var now time.Time
	if err := f.conn.QueryRow(ctx, "SELECT now64(3, 'UTC')").Scan(&now); err != nil {
		return 0, fmt.Errorf("ask for the time: %w", err)
	}
	if now.Sub(f.read) > chunk { // the first time, or the database was away
		f.begin(now)
	}
	rows, err = f.events(ctx, span{f.read.Add(-overlap), now.Add(ahead)}, now.Add(-patience))
	if err != nil {
		return rows, err
	}
	f.read = now
	if now.Sub(f.asked) >= lateEvery {
		if err := f.late(ctx, now); err != nil {
			return rows, err
		}
		f.asked = now
	}
	more, err := f.next(ctx, now)
	rows += more
	f.metrics.rows.Add(float64(rows))
	if now.Sub(f.swept) >= sweepEvery {
		f.metrics.swept(f.window.Sweep(now), f.window.cuts.take())
		f.swept = now
	}
	return rows, err
}

// begin has the whole hour read, and trails of the day unless they are known.
func (f *Feed) begin(now time.Time) {
	known := now.Sub(f.read) <= length
	f.read, f.chunks, f.counted, f.asked = now, nil, map[time.Time]uint64{}, time.Time{}
	for at := now.Add(-length).Truncate(chunk); at.Before(now); at = at.Add(chunk) {
		f.chunks = append(f.chunks, span{at, at.Add(chunk)})
	}
	f.window.cuts.filling.Store(true)
	if known {
		return
	}
	f.hours = nil
	for at := now.Add(-trailLength).Truncate(time.Hour); at.Before(now); at = at.Add(time.Hour) {
		f.hours = append(f.hours, span{at, at.Add(time.Hour)})
	}
	f.window.cuts.tracing.Store(true)
}

// late finds the chunks in which something came since they were read.
func (f *Feed) late(ctx context.Context, now time.Time) error {
	rows, err := f.conn.Query(ctx, "SELECT window, sum(changes) FROM window_changes WHERE window >= {from:DateTime} AND window <= {to:DateTime} GROUP BY window",
		clickhouse.DateNamed("from", now.Add(-length), clickhouse.Seconds), clickhouse.DateNamed("to", now, clickhouse.Seconds))
	if err != nil {
		return fmt.Errorf("ask what came late: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	f.changes = map[time.Time]uint64{}
	for rows.Next() {
		var window time.Time
		var changes uint64
		if err := rows.Scan(&window, &changes); err != nil {
			return fmt.Errorf("ask what came late: %w", err)
		}
		f.changes[window.UTC()] = changes
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("ask what came late: %w", err)
	}
	for window, changes := range f.changes {
		s := span{window, window.Add(chunk)}
		waits := slices.ContainsFunc(f.chunks, func(w span) bool { return w.from.Before(s.to) && s.from.Before(w.to) })
		if !waits && changes != f.counted[window] && s.to.Before(f.read.Add(-overlap)) {
			f.chunks = append(f.chunks, s)
		}
	}
	slices.SortFunc(f.chunks, func(a, b span) int { return a.from.Compare(b.from) })
	for window := range f.counted {
		if now.Sub(window) > 2*length {
			delete(f.counted, window)
		}
	}
	return nil
}

// next reads the newest chunk that waits, and an hour of trails.
func (f *Feed) next(ctx context.Context, now time.Time) (rows uint64, err error) {
	if last := len(f.chunks) - 1; last >= 0 {
		s := f.chunks[last]
		f.chunks = f.chunks[:last]
		if rows, err = f.events(ctx, s, now.Add(-patience)); err != nil {
			f.chunks = append(f.chunks, again(s)...)
			return rows, err
		}
		if s.to.Before(now) {
			f.counted[s.from.Truncate(chunk)] = f.changes[s.from.Truncate(chunk)]
		}
	}
	if len(f.chunks) == 0 {
		f.window.cuts.filling.Store(false)
	}
	if last := len(f.hours) - 1; last >= 0 {
		s := f.hours[last]
		f.hours = f.hours[:last]
		if err := f.trails(ctx, s); err != nil {
			f.hours = append(f.hours, again(s)...)
			return rows, err
		}
	}
	if len(f.hours) == 0 {
		f.window.cuts.tracing.Store(false)
	}
	return rows, nil
}

// again is how a span that could not be read is tried the next time.
func again(s span) []span {
	if s.to.Sub(s.from) < 2*leastChunk {
		return []span{s}
	}
	return s.halves()
}

// recent are the events of a span. A row of network_log has the time of its event, so the same span holds the addresses of these events and no
// others.
const recent = `SELECT e.site, e.ts, e.id, e.page, e.reference, e.visitor, e.consent IN ('analytics', 'advertising'), n.address, e.network, n.user_agent,
	e.type, e.engaged_ms, e.language, e.timezone, e.os, e.device, e.bot, e.touch, e.origin, e.look
FROM (
	SELECT site, ts, id, page, reference, visitor, consent, network, toString(type) AS type, engaged_ms, language, timezone, os, device, bot, touch, origin,
		concatWithSeparator(' ', browser, browser_version, os, device, brand, toString(screen_width), toString(screen_height), language) AS look
	FROM events
	WHERE ts >= {from:DateTime64(3)} AND ts < {to:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({from:DateTime64(3)}) AND toStartOfHour(ts) <= toStartOfHour({to:DateTime64(3)})
		AND visitor != 0 AND type NOT IN ('report', 'open', 'click')
	ORDER BY ts DESC
	LIMIT {most:UInt64}
) AS e
LEFT ANY JOIN (
	SELECT site, id, address, user_agent FROM network_log
	WHERE ts >= {from:DateTime64(3)} AND ts < {to:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({from:DateTime64(3)}) AND toStartOfHour(ts) <= toStartOfHour({to:DateTime64(3)})
) AS n ON e.site = n.site AND e.id = n.id
ORDER BY e.ts`

func (f *Feed) events(ctx context.Context, s span, patient time.Time) (fresh uint64, err error) {
	rows, err := f.conn.Query(ctx, recent, clickhouse.DateNamed("from", s.from, clickhouse.MilliSeconds),
		clickhouse.DateNamed("to", s.to, clickhouse.MilliSeconds), clickhouse.Named("most", strconv.Itoa(mostRows)))
	if err != nil {
		return 0, fmt.Errorf("read recent events: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	read := 0
	for ; rows.Next(); read++ {
		one, err := sightingOf(rows)
		if err != nil {
			return fresh, fmt.Errorf("read recent events: %w", err)
		}
		if !one.Address.IsValid() && one.At.After(patient) {
			continue // it is read again, with its address
		}
		if f.window.Add(one) {
			fresh++
		}
	}
	if err := rows.Err(); err != nil {
		return fresh, fmt.Errorf("read recent events: %w", err)
	}
	if read == mostRows {
		f.window.cuts.cut(ofEvent, s.to)
	}
	return fresh, nil
}

func sightingOf(rows driver.Rows) (*Sighting, error) {
	s := &Sighting{}
	var consented, touch uint8
	var engaged uint32
	var address netip.Addr
	var kind, origin string
	err := rows.Scan(&s.Site, &s.At, &s.ID, &s.Page, &s.Reference, &s.Visitor, &consented, &address, &s.Network, &s.Agent,
		&kind, &engaged, &s.Browser.Language, &s.Browser.TimeZone, &s.Browser.OS, &s.Browser.Device, &s.Browser.Bot, &touch, &origin, &s.Look)
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

// trails reads where those who consented were, by their networks: that is near enough, and needs no address.
func (f *Feed) trails(ctx context.Context, s span) error {
	rows, err := f.conn.Query(ctx, `SELECT site, visitor, network, min(ts), max(ts), any(os) FROM events
		WHERE ts >= {from:DateTime64(3)} AND ts < {to:DateTime64(3)} AND toStartOfHour(ts) >= toStartOfHour({from:DateTime64(3)}) AND toStartOfHour(ts) <= toStartOfHour({to:DateTime64(3)})
			AND visitor != 0 AND network != '' AND type NOT IN ('report', 'open', 'click') AND consent IN ('analytics', 'advertising')
		GROUP BY site, visitor, network ORDER BY max(ts) DESC LIMIT {most:UInt64}`,
		clickhouse.DateNamed("from", s.from, clickhouse.MilliSeconds), clickhouse.DateNamed("to", s.to, clickhouse.MilliSeconds),
		clickhouse.Named("most", strconv.Itoa(mostRows)))
	if err != nil {
		return fmt.Errorf("read where visitors were: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	read := 0
	for ; rows.Next(); read++ {
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
	if read == mostRows {
		f.window.cuts.cut(ofTrail, s.to)
	}
	return nil
}
