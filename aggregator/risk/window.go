package risk

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mayak/schema/geoip"
)

// Sighting is one event as the window takes it in. What names a person is used and let go.
type Sighting struct {
	Site      string
	At        time.Time
	ID        string
	Reference string // that the visitor was told
	Visitor   uint64
	Consented bool
	Address   netip.Addr
	Network   string // where the address is not known
	Agent     string // the user agent as it was sent
	View      bool   // a page view
	Action    bool   // something done: a custom event
	Engaged   time.Duration
	Kind      string // of the network
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

// Bounds are how much a window holds at most. The zero value of each takes the default.
type Bounds struct {
	Groups int // addresses, networks and visitors; 300,000
	Guests int // visitors of addresses and networks, together; 1,000,000
	Events int // events that can be told apart and asked about; 1,000,000
}

// Window is what happened of late. It holds no address and no user agent. Bounded: what comes when it is full is counted and left out.
type Window struct {
	locator Locator
	bounds  Bounds
	keys    *keys
	shards  [64]shard
	amounts amounts
}

// shard is a part of the window with a lock of its own, so that taking events in holds up no question for long.
type shard struct {
	mu      sync.Mutex
	groups  map[uint64]*group
	events  map[uint64]seen // by the keyed hash of an event's id
	guests  int
	skipped int
}

// seen is an event: to know it when it comes again, and who a page view was of.
type seen struct {
	site    string
	visitor uint64
	at      int64
}

// NewWindow makes an empty one.
func NewWindow(l Locator, b Bounds) *Window {
	defaults := Bounds{Groups: 300_000, Guests: 1_000_000, Events: 1_000_000}
	for _, bound := range []struct{ of, or *int }{{&b.Groups, &defaults.Groups}, {&b.Guests, &defaults.Guests}, {&b.Events, &defaults.Events}} {
		if *bound.of == 0 {
			*bound.of = *bound.or
		}
	}
	w := &Window{locator: l, bounds: b, keys: newKeys()}
	for i := range w.shards {
		w.shards[i].groups, w.shards[i].events = map[uint64]*group{}, map[uint64]seen{}
	}
	return w
}

func (w *Window) shard(key uint64) *shard { return &w.shards[key%uint64(len(w.shards))] }

// Add takes an event in, once. It tells whether the event was new.
func (w *Window) Add(s *Sighting) bool {
	if s.Visitor == 0 {
		return false // who refused is nobody
	}
	key := w.keys.of(s.At)
	if !w.note(hash(key, ofEvent, s.Site, s.ID), s) {
		return false
	}
	if s.Reference != "" {
		w.note(hash(key, ofEvent, s.Site, s.Reference), s)
	}
	if s.Address.IsValid() {
		w.with(hash(key, ofAddress, s.Site, client(s.Address)), func(sh *shard, g *group) {
			g.site = s.Site
			g.add(s, w.room(sh))
		})
	}
	network := s.Network
	if s.Address.IsValid() {
		network = NetworkOf(s.Address)
	}
	if network != "" {
		w.with(hash(key, ofNetwork, s.Site, network), func(sh *shard, g *group) {
			g.site, g.network = s.Site, network
			g.add(s, w.room(sh))
		})
	}
	at := w.position(s, network)
	w.with(w.visitorKey(s.Site, s.Visitor), func(_ *shard, g *group) {
		g.visitor, g.site, g.network = s.Visitor, s.Site, network
		g.addVisitor(s, at)
	})
	return true
}

// visitorKey is the same on all days: a visitor's number is a keyed hash already.
func (w *Window) visitorKey(site string, visitor uint64) uint64 {
	return hashed(new([32]byte), ofVisitor, site, visitor)
}

// position is where the visitor was; only who consented is followed.
func (w *Window) position(s *Sighting, network string) *Position {
	if !s.Consented {
		return nil
	}
	address := s.Address
	if !address.IsValid() {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil
		}
		address = prefix.Addr()
	}
	return &Position{At: s.At, Place: w.locator.Locate(address), Network: network}
}

