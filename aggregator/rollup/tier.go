package rollup

import (
	"slices"
	"time"
)

// Tier is how long a window is.
type Tier uint8

// The tiers, from the finest; the numbers are those of the tables' column tier.
const (
	FiveMinutes Tier = iota // aligned to UTC
	Hour                    // of the site's time zone
	Day                     // of the site's time zone
)

func tierNames() [3]string { return [3]string{"5m", "hour", "day"} }

func (t Tier) String() string { return tierNames()[t] }

func parseTier(name string) (Tier, bool) {
	names := tierNames()
	i := slices.Index(names[:], name)
	return Tier(max(i, 0)), i >= 0 //nolint:gosec // below three
}

// kept is for how long rows of a tier serve readers. A window is at most 25.5 hours long, so what has to be made of a
// tier's rows can be made of them in time.
func (t Tier) kept() time.Duration {
	switch t {
	case FiveMinutes:
		return 48 * time.Hour
	case Hour:
		return 8 * 24 * time.Hour
	case Day:
	}
	return 400 * 24 * time.Hour
}

const step = 5 * time.Minute

// Window is a span of time whose numbers are computed at once: from Start to before End.
type Window struct {
	Tier       Tier
	Start, End time.Time
}

// within tells whether this window lies in a longer one.
func (w Window) within(longer Window) bool {
	return !w.Start.Before(longer.Start) && w.Start.Before(longer.End)
}

func fiveMinutes(at time.Time) Window {
	start := at.UTC().Truncate(step)
	return Window{FiveMinutes, start, start.Add(step)}
}

// dayOf is the site's day that holds a moment. Where clocks are put forward at midnight, a day begins later.
func dayOf(at time.Time, zone *time.Location) Window {
	year, month, day := at.In(zone).Date()
	start, end := midnight(year, month, day, zone), midnight(year, month, day+1, zone)
	if !at.Before(end) { // midnight came twice
		start, end = end, midnight(year, month, day+2, zone)
	}
	return Window{Day, start, end}
}

// midnight is the first moment of a date. time.Date alone gives, where clocks are put back over midnight, either of the two.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	at := time.Date(year, month, day, 0, 0, 0, 0, zone)
	wanted := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	local := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	for local(at.Add(-step)).Equal(wanted) {
		at = at.Add(-step)
	}
	for local(at).Before(wanted) {
		at = at.Add(step)
	}
	return at.UTC()
}

// hours are the hours of a day: each begins when a clock on the wall shows a full hour, or when the day begins.
func hours(day Window, zone *time.Location) []Window {
	var all []Window
	for start := day.Start; start.Before(day.End); {
		minute := time.Duration(start.In(zone).Minute()) * time.Minute
		end := start.Add(time.Hour - minute)
		if end.After(day.End) {
			end = day.End
		}
		all = append(all, Window{Hour, start, end})
		start = end
	}
	return all
}

// fives are the 5-minute windows of a span that begins and ends with one.
func fives(span Window) []Window {
	var all []Window
	for start := span.Start; start.Before(span.End); start = start.Add(step) {
		all = append(all, fiveMinutes(start))
	}
	return all
}
