package risk

import (
	"slices"
	"time"
)

// group is what the window knows of an address, a network or a visitor.
type group struct {
	last    time.Time
	counts  [minutes]uint16  // events of each minute, around
	newest  int64            // minute of the newest count
	asked   *[minutes]uint16 // questions of the payment step
	askedAt int64
	guests  map[uint64]*guest // visitors of an address or network
	robots  int               // events
	site    string
	network string // of a network itself, and the last one of a visitor
	told    string // what was written of it last

	// Of a visitor:
	visitor uint64
	engaged time.Duration
	browser Browser
	look    string
	systems []string
	trail   []Position
}

// guest is a visitor of an address or network, as far as it matters there.
type guest struct {
	last  int64 // Unix minutes
	views uint8
	read  bool
	look  uint64
}

const (
	mostGuests  = 5000 // of one group
	mostTrail   = 12
	mostSystems = 4
	shortRead   = 5 * time.Second
)

func minuteOf(at time.Time) int64 { return at.Unix() / 60 }

// add counts an event of an address or a network.
func (g *group) add(s *Sighting, room func() bool) {
	g.count(s.At)
	if s.Browser.Bot != "" {
		g.robots++
	}
	if g.guests == nil {
		g.guests = map[uint64]*guest{}
	}
	v := g.guests[s.Visitor]
	if v == nil {
		if len(g.guests) >= mostGuests || !room() {
			return
		}
		v = &guest{}
		g.guests[s.Visitor] = v
	}
	v.last = max(v.last, minuteOf(s.At))
	if s.View {
		v.views = min(v.views+1, 100)
		v.look = hash(new([32]byte), ofVisitor, "", s.Look)
	}
	v.read = v.read || s.Action || s.Engaged >= shortRead
}

// addVisitor counts an event of a visitor.
func (g *group) addVisitor(s *Sighting, at *Position) {
	newer := !s.At.Before(g.last)
	g.count(s.At)
	g.engaged += s.Engaged
	if s.View && newer {
		g.browser, g.look = s.Browser, s.Look
		if g.browser.AgentOS == "" {
			g.browser.AgentOS = systemOf(s.Agent)
		}
	}
	if s.Browser.Bot != "" {
		g.robots++
		g.browser.Bot = s.Browser.Bot
	}
	if s.Browser.OS != "" && len(g.systems) < mostSystems && !slices.Contains(g.systems, s.Browser.OS) {
		g.systems = append(g.systems, s.Browser.OS)
	}
	if at != nil {
		g.follow(*at)
	}
}

// follow keeps the trail in order of time, and of a stay its two ends.
func (g *group) follow(p Position) {
	i, _ := slices.BinarySearchFunc(g.trail, p.At, func(q Position, at time.Time) int { return q.At.Compare(at) })
	same := func(j int) bool { return j >= 0 && j < len(g.trail) && g.trail[j].Network == p.Network }
	if i == len(g.trail) && same(i-1) && same(i-2) {
		g.trail[i-1] = p
		return
	}
	g.trail = slices.Insert(g.trail, i, p)
	if len(g.trail) > mostTrail {
		g.trail = slices.Delete(g.trail, 0, len(g.trail)-mostTrail)
	}
}

// count adds one to the minute of the event.
func (g *group) count(at time.Time) {
	if at.After(g.last) {
		g.last = at
	}
	advance(g.counts[:], &g.newest, minuteOf(at))
	if m := minuteOf(at); g.newest-m < int64(minutes) {
		slot := &g.counts[m%int64(minutes)]
		*slot = min(*slot+1, 1<<15)
	}
}

// ask counts a question, and tells how many there were in the hour.
func (g *group) ask(now time.Time) int {
	if now.After(g.last) {
		g.last = now
	}
	if g.asked == nil {
		g.asked = new([minutes]uint16)
	}
	advance(g.asked[:], &g.askedAt, minuteOf(now))
	slot := &g.asked[minuteOf(now)%int64(minutes)]
	*slot = min(*slot+1, 1<<15)
	return g.askedSo(now)
}

func (g *group) askedSo(now time.Time) (n int) {
	if g.asked == nil {
		return 0
	}
	advance(g.asked[:], &g.askedAt, minuteOf(now))
	for _, c := range g.asked {
		n += int(c)
	}
	return n
}

// advance empties the minutes between the newest and the one that comes.
func advance(around []uint16, newest *int64, minute int64) {
	if minute <= *newest {
		return
	}
	if minute-*newest >= int64(len(around)) {
		clear(around)
	} else {
		for m := *newest + 1; m <= minute; m++ {
			around[m%int64(len(around))] = 0
		}
	}
	*newest = minute
}

// sweep lets go what is too old, and tells whether the group is.
func (g *group) sweep(now time.Time) (over bool) {
	kept := length
	if len(g.trail) > 0 {
		g.trail = slices.DeleteFunc(g.trail, func(p Position) bool { return now.Sub(p.At) > trailLength })
		if kept = trailLength; len(g.trail) == 0 {
			g.trail = nil
		}
	}
	if now.Sub(g.last) > kept {
		return true
	}
	if now.Sub(g.last) > length {
		g.engaged, g.robots = 0, 0 // of the hour only
	}
	oldest := minuteOf(now.Add(-length))
	for id, v := range g.guests {
		if v.last < oldest {
			delete(g.guests, id)
		}
	}
	return false
}

// activity is what the group did in the hour before now. Look is that of the visitor asked about.
func (g *group) activity(now time.Time, look uint64) Activity {
	advance(g.counts[:], &g.newest, minuteOf(now))
	a := Activity{Robots: g.robots, Engaged: g.engaged}
	for _, c := range g.counts {
		a.Events += int(c)
		a.Peak = max(a.Peak, int(c))
	}
	looks := map[uint64]int{}
	var crowd uint64
	for _, v := range g.guests {
		a.Visitors++
		if v.views <= 1 && !v.read {
			a.Once++
		}
		if v.views == 0 {
			continue
		}
		looks[v.look]++
		if n := looks[v.look]; n > a.Crowd {
			a.Crowd, crowd = n, v.look
		}
	}
	a.InCrowd = a.Crowd > 0 && crowd == look
	return a
}
