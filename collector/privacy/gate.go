// Package privacy is the gate between what a request tells and what may be kept of it: Hit in, Cleared out.
//
//	dropX    site unknown → host not the site's → no page's URL → type unknown → only prefetched → refused, unless a page view
//	clearX   identity: ids, time, visitor (and for a visitor who refused nothing but site, minute and type)
//	         → page, campaign, referrer, device, language, use, properties, vitals, error, exchange: canonical, scrubbed, bounded
//	         → agent and place looked up, full address and user agent aside
//	cut      to the consent level, as the policy file says: one mask of columns a level → Cleared
//
// The first rule that applies gives the reason. Nobody but the gate reads a hit and only it can fill a Cleared, so whatever is
// stored has passed it. It never fails, forgets every hit, and derives nothing: that is the enricher's.
package privacy

import (
	"fmt"
	"net/netip"
	"sync/atomic"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// Lookups derive from raw values what may be known of them. The gate calls them, so that the raw values never leave it. They
// must not keep the hit's strings.
type Lookups interface {
	Agent(h *hit.Hit) event.Agent
	Place(address netip.Addr) event.Place // all but Network
}

// Salts give the key of a day's visitor ids. The day is written "2026-11-22", in the site's time zone.
type Salts interface {
	Salt(day string) visitor.Salt
}

// Options are what a gate works with.
type Options struct {
	Sites   *sites.Sites
	Policy  *policy.Policy
	Salts   Salts
	Lookups Lookups
	Nights  *visitor.Nights // nil: at midnight each visitor becomes another, whoever is there
	Key     *visitor.Key    // nil: who consented has no lasting id
}

// Gate clears hits. Safe for concurrent use.
type Gate struct {
	sites   map[string]*known
	version string
	salts   Salts
	lookups Lookups
	zones   zones
	key     *visitor.Key
	eventID visitor.Salt // of the ids of events of who consented
	cuts    [len(levels)]loss
}

// known is a site and the day that it is there.
type known struct {
	*sites.Site
	day   atomic.Pointer[localDay]
	night *visitor.Night
}

//nolint:gochecknoglobals // a constant that the language cannot write down
var levels = event.Levels()

// New compiles the policy into a gate. A policy that asks for what the gate cannot do is an error.
func New(o Options) (*Gate, error) {
	g := &Gate{version: o.Policy.Version, salts: o.Salts, lookups: o.Lookups, key: o.Key, sites: map[string]*known{}}
	if g.key != nil {
		secret := g.key.Derive("ids of events of who consented")
		g.eventID = visitor.Salt(secret[:])
	}
	for _, site := range o.Sites.All() {
		g.sites[site.ID] = &known{Site: site}
		if o.Nights != nil {
			g.sites[site.ID].night = o.Nights.New()
		}
	}
	cuts, err := compile(o.Policy)
	if err != nil {
		return nil, fmt.Errorf("compile the policy: %w", err)
	}
	g.cuts = cuts
	return g, nil
}

// Clear fills into with what may be known of h, and tells why h is dropped if it is; then into is empty. notes collects what was
// done, for the operator who asks to have a hit explained; nil collects nothing.
func (g *Gate) Clear(h *hit.Hit, into *Cleared, notes *Notes) hit.Reason {
	into.reset()
	p := passage{gate: g, hit: h, into: into, notes: notes}
	if reason := p.drop(); reason != hit.Kept {
		into.reset()
		return reason
	}
	p.clearIdentity()
	if p.level == event.Refused {
		return hit.Kept
	}
	p.clearPage()
	p.clearReferrer()
	p.clearDevice()
	p.clearLanguage()
	p.clearUse()
	p.clearCustom()
	p.clearVitals()
	p.clearError()
	p.clearExchange()
	p.clearDiagnostics()
	p.clearNetwork()
	if notes != nil {
		g.explain(p.level, &into.facts, notes)
		return hit.Kept
	}
	g.cuts[p.level].from(&into.facts)
	return hit.Kept
}
