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

// known is what rollup_windows says of a window.
type known struct {
	Window

	changes uint64
	current bool // cut by the definition that the site has now
}

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
	changes map[time.Time]change // by the start of five minutes
	known   []known              // newest of each window, in order
	anew    anew
}

// dirty are the windows to be cut, the oldest first, and whether there are more than are cut at once. What was cut by the hour or by
// the day is cut so again; what was never cut is cut in large windows where much of it is there, as after a pause or on an upgrade.
func (s *state) dirty() (dirty []Window, more bool) {
	fine, cover := s.fine(), s.cover()
	large, small := map[Window]change{}, map[Window]change{}
	for start, c := range s.changes {
		window := s.day(start)
		if !start.Before(fine) {
			window = owner(cover, start)
		}
		if window.Tier == "day" || window.Tier == "hour" {
			window.Generation = 0
			large[window] = large[window].plus(c)
		} else {
			small[Window{Tier: "5m", From: start, To: start.Add(shortest)}] = c
		}
	}
	for window, c := range large {
		if s.missed(s.find(window), c) {
			dirty = append(dirty, window)
		}
	}
	fresh := map[Window][]Window{}
	for window, c := range small {
		switch k := s.find(window); {
		case s.now.Before(window.To.Add(settle)):
		case k.Generation == 0:
			fresh[s.largest(window.From, cover)] = append(fresh[s.largest(window.From, cover)], window)
		case s.missed(k, c):
			dirty = append(dirty, window)
		}
	}
	for window, small := range fresh {
		if len(small) > many {
			dirty = append(dirty, window)
		} else {
			dirty = append(dirty, small...)
		}
	}
	slices.SortFunc(dirty, func(a, b Window) int { return a.From.Compare(b.From) })
	return dirty[:min(len(dirty), atOnce)], len(dirty) > atOnce
}

// many windows of five minutes in one of an hour or a day are cut at once.
const many = 3

// owner is the window of the cover that holds a moment, the zero one if there is none.
func owner(cover []Window, at time.Time) Window {
	if i := slices.IndexFunc(cover, func(w Window) bool { return !at.Before(w.From) && at.Before(w.To) }); i >= 0 {
		return cover[i]
	}
	return Window{}
}

// find is what is known of a window.
func (s *state) find(w Window) known {
	if i := slices.IndexFunc(s.known, func(k known) bool { return k.Tier == w.Tier && k.From.Equal(w.From) }); i >= 0 {
		return s.known[i]
	}
	return known{}
}

// largest is the largest window that is over, holds the moment, and in which nothing was cut yet.
func (s *state) largest(at time.Time, cover []Window) Window {
	hour := Window{Tier: "hour", From: at.Add(-time.Duration(at.In(s.site.Location()).Minute()) * time.Minute)}
	hour.To = hour.From.Add(time.Hour)
	for _, w := range []Window{s.day(at), hour} {
		free := !slices.ContainsFunc(cover, func(c Window) bool { return c.From.Before(w.To) && w.From.Before(c.To) })
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
	for start, c := range s.changes {
		if !start.Before(w.From) && start.Before(w.To) {
			sum = sum.plus(c)
		}
	}
	return sum
}

// cover is what sessions are carried along: old days, then whatever is finest.
func (s *state) cover() []Window {
	var cover []Window
	fine := s.fine()
	for _, k := range s.known {
		within := func(other known) bool {
			return other.Tier != k.Tier && !other.From.Before(fine) && !other.From.Before(k.From) && !other.To.After(k.To)
		}
		covered := func(other known) bool {
			return other.Tier == "hour" && !k.From.Before(other.From) && !k.To.After(other.To)
		}
		switch {
		case k.Tier == "day" && !slices.ContainsFunc(s.known, within),
			k.Tier == "hour" && !k.From.Before(fine),
			k.Tier == "5m" && !k.From.Before(fine) && !slices.ContainsFunc(s.known, covered):
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
