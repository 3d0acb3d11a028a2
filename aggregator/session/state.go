package session

import (
	"slices"
	"time"

	"mayak/schema/sites"
)

// change is what window_changes says of five minutes, or of a day of them.
type change struct {
	count uint64
	last  time.Time
}

func (c change) plus(other change) change {
	c.count += other.count
	if other.last.After(c.last) {
		c.last = other.last
	}
	return c
}

// changed is five minutes in which something changed.
type changed struct {
	change

	start time.Time
}

// known is what rollup_windows says of a window.
type known struct {
	Window

	changes uint64
	current bool // cut by the definition that the site has now
}

// place is where a window is known by.
type place struct {
	tier string
	from int64
}

func (w Window) place() place { return place{w.Tier, w.From.Unix()} }

// missed tells whether the window was cut without what has changed since, or has to be cut anew whatever it says.
func (s *state) missed(k known, c change) bool {
	began := time.UnixMicro(int64(k.Generation >> generationBits))
	return !k.current || k.changes != c.count || began.Before(c.last.Add(slack)) ||
		began.Before(s.anew.began) && k.From.Before(s.anew.to) && s.anew.from.Before(k.To)
}

// anew is a span that is cut again although nothing is known to have changed: whatever was cut before it began.
type anew struct{ from, to, began time.Time }

// generationBits are the random low bits of a generation: two programs that begin in one microsecond differ.
const generationBits = 10

// state is what a round begins with.
type state struct {
	site    *sites.Site
	zone    string // as rollup_windows has it: time zone and definition
	now     time.Time
	changes []changed // in order
	known   []known   // newest of each window, in order
	by      map[place]int
	covered []Window
	most    uint64 // changes whose windows are cut at once
	anew    anew
}

// know takes what is known of windows, in order.
func (s *state) know(all []known) {
	s.known, s.by = all, make(map[place]int, len(all))
	for i, k := range all {
		s.by[k.place()] = i
	}
	s.covered = s.newCover()
}

// dirty are the windows to be cut, the oldest first, and whether there are more than are cut at once. What was cut by the hour or by
// the day is cut so again; what was never cut is cut in large windows where much of it is there, as after a pause or on an upgrade.
func (s *state) dirty() (dirty []Window, more bool) {
	fine := s.fine()
	large, small := map[place]*stretch{}, []Window{}
	var day Window
	for _, c := range s.changes {
		if !c.start.Before(day.To) {
			day = s.day(c.start)
		}
		window := day
		if !c.start.Before(fine) {
			window = s.owner(c.start)
		}
		if window.Tier != "day" && window.Tier != "hour" {
			small = append(small, s.smallest(c)...)
			continue
		}
		window.Generation = 0
		if large[window.place()] == nil {
			large[window.place()] = &stretch{Window: window}
		}
		large[window.place()].change = large[window.place()].plus(c.change)
	}
	for _, l := range large {
		if s.missed(s.find(l.Window), l.change) {
			dirty = append(dirty, l.Window)
		}
	}
	dirty = append(dirty, s.together(small)...)
	slices.SortFunc(dirty, func(a, b Window) int { return a.From.Compare(b.From) })
	n := s.next(dirty)
	return dirty[:n], n < len(dirty)
}

// stretch is a window with what has changed in it.
type stretch struct {
	Window
	change
}

// smallest are the five minutes of a change, if they are over and were not cut with it.
func (s *state) smallest(c changed) []Window {
	w := Window{Tier: "5m", From: c.start, To: c.start.Add(shortest)}
	if s.now.Before(w.To.Add(settle)) || !s.missed(s.find(w), c.change) {
		return nil
	}
	return []Window{w}
}

// together are the windows of five minutes, or, where there are many in a large one in which nothing was cut yet, that.
func (s *state) together(small []Window) (dirty []Window) {
	fresh := map[Window][]Window{}
	for _, w := range small {
		if _, known := s.by[w.place()]; known {
			dirty = append(dirty, w)
			continue
		}
		in := s.largest(w.From)
		fresh[in] = append(fresh[in], w)
	}
	for in, of := range fresh {
		if len(of) > many {
			of = []Window{in}
		}
		dirty = append(dirty, of...)
	}
	return dirty
}

const (
	// many windows of five minutes in one of an hour or a day are cut at once.
	many = 3
	// atOnce are the windows that are cut before readers are switched over, at most, and slicesAtOnce the changes, roughly events, in slices.
	atOnce, slicesAtOnce = 400, 4
)

