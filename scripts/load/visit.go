package load

import (
	"math"
	"time"

	"mayak/schema/event"
)

// Visit is one visit: where it came from and everything that happens in it, in its order.
type Visit struct {
	Visitor *Visitor
	Source  Source
	Begin   time.Time
	Steps   []Step
}

// Step is one hit of a visit.
type Step struct {
	After    time.Duration // since the visit began
	Type     event.Type
	ID       string
	View     string // id of the page view that it belongs to, its own for a page view
	Page     *Page
	First    bool // the page view that the visit began with: its address has the campaign
	Referrer *Page
	Together bool // leaves with the step before, in one request
	Pixel    bool // by a browser without scripts, or by something that is none

	EngagedMS int
	Scroll    int
	Name      string
	Props     []event.Pair
	Value     float64
	Currency  string
	Vitals    []event.Measure
	Error     *event.Error
}

// maker puts a visit together.
type maker struct {
	*Crowd
	visit *Visit
	at    time.Duration
	view  *Step // the page view that is open
	pixel bool
}

// Visit makes a visit that begins at this moment.
func (c *Crowd) Visit(begin time.Time) *Visit {
	v := &Visit{}
	c.Visiting(v, begin)
	return v
}

// Visiting makes a visit in the memory of one that is over.
func (c *Crowd) Visiting(v *Visit, begin time.Time) {
	clear(v.Steps)
	*v = Visit{Begin: begin, Steps: v.Steps[:0]}
	m := maker{Crowd: c, visit: v}
	if c.chance.Float64() < botShare {
		m.crawl()
	} else {
		source := c.sources.draw(c.chance)
		v.Source, v.Visitor = *source, c.visitor(source)
		m.pixel = c.chance.IntN(100) < 2 // scripts are switched off
		m.browse()
	}
	v.Visitor.Visits++
}

// Crawling makes a robot's visit in the memory of one that is over.
func (c *Crowd) Crawling(v *Visit, begin time.Time) {
	clear(v.Steps)
	*v = Visit{Begin: begin, Steps: v.Steps[:0]}
	m := maker{Crowd: c, visit: v}
	m.crawl()
	v.Visitor.Visits++
}

// Booking makes a visit of somebody who came to book and does, in the memory of one that is over.
func (c *Crowd) Booking(v *Visit, begin time.Time) {
	clear(v.Steps)
	*v = Visit{Begin: begin, Steps: v.Steps[:0], Source: Source{}}
	v.Visitor = c.visitor(&v.Source)
	m := maker{Crowd: c, visit: v}
	b := c.books[v.Visitor.book]
	for _, at := range b.booking {
		m.open(&b.pages[at])
		m.read()
	}
	m.book()
	v.Visitor.Visits++
}

// Scraping makes a visit of a program that calls itself a browser, runs scripts, and fetches so many pages of prices from a data centre with such a
// pause after each, give or take a thousandth.
func (c *Crowd) Scraping(v *Visit, begin time.Time, pages int, pause time.Duration) {
	clear(v.Steps)
	*v = Visit{Begin: begin, Steps: v.Steps[:0], Visitor: c.newScraper()}
	m := maker{Crowd: c, visit: v}
	b := m.books[v.Visitor.book]
	for i := range pages {
		m.open(&b.pages[b.services[i%len(b.services)]])
		m.at += pause + time.Duration(m.chance.Int64N(int64(pause/500))) - pause/1000
	}
	v.Visitor.Visits++
}

// crawl fetches pages quickly and looks at none.
func (m *maker) crawl() {
	m.visit.Visitor = m.newBot()
	m.pixel = m.chance.IntN(3) > 0 // the others run scripts
	b := m.books[m.visit.Visitor.book]
	for range 1 + m.chance.IntN(24) {
		m.open(&b.pages[m.chance.IntN(len(b.pages))])
		m.at += time.Duration(200+m.chance.IntN(4000)) * time.Millisecond
	}
}

// browse is what people do: half of them look at one page.
func (m *maker) browse() {
	b := m.books[m.visit.Visitor.book]
	pages := 1
	if m.chance.IntN(100) >= 46 {
		pages = 2 + int(m.chance.ExpFloat64()*2.4)
	}
	booking := m.chance.IntN(100) < 7
	m.open(m.landing(b))
	m.read()
	for range min(pages, 30) - 1 {
		m.open(b.any(m.chance))
		m.read()
	}
	if !booking {
		return
	}
	for step, at := range b.booking {
		m.open(&b.pages[at])
		m.read()
		if m.chance.IntN(100) < 28 {
			return // thought better of it
		}
		if step == len(b.booking)-1 {
			m.book()
		}
	}
}

