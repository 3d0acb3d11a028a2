package diagnose

import (
	"time"
)

// Detector watches one site, a minute at a time. It knows neither clock nor database, and is not safe for concurrent use.
type Detector struct {
	zone     *time.Location
	minutes  [kept]Numbers // by minute of the epoch, the last hours
	newest   int64         // the newest minute that is known
	expected [signals]Expected
	slot     Span
	level    float64
	watches  [signals]watch
}

const (
	kept        = 256 // minutes
	longestSpan = 60
	// settled is how much of the newest is left out of today's level: a drop must not lower what it is measured by.
	settled = 45
)

// NewDetector is a detector that has seen nothing.
func NewDetector(zone *time.Location) *Detector {
	return &Detector{zone: zone, level: 1}
}

// Finding is what a look at one signal found.
type Finding struct {
	Signal  Signal
	Change  Change
	At      time.Time // end of the minute
	Started time.Time // about when it began; of an opening
	Verdict
	Worst Verdict // since it was open; of a closing
}

// Slot is the slot that the detector has a past for.
func (d *Detector) Slot() Span { return d.slot }

// Remember gives the past that the slot is compared with.
func (d *Detector) Remember(s Span, past Memory) {
	d.slot, d.expected = s, Expect(past)
	for s := TTFB; s <= INP; s++ {
		d.expected[s].Over = d.usuallyOver(s)
	}
}

// usuallyOver is the share of times that is far beyond the p90 of the past, as it was in the last hours, and not so small that chance alone
// exceeds it.
func (d *Detector) usuallyOver(s Signal) float64 {
	e := d.expected[s]
	if !e.Known || e.Tail <= 0 {
		return 0
	}
	var all, over float64
	for minute := d.newest - kept + 1; minute <= d.newest-settled; minute++ {
		if minute > 0 {
			times := &d.minutes[minute%kept].Times[s-TTFB]
			all += times.Count()
			over += times.above(far * e.Tail)
		}
	}
	return max(leastOver, over/max(1, all))
}

// Minute sets what the minute that begins at a time showed; it may be set again when more of it has come in. Minutes between the newest
// and this one showed nothing.
func (d *Detector) Minute(start time.Time, n *Numbers) {
	minute := start.Unix() / 60
	if d.newest == 0 {
		d.newest = minute
	}
	for d.newest < minute {
		d.newest++
		d.minutes[d.newest%kept] = Numbers{}
	}
	if minute > d.newest-kept {
		d.minutes[minute%kept] = *n
	}
}

// Look judges every signal at the end of a minute and tells what changed.
func (d *Detector) Look(end time.Time) []Finding {
	last := end.Unix()/60 - 1
	d.setLevel(last)
	var spans spans
	var found []Finding
	for _, s := range Signals() {
		w := &d.watches[s]
		v := d.judge(s, last, &spans)
		if d.isToldOf(s, end) {
			v.Beyond, v.Strong = false, false
		}
		worst := w.worst
		if v.Known && v.Score > worst.Score {
			worst = v
		}
		if change := w.step(s, end, v); change != Nothing {
			found = append(found, Finding{Signal: s, Change: change, At: end, Started: w.first, Verdict: v, Worst: worst})
		}
	}
	return found
}

// echo is for how long after an incident its twin opens none: a log may be imported later.
const echo = 30 * time.Minute

// isToldOf tells whether what a signal shows, or showed a moment ago, has an incident of its twin.
func (d *Detector) isToldOf(s Signal, at time.Time) bool {
	other, ok := s.twin()
	if !ok || d.watches[s].open {
		return false
	}
	return d.watches[other].open || at.Sub(d.watches[other].closed) < echo
}

// spans are readings of one look, each made once.
type spans struct {
	numbers Numbers
	minutes int
	read    map[int]Readings
}

// lengths are how many minutes may be looked at.
func lengths() [6]int { return [...]int{3, 5, 10, 20, 30, longestSpan} }

