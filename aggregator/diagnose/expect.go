package diagnose

import (
	"math"
	"slices"
	"time"
)

// Window is five minutes of the past.
type Window struct {
	Start time.Time
	Readings
}

const (
	// Step is how long a window of the past is.
	Step = 5 * time.Minute
	// weeks is how far back the same hour of the week is looked at.
	weeks = 6
	// slot is for how long the same past serves.
	slot = 30 * time.Minute
	// around is how much before and after a slot is looked at, too.
	around = 15 * time.Minute
	// nearby is the same of the neighbouring hours.
	nearby = 75 * time.Minute
	// enough windows make a past.
	enough = 30
)

// Span is from Start to before End.
type Span struct{ Start, End time.Time }

// Slot is the span that a moment shares its past with.
func Slot(at time.Time) Span {
	start := at.UTC().Truncate(slot)
	return Span{start, start.Add(slot)}
}

// Alike are the spans of the past that a slot may be compared with, the best ones first: the same hour of the week, with its neighbours, and
// for a young site the same hours of the days before. By the clock on the site's wall, so that a change of clocks shifts nothing.
func Alike(s Span, zone *time.Location) [][]Span {
	var same, wider, days []Span
	back := func(days int, by time.Duration) Span {
		return Span{s.Start.In(zone).AddDate(0, 0, -days).Add(-by).UTC(), s.End.In(zone).AddDate(0, 0, -days).Add(by).UTC()}
	}
	for week := 1; week <= weeks; week++ {
		same = append(same, back(7*week, around))
		wider = append(wider, back(7*week, nearby))
	}
	for day := 1; day <= 7; day++ {
		days = append(days, back(day, nearby))
	}
	return [][]Span{same, wider, append(wider, days...)}
}

// Past chooses the windows that a slot is compared with: of the first spans in which there are enough. A window that is missing had no events,
// if the site had any before.
func Past(s Span, zone *time.Location, known []Window) Memory {
	if len(known) == 0 {
		return Memory{}
	}
	at := make(map[int64]*Window, len(known))
	first := known[0].Start
	for i := range known {
		at[known[i].Start.Unix()] = &known[i]
		if known[i].Start.Before(first) {
			first = known[i].Start
		}
	}
	for stage, spans := range Alike(s, zone) {
		var found []Window
		for _, span := range spans {
			for start := span.Start.Truncate(Step); start.Before(span.End); start = start.Add(Step) {
				switch w := at[start.Unix()]; {
				case w != nil:
					found = append(found, *w)
				case start.After(first):
					found = append(found, Window{Start: start})
				}
			}
		}
		if len(found) >= enough {
			return Memory{Windows: found, Young: stage == otherDays}
		}
	}
	return Memory{}
}

// otherDays is the place of the spans that are not of the same day of the week.
const otherDays = 2

// Memory is what a slot is compared with; nothing, where a site is too young.
type Memory struct {
	Windows []Window
	Young   bool // there was no such day of the week yet
}

// Expected is what a signal usually shows in five minutes, and by how much it scatters.
type Expected struct {
	Known      bool
	Count      float64 // page views, times measured, answers
	Value      float64 // views: as many; times: the p75, ms; shares: bad ones of one
	Spread     float64 // views and shares: how many times chance alone; times: deviation of the p75's logarithm
	Tail       float64 // times: the p90, ms
	TailSpread float64
	Over       float64 // times: the share of them that is far beyond the p90
}

// deviation makes the deviation of a normal distribution of the median distance from the median.
const deviation = 1.4826

// Expect tells it of all signals, by medians, so that a few bad hours of the past change nothing.
func Expect(m Memory) (all [signals]Expected) {
	past := m.Windows
	if len(past) == 0 {
		return all
	}
	for _, s := range Signals() {
		switch {
		case s.isTime():
			all[s] = expectTimes(s, past)
		case s.isShare():
			all[s] = expectShare(s, past)
		default:
			all[s] = expectCount(s, past)
			if m.Young {
				all[s].Value *= otherDay
			}
		}
	}
	return all
}

// otherDay is how many come at least on a day of the week that was not there yet: a weekend may be quiet.
const otherDay = 0.25

// mostSpread is that of numbers of visitors: in an hour in which many come or go, the windows of the past differ, and none of that is chance.
const mostSpread = 1.5

