package risk

import (
	"maps"
	"time"
)

// in lets something that the window holds be changed, making it if there is room. T says which kind of thing.
func in[T any](w *Window, k kind, key uint64, at time.Time, change func(*T)) {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	all, most := held[T](w, sh, k)
	one := all[key]
	if one == nil {
		if len(all) >= max(1, most/len(w.shards)) {
			w.cuts.cut(k, at)
			return
		}
		one = new(T)
		all[key] = one
	}
	change(one)
}

// peek lets something be looked at, if the window holds it.
func peek[T any](w *Window, k kind, key uint64, look func(*T)) {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	all, _ := held[T](w, sh, k)
	if one := all[key]; one != nil {
		look(one)
	}
}

// held is where things of a kind are, and how many there may be.
func held[T any](w *Window, sh *shard, k kind) (all map[uint64]*T, most int) {
	var of any
	switch k {
	case ofAddress:
		of, most = sh.addresses, w.bounds.Addresses
	case ofNetwork:
		of, most = sh.networks, w.bounds.Networks
	case ofVisitor:
		of, most = sh.people, w.bounds.People
	case ofTrail:
		of, most = sh.trails, w.bounds.Trails
	case ofAsked:
		of, most = sh.asked, w.bounds.Asked
	case ofEvent, ofGuest: // which are no things of their own
	}
	all, _ = of.(map[uint64]*T)
	return all, most
}

// room takes a place for one more visitor of an address or network, if there is one.
func (w *Window) room() bool {
	if w.guests.Add(1) > int64(w.bounds.Guests) {
		w.guests.Add(-1)
		return false
	}
	return true
}

// Held is how much the window holds of each kind, by its name.
type Held map[string]int

// Sweep lets go what is too old, and tells what is left.
func (w *Window) Sweep(now time.Time) Held {
	w.keys.forget(now.Add(-2 * length))
	left := Held{}
	for i := range w.shards {
		sh := &w.shards[i]
		sh.mu.Lock()
		w.guests.Add(sh.sweep(now))
		for k, n := range map[kind]int{
			ofAddress: len(sh.addresses), ofNetwork: len(sh.networks), ofVisitor: len(sh.people), ofTrail: len(sh.trails), ofAsked: len(sh.asked),
			ofEvent: len(sh.events),
		} {
			left[k.String()] += n
		}
		sh.mu.Unlock()
	}
	left[ofGuest.String()] = int(w.guests.Load())
	return left
}

func (sh *shard) sweep(now time.Time) (guests int64) {
	tooOld := func(at time.Time) bool { return now.Sub(at) > length }
	maps.DeleteFunc(sh.events, func(_ uint64, e seen) bool { return tooOld(time.Unix(e.at, 0)) })
	maps.DeleteFunc(sh.people, func(_ uint64, p *person) bool { return tooOld(p.last) })
	maps.DeleteFunc(sh.trails, func(_ uint64, t *trail) bool { return t.sweep(now) })
	maps.DeleteFunc(sh.asked, func(_ uint64, h *hour) bool { return minuteOf(now)-h.newest > int64(minutes) })
	return sh.leave(func(g *group) bool { return g.sweep(now) })
}

// leave changes groups, and lets those go that are over. It tells by how much the number of guests changed.
func (sh *shard) leave(over func(*group) bool) (guests int64) {
	for _, groups := range []map[uint64]*group{sh.addresses, sh.networks} {
		for key, g := range groups {
			guests -= int64(len(g.guests))
			if over(g) {
				delete(groups, key)
				continue
			}
			guests += int64(len(g.guests))
		}
	}
	return guests
}

// forget removes all that is held of who is barred.
func (w *Window) forget() {
	for i := range w.shards {
		sh := &w.shards[i]
		sh.mu.Lock()
		maps.DeleteFunc(sh.people, func(_ uint64, p *person) bool { return w.barred.has(p.site, p.visitor) })
		maps.DeleteFunc(sh.trails, func(_ uint64, t *trail) bool { return w.barred.has(t.site, t.visitor) })
		maps.DeleteFunc(sh.events, func(_ uint64, e seen) bool { return w.barred.has(e.site, e.visitor) })
		w.guests.Add(sh.leave(func(g *group) bool {
			g.forget(func(v *guest) bool { return w.barred.has(g.site, v.visitor) })
			return len(g.guests) == 0
		}))
		sh.mu.Unlock()
	}
}
