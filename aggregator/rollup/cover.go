package rollup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Question is what a report is asked for.
type Question struct {
	Report       string
	Site         string
	Since, Until time.Time
	Grain        string // one of Grains
	Zone         string // IANA name; whole days and hours serve where it is the site's
}

// Span is a stretch of time from Since to before Until.
type Span struct{ Since, Until time.Time }

// Select is the statement that gives what the report's view gives. The database takes a tenth of the time to understand it: which windows
// to read is found out here, and what the range does not need is left out. It is to be run at once, before rows of these windows are swept.
func (e *Engine) Select(ctx context.Context, q Question) (string, error) {
	i := slices.IndexFunc(e.catalogue.reports, func(d *definition) bool { return d.name == q.Report })
	if i < 0 || e.catalogue.base(e.catalogue.reports[i].source) == nil {
		return "", fmt.Errorf("no report %q", q.Report)
	}
	report := e.catalogue.reports[i]
	base := e.catalogue.base(report.source)
	if !slices.Contains(Grains(), q.Grain) {
		return "", fmt.Errorf("unknown grain %q; there are %s", q.Grain, strings.Join(Grains(), ", "))
	}
	shift, err := e.weekShift(ctx, q)
	if err != nil {
		return "", err
	}
	c, err := e.coverOf(ctx, q, base, report)
	if err != nil {
		return "", err
	}
	s := c.scope(q, shift)
	if base.foreign != nil && len(c.gaps) > 0 {
		if s.live, err = base.foreign.LiveIn(ctx, q.Site, c.gaps); err != nil {
			return "", err
		}
		s.gaps = ""
	}
	return report.selected(s, base), nil
}

// weekShift is by how many days the site's weeks begin before Monday.
func (e *Engine) weekShift(ctx context.Context, q Question) (int, error) {
	if q.Grain != "week" {
		return 0, nil
	}
	var start uint8
	err := e.o.Conn.QueryRow(ctx, "SELECT any(week_start) FROM sites FINAL WHERE id = "+text(q.Site)).Scan(&start)
	if err != nil {
		return 0, fmt.Errorf("ask when the site's weeks begin: %w", err)
	}
	return (8 - max(int(start), 1)) % 7, nil
}

// covering is which windows a range is read from: the coarsest that there are, and events in the gaps between them.
type covering struct {
	days  []Computed       // generations of the base
	of    map[int64]uint64 // by the start of a day: the generation of the report
	finer []Computed
	gaps  []Span
}

