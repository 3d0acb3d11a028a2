package risk

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"mayak/schema/geoip"
)

// Sighting is one event as the window takes it in. What names a person is used and let go.
type Sighting struct {
	Site      string
	At        time.Time
	ID        string
	Page      string // id of the page view that it belongs to
	Reference string // that the visitor was told
	Visitor   uint64
	Consented bool
	Address   netip.Addr
	Network   string // where the address is not known
	Agent     string // the user agent as it was sent
	View      bool   // a page view
	Action    bool   // something done: a custom event
	Engaged   time.Duration
	Browser   Browser
	Look      string // all that tells one browser from another, as far as it is kept
}

// Locator tells where an address is.
type Locator interface {
	Locate(address netip.Addr) geoip.Location
}

// length is how far back the window looks; trails of who consented reach a day back.
const (
	length      = time.Hour
	trailLength = 24 * time.Hour
	minutes     = int(length / time.Minute)
)

// Window is what happened of late. It holds no address and no user agent. Bounded, each kind by itself: what comes when there is no room is
// counted and left out, and answers say so until it would be over.
type Window struct {
	locator Locator
	bounds  Bounds
	keys    *keys
	looks   looks
	barred  barred
	shards  [64]shard
	cuts    cuts
	guests  atomic.Int64 // of all groups: one may have most of them
	amounts amounts

	// called is what scores call an address by; nil calls none by anything.
	called func(site, address string) uint64
}

// shard is a part of the window with a lock of its own, so that taking events in holds up no question for long.
type shard struct {
	mu        sync.Mutex
	addresses map[uint64]*group
	networks  map[uint64]*group
	people    map[uint64]*person
	trails    map[uint64]*trail
	asked     map[uint64]*hour // questions of the payment step, about addresses and people
	events    map[uint64]seen  // by the keyed hash of an event's id
}

// seen is an event: to know it when it comes again, who a page view was of, and whether somebody looked at it.
type seen struct {
	site    string
	visitor uint64
	at      int64
	engaged time.Duration
	look    *look // of a page view
	early   bool  // attention was told before the page view came
	acted   bool  // something was done on the page
}

// read tells whether somebody looked at the page.
func (e *seen) read() bool { return e.acted || e.engaged >= shortRead }

// NewWindow makes an empty one.
func NewWindow(l Locator, b Bounds) *Window {
	w := &Window{locator: l, bounds: b.orDefaults(), keys: newKeys()}
	for i := range w.shards {
		w.shards[i] = shard{
			addresses: map[uint64]*group{}, networks: map[uint64]*group{}, people: map[uint64]*person{}, trails: map[uint64]*trail{},
			asked: map[uint64]*hour{}, events: map[uint64]seen{},
		}
	}
	return w
}

func (w *Window) shard(key uint64) *shard { return &w.shards[key%uint64(len(w.shards))] }

// Add takes an event in, once. It tells whether the event was new.
func (w *Window) Add(s *Sighting) bool {
	if s.Visitor == 0 || w.barred.has(s.Site, s.Visitor) {
		return false // who refused is nobody, and who was erased or is blocked is not to be known
	}
	key, own := w.keys.of(s.At), w.looks.look(s)
	before, fresh := w.note(hash(key, ofEvent, s.Site, s.ID), s, own)
	if !fresh {
		return false
	}
	if s.Reference != "" {
		w.note(hash(key, ofEvent, s.Site, s.Reference), s, own)
	}
	one := step{
		visitor: s.Visitor, look: own, view: s.View, unread: !before.read(), engaged: s.Engaged + before.engaged, at: s.At,
		bot: s.Browser.Bot != "", consent: s.Consented,
	}
	if !s.View {
		one.look, one.read = w.attend(s)
	}
	network := s.Network
	if s.Address.IsValid() {
		network = NetworkOf(s.Address)
		w.addAddress(key, s, one)
	}
	if network != "" {
		w.addNetwork(key, s, network, one)
	}
	if s.Consented {
		w.addPerson(s, own, network)
	}
	return true
}

func (w *Window) addAddress(key *[32]byte, s *Sighting, one step) {
	address := client(s.Address)
	one.key = guestKey(address, &one)
	in(w, ofAddress, hash(key, ofAddress, s.Site, address), s.At, func(g *group) {
		if g.site == "" {
			g.site, g.network = s.Site, NetworkOf(s.Address)
			if w.called != nil {
				g.address = w.called(s.Site, address)
			}
		}
		if !g.add(&one, w.room) {
			w.cuts.cut(ofGuest, s.At)
		}
	})
}

