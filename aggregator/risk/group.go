package risk

import "time"

// group is what the window knows of an address or a network.
type group struct {
	site    string
	network string
	address uint64 // what scores call an address by; 0 of a network
	last    time.Time
	counts  hour
	robots  int // events
	guests  map[uint64]guest
	sums    sums
	told    string // what was written of it last
}

// guest is who came from an address or network, as far as can be told: one visitor who consented, or all who look the same behind one address.
type guest struct {
	visitor   uint64 // as the events have it
	look      *look  // of a page view; nil before the first
	engaged   uint32 // milliseconds
	first     int32  // Unix minutes
	last      int32
	views     uint16
	unread    uint16 // page views that nobody has looked at for a moment
	events    uint16
	robots    uint16
	consented bool
}

// sums are of all guests of a group, kept as they change, since a question cannot wait until thousands are counted.
type sums struct {
	openings, once int
	crowds         map[uint64]int
	crowd          uint64 // the most frequent look
}

const (
	mostGuests = 200_000 // of one group: eight times what is normal behind an operator is a signal, and has to be seen
	mostCount  = 1 << 15
	shortRead  = 5 * time.Second
)

// openings are how often the guest came: once, or without consent as many times as a page was opened, since that may be as many people. What
// is not told by the script tells of no attention, so nobody can say that nothing was read.
func (g *guest) openings() (all, once int) {
	switch {
	case g.look == nil || g.views == 0:
		return 0, 0
	case g.consented || !g.look.Script:
		if g.views == 1 && g.unread == 1 {
			return 1, 1
		}
		return 1, 0
	}
	return int(g.views), int(g.unread)
}

// step is what an event adds to a guest.
type step struct {
	key     uint64
	visitor uint64
	look    *look // of the page view that it is, or belongs to
	view    bool
	unread  bool // the page view was not looked at so far
	read    bool // the page view is looked at now, and was not before
	engaged time.Duration
	at      time.Time
	bot     bool
	consent bool
}

// add counts an event. Room is asked for a guest who is new; it tells whether there was any.
func (g *group) add(s *step, room func() bool) bool {
	if s.at.After(g.last) {
		g.last = s.at
	}
	g.counts.add(s.at)
	if s.bot {
		g.robots++
	}
	if g.guests == nil {
		g.guests = map[uint64]guest{}
	}
	v, known := g.guests[s.key]
	if !known && (len(g.guests) >= mostGuests || !room()) {
		return false
	}
	openings, once := v.openings()
	if known {
		g.sums.add(v.look, -openings, -once)
	}
	v.count(s)
	openings, once = v.openings()
	g.sums.add(v.look, openings, once)
	g.guests[s.key] = v
	return true
}

func (g *guest) count(s *step) {
	minute := int32(minuteOf(s.at)) //nolint:gosec // for four thousand years
	if g.events == 0 || minute < g.first {
		g.first = minute
	}
	if s.view && (g.look == nil || minute >= g.last) {
		g.look = s.look
	}
	g.visitor, g.consented, g.last = s.visitor, s.consent, max(g.last, minute)
	g.events = min(g.events+1, mostCount)
	g.engaged += uint32(min(s.engaged, time.Hour).Milliseconds()) //nolint:gosec // an hour fits
	if s.bot {
		g.robots = min(g.robots+1, mostCount)
	}
	if s.view {
		g.views = min(g.views+1, mostCount)
		if s.unread {
			g.unread = min(g.unread+1, g.views)
		}
	}
	if s.read && g.unread > 0 {
		g.unread--
	}
}

// add changes the sums by a guest's.
func (s *sums) add(of *look, openings, once int) {
	s.openings += openings
	s.once += once
	if of == nil || openings == 0 {
		return
	}
	if s.crowds == nil {
		s.crowds = map[uint64]int{}
	}
	s.crowds[of.crowd] += openings
	switch n := s.crowds[of.crowd]; {
	case n <= 0:
		delete(s.crowds, of.crowd)
	case n > s.crowds[s.crowd]:
		s.crowd = of.crowd
	}
}

// forget removes guests, and counts those who are left anew.
func (g *group) forget(gone func(*guest) bool) {
	left := sums{}
	for key, v := range g.guests {
		if gone(&v) {
			delete(g.guests, key)
			continue
		}
		openings, once := v.openings()
		left.add(v.look, openings, once)
	}
	g.sums = left
}

// sweep lets go what is too old, and tells whether the group is.
func (g *group) sweep(now time.Time) (over bool) {
	if now.Sub(g.last) > length {
		return true
	}
	oldest := int32(minuteOf(now.Add(-length))) //nolint:gosec // for four thousand years
	g.forget(func(v *guest) bool { return v.last < oldest })
	return false
}

// activity is what came from the group in the hour before now. Look is that of the visitor asked about.
func (g *group) activity(now time.Time, of *look) Activity {
	a := Activity{Robots: g.robots, Visitors: len(g.guests), Openings: g.sums.openings, Once: g.sums.once, Crowd: g.sums.crowds[g.sums.crowd]}
	a.Events, a.Peak = g.counts.so(now)
	a.InCrowd = a.Crowd > 0 && of != nil && of.crowd == g.sums.crowd
	return a
}

// alone is the only visitor of the group, where there is one: all guests have one number.
func (g *group) alone() (found guest, ok bool) {
	for _, v := range g.guests {
		if ok && v.visitor != found.visitor {
			return guest{}, false
		}
		if !ok || v.last >= found.last && v.look != nil {
			found, ok = v, true
		}
		if len(g.guests) > mostTrail { // so many are several people, whatever they look like
			return guest{}, false
		}
	}
	return found, ok
}