// coverOf reads the windows of a range, once.
func (e *Engine) coverOf(ctx context.Context, q Question, base, report *definition) (*covering, error) {
	var kept []string
	for _, tier := range []Tier{FiveMinutes, Hour, Day} {
		if q.Grain == "minute" || tier == Day && q.Grain == "hour" {
			continue
		}
		kept = append(kept, fmt.Sprintf("tier = '%s' AND start >= now() - %d", tier, int(tier.kept().Seconds())))
	}
	rows, err := e.o.Conn.Query(ctx, fmt.Sprintf(`SELECT name = %[1]s, toUInt8(tier), start, argMax(until, generation), max(generation), now() FROM rollup_windows
		WHERE site = %[2]s AND name IN (%[1]s, %[3]s) AND start >= %[4]s AND until <= %[5]s AND (tier = '5m' OR zone = %[6]s) AND (%[7]s)
		GROUP BY name, tier, start ORDER BY start`,
		text(base.name), text(q.Site), text(report.name), moment(q.Since), moment(q.Until), text(q.Zone), strings.Join(append(kept, "0"), " OR ")))
	if err != nil {
		return nil, fmt.Errorf("ask for windows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	now := time.Now()
	c := &covering{of: map[int64]uint64{}}
	byTier := [3][]Computed{}
	for rows.Next() {
		var ofBase, tier uint8
		var w Computed
		if err := rows.Scan(&ofBase, &tier, &w.Start, &w.End, &w.Generation, &now); err != nil {
			return nil, fmt.Errorf("read windows: %w", err)
		}
		w.Tier = Tier(min(tier, uint8(Day)))
		if ofBase == 1 {
			byTier[w.Tier] = append(byTier[w.Tier], w)
		} else if w.Tier == Day {
			c.of[w.Start.Unix()] = w.Generation
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read windows: %w", err)
	}
	c.choose(byTier, report.visitor)
	c.leave(q.Since, earlier(q.Until, now.Add(24*time.Hour)))
	return c, nil
}

// choose takes the days that the report has too, then hours outside of these, then five minutes outside of both. All are in order.
func (c *covering) choose(byTier [3][]Computed, reported bool) {
	for _, day := range byTier[Day] {
		if _, ok := c.of[day.Start.Unix()]; ok || !reported {
			c.days = append(c.days, day)
		}
	}
	hours := outside(byTier[Hour], c.days)
	c.finer = slices.Concat(hours, outside(outside(byTier[FiveMinutes], c.days), hours))
}

// outside leaves the windows that no window of the others holds. Both are in order, and the others do not overlap.
func outside(windows, others []Computed) []Computed {
	var left []Computed
	for _, w := range windows {
		i, found := slices.BinarySearchFunc(others, w.Start, func(o Computed, at time.Time) int { return o.Start.Compare(at) })
		if !found {
			i--
		}
		if i < 0 || w.End.After(others[i].End) {
			left = append(left, w)
		}
	}
	return left
}

// leave finds the gaps between the chosen windows.
func (c *covering) leave(since, until time.Time) {
	all := slices.Concat(c.days, c.finer)
	slices.SortFunc(all, func(a, b Computed) int { return a.Start.Compare(b.Start) })
	for _, w := range all {
		if since.Before(w.Start) {
			c.gaps = append(c.gaps, Span{since, w.Start})
		}
		if w.End.After(since) {
			since = w.End
		}
	}
	if since.Before(until) {
		c.gaps = append(c.gaps, Span{since, until})
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// scope writes the windows as conditions.
func (c *covering) scope(q Question, shift int) *scope {
	s := &scope{site: text(q.Site), zone: text(q.Zone), at: q.at(shift)}
	if len(c.days) > 0 {
		reported := make([]Computed, 0, len(c.days))
		for _, day := range c.days {
			reported = append(reported, Computed{day.Window, c.of[day.Start.Unix()]})
		}
		s.days, s.reported = "tier = 'day' AND "+among(c.days), among(reported)
	}
	var finer []string
	for _, tier := range []Tier{FiveMinutes, Hour} {
		of := slices.DeleteFunc(slices.Clone(c.finer), func(w Computed) bool { return w.Tier != tier })
		if len(of) > 0 {
			finer = append(finer, fmt.Sprintf("tier = '%s' AND %s", tier, among(of)))
		}
	}
	if len(finer) > 0 {
		s.finer = "(" + strings.Join(finer, " OR ") + ")"
	}
	if len(c.gaps) > 0 {
		s.gaps = within(c.gaps)
	}
	return s
}

// among is a condition for the rows of windows, which are in order: by the bounds of all, which the table is ordered by, and then by each.
func among(windows []Computed) string {
	list := make([]string, 0, len(windows))
	for _, w := range windows {
		list = append(list, fmt.Sprintf("(%d, %d)", w.Start.Unix(), w.Generation))
	}
	return fmt.Sprintf("window >= %s AND window <= %s AND (toUInt32(window), generation) IN (%s)",
		moment(windows[0].Start), moment(windows[len(windows)-1].Start), strings.Join(list, ", "))
}

// within is a condition for events of some spans. The moment itself is hidden from pruning: of an id that stands twice within an hour both
// rows have to be seen to know which counts.
func within(spans []Span) string {
	var hours, moments []string
	for _, s := range spans {
		hours = append(hours, fmt.Sprintf("toStartOfHour(ts) >= %s AND toStartOfHour(ts) < %s", moment(s.Since.Truncate(time.Hour)), moment(s.Until)))
		moments = append(moments, fmt.Sprintf("at_ >= %s AND at_ < %s", moment(s.Since), moment(s.Until)))
	}
	return "(" + strings.Join(hours, " OR ") + ") AND (" + strings.ReplaceAll(strings.Join(moments, " OR "), "at_", "materialize(ts)") + ")"
}

// at is the start of the grain that a window belongs to. The database cuts weeks on Mondays only, so a week that begins on another day is moved
// there and back.
func (q *Question) at(shift int) func(string) string {
	if q.Grain == "total" {
		return func(string) string { return moment(q.Since) }
	}
	return func(window string) string {
		local := fmt.Sprintf("toTimeZone(%s, %s)", window, text(q.Zone))
		if shift == 0 {
			return fmt.Sprintf("toTimeZone(toDateTime(dateTrunc('%s', %s, %s), %s), 'UTC')", q.Grain, local, text(q.Zone), text(q.Zone))
		}
		return fmt.Sprintf("toTimeZone(toDateTime(subtractDays(dateTrunc('%s', addDays(%s, %d), %s), %d), %s), 'UTC')", q.Grain, local, shift, text(q.Zone), shift, text(q.Zone))
	}
}
