package rollup

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// siteDay is a day of a site.
type siteDay struct {
	Window

	site string
	zone *time.Location
}

// change is what is known of the changes of one 5-minute window.
type change struct {
	count uint64
	last  time.Time
}

// record is the newest computation of a window.
type record struct {
	until      time.Time
	generation uint64
	changes    uint64
	events     uint64
	seconds    float64
	computed   time.Time
}

// began is when the computation began, by the clock of the database.
func (r record) began() time.Time { return time.UnixMicro(int64(r.generation >> randomBits)) }

const randomBits = 10

// newGeneration is greater than those of computations that began earlier.
func newGeneration(now time.Time) uint64 {
	return uint64(now.UnixMicro())<<randomBits | rand.Uint64N(1<<randomBits)
}

// now is the time by the database's clock, which is one for all aggregators.
func (e *Engine) now(ctx context.Context) (now time.Time, err error) {
	if err := e.o.Conn.QueryRow(ctx, "SELECT now64(6, 'UTC')").Scan(&now); err != nil {
		return now, fmt.Errorf("ask the database for its time: %w", err)
	}
	return now, nil
}

// feeds are the tables that tell of changes.
func (c *catalogue) feeds() []string {
	all := []string{ownFeed}
	for _, b := range c.bases {
		if feed := b.feed(); !slices.Contains(all, feed) {
			all = append(all, feed)
		}
	}
	return all
}

const ownFeed = "window_changes"

func (d *definition) feed() string {
	if d.foreign != nil {
		return d.foreign.Changes()
	}
	return ownFeed
}

// touched are the days with changes that were made since, the newest first.
func (e *Engine) touched(ctx context.Context, since time.Time) ([]siteDay, error) {
	var days []siteDay
	seen := map[string]bool{}
	for _, feed := range e.catalogue.feeds() {
		err := e.touchedIn(ctx, feed, since, func(site string, hour time.Time) {
			zone := e.zone(site)
			for _, at := range []time.Time{hour, hour.Add(time.Hour - step)} { // a day may begin within an hour of UTC
				day := siteDay{dayOf(at, zone), site, zone}
				if key := site + day.Start.String(); !seen[key] {
					seen[key] = true
					days = append(days, day)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(days, func(a, b siteDay) int { return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.site, b.site)) })
	return days, nil
}

// touchedIn tells of every hour of UTC in which one feed has changes.
func (e *Engine) touchedIn(ctx context.Context, feed string, since time.Time, tell func(site string, hour time.Time)) error {
	rows, err := e.o.Conn.Query(ctx, fmt.Sprintf("SELECT DISTINCT site, toStartOfHour(window) AS hour FROM %s WHERE last_changed >= %s AND window >= now() - %d ORDER BY hour",
		feed, moment(since), int(Day.kept().Seconds())))
	if err != nil {
		return fmt.Errorf("ask for changes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var site string
		var hour time.Time
		if err := rows.Scan(&site, &hour); err != nil {
			return fmt.Errorf("read changes: %w", err)
		}
		tell(site, hour)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	return nil
}

// changesOf are the changes in a day, by the start of their window.
func (e *Engine) changesOf(ctx context.Context, feed string, d siteDay) (map[int64]change, error) {
	rows, err := e.o.Conn.Query(ctx, fmt.Sprintf("SELECT window, sum(changes), max(last_changed) FROM %s WHERE site = %s AND window >= %s AND window < %s GROUP BY window",
		feed, text(d.site), moment(d.Start), moment(d.End)))
	if err != nil {
		return nil, fmt.Errorf("ask for changes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[int64]change{}
	for rows.Next() {
		var window time.Time
		var c change
		if err := rows.Scan(&window, &c.count, &c.last); err != nil {
			return nil, fmt.Errorf("read changes: %w", err)
		}
		all[window.Unix()] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return all, nil
}

// recordKey names the window of a rollup within one day of a site.
type recordKey struct {
	name  string
	tier  Tier
	start int64
}

// recordsOf are the newest computations of a day's windows.
func (e *Engine) recordsOf(ctx context.Context, d siteDay) (map[recordKey]record, error) {
	rows, err := e.o.Conn.Query(ctx, fmt.Sprintf(`SELECT name, toUInt8(tier), start, until, generation, changes, events, seconds, computed FROM rollup_windows
		WHERE site = %s AND start >= %s AND start < %s AND (tier = '5m' OR zone = %s) ORDER BY generation`,
		text(d.site), moment(d.Start), moment(d.End), text(d.zone.String())))
	if err != nil {
		return nil, fmt.Errorf("ask for windows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[recordKey]record{}
	for rows.Next() {
		var name string
		var tier uint8
		var start time.Time
		var r record
		var seconds float32
		if err := rows.Scan(&name, &tier, &start, &r.until, &r.generation, &r.changes, &r.events, &seconds, &r.computed); err != nil {
			return nil, fmt.Errorf("read windows: %w", err)
		}
		r.seconds = float64(seconds)
		all[recordKey{name, Tier(tier), start.Unix()}] = r // the newest comes last
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read windows: %w", err)
	}
	return all, nil
}

// counts are how many events the windows of some hours have, and in which of the hours an id stands twice.
func (e *Engine) counts(ctx context.Context, site string, spans []Window) (events map[int64]uint64, twice map[int64]bool, err error) {
	events, twice = map[int64]uint64{}, map[int64]bool{}
	if len(spans) == 0 {
		return events, twice, nil
	}
	in := hoursOf(spans)
	rows, err := e.o.Conn.Query(ctx, fmt.Sprintf(`SELECT window, sum(once), sum(plain) FROM (
		SELECT toStartOfFiveMinute(ts) AS window, count() AS once, 0 AS plain FROM %[1]s WHERE site = %[2]s AND %[3]s GROUP BY window
		UNION ALL
		SELECT toStartOfFiveMinute(ts) AS window, 0, count() FROM %[4]s WHERE site = %[2]s AND %[3]s GROUP BY window)
		GROUP BY window`, once, text(site), in, plain))
	if err != nil {
		return nil, nil, fmt.Errorf("count events: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var window time.Time
		var once, plain uint64
		if err := rows.Scan(&window, &once, &plain); err != nil {
			return nil, nil, fmt.Errorf("count events: %w", err)
		}
		events[window.Unix()] = once
		if once != plain {
			twice[window.Truncate(time.Hour).Unix()] = true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("count events: %w", err)
	}
	return events, twice, nil
}

// hoursOf is a condition for the events of all hours that spans touch.
func hoursOf(spans []Window) string {
	var ranges []string
	hours := utcHours(spans)
	for len(hours) > 0 {
		n := 1
		for n < len(hours) && hours[n].Equal(hours[n-1].Add(time.Hour)) {
			n++
		}
		ranges = append(ranges, fmt.Sprintf("toStartOfHour(ts) >= %s AND toStartOfHour(ts) <= %s", moment(hours[0]), moment(hours[n-1])))
		hours = hours[n:]
	}
	return "(" + strings.Join(ranges, " OR ") + ")"
}

// utcHours are the hours of UTC that spans touch, each once, in order.
func utcHours(spans []Window) []time.Time {
	var all []time.Time
	for _, s := range spans {
		for hour := s.Start.Truncate(time.Hour); hour.Before(s.End); hour = hour.Add(time.Hour) {
			all = append(all, hour)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}
