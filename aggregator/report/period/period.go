// Package period reads the range of a report and cuts it into hours, days, weeks and months of a site's time zone.
//
// A range is half-open: it holds its first instant and not its last. A day begins at the first instant of its date, whatever the
// clocks do at midnight, and may have 23 or 25 hours. Ranges begin and end on whole five minutes, which is the finest window that is
// kept, and of which nobody can take the difference to single out a visitor.
package period

import (
	"fmt"
	"strings"
	"time"
)

// Finest is what a range's ends are whole multiples of.
const Finest = 5 * time.Minute

// Range is a time from an instant up to another, both in the site's time zone.
type Range struct {
	From, To time.Time

	step shift // from the range before to this one
}

// shift is a distance in the calendar; length only when it is no number of months or days.
type shift struct {
	months, days int
	length       time.Duration
}

// Zone is the name of the range's time zone.
func (r Range) Zone() string { return r.From.Location().String() }

// String is the range as an ISO 8601 interval, which Parse reads.
func (r Range) String() string { return r.From.Format(time.RFC3339) + "/" + r.To.Format(time.RFC3339) }

// Before is the period before: as many months, days or hours, ending where r begins. Of a range that is not over at now, it is the
// part of that period up to the same time of day, so that a morning is compared with a morning.
func (r Range) Before(now time.Time) Range {
	p := Range{From: r.step.before(r.From), To: r.From, step: r.step}
	if now.After(r.From) && now.Before(r.To) {
		if same := Floor(r.step.before(now.In(r.From.Location()))); same.Before(p.To) && same.After(p.From) {
			p.To = same
		}
	}
	return p
}

func (s shift) before(t time.Time) time.Time {
	switch {
	case s.months > 0:
		first := time.Date(t.Year(), t.Month()-time.Month(s.months), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day() // 31 March less a month is the end of February
		return atClock(date{first.Year(), first.Month(), min(t.Day(), last)}, t)
	case s.days > 0:
		return atClock(dateOf(t).add(-s.days), t)
	default:
		return t.Add(-s.length)
	}
}

// Floor is the last whole five minutes up to t.
func Floor(t time.Time) time.Time { return t.Add(-time.Duration(t.UnixNano() % int64(Finest))) }

// Step is how finely a report tells of time.
type Step string

// The steps, from coarse to fine.
const (
	None   Step = "none"
	Month  Step = "month"
	Week   Step = "week"
	Day    Step = "day"
	Hour   Step = "hour"
	Minute Step = "minute"
)

// Steps lists them.
func Steps() []Step { return []Step{None, Minute, Hour, Day, Week, Month} }

// ParseStep reads the name of a step; no name is None.
func ParseStep(name string) (Step, error) {
	if name == "" {
		return None, nil
	}
	for _, s := range Steps() {
		if name == string(s) {
			return s, nil
		}
	}
	return "", fmt.Errorf("granularity %q does not exist; there are %s", name, strings.Trim(fmt.Sprint(Steps()), "[]"))
}

// Buckets are the beginnings of the steps that the range touches, up to now, with weeks beginning on first. The first bucket may begin before
// the range does: it is the week or month that the range begins in.
func (r Range) Buckets(step Step, first time.Weekday, now time.Time) []time.Time {
	var all []time.Time
	end := r.To
	if now.After(r.From) && now.Before(end) {
		end = now
	}
	for at := Begin(r.From, step, first); at.Before(end); at = next(at, step) {
		all = append(all, at)
	}
	return all
}

// Begin is the beginning of the step that t lies in.
func Begin(t time.Time, step Step, first time.Weekday) time.Time {
	d := dateOf(t)
	switch step {
	case Month:
		return startOf(date{d.year, d.month, 1}, t.Location())
	case Week:
		return startOf(d.add(-(int(t.Weekday()-first)+7)%7), t.Location())
	case Day:
		return startOf(d, t.Location())
	case Minute:
		return t.Truncate(time.Minute)
	case Hour:
		full := t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
		if turned, _ := t.ZoneBounds(); full.Before(turned) { // clocks that are turned by half an hour begin an hour there
			return turned
		}
		return full
	default:
		return t
	}
}

func next(t time.Time, step Step) time.Time {
	d := dateOf(t)
	switch step {
	case Month:
		return startOf(date{d.year, d.month + 1, 1}.normal(), t.Location())
	case Week:
		return startOf(d.add(7), t.Location())
	case Day:
		return startOf(d.add(1), t.Location())
	case Minute:
		return t.Add(time.Minute)
	case Hour:
		return t.Add(time.Hour - time.Duration(t.Minute())*time.Minute)
	default:
		return t.AddDate(1000, 0, 0) // the whole range is one step
	}
}
