package risk

import (
	"net/netip"
	"strings"
	"time"
)

// Standing is a session, an address or a network that stands out without having been asked about.
type Standing struct {
	Assessment

	Kind    string // of score
	Site    string
	Visitor uint64 // 0: nobody alone
	Began   time.Time
	Address uint64 // what it is called by; 0 where it is none
	Network string
	ASN     uint32
	Country string
}

// standsOut is from which score on something is written down without having been asked about: lower than where a level begins, since nothing
// is known of the one who pays.
const standsOut = 20

// stoodLately is how new something has to be.
const stoodLately = 2 * time.Minute

// Standing are the sessions, addresses and networks with something new in the last minutes that stand out, each told once as long as it stays
// as it is. Nothing is locked for longer than one of them takes. Without consent a session is told as its address.
func (w *Window) Standing(now time.Time) (all []Standing) {
	for i := range w.shards {
		sh := &w.shards[i]
		recent := map[kind][]uint64{}
		sh.mu.Lock()
		for k, groups := range map[kind]map[uint64]*group{ofAddress: sh.addresses, ofNetwork: sh.networks} {
			for key, g := range groups {
				if now.Sub(g.last) < stoodLately {
					recent[k] = append(recent[k], key)
				}
			}
		}
		for key, p := range sh.people {
			if now.Sub(p.last) < stoodLately {
				recent[ofVisitor] = append(recent[ofVisitor], key)
			}
		}
		sh.mu.Unlock()
		for _, k := range []kind{ofVisitor, ofAddress, ofNetwork} {
			for _, key := range recent[k] {
				if s, ok := w.standing(k, key, now); ok {
					all = append(all, s)
				}
			}
		}
	}
	return all
}

func (w *Window) standing(k kind, key uint64, now time.Time) (s Standing, ok bool) {
	f := &Facts{Now: now}
	if k == ofVisitor {
		s = w.session(f, key, now)
	} else {
		s = w.grouped(f, k, key, now)
	}
	prefix, err := netip.ParsePrefix(s.Network)
	if err != nil {
		return s, false
	}
	f.Place = w.locator.Locate(prefix.Addr())
	s.ASN, s.Country = f.Place.ASN, f.Place.Country
	if s.Assessment = Assess(f); s.Score < standsOut {
		return s, false
	}
	names := []string{string(s.Level)}
	for _, signal := range s.Signals {
		names = append(names, signal.Name)
	}
	fresh := strings.Join(names, " ")
	if k == ofVisitor {
		peek(w, k, key, func(p *person) { ok, p.told = p.told != fresh, fresh })
	} else {
		peek(w, k, key, func(g *group) { ok, g.told = g.told != fresh, fresh })
	}
	return s, ok
}

// session adds what a visitor who consented did.
func (w *Window) session(f *Facts, key uint64, now time.Time) (s Standing) {
	peek(w, ofVisitor, key, func(p *person) {
		s = Standing{Kind: scoreSession, Site: p.site, Visitor: p.visitor, Began: p.began, Network: p.network}
		f.Visitor, f.Browser = p.activity(now), p.browser()
	})
	var stops []stop
	peek(w, ofTrail, key, func(t *trail) {
		f.Browser.Systems = len(t.systems)
		stops = append(stops, t.stops...)
	})
	f.Trail = w.located(stops)
	return s
}

// grouped adds what came from an address or a network.
func (w *Window) grouped(f *Facts, k kind, key uint64, now time.Time) (s Standing) {
	peek(w, k, key, func(g *group) {
		s = Standing{Kind: scoreNetwork, Site: g.site, Address: g.address, Network: g.network}
		of := g.activity(now, nil)
		of.InCrowd = true // it is the crowd itself that is scored
		f.Address.Events, f.Network = of.Events, of
		if k == ofNetwork {
			return
		}
		s.Kind, f.Address = scoreAddress, of
		if alone, ok := g.alone(); ok && !w.barred.has(g.site, alone.visitor) {
			s.Visitor = alone.visitor
			f.Visitor, f.Shared = Activity{Events: int(alone.events), Engaged: time.Duration(alone.engaged) * time.Millisecond}, true
			if alone.look != nil {
				f.Browser = alone.look.Browser
			}
		}
	})
	return s
}
