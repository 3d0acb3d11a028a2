package risk

import (
	"net/netip"
	"strings"
	"time"
)

// Standing is a visitor or a network that stands out without having been asked about.
type Standing struct {
	Assessment

	Site    string
	Visitor uint64 // 0: it is a network
	Network string
	ASN     uint32
	Country string
}

// standsOut is from which score on a visitor or network is written down without having been asked about: lower than where a level begins,
// since nothing is known of the one who pays.
const standsOut = 20

// Standing are the visitors and networks with something new in the last minutes that stand out, each told once as long as it stays as it is. Nothing is locked for longer than one of them takes.
func (w *Window) Standing(now time.Time) (all []Standing) {
	for i := range w.shards {
		sh := &w.shards[i]
		sh.mu.Lock()
		var keys []uint64
		for key, g := range sh.groups {
			if now.Sub(g.last) < 2*time.Minute && g.network != "" {
				keys = append(keys, key)
			}
		}
		sh.mu.Unlock()
		for _, key := range keys {
			if s, ok := w.standing(key, now); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

func (w *Window) standing(key uint64, now time.Time) (s Standing, ok bool) {
	f := &Facts{Now: now}
	w.look(key, func(_ *shard, g *group) {
		s = Standing{Site: g.site, Visitor: g.visitor, Network: g.network}
		if g.visitor == 0 {
			f.Network = g.activity(now, 0)
			f.Network.InCrowd = true // it is the crowd itself that is scored
			f.Address.Events = f.Network.Events
			return
		}
		f.Visitor, f.Browser = g.activity(now, 0), g.browser
		f.Browser.Systems = len(g.systems)
		f.Trail = append(f.Trail, g.trail...)
	})
	prefix, err := netip.ParsePrefix(s.Network)
	if err != nil {
		return s, false
	}
	f.Place = w.locator.Locate(prefix.Addr())
	s.ASN, s.Country = f.Place.ASN, f.Place.Country
	if s.Assessment = Assess(f); s.Score < standsOut {
		return s, false
	}
	names := make([]string, 0, len(s.Signals))
	for _, signal := range s.Signals {
		names = append(names, signal.Name)
	}
	fresh := string(s.Level) + " " + strings.Join(names, " ")
	w.look(key, func(_ *shard, g *group) { ok, g.told = g.told != fresh, fresh })
	return s, ok
}
