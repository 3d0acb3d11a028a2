package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/scripts/load"
)

// scrape is a story's two programs that fetch prices shortly before the end, since robots are told by what they did in the last hour: one does it
// as fast as it can, one takes care not to be noticed and is as regular as no person.
func (h *history) scrape() {
	for _, s := range []struct {
		before, pause time.Duration
		pages         int
	}{{32 * time.Minute, 400 * time.Millisecond, 100}, {28 * time.Minute, 9 * time.Second, 40}} {
		begin := h.story.end.Add(-s.before)
		h.crowd.Scraping(&h.visit, begin, s.pages, s.pause)
		h.know(begin)
		for i := range h.visit.Steps {
			var e event.Event
			step := &h.visit.Steps[i]
			h.write(&e, step, begin.Add(step.After).Truncate(time.Millisecond))
			h.payments.see(&e, h.visit.Visitor)
			h.aside = append(h.aside, e)
		}
	}
	h.visit = load.Visit{}
}

// exchange is what is known of the request that a step is of: of a page view what the server's log says, of the page's times what the browser
// remembers. It is the same whenever the step is looked at.
func (h *history) exchange(s *load.Step, at time.Time) event.Exchange {
	byLog := h.story.isLogged(&h.visit)
	if !byLog && (h.story == nil || s.Type != event.Vitals || !h.story.in(logged(), at)) {
		return event.Exchange{}
	}
	sum := fnv.New64a()
	fmt.Fprint(sum, s.ID)
	n := sum.Sum64()
	e := event.Exchange{Protocol: "h2", Status: 200, Bytes: 18_000 + n%40_000}
	if byLog {
		e.ServerMS = float32(60 * math.Pow(6, float64(n%1000)/1000))
		e.DurationMS = e.ServerMS + float32(n%90)
	}
	return e
}

// trouble adds what else was told of a page view: failed requests by the server's log and by the script, and the browser's own reports.
func (h *history) trouble(s *load.Step, at time.Time) {
	v := h.visit.Visitor
	if h.story == nil || s.Type != event.PageView || v.Consent == event.Refused {
		return
	}
	if h.story.in(h.story.failure(), at) && v.Agent.Bot == "" && strings.HasSuffix(s.Page.Path, "/booking/time") {
		h.failBooking(s, at)
	}
	switch {
	case s.Pixel:
		if h.story.isLogged(&h.visit) && h.chance.IntN(12) == 0 {
			h.miss(at)
		}
	case v.Agent.Bot == "":
		h.report(s, at)
	}
}

// tell adds a row of what was said of the page.
func (h *history) tell(way hit.Way, path string, at time.Time, say func(*hit.Hit)) {
	raw := h.hit(at)
	forget(&raw)
	raw.Way, raw.ID, raw.Page, raw.URL = way, h.crowd.ID(), "", h.address(path)
	if way != hit.Beacon {
		raw.Hints, raw.Consent = hit.Hints{}, ""
	}
	say(&raw)
	if !raw.Received.Before(h.until) {
		return
	}
	if e := h.ask(&raw); e.ID != "" { // what the browser sends against its owner's will is dropped
		h.aside = append(h.aside, e)
	}
}

// failBooking is the booking service's answer, again and again.
func (h *history) failBooking(s *load.Step, at time.Time) {
	for range 1 + h.chance.IntN(3) {
		at = at.Add(time.Duration(3000+h.chance.IntN(9000)) * time.Millisecond)
		took := 10_000 + h.chance.Float64()*50
		h.tell(hit.Log, s.Page.Path, at, func(raw *hit.Hit) {
			raw.Type, raw.Error = event.ScriptError.String(), hit.Error{Kind: "response", Type: "server"}
			raw.Exchange = hit.Exchange{Method: "POST", Protocol: "h2", Status: 503, Bytes: 162, ServerMS: took, DurationMS: took + 2}
		})
		if s.Pixel {
			continue
		}
		h.tell(hit.Beacon, s.Page.Path, at, func(raw *hit.Hit) {
			raw.Type, raw.Page, raw.Error = event.ScriptError.String(), s.ID, hit.Error{Kind: "fetch", Type: "status", Source: "/api/appointments"}
			raw.Exchange = hit.Exchange{Method: "POST", Status: 503, DurationMS: took + 80}
		})
	}
}

// miss is a page that is not there: people follow old links, and robots try doors.
func (h *history) miss(at time.Time) {
	missing := []string{"/akcii/zima", "/doctors/vrach-uzi-old", "/price.html"}
	if h.visit.Visitor.Agent.Bot != "" {
		missing = []string{"/wp-login.php", "/xmlrpc.php", "/feed"}
	}
	h.tell(hit.Log, missing[h.chance.IntN(len(missing))], at.Add(time.Second), func(raw *hit.Hit) {
		raw.Type, raw.Error = event.ScriptError.String(), hit.Error{Kind: "response", Type: "client"}
		raw.Exchange = hit.Exchange{Method: "GET", Protocol: "h2", Status: 404, Bytes: 1200, ServerMS: 4, DurationMS: 5}
	})
}

// report is what a browser tells of its own accord: only Chromium's kin of more than violations of the content policy.
func (h *history) report(s *load.Step, at time.Time) {
	if !h.story.in(told(), at) {
		return
	}
	v, chromium := h.visit.Visitor, h.visit.Visitor.Agent.Brands != ""
	network := func(phase, what string, took float64) {
		h.tell(hit.Report, s.Page.Path, at, func(raw *hit.Hit) {
			raw.Received = at.Add(time.Duration(20+h.chance.IntN(200)) * time.Second) // once it was reached again
			raw.Error = hit.Error{Kind: "network-error", Type: what}
			raw.Exchange = hit.Exchange{Method: "GET", Phase: phase, DurationMS: took}
			raw.Type, raw.Time = event.BrowserReport.String(), at
		})
	}
	other := func(e hit.Error) {
		h.tell(hit.Report, s.Page.Path, at, func(raw *hit.Hit) { raw.Type, raw.Error = event.BrowserReport.String(), e })
	}
	if chromium && h.story.in(outage(), at) && v.Place.ASN == provider && h.chance.IntN(3) == 0 {
		network("connection", "tcp.timed_out", 21_000)
	}
	switch n := h.chance.IntN(2000); {
	case n < 4:
		other(hit.Error{Kind: "csp-violation", Type: "script-src-elem", Message: "enforce", Source: "https://cdn.coupon-helper.example"})
	case n < 6:
		other(hit.Error{Kind: "csp-violation", Type: "style-src-attr", Message: "report", Source: "inline"})
	case !chromium:
	case n < 9:
		network("dns", "dns.name_not_resolved", 4_000)
	case n < 11:
		network("connection", "tcp.reset", 900)
	case n < 16:
		other(hit.Error{
			Kind: "deprecation", Type: "UnloadHandler", Source: h.address("/assets/chat.js"), Line: 214, Column: 9,
			Message: "Unload event listeners are deprecated and will be removed.",
		})
	case n < 18:
		other(hit.Error{
			Kind: "intervention", Type: "NavigatorVibrate", Source: h.address("/assets/app.js"), Line: 88, Column: 5,
			Message: "Blocked call to navigator.vibrate because user hasn't tapped on the frame or any embedded frame yet.",
		})
	case n < 19:
		other(hit.Error{Kind: "crash", Type: "oom"})
	}
}
