package main

import (
	"slices"
	"testing"
	"time"

	"mayak/schema/event"
)

// quarter is a story of so many events.
func quarter(events int) plan {
	until := time.Date(2026, 11, 22, 12, 9, 0, 0, time.UTC)
	return plan{seed: 9, site: "demo", host: "localhost", events: events, from: until.AddDate(0, 0, -92), until: until, story: &story{end: until}}
}

// What servers and browsers tell beside visits stands where the story has it happen, and nowhere else.
func TestAStoryHasFailuresReportsLettersAndPrograms(t *testing.T) {
	const events = 200_000
	p := quarter(events)
	all := rows(t, p)
	if len(all) != events {
		t.Errorf("%d rows", len(all))
	}
	ids, found := map[string]bool{}, map[string]int{}
	for i := range all {
		e := &all[i]
		if ids[e.ID] {
			t.Fatalf("id %s stands twice", e.ID)
		}
		ids[e.ID] = true
		if !e.Received.Before(p.until) || e.PolicyVersion == "" || e.Origin == event.NoOrigin || e.Time.After(e.Received.Add(time.Second)) {
			t.Fatalf("row %d was never stored so: %+v", i, e)
		}
		for _, kind := range kindsOf(p.story, e) {
			found[kind]++
		}
	}
	t.Log(found)
	for kind, want := range map[string]int{
		"answer of the log": 200, "answer of a browser": 1000, "missing page": 20, "booking failed by log": 5, "booking failed by script": 5,
		"timeout at the provider": 2, "network-error": 20, "csp-violation": 20, "deprecation": 10, "intervention": 3,
		"human": 20, "proxy": 10, "prefetch": 5, "scanner": 2, "click": 3, "price fetched": 140,
	} {
		if found[kind] < want {
			t.Errorf("%d of %q, want %d at least", found[kind], kind, want)
		}
	}
	if found["elsewhere"] > 0 {
		t.Errorf("%d rows stand where they do not belong", found["elsewhere"])
	}
}

// kindsOf is what a row that no ordinary history has tells of.
func kindsOf(s *story, e *event.Event) (kinds []string) {
	is := func(name string, part span) {
		kinds = append(kinds, name)
		if !s.in(part, e.Time) {
			kinds = append(kinds, "elsewhere")
		}
	}
	failed := s.failure()
	failed.until -= time.Minute // who tried once more
	switch {
	case e.Type == event.MailOpen:
		is(e.Name, span{28 * day, 0})
	case e.Type == event.MailClick:
		is("click", span{28 * day, 0})
	case e.Error.Kind == "response" && e.Exchange.Status == 503:
		is("booking failed by log", failed)
	case e.Error.Kind == "fetch":
		is("booking failed by script", failed)
	case e.Error.Kind == "response":
		is("missing page", logged())
	case e.Origin == event.Log:
		is("answer of the log", span{logged().from, 0})
	case e.Exchange.Status == 200:
		is("answer of a browser", logged())
	case e.Error.Type == "tcp.timed_out" && e.Place.ASN == provider:
		is("timeout at the provider", outage())
	case e.Type == event.BrowserReport:
		is(e.Error.Kind, told())
	case e.Place.ASN == 24940 && e.Agent.Bot == "":
		is("price fetched", span{33 * time.Minute, 0})
	}
	return kinds
}

// What visitors decide is proved by a receipt of its own, and of who has not consented nobody knows who it was.
func TestAStoryHasChoicesOfVisitors(t *testing.T) {
	h, err := newHistory(quarter(100_000))
	if err != nil {
		t.Fatal(err)
	}
	visitors := map[uint64]bool{}
	for row := (event.Record{}); h.fill(&row); {
		visitors[row.Event.Visitor] = true
	}
	receipts, actions := map[string]bool{}, map[event.Action]int{}
	for i := range h.choices.made {
		r := &h.choices.made[i]
		if receipts[r.Consent.Receipt] || !r.Decided() || r.Event.Time.After(h.until) || r.Event.PolicyVersion == "" {
			t.Fatalf("no decision: %+v", r)
		}
		receipts[r.Consent.Receipt] = true
		actions[r.Consent.Action]++
		refused := r.Consent.Action == event.Given && r.Event.Consent == event.Refused
		if refused != (r.Event.Visitor == 0) || !refused && !visitors[r.Event.Visitor] {
			t.Fatalf("of somebody else: %+v", r)
		}
	}
	if actions[event.Given] < 100 || actions[event.Withdrawn] == 0 || actions[event.Erase] != len(wished()) {
		t.Errorf("%v", actions)
	}
	if !slices.IsSortedFunc(wished(), func(a, b time.Duration) int { return int(b - a) }) {
		t.Error("the wishes are not in the order in which they are made")
	}
}

// Whenever a history ends, the booking service failed while patients were awake, and within what a day's dashboard shows.
func TestTheBookingServiceFailedByDay(t *testing.T) {
	for hour := range 24 {
		s := &story{end: time.Date(2026, 11, 22, hour, 9, 0, 0, time.UTC)}
		part := s.failure()
		from := s.whole().Add(-part.from)
		if clinic := from.Add(5 * time.Hour).Hour(); clinic < 9 || clinic >= 20 {
			t.Errorf("ended at %v: it failed at %d o'clock", s.end, clinic)
		}
		if part.from-part.until != time.Hour || s.end.Sub(from) > 23*time.Hour || s.end.Sub(from) < 4*time.Hour {
			t.Errorf("ended at %v: it failed from %v on", s.end, from)
		}
	}
}
