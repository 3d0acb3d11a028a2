package subject

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/policy"
)

// block takes the person's rows out of their tables: all of them at first, and later those that came since.
func (d *Desk) block(ctx context.Context, t *Ticket) error {
	p, err := d.open(t)
	if err != nil {
		return err
	}
	if t.State == Confirmed {
		if err := d.note(ctx, aggregator(), "block begun", t, ""); err != nil {
			return err
		}
	}
	began, hours, err := d.toLook(ctx, t, p)
	if err != nil || hours == "" {
		return err
	}
	if err := d.alone(ctx, t, t.version); err != nil { // somebody may have it unblocked since it was read
		return err
	}
	moved, err := d.moveAll(ctx, t, p, hours)
	if err != nil {
		return err
	}
	if moved > 0 || t.State == Confirmed {
		if err := d.note(ctx, aggregator(), "rows blocked", t, fmt.Sprintf("%d rows", moved)); err != nil {
			return err
		}
		d.metrics.blocked.Add(float64(moved))
		d.o.Log.Info("rows of a person blocked", "ticket", t.ID, "site", t.Site, "rows", moved)
		if err := d.change(ctx, t, Blocked); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looked[t.ID] = began
	if hours == everything {
		d.whole[t.ID] = d.o.Now()
	}
	return nil
}

const (
	// overlap is how long an insert may take from its beginning to where it can be seen.
	overlap = time.Minute
	// thoroughly is how often everything is looked through: restricted rows that come later than their events change no window.
	thoroughly = time.Hour
)

// everything is the condition of a look through all rows.
const everything = "true"

// toLook is a condition for when events came since the last look, everything at the first one and nothing where none did.
func (d *Desk) toLook(ctx context.Context, t *Ticket, p *person) (began time.Time, hours string, err error) {
	d.mu.Lock()
	last, known := d.looked[t.ID]
	known = known && d.o.Now().Sub(d.whole[t.ID]) < thoroughly
	d.mu.Unlock()
	var starts []uint32
	err = d.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT now64(3, 'UTC'), groupUniqArray(toUnixTimestamp(toStartOfHour(window))) FROM window_changes
		WHERE site = %s AND last_changed >= %s`, text(p.Site), millis(last.Add(-overlap)))).Scan(&began, &starts)
	switch {
	case err != nil:
		return began, "", fmt.Errorf("ask for changes: %w", err)
	case !known || t.State == Confirmed:
		return began, everything, nil
	case len(starts) == 0:
		return began, "", nil
	}
	parts := make([]string, len(starts))
	for i, start := range starts {
		parts[i] = fmt.Sprintf("toDateTime(%d, 'UTC')", start)
	}
	return began, "toStartOfHour(ts) IN (" + strings.Join(parts, ", ") + ")", nil
}

// moveAll moves rows of all tables, and has made again what was made of them.
func (d *Desk) moveAll(ctx context.Context, t *Ticket, p *person, when string) (moved uint64, err error) {
	windows := map[time.Time]bool{}
	for _, id := range p.Visitors {
		one := p.only(id)
		var touched []time.Time
		if err := d.o.Conn.QueryRow(wide(ctx), "SELECT groupUniqArray(toStartOfFiveMinute(ts)) FROM events WHERE "+ofEvents(one)+" AND "+when).Scan(&touched); err != nil {
			return moved, fmt.Errorf("ask for windows: %w", err)
		}
		for _, w := range touched {
			windows[w] = true
		}
		for _, table := range d.tables {
			if !table.movable() || len(touched) == 0 && table.name == events {
				continue
			}
			n, err := d.move(ctx, t, one, table, when)
			moved += n
			if err != nil {
				return moved, err
			}
		}
	}
	if len(windows) == 0 {
		return moved, nil
	}
	if err := d.deleteDerived(ctx, p); err != nil {
		return moved, err
	}
	return moved, d.o.Rollups.Changed(ctx, p.Site, keys(windows))
}

// deleteDerived deletes what was made of the person's events.
func (d *Desk) deleteDerived(ctx context.Context, p *person) error {
	derived := slices.DeleteFunc(slices.Clone(d.tables), func(t held) bool { return !t.derived() })
	counted, err := d.counts(ctx, derived, p)
	if err != nil {
		return err
	}
	for _, t := range derived {
		if counted[t.name] == 0 {
			continue
		}
		if err := d.delete(ctx, t.name, t.where(p, "")); err != nil {
			return err
		}
	}
	return nil
}

// straggling is how much later than other rows of a person some may come: for as long as a collector, or one of its tables, does not get
// through.
const straggling = 7 * 24 * time.Hour

// moving is how many rows are moved at once.
const moving = 2000

// move copies rows and then deletes exactly those: what comes in between stays for the next time.
func (d *Desk) move(ctx context.Context, t *Ticket, p *person, from held, when string) (moved uint64, err error) {
	where := from.where(p, "")
	if from.by == policy.ByEvent { // what came after its event was moved is known by the event that was
		where = from.where(p, strings.TrimSuffix(from.ids(p, d.o.Now()), ")")+fmt.Sprintf(
			" UNION ALL SELECT %s AS h FROM blocked_rows WHERE ticket = %s AND origin = 'events' AND moved >= now() - %d)",
			p.blinded("JSONExtractString(row, 'id')"), text(t.ID), int(straggling.Seconds())))
	}
	if from.has("ts") {
		where += " AND " + when
	}
	for {
		hashes, err := d.hashes(ctx, fmt.Sprintf("SELECT groupArray(h) FROM (SELECT DISTINCT cityHash64(%s) AS h FROM %s WHERE %s LIMIT %d)",
			from.identity(), from.name, where, moving))
		if err != nil {
			return moved, fmt.Errorf("look for rows of %s: %w", from.name, err)
		}
		if len(hashes) == 0 {
			return moved, nil
		}
		these := fmt.Sprintf("site = %s AND cityHash64(%s) IN %s", text(p.Site), from.identity(), numbers(hashes))
		if err := d.copy(ctx, t, p, from, these); err != nil {
			return moved, err
		}
		if err := d.delete(ctx, from.name, these); err != nil {
			return moved, err
		}
		moved += uint64(len(hashes))
	}
}

// copy writes rows as JSON, so that each value can be read back as it was. Whose they are is read, so that no statement names it.
func (d *Desk) copy(ctx context.Context, t *Ticket, p *person, from held, these string) error {
	ctx = clickhouse.Context(wide(ctx), clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": 64 << 20, "output_format_json_quote_denormals": 1, "output_format_json_quote_64bit_integers": 1, "insert_deduplicate": 0,
	}))
	whose := "visitor"
	if !from.has(whose) {
		whose = fmt.Sprintf("(SELECT any(visitor) FROM (SELECT visitor FROM events WHERE %s LIMIT 1 UNION ALL SELECT visitor FROM blocked_rows WHERE ticket = %s AND %s LIMIT 1))",
			ofEvents(p), text(t.ID), ofEvents(p))
	}
	err := d.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO blocked_rows (ticket, site, origin, visitor, hash, row, moved)
		SELECT %s, %s, %s, %s, cityHash64(%[5]s), formatRowNoNewline('JSONEachRow', %[5]s), now64(3) FROM %[6]s WHERE %[7]s`,
		text(t.ID), text(p.Site), text(from.name), whose, from.list(), from.name, these))
	if err != nil {
		return fmt.Errorf("copy rows of %s: %w", from.name, err)
	}
	return nil
}

func keys(of map[time.Time]bool) []time.Time {
	all := make([]time.Time, 0, len(of))
	for key := range of {
		all = append(all, key)
	}
	return all
}
