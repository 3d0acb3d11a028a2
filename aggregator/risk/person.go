package risk

import (
	"slices"
	"time"
)

// person is what the window knows of a visitor who consented, whose id is nobody else's. Without consent an id stands for all who have the
// same user agent in a network, and nothing that it counts is anybody's.
type person struct {
	site    string
	visitor uint64
	network string // the last one
	last    time.Time
	began   time.Time // the visit
	counts  hour
	robots  int
	engaged time.Duration
	look    *look
	bot     string
	told    string
}

// visitGap is how long nothing is heard of a visitor before a new visit begins, as in the table visits.
const visitGap = 30 * time.Minute

// add counts an event of the visitor.
func (p *person) add(s *Sighting, of *look, network string) {
	newer := !s.At.Before(p.last)
	switch {
	case p.began.IsZero() || s.At.Sub(p.last) > visitGap:
		p.began = s.At
	case s.At.Before(p.began) && p.began.Sub(s.At) <= visitGap:
		p.began = s.At
	}
	p.counts.add(s.At)
	p.engaged += s.Engaged
	if newer {
		p.last, p.network = s.At, network
	}
	if s.View && (newer || p.look == nil) {
		p.look = of
	}
	if s.Browser.Bot != "" {
		p.robots++
		p.bot = s.Browser.Bot
	}
}

// activity is what the visitor did in the hour before now.
func (p *person) activity(now time.Time) Activity {
	a := Activity{Robots: p.robots, Visitors: 1, Engaged: p.engaged}
	a.Events, a.Peak = p.counts.so(now)
	return a
}

// browser is what the visitor's browser tells.
func (p *person) browser() (b Browser) {
	if p.look != nil {
		b = p.look.Browser
	}
	b.Bot, b.Consented = p.bot, true
	return b
}

// trail is where a visitor who consented was in the last day, and with which systems.
type trail struct {
	site    string
	visitor uint64
	systems []string
	stops   []stop
}

// stop is a moment at a network. Where that is, is looked up when somebody asks.
type stop struct {
	at      time.Time
	network string
}

const (
	mostTrail   = 12
	mostSystems = 4
)

func (t *trail) uses(system string) {
	if system != "" && len(t.systems) < mostSystems && !slices.Contains(t.systems, system) {
		t.systems = append(t.systems, system)
	}
}

// follow keeps the trail in order of time, and of a stay its two ends.
func (t *trail) follow(at time.Time, network string) {
	i, found := slices.BinarySearchFunc(t.stops, at, func(s stop, at time.Time) int { return s.at.Compare(at) })
	if found && t.stops[i].network == network {
		return
	}
	same := func(j int) bool { return j >= 0 && j < len(t.stops) && t.stops[j].network == network }
	switch {
	case same(i-1) && same(i): // in between
		return
	case same(i-1) && same(i-2): // a stay goes on
		t.stops[i-1].at = at
		return
	case same(i) && same(i+1): // a stay began earlier
		t.stops[i].at = at
		return
	}
	t.stops = slices.Insert(t.stops, i, stop{at, network})
	if len(t.stops) > mostTrail {
		t.stops = slices.Delete(t.stops, 0, len(t.stops)-mostTrail)
	}
}

// sweep lets go what is too old, and tells whether all of it is.
func (t *trail) sweep(now time.Time) (over bool) {
	t.stops = slices.DeleteFunc(t.stops, func(s stop) bool { return now.Sub(s.at) > trailLength })
	return len(t.stops) == 0
}