// next is how many of the windows are cut before readers are switched over.
func (s *state) next(dirty []Window) (n int) {
	for sum := uint64(0); n < min(len(dirty), atOnce) && (n == 0 || sum < s.most); n++ {
		sum += s.changesIn(dirty[n]).count
	}
	return n
}

// owner is the window of the cover that holds a moment, the zero one if there is none.
func (s *state) owner(at time.Time) Window {
	i, found := slices.BinarySearchFunc(s.covered, at, func(w Window, at time.Time) int { return w.From.Compare(at) })
	if !found {
		i--
	}
	if i >= 0 && at.Before(s.covered[i].To) {
		return s.covered[i]
	}
	return Window{}
}

// find is what is known of a window.
func (s *state) find(w Window) known {
	if i, ok := s.by[w.place()]; ok {
		return s.known[i]
	}
	return known{}
}

// largest is the largest window that is over, holds the moment, and in which nothing was cut yet.
func (s *state) largest(at time.Time) Window {
	hour := Window{Tier: "hour", From: at.Add(-time.Duration(at.In(s.site.Location()).Minute()) * time.Minute)}
	hour.To = hour.From.Add(time.Hour)
	for _, w := range []Window{s.day(at), hour} {
		free := !slices.ContainsFunc(s.covered, func(c Window) bool { return c.From.Before(w.To) && w.From.Before(c.To) })
		if free && !s.now.Before(w.To.Add(settle)) {
			return w
		}
	}
	return Window{Tier: "5m", From: at, To: at.Add(shortest)}
}

// fine is the first moment whose windows are five minutes long.
func (s *state) fine() time.Time {
	return s.day(s.now.In(s.site.Location()).AddDate(0, 0, -fineDays)).From
}

// day is the site's day that holds a moment.
func (s *state) day(at time.Time) Window {
	begin := func(year int, month time.Month, day int) time.Time {
		noon := time.Date(year, month, day, 12, 0, 0, 0, s.site.Location())
		for noon.Add(-15*time.Minute).Day() == noon.Day() { // clocks may be set at midnight, so a day may begin at another hour
			noon = noon.Add(-15 * time.Minute)
		}
		return noon.UTC()
	}
	year, month, day := at.In(s.site.Location()).Date()
	w := Window{Tier: "day", From: begin(year, month, day), To: begin(year, month, day+1)}
	if at.Before(w.From) { // midnight comes twice, and this is before the second
		w = Window{Tier: "day", From: begin(year, month, day-1), To: w.From}
	}
	return w
}

func (s *state) changesIn(w Window) (sum change) {
	i, _ := slices.BinarySearchFunc(s.changes, w.From, func(c changed, from time.Time) int { return c.start.Compare(from) })
	for ; i < len(s.changes) && s.changes[i].start.Before(w.To); i++ {
		sum = sum.plus(s.changes[i].change)
	}
	return sum
}

// newCover is what sessions are carried along: old days, then whatever is finest.
func (s *state) newCover() []Window {
	var cover []Window
	fine := s.fine()
	var hours, small []Window
	for _, k := range s.known {
		switch {
		case k.From.Before(fine) || k.Tier == "day":
		case k.Tier == "hour":
			hours = append(hours, k.Window)
			small = append(small, k.Window)
		default:
			small = append(small, k.Window)
		}
	}
	for _, k := range s.known {
		within := func(other Window) bool { return !other.From.Before(k.From) && !other.To.After(k.To) }
		covers := func(other Window) bool { return !k.From.Before(other.From) && !k.To.After(other.To) }
		switch {
		case k.Tier == "day" && !slices.ContainsFunc(small, within),
			k.Tier == "hour" && !k.From.Before(fine),
			k.Tier == "5m" && !k.From.Before(fine) && !slices.ContainsFunc(hours, covers):
			cover = append(cover, k.Window)
		}
	}
	return cover
}

// days are the days of the cover, with those that were just written.
func (s *state) days(written []Window) []Window {
	var days []Window
	for _, k := range s.known {
		if k.Tier == "day" {
			days = append(days, k.Window)
		}
	}
	return overlaid(days, slices.DeleteFunc(slices.Clone(written), func(w Window) bool { return w.Tier != "day" }))
}

// overlaid is the cover with what was written in it.
func overlaid(cover, written []Window) []Window {
	for _, w := range written {
		cover = replace(cover, w)
	}
	return cover
}