// book pays for an appointment.
func (m *maker) book() {
	m.tell("booking", 7_000+500*float64(m.chance.IntN(40)), event.Pair{Key: "branch", Value: slug("/branches", 1+m.chance.IntN(14))})
}

func (m *maker) landing(b *book) *Page {
	switch m.visit.Source.Lands {
	case LandsHome:
		return &b.pages[0]
	case LandsOnArticle:
		return b.one(m.chance, b.articles)
	case LandsOnService:
		return b.one(m.chance, b.services)
	case LandsOnResults:
		return &b.pages[b.results]
	case LandsAnywhere:
	}
	return b.any(m.chance)
}

// open is a page view.
func (m *maker) open(page *Page) {
	id := m.id()
	step := Step{After: m.at, Type: event.PageView, ID: id, View: id, Page: page, First: m.view == nil, Pixel: m.pixel}
	if m.view != nil {
		step.Referrer = m.view.Page
	}
	m.visit.Steps = append(m.visit.Steps, step)
	m.view = &m.visit.Steps[len(m.visit.Steps)-1]
}

// add adds what belongs to the page view that is open.
func (m *maker) add(s Step) {
	s.After, s.ID, s.View, s.Page = m.at, m.id(), m.view.View, m.view.Page
	m.visit.Steps = append(m.visit.Steps, s)
}

// read is all that happens on a page after it was opened, up to the moment that it is left.
func (m *maker) read() {
	view := *m.view // steps may move while they grow
	m.view = &view
	think := time.Duration(4_000+m.chance.ExpFloat64()*38_000) * time.Millisecond
	think = min(think, 14*time.Minute)
	if m.pixel {
		m.at += think
		return
	}
	began, deepest := m.at, 15+m.chance.IntN(40)
	if n := m.chance.IntN(1000); n < 6 {
		m.at += time.Second
		m.add(Step{Type: event.ScriptError, Together: true, Error: &event.Error{
			Message: "Cannot read properties of undefined (reading 'map')", Source: "/assets/app.js", Kind: "error", Line: uint32(10 + n), Column: 17, //nolint:gosec // small
			Stack: "TypeError: Cannot read properties of undefined (reading 'map')\n    at list (/assets/app.js:10:17)",
		}})
	}
	m.act(began, think)
	engaged := int(float64(think.Milliseconds()) * (0.4 + 0.55*m.chance.Float64()))
	if m.chance.IntN(4) == 0 && think > 20*time.Second { // the tab was hidden and shown again
		m.at = began + think/2
		m.add(Step{Type: event.Engage, EngagedMS: engaged / 2, Scroll: deepest})
		engaged -= engaged / 2
	}
	m.at = began + think
	if m.chance.IntN(100) < 92 { // some close the browser so that nothing leaves it
		m.add(Step{Type: event.Engage, EngagedMS: engaged, Scroll: min(deepest+m.chance.IntN(60), 100)})
		if m.chance.IntN(100) < 55 {
			m.add(Step{Type: event.Vitals, Together: true, Vitals: m.vitals()})
		}
	}
}

// act is what the visitor clicks on.
func (m *maker) act(began, think time.Duration) {
	m.at = began + think/3
	switch n := m.chance.IntN(100); {
	case n < 4:
		m.tell("outbound", 0, event.Pair{Key: "url", Value: "https://2gis.kz/almaty/firm/" + slug("", 1+m.chance.IntN(20))})
	case n < 7:
		m.tell("download", 0, event.Pair{Key: "url", Value: "https://example.org/files/" + slug("", 1+m.chance.IntN(20)) + ".pdf"})
	case n < 11:
		m.tell("call", 0, event.Pair{Key: "place", Value: "header"})
	case n < 14:
		m.tell("search", 0, event.Pair{Key: "results", Value: slug("", 1+m.chance.IntN(20))})
	}
}

// tell is a custom event.
func (m *maker) tell(name string, value float64, props ...event.Pair) {
	s := Step{Type: event.Custom, Name: name, Props: props}
	if value > 0 {
		s.Value, s.Currency = value, "KZT"
	}
	m.add(s)
}

// vitals are the page's times, which spread as they do in the world: many small, a few large.
func (m *maker) vitals() []event.Measure {
	slow := math.Exp(m.chance.NormFloat64() * 0.5)
	if m.visit.Visitor.network.mobile {
		slow *= 1.5
	}
	at := func(name string, typical float64) event.Measure {
		return event.Measure{Name: name, Value: float32(math.Round(typical*slow*math.Exp(m.chance.NormFloat64()*0.2)*10) / 10)}
	}
	return []event.Measure{
		at("ttfb", 260), at("fcp", 1100), at("lcp", 1900), at("inp", 95),
		{Name: "cls", Value: float32(math.Round(m.chance.ExpFloat64()*60) / 1000)},
	}
}