// follow notes where a visitor who consented was, and with which system, before the window looked.
func (w *Window) follow(site string, visitor uint64, network, system string, first, last time.Time) {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return
	}
	place := w.locator.Locate(prefix.Addr())
	w.with(w.visitorKey(site, visitor), func(_ *shard, g *group) {
		g.site, g.visitor, g.network = site, visitor, network
		if last.After(g.last) {
			g.last = last
		}
		if system != "" && len(g.systems) < mostSystems && !slices.Contains(g.systems, system) {
			g.systems = append(g.systems, system)
		}
		g.follow(Position{At: first, Place: place, Network: network})
		g.follow(Position{At: last, Place: place, Network: network})
	})
}

// note remembers an event; false means that it was there, or too old.
func (w *Window) note(key uint64, s *Sighting) bool {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.events[key]; ok {
		return false
	}
	if len(sh.events) >= w.bounds.Events/len(w.shards) {
		sh.skipped++
		return false
	}
	sh.events[key] = seen{s.Site, s.Visitor, s.At.Unix()}
	return true
}

// with lets a group be changed, making it if there is room.
func (w *Window) with(key uint64, change func(*shard, *group)) {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	g := sh.groups[key]
	if g == nil {
		if len(sh.groups) >= w.bounds.Groups/len(w.shards) {
			sh.skipped++
			return
		}
		g = &group{}
		sh.groups[key] = g
	}
	change(sh, g)
}

// room takes a place for one more visitor of an address or network, if there is one.
func (w *Window) room(sh *shard) func() bool {
	return func() bool {
		if sh.guests >= w.bounds.Guests/len(w.shards) {
			sh.skipped++
			return false
		}
		sh.guests++
		return true
	}
}

// Sweep lets go what is too old. It tells how much is left, and how much found no room since the sweep before.
func (w *Window) Sweep(now time.Time) (groups, skipped int) {
	w.keys.forget(now.Add(-2 * length))
	for i := range w.shards {
		sh := &w.shards[i]
		sh.mu.Lock()
		for key, e := range sh.events {
			if now.Unix()-e.at > int64(length.Seconds()) {
				delete(sh.events, key)
			}
		}
		sh.guests = 0
		for key, g := range sh.groups {
			if g.sweep(now) {
				delete(sh.groups, key)
				continue
			}
			sh.guests += len(g.guests)
		}
		groups, skipped, sh.skipped = groups+len(sh.groups), skipped+sh.skipped, 0
		sh.mu.Unlock()
	}
	return groups, skipped
}

// Forget removes visitors whose data were erased.
func (w *Window) Forget(erased func(site string, visitor uint64) bool) {
	for i := range w.shards {
		sh := &w.shards[i]
		sh.mu.Lock()
		for key, g := range sh.groups {
			if g.visitor != 0 && erased(g.site, g.visitor) {
				delete(sh.groups, key)
			}
			maps.DeleteFunc(g.guests, func(id uint64, _ *guest) bool { return erased(g.site, id) })
		}
		maps.DeleteFunc(sh.events, func(_ uint64, e seen) bool { return erased(e.site, e.visitor) })
		sh.mu.Unlock()
	}
}

// VisitorOf is who an event of the last hour, or a support reference, was of.
func (w *Window) VisitorOf(site, id string, now time.Time) (visitor uint64, ok bool) {
	for _, at := range days(now) {
		key := hash(w.keys.of(at), ofEvent, site, id)
		sh := w.shard(key)
		sh.mu.Lock()
		e, found := sh.events[key]
		sh.mu.Unlock()
		if found {
			return e.visitor, true
		}
	}
	return 0, false
}

// days are the moments whose keys things of the window may have been hashed with.
func days(now time.Time) []time.Time {
	if before := now.Add(-length); before.UTC().Day() != now.UTC().Day() {
		return []time.Time{now, before}
	}
	return []time.Time{now}
}

// names are those of the systems, in order, without the empty one.
func names(of []string) int {
	slices.Sort(of)
	return len(slices.Compact(of))
}