// addNetwork tells those who did not consent apart by their addresses, which their number does not.
func (w *Window) addNetwork(key *[32]byte, s *Sighting, network string, one step) {
	address := ""
	if s.Address.IsValid() {
		address = client(s.Address)
	}
	one.key = guestKey(address, &one)
	in(w, ofNetwork, hash(key, ofNetwork, s.Site, network), s.At, func(g *group) {
		g.site, g.network = s.Site, network
		if !g.add(&one, w.room) {
			w.cuts.cut(ofGuest, s.At)
		}
	})
}

func (w *Window) addPerson(s *Sighting, own *look, network string) {
	key := w.visitorKey(s.Site, s.Visitor)
	in(w, ofVisitor, key, s.At, func(p *person) {
		p.site, p.visitor = s.Site, s.Visitor
		p.add(s, own, network)
	})
	if network == "" {
		return
	}
	in(w, ofTrail, key, s.At, func(t *trail) {
		t.site, t.visitor = s.Site, s.Visitor
		t.uses(s.Browser.OS)
		t.follow(s.At, network)
	})
}

// visitorKey is the same on all days: a visitor's number is a keyed hash already.
func (w *Window) visitorKey(site string, visitor uint64) uint64 {
	return hashed(new([32]byte), ofVisitor, site, visitor)
}

// guestKey tells guests apart: who consented by the number, all others by address, number and look.
func guestKey(address string, s *step) uint64 {
	if s.consent {
		return hashed(new([32]byte), ofVisitor, "", s.visitor)
	}
	var look uint64
	if s.look != nil {
		look = s.look.id
	}
	return hashed(new([32]byte), ofVisitor, address, s.visitor^look*0x9e3779b97f4a7c15)
}

// follow notes where a visitor who consented was, and with which system, before the window looked.
func (w *Window) follow(site string, visitor uint64, network, system string, first, last time.Time) {
	if w.barred.has(site, visitor) {
		return
	}
	in(w, ofTrail, w.visitorKey(site, visitor), last, func(t *trail) {
		t.site, t.visitor = site, visitor
		t.uses(system)
		t.follow(first, network)
		t.follow(last, network)
	})
}

// note remembers an event. It tells what was known before of a page view whose attention came first; not fresh means that it was there.
func (w *Window) note(key uint64, s *Sighting, own *look) (before seen, fresh bool) {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	before, known := sh.events[key]
	if known && !before.early {
		return before, false
	}
	if !known && len(sh.events) >= w.bounds.Events/len(w.shards) {
		w.cuts.cut(ofEvent, s.At)
		return before, false
	}
	if before.visitor != s.Visitor {
		before = seen{} // somebody else's attention is none
	}
	e := seen{site: s.Site, visitor: s.Visitor, at: s.At.Unix(), engaged: before.engaged, acted: before.acted}
	if s.View {
		e.look = own
	}
	sh.events[key] = e
	before.engaged = 0 // it was counted when it came
	return seen{acted: e.read()}, true
}

// attend adds attention to the page view that it belongs to, and tells how that looked and whether it is read from now on and was not before.
func (w *Window) attend(s *Sighting) (of *look, read bool) {
	if s.Page == "" {
		return nil, false
	}
	for i, day := range days(s.At) {
		key := hash(w.keys.of(day), ofEvent, s.Site, s.Page)
		sh := w.shard(key)
		sh.mu.Lock()
		e, known := sh.events[key]
		switch {
		case known && e.visitor == s.Visitor:
			before := e.read()
			e.engaged += s.Engaged
			e.acted = e.acted || s.Action
			sh.events[key] = e
			of, read = e.look, e.look != nil && e.read() && !before
		case !known && i == 0 && len(sh.events) < w.bounds.Events/len(w.shards): // what is read newest first has its page later
			sh.events[key] = seen{site: s.Site, visitor: s.Visitor, at: s.At.Unix(), engaged: s.Engaged, acted: s.Action, early: true}
		}
		sh.mu.Unlock()
		if known {
			return of, read
		}
	}
	return nil, false
}

// visitorOf is who an event of the last hour, or a support reference, was of, and how the page looked if it was one.
func (w *Window) visitorOf(site, id string, now time.Time) (e seen, ok bool) {
	for _, at := range days(now) {
		key := hash(w.keys.of(at), ofEvent, site, id)
		sh := w.shard(key)
		sh.mu.Lock()
		e, found := sh.events[key]
		sh.mu.Unlock()
		if found && !e.early {
			return e, true
		}
	}
	return seen{}, false
}

// days are the moments whose keys things of the window may have been hashed with.
func days(now time.Time) []time.Time {
	if before := now.Add(-length); before.UTC().Day() != now.UTC().Day() {
		return []time.Time{now, before}
	}
	return []time.Time{now}
}