const (
	wanted = 40 // views, times or answers in the span that is looked at first of all
	longer = 3  // times as long are those that are looked at for what is small and lasts
)

// judge looks at shorter and longer spans, too: what is large shows in the short ones first, what is small in the long ones only. Calm is
// told by the first span that has enough.
func (d *Detector) judge(s Signal, last int64, of *spans) Verdict {
	e := d.expected[s]
	if !e.Known {
		return Verdict{}
	}
	usual := longestSpan
	for _, minutes := range lengths() {
		if minutes >= int(Step.Minutes()) && e.Count*float64(minutes)/Step.Minutes() >= wanted {
			usual = minutes
			break
		}
	}
	var told Verdict
	since := d.watches[s].closed.Unix() / 60
	for _, minutes := range lengths() {
		if minutes > longer*usual || minutes != usual && last-int64(minutes) < since {
			break
		}
		v := d.lasting(s, last, judge(s, d.read(last, minutes, of)[s], minutes, e, d.level))
		if v.Beyond {
			return v
		}
		if minutes == usual {
			told = v
		}
	}
	return told
}

const (
	parts     = 5 // that a span is divided into
	mostParts = 3 // so many have to share in what is beyond, so that one bad minute opens nothing
)

// lasting holds a verdict to be true of more than one moment of its span.
func (d *Detector) lasting(s Signal, last int64, v Verdict) Verdict {
	if !v.Beyond {
		return v
	}
	of := min(parts, v.Minutes)
	sharing, length := 0, int64(v.Minutes/of)
	for part := range int64(of) {
		var n Numbers
		for minute := last - part*length; minute > last-(part+1)*length; minute-- {
			d.addMinute(minute, &n)
		}
		if v.high(s, d.readings(&n)[s], length, d.expected[s], d.level) {
			sharing++
		}
	}
	v.Beyond = sharing >= mostParts
	v.Strong = v.Strong && v.Beyond
	return v
}

func (d *Detector) addMinute(minute int64, to *Numbers) {
	if minute > d.newest-kept && minute <= d.newest {
		to.add(&d.minutes[minute%kept])
	}
}

// read puts minutes together, from the newest on.
func (d *Detector) read(last int64, minutes int, of *spans) Readings {
	if r, ok := of.read[minutes]; ok {
		return r
	}
	if of.read == nil {
		of.read = map[int]Readings{}
	}
	if minutes < of.minutes {
		of.numbers, of.minutes = Numbers{}, 0
	}
	for ; of.minutes < minutes; of.minutes++ {
		d.addMinute(last-int64(of.minutes), &of.numbers)
	}
	of.read[minutes] = d.readings(&of.numbers)
	return of.read[minutes]
}

// readings are those of numbers, with the times that are far beyond what is usual.
func (d *Detector) readings(n *Numbers) Readings {
	r := n.Read()
	for s := TTFB; s <= INP; s++ {
		if e := &d.expected[s]; e.Known {
			r[s].Over = n.Times[s-TTFB].above(far * e.Tail)
		}
	}
	return r
}

// setLevel measures today by the last hours: on a holiday fewer come all day long. While too few come, the level stays.
func (d *Detector) setLevel(last int64) {
	if d.watches[Views].open || d.watches[Views].beyond[0] {
		return
	}
	e, seen, minutes := d.expected[Views], 0.0, 0
	for back := int64(settled); back < kept-1; back++ {
		if minute := last - back; minute > d.newest-kept && minute <= d.newest && minute > 0 {
			seen += d.minutes[minute%kept].Views
			minutes++
		}
	}
	usual := e.Value * float64(minutes) / Step.Minutes()
	d.level = 1
	if usual >= wanted {
		d.level = min(1, max(0.25, seen/usual))
	}
}

// Slow is the time from which on a page counts as slow when an incident is explained: a tenth usually are.
func (d *Detector) Slow(s Signal) float64 { return d.expected[s].Tail }
