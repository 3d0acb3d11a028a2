package main

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
	"mayak/scripts/load"
)

// plan says which history to make.
type plan struct {
	seed   uint64
	site   string
	host   string
	events int
	story  *story // nil: ordinary weeks
	from   time.Time
	until  time.Time
}

// history makes the rows that a collector would have stored over a long time. A visit goes through the real gate and
// enricher with the page view that it begins with and with one event of that page; the rows of its steps are made of
// these two.
type history struct {
	plan
	crowd    *load.Crowd
	chance   *rand.Rand
	gate     *privacy.Gate
	enricher *enrich.Enricher
	lookups  *lookups
	pages    map[string]cleanPage // by path
	known    *sites.Sites
	zone     *time.Location
	payments *payments     // of a story
	aside    []event.Event // rows of a story that are no step of a visit, and wait
	apart    int           // of them, those that no hour's visits make room for
	choices  *choices      // of a story

	busy  []float64 // share of the events made by the end of each hour
	hour  int
	made  int
	visit load.Visit
	next  int // step of the visit

	landing, view, other event.Event // what every step of a visit has, by its kind
	midnight             time.Time   // when the visitor becomes another one
}

// cleanPage is what the gate leaves of a page.
type cleanPage struct{ path, title string }

// lookups knows agents as the enricher does, and the places of its own networks.
type lookups struct {
	*enrich.Lookups

	place event.Place
}

// Place is the place of the visitor who is looked at.
func (l *lookups) Place(netip.Addr) event.Place { return l.place }

// salts are the salts of a seed's days, of which the last one is kept.
type salts struct {
	seed uint64
	day  string
	salt visitor.Salt
}

// Salt is the day's.
func (s *salts) Salt(day string) visitor.Salt {
	if day != s.day {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", s.seed, day))
		s.day, s.salt = day, visitor.Salt(sum[:16])
	}
	return s.salt
}

func newHistory(p plan) (*history, error) {
	known, err := sites.Parse(fmt.Appendf(nil, "sites: [{id: %q, hostnames: [%q], time_zone: Asia/Almaty}]", p.site, p.host))
	if err != nil {
		return nil, err
	}
	rules, err := policy.Default()
	if err != nil {
		return nil, err
	}
	agents, err := enrich.NewLookups(enrich.Options{})
	if err != nil {
		return nil, err
	}
	h := &history{
		plan: p, crowd: load.NewCrowd(p.seed), chance: rand.New(rand.NewPCG(p.seed, 0)), enricher: enrich.New(),
		lookups: &lookups{Lookups: agents}, pages: map[string]cleanPage{}, zone: known.Find(p.site).Location(), known: known,
		payments: newPayments(p.story, p.seed), choices: newChoices(p.story, p.seed),
	}
	h.gate, err = privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: &salts{seed: p.seed}, Lookups: h.lookups})
	if err != nil {
		return nil, err
	}
	h.count()
	if err := h.cleanPages(); err != nil {
		return nil, err
	}
	if p.story == nil {
		return h, nil
	}
	h.scrape()
	if err := h.post(rules); err != nil {
		return nil, err
	}
	h.apart = len(h.aside)
	return h, nil
}

// count spreads the events over the hours as people do.
func (h *history) count() {
	sum := 0.0
	for at := h.from; at.Before(h.until); at = at.Add(time.Hour) {
		weight := h.crowd.Weight(at) * h.story.busy(at)
		if h.story != nil { // whose end is looked at closely: the last hour may be a short one
			weight *= min(1, h.until.Sub(at).Hours())
		}
		sum += weight
		h.busy = append(h.busy, sum)
	}
	for i := range h.busy {
		h.busy[i] /= sum
	}
}

func (h *history) cleanPages() error {
	for _, page := range load.Pages() {
		var cleared privacy.Cleared
		raw := hit.Hit{Site: h.site, URL: h.address(page.Path), Title: page.Title, Received: h.from, ID: "x"}
		if reason := h.gate.Clear(&raw, &cleared, nil); reason != hit.Kept {
			return fmt.Errorf("page %s: the gate drops it: %s", page.Path, reason)
		}
		e := &cleared.Facts().Event
		h.pages[page.Path] = cleanPage{path: e.Path, title: e.Title}
	}
	return nil
}

func (h *history) address(path string) string { return "https://" + h.host + path }

// fill makes the next row; false means that there are no more. The row's strings stay as they are.
func (h *history) fill(row *event.Record) bool {
	for h.made < h.events {
		if len(h.aside) > 0 {
			row.Event, h.aside = h.aside[0], h.aside[1:]
			h.made++
			return true
		}
		if h.next == len(h.visit.Steps) {
			h.begin()
		}
		step := &h.visit.Steps[h.next]
		h.next++
		at := h.visit.Begin.Add(step.After).Truncate(time.Millisecond)
		if !at.Before(h.until) || h.visit.Visitor.Consent == event.Refused && step.Type != event.PageView {
			continue
		}
		if h.story.isOut(&h.visit, at) {
			slow(step)
		}
		h.write(&row.Event, step, at)
		h.payments.see(&row.Event, h.visit.Visitor)
		h.choices.see(&row.Event, step, h.visit.Visitor)
		h.trouble(step, at)
		h.made++
		return true
	}
	return false
}

