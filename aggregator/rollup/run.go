package rollup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// run computes what one base needs, each tier from the one below.
func (w *work) run(ctx context.Context, p plan) error {
	started := time.Now()
	if err := w.runFives(ctx, p); err != nil {
		return err
	}
	w.share(p.base.name, FiveMinutes, started)
	started = time.Now()
	if err := w.runHours(ctx, p); err != nil {
		return err
	}
	w.share(p.base.name, Hour, started)
	if !p.day {
		return nil
	}
	return w.runDay(ctx, p)
}

// share spreads the time that a tier took over its windows.
func (w *work) share(name string, tier Tier, started time.Time) {
	var of []*made
	for i := range w.made {
		if m := &w.made[i]; m.name == name && m.Tier == tier {
			of = append(of, m)
		}
	}
	for _, m := range of {
		m.seconds = time.Since(started).Seconds() / float64(len(of))
	}
}

// note keeps a computed window for the switch.
func (w *work) note(name string, window Window, r record) {
	r.until, r.generation = window.End, w.generation
	w.made = append(w.made, made{name, window, r})
	w.records[recordKey{name, window.Tier, window.Start.Unix()}] = r
}

func (w *work) runFives(ctx context.Context, p plan) error {
	if p.base.foreign != nil {
		return w.runForeign(ctx, p, p.fives)
	}
	for rest := p.fives; len(rest) > 0; {
		n, events, twice := 0, uint64(0), w.isTwice(rest[0])
		for n < len(rest) && events < w.engine.o.Slice && w.isTwice(rest[n]) == twice {
			events += w.eventsIn(rest[n : n+1])
			w.note(p.base.name, rest[n], record{changes: w.seen(p.base, rest[n]).count, events: w.eventsIn(rest[n : n+1])})
			n++
		}
		s := span{site: w.day.site, start: rest[0].Start, end: rest[n-1].End, windows: rest[:n], twice: twice}
		if err := w.insertSpan(ctx, p.base, FiveMinutes, s, "window", events); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// isTwice tells whether an id may stand twice in the hours that a window touches.
func (w *work) isTwice(window Window) bool {
	for _, hour := range utcHours([]Window{window}) {
		if w.twice[hour.Unix()] {
			return true
		}
	}
	return false
}

func (w *work) eventsIn(windows []Window) (n uint64) {
	for _, window := range windows {
		for at := window.Start; at.Before(window.End); at = at.Add(step) {
			n += w.events[at.Unix()]
		}
	}
	return n
}

// insertSpan computes windows straight from events, some of the visitors at a time where there are too many for one statement.
func (w *work) insertSpan(ctx context.Context, b *definition, tier Tier, s span, window string, events uint64) error {
	if events == 0 {
		return nil
	}
	s.of = (events + w.engine.o.Slice - 1) / w.engine.o.Slice
	for s.part = 0; s.part < s.of; s.part++ {
		to := target{site: w.day.site, tier: tier, generation: w.generation, window: window}
		if err := w.exec(ctx, b.insertBase(to, b.rows(s.source(b)), nil)); err != nil {
			return err
		}
	}
	return nil
}

// runHours makes hours, neighbours of the usual length together, of their 5-minute windows where these are all there, otherwise of events.
func (w *work) runHours(ctx context.Context, p plan) error {
	if p.base.foreign != nil {
		return w.runForeign(ctx, p, p.hours)
	}
	for rest := p.hours; len(rest) > 0; {
		batch := []Window{rest[0]}
		from := w.from(p, rest[0])
		direct, events := from == nil, w.eventsIn(rest[:1])
		for _, hour := range rest[1:] {
			last := batch[len(batch)-1]
			next := w.from(p, hour)
			if !usual(hour) || !usual(last) || !hour.Start.Equal(last.End) || events >= w.engine.o.Slice || (next == nil) != direct {
				break
			}
			batch, from, events = append(batch, hour), append(from, next...), events+w.eventsIn([]Window{hour})
		}
		rest = rest[len(batch):]
		err := w.runHoursOf(ctx, p.base, batch, from)
		if direct {
			err = w.runDirect(ctx, p.base, batch, events)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func usual(hour Window) bool { return hour.End.Sub(hour.Start) == time.Hour }

// hourOf is the hour that a 5-minute window of a batch belongs to.
func hourOf(batch []Window) string {
	first := batch[0].Start
	if len(batch) == 1 {
		return moment(first)
	}
	return fmt.Sprintf("%[1]s + intDiv(toUnixTimestamp(window) - %[2]d, 3600) * 3600", moment(first), first.Unix())
}

func (w *work) runHoursOf(ctx context.Context, b *definition, batch []Window, from []Computed) error {
	if len(from) == 0 {
		return nil
	}
	for _, hour := range batch {
		var sum record
		for _, five := range from {
			if r := w.records[recordKey{b.name, FiveMinutes, five.Start.Unix()}]; five.within(hour) {
				sum.changes += r.changes
				sum.events += r.events
			}
		}
		w.note(b.name, hour, sum)
	}
	to := target{site: w.day.site, tier: Hour, generation: w.generation, window: hourOf(batch)}
	return w.exec(ctx, b.insertBase(to, b.selectBelow(w.day.site, FiveMinutes, from), nil))
}

func (w *work) runDirect(ctx context.Context, b *definition, batch []Window, events uint64) error {
	s := span{site: w.day.site, start: batch[0].Start, end: batch[len(batch)-1].End}
	for _, hour := range batch {
		s.twice = s.twice || w.isTwice(hour)
		w.note(b.name, hour, record{changes: w.seen(b, hour).count, events: w.eventsIn([]Window{hour})})
	}
	return w.insertSpan(ctx, b, Hour, s, hourOf(batch), events)
}

// runForeign lets a source compute windows, neighbours together.
func (w *work) runForeign(ctx context.Context, p plan, windows []Window) error {
	for len(windows) > 0 {
		n := 1
		for n < len(windows) && windows[n].Start.Equal(windows[n-1].End) {
			n++
		}
		unit := Unit{Site: w.day.site, Zone: w.day.zone.String(), Tier: windows[0].Tier, Windows: windows[:n], Generation: w.generation}
		if err := p.base.foreign.Compute(ctx, unit); err != nil {
			return err
		}
		for _, window := range windows[:n] {
			w.note(p.base.name, window, record{changes: w.seen(p.base, window).count})
		}
		windows = windows[n:]
	}
	return nil
}

// runDay makes the day's rows of the base and the numbers of its reports, from the hours.
func (w *work) runDay(ctx context.Context, p plan) error {
	started := time.Now()
	b, day := p.base, w.day.Window
	var from []Computed
	var sum record
	for _, hour := range hours(day, w.day.zone) {
		if r, ok := w.records[recordKey{b.name, Hour, hour.Start.Unix()}]; ok {
			from = append(from, Computed{hour, r.generation})
			sum.changes += r.changes
			sum.events += r.events
		}
	}
	w.note(b.name, day, sum)
	if len(from) > 0 {
		if err := w.insertDay(ctx, b, from); err != nil {
			return err
		}
	}
	w.share(b.name, Day, started)
	for _, report := range w.catalogue.reportsOf(b.name) {
		started := time.Now()
		w.note(report.name, day, sum)
		if len(from) > 0 {
			to := target{site: w.day.site, tier: Day, generation: w.generation, window: moment(day.Start)}
			if err := w.exec(ctx, report.insertDays(to, below(b.table(), w.day.site, Hour, from))); err != nil {
				return err
			}
		}
		w.share(report.name, Day, started)
	}
	return nil
}

func (w *work) insertDay(ctx context.Context, b *definition, from []Computed) error {
	if b.foreign != nil {
		return b.foreign.Compute(ctx, Unit{
			Site: w.day.site, Zone: w.day.zone.String(), Tier: Day, Windows: []Window{w.day.Window}, Generation: w.generation, From: from,
		})
	}
	to := target{site: w.day.site, tier: Day, generation: w.generation, window: moment(w.day.Start)}
	return w.exec(ctx, b.insertBase(to, b.selectBelow(w.day.site, Hour, from), w.catalogue.counting(b)))
}

// exec runs a statement within bounded memory: what does not fit goes through the disk.
func (w *work) exec(ctx context.Context, statement string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_memory_usage": 450 << 20, "max_bytes_before_external_group_by": 150 << 20, "max_bytes_before_external_sort": 150 << 20,
		"min_insert_block_size_rows": 1 << 18, "min_insert_block_size_bytes": 64 << 20, "max_insert_threads": 1,
		"do_not_merge_across_partitions_select_final": 1, "insert_deduplicate": 0,
	}))
	return w.engine.o.Conn.Exec(ctx, statement)
}

// finish switches readers over to everything that was made, in one insert.
func (w *work) finish(ctx context.Context) (Result, error) {
	if len(w.made) == 0 {
		return Result{}, nil
	}
	rows, err := w.rows(ctx)
	if err != nil {
		return Result{}, err
	}
	batch, err := w.engine.o.Conn.PrepareBatch(ctx, "INSERT INTO rollup_windows (site, name, tier, zone, start, until, generation, changes, events, rows, seconds)")
	if err != nil {
		return Result{}, fmt.Errorf("switch readers: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	result := Result{Windows: len(w.made)}
	for _, n := range w.events {
		result.events += n
	}
	for _, m := range w.made {
		n := rows[recordKey{m.name, m.Tier, m.Start.Unix()}]
		result.Rows += n
		err := batch.Append(w.day.site, m.name, m.Tier.String(), w.day.zone.String(), m.Start, m.End, m.generation, m.changes, m.events, n, float32(m.seconds))
		if err != nil {
			return Result{}, fmt.Errorf("switch readers: %w", err)
		}
		w.engine.metrics.window(m.name, m.Tier, n, m.seconds)
	}
	if err := batch.Send(); err != nil {
		return Result{}, fmt.Errorf("switch readers: %w", err)
	}
	return result, nil
}

// rows counts what this computation wrote.
func (w *work) rows(ctx context.Context) (map[recordKey]uint64, error) {
	written := map[string]bool{}
	var parts []string
	for _, m := range w.made {
		d := w.catalogue.base(m.name)
		table, tier := m.name, "tier"
		if d == nil {
			table, tier = m.name+"_days", "2"
		}
		if written[table] {
			continue
		}
		written[table] = true
		parts = append(parts, fmt.Sprintf("SELECT %s AS name, toUInt8(%s) AS length, window, count() FROM %s WHERE site = %s AND window >= %s AND window < %s AND generation = %d GROUP BY length, window",
			text(m.name), tier, table, text(w.day.site), moment(w.day.Start), moment(w.day.End), w.generation))
	}
	rows, err := w.engine.o.Conn.Query(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[recordKey]uint64{}
	for rows.Next() {
		var name string
		var tier uint8
		var window time.Time
		var n uint64
		if err := rows.Scan(&name, &tier, &window, &n); err != nil {
			return nil, fmt.Errorf("count rows: %w", err)
		}
		all[recordKey{name, Tier(min(tier, uint8(Day))), window.Unix()}] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return all, nil
}