func expectCount(s Signal, past []Window) Expected {
	values := collect(past, func(w *Window) (float64, bool) { return w.Readings[s].Value, true })
	usual := median(values)
	scatter := collect(past, func(w *Window) (float64, bool) { return distance(w.Readings[s].Value, usual), true })
	return Expected{Known: true, Count: usual, Value: usual, Spread: min(mostSpread, max(1, deviation*absoluteMedian(scatter)))}
}

// leastTimes is how many times a window's quantiles have to be made of to serve as a past.
const leastTimes = 4

func expectTimes(s Signal, past []Window) Expected {
	e := Expected{Count: median(collect(past, func(w *Window) (float64, bool) { return w.Readings[s].Count, true }))}
	logarithms := func(of func(Reading) float64) (usual, spread float64, n int) {
		values := collect(past, func(w *Window) (float64, bool) {
			r := w.Readings[s]
			return math.Log(max(1, of(r))), r.Count >= leastTimes
		})
		if len(values) == 0 {
			return 0, 0, 0
		}
		usual = median(values)
		for i := range values {
			values[i] -= usual
		}
		return usual, max(leastSpread, deviation*absoluteMedian(values)), len(values)
	}
	usual, spread, n := logarithms(func(r Reading) float64 { return r.Value })
	tail, tailSpread, _ := logarithms(func(r Reading) float64 { return r.Tail })
	e.Known, e.Value, e.Spread, e.Tail, e.TailSpread = n >= enough/3, math.Exp(usual), spread, math.Exp(tail), tailSpread
	if e.Known { // what the quantiles were made of, which the spread is that of
		e.Count = median(collect(past, func(w *Window) (float64, bool) { return w.Readings[s].Count, w.Readings[s].Count >= leastTimes }))
	}
	return e
}

// leastSpread keeps a past that was very even from making small changes look large.
const leastSpread = 0.06

const (
	// trimmed is which part of the past, the worst of it, says nothing of what is an outlier: incidents are in it.
	trimmed = 0.1
	// outlying windows are left out where shares are added up.
	outlying = 4
)

// pooled is the share of bad ones in all windows.
func pooled(s Signal, windows []Window) float64 {
	bad, of := 0.5, 1.0 // none seen is not none possible
	for i := range windows {
		bad += windows[i].Readings[s].Value
		of += windows[i].Readings[s].Count
	}
	return bad / of
}

func expectShare(s Signal, past []Window) Expected {
	rated := slices.Clone(past)
	rated = slices.DeleteFunc(rated, func(w Window) bool { return w.Readings[s].Count == 0 })
	if len(rated) < enough/3 {
		return Expected{}
	}
	rate := func(w Window) float64 { return w.Readings[s].Value / w.Readings[s].Count }
	slices.SortFunc(rated, func(a, b Window) int {
		switch {
		case rate(a) < rate(b):
			return -1
		case rate(a) > rate(b):
			return 1
		}
		return 0
	})
	trusted := rated[:len(rated)-int(trimmed*float64(len(rated)))]
	usual := pooled(s, trusted)
	rated = slices.DeleteFunc(rated, func(w Window) bool {
		r := w.Readings[s]
		return distance(r.Value, max(0.5, r.Count*usual)) > outlying
	})
	e := Expected{Known: true, Value: pooled(s, rated)}
	scatter := make([]float64, len(rated))
	counts := make([]float64, len(rated))
	for i := range rated {
		r := rated[i].Readings[s]
		scatter[i], counts[i] = distance(r.Value, r.Count*e.Value), r.Count
	}
	e.Count, e.Spread = median(counts), max(1, deviation*absoluteMedian(scatter))
	return e
}

// distance is how far a count is from the expected one, in deviations if chance alone were at work: the root of twice what the
// likelihood loses, which holds for small counts, too.
func distance(count, expected float64) float64 {
	expected = max(expected, 0.05)
	lost := expected - count
	if count > 0 {
		lost += count * math.Log(count/expected)
	}
	return math.Copysign(math.Sqrt(2*max(0, lost)), count-expected)
}

func collect(past []Window, of func(*Window) (float64, bool)) []float64 {
	values := make([]float64, 0, len(past))
	for i := range past {
		if value, ok := of(&past[i]); ok {
			values = append(values, value)
		}
	}
	return values
}

// median sorts its values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// absoluteMedian changes its values.
func absoluteMedian(values []float64) float64 {
	for i, v := range values {
		values[i] = math.Abs(v)
	}
	return median(values)
}