// begin begins a visit in the hour whose turn it is.
func (h *history) begin() {
	for h.hour < len(h.busy)-1 && float64(h.made-h.apart) >= h.busy[h.hour]*float64(h.events-h.apart) {
		h.hour++
	}
	start := h.from.Add(time.Duration(h.hour) * time.Hour)
	length := min(time.Hour, h.until.Sub(start))
	begin := start.Add(time.Duration(h.chance.Int64N(int64(length)))).Truncate(time.Millisecond)
	if begin.Before(h.from) {
		begin = h.from
	}
	h.story.visiting(h.crowd, &h.visit, begin, h.chance)
	h.next = 0
	h.know(begin)
}

// know asks gate and enricher what may be known of the visit from this moment on, by its first page view and by what else
// happens on a page.
func (h *history) know(at time.Time) {
	v := &h.visit
	h.lookups.place = v.Visitor.Place
	landing := h.hit(at)
	silent := v.Steps[0].Pixel && !h.story.isLogged(v) // tells of no page before
	if !silent {
		landing.Referrer = v.Source.Referrer
	}
	landing.URL += v.Source.Query(v.Steps[0].ID)
	h.landing = h.ask(&landing)
	local := at.In(h.zone)
	h.midnight = time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, h.zone)
	h.view = followed(h.landing)
	if silent {
		h.view.Channel = enrich.Direct
	}
	if len(v.Steps) > 1 {
		other := h.hit(at)
		forget(&other)
		h.other = h.ask(&other)
	}
}

// followed is a page view that another page of the site led to.
func followed(landing event.Event) event.Event {
	e := landing
	e.ReferrerHost, e.Query, e.Campaign, e.ClickID, e.Channel = "", "", event.Campaign{}, "", enrich.Internal
	return e
}

// forget leaves of a page view what the script sends with each of the events that belong to it.
func forget(h *hit.Hit) {
	h.Type, h.Page = event.Engage.String(), h.ID
	h.Screen, h.Viewport, h.DPR, h.Language, h.TimeZone, h.Touch = "", "", 0, "", "", 0
	h.Hints.PlatformVersion, h.Hints.Model = "", ""
}

// hit is a page view of the visit as a collector would take it.
func (h *history) hit(at time.Time) hit.Hit {
	v, first := h.visit.Visitor, &h.visit.Steps[0]
	a := v.Agent
	raw := hit.Hit{
		Way: hit.Beacon, Received: at, Address: v.Address, UserAgent: a.Text, AcceptLanguage: v.Accept, GPC: v.GPC, DNT: v.DNT,
		Consent: v.Consent.String(), Site: h.site, URL: h.address(first.Page.Path), ID: first.ID,
		Hints: hit.Hints{Brands: a.Brands, Platform: a.Platform, RequestedWith: a.Package},
	}
	if a.Brands != "" {
		raw.Hints.Mobile = "?0"
		if a.Touch > 0 {
			raw.Hints.Mobile = "?1"
		}
	}
	if first.Pixel {
		raw.Way = hit.Pixel
		if h.story.isLogged(&h.visit) {
			raw.Way, raw.Hints, raw.Consent = hit.Log, hit.Hints{}, ""
		}
		return raw
	}
	raw.Hints.PlatformVersion, raw.Hints.Model, raw.Touch = a.Version, a.Model, int64(a.Touch)
	raw.Screen, raw.Viewport, raw.DPR, raw.Language, raw.TimeZone = load.Size(a.Screen, 0), a.Viewport(), a.Ratio, v.Language, v.Zone
	return raw
}

// ask is what is stored of a hit. A Cleared of its own keeps its strings as they are.
func (h *history) ask(raw *hit.Hit) event.Event {
	var cleared privacy.Cleared
	var record event.Record
	h.gate.Clear(raw, &cleared, nil) // it keeps all of these hits: cleanPages has seen to the pages
	h.enricher.Enrich(&cleared, &record)
	return record.Event
}

// write makes the row of a step.
func (h *history) write(e *event.Event, s *load.Step, at time.Time) {
	if h.visit.Visitor.Consent == event.Refused {
		raw := h.hit(at)
		raw.ID = s.ID
		*e = h.ask(&raw)
		return
	}
	if !at.Before(h.midnight) {
		h.know(at)
	}
	switch {
	case s.First:
		*e = h.landing
	case s.Type == event.PageView:
		*e = h.view
	default:
		*e = h.other
		e.Page = s.View
	}
	e.Type, e.ID, e.Time, e.Received = s.Type, s.ID, at, at.Truncate(time.Second)
	clean := h.pages[s.Page.Path]
	e.Path = clean.path
	if s.Type == event.PageView && !s.Pixel {
		e.Title = clean.title
	}
	e.EngagedMS, e.Scroll = uint32(s.EngagedMS), uint8(s.Scroll) //nolint:gosec // minutes and per cent
	e.Name, e.Props, e.Value, e.Currency, e.Vitals = s.Name, s.Props, s.Value, s.Currency, s.Vitals
	e.Exchange = h.exchange(s, at)
	if s.Error != nil {
		e.Error = *s.Error
		e.Error.Fingerprint = privacy.Fingerprint(e)
	}
}
