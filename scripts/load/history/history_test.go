package main

import (
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/event"
	"mayak/scripts/load"
)

func month(events int) plan {
	until := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return plan{seed: 9, site: "demo", host: "localhost", events: events, from: until.AddDate(0, 0, -28), until: until}
}

// rows makes the whole history.
func rows(t *testing.T, p plan) []event.Event {
	t.Helper()
	h, err := newHistory(p)
	if err != nil {
		t.Fatal(err)
	}
	var all []event.Event
	for row := (event.Record{}); h.fill(&row); {
		all = append(all, row.Event)
	}
	return all
}

func TestTheSameSettingsMakeTheSameRows(t *testing.T) {
	told := month(5000)
	told.story = &story{end: told.until}
	for _, p := range []plan{told, month(5000)} {
		if diff := cmp.Diff(rows(t, p), rows(t, p), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("two histories of one seed differ, story %v:\n%s", p.story != nil, diff)
		}
	}
	one, other := rows(t, month(5000)), month(5000)
	other.seed++
	if one[0].ID == rows(t, other)[0].ID || other.token() == month(5000).token() {
		t.Error("two seeds make the same")
	}
}

func TestAHistoryIsWhatWouldHaveBeenStored(t *testing.T) {
	const events = 120_000
	p := month(events)
	all := rows(t, p)
	if len(all) != events {
		t.Fatalf("%d rows", len(all))
	}
	ids, levels, bots := map[string]bool{}, map[string]int{}, 0
	days := map[uint64]map[int]bool{}
	zone := time.FixedZone("Almaty", 5*60*60)
	for i := range all {
		e := &all[i]
		if ids[e.ID] {
			t.Fatalf("id %s stands twice", e.ID)
		}
		ids[e.ID] = true
		if e.Agent.Bot != "" {
			bots++
		} else {
			levels[e.Consent.String()]++
		}
		if problem := wrong(e, p); problem != "" {
			t.Fatalf("row %d: %s: %+v", i, problem, e)
		}
		if e.Consent == event.Refused {
			continue
		}
		if days[e.Visitor] == nil {
			days[e.Visitor] = map[int]bool{}
		}
		days[e.Visitor][e.Time.In(zone).YearDay()] = true
	}
	for id, on := range days {
		if len(on) > 1 {
			t.Fatalf("visitor %d is the same on days %v", id, slices.Sorted(maps.Keys(on)))
		}
	}
	// Signals of the browser lower some from what they chose, and of who refused only the page views are left.
	for level, want := range map[string]float64{"essential": 0.73, "analytics": 0.20, "advertising": 0.05, "refused": 0.02} {
		if got := float64(levels[level]) / float64(events-bots); math.Abs(got-want) > 0.02 {
			t.Errorf("share of rows at %s: %.3f, want about %.3f", level, got, want)
		}
	}
	if got := float64(bots) / events; got < 0.07 || got > 0.16 {
		t.Errorf("share of bots' rows: %.3f", got)
	}
}

// asCollected is what a collector would store of a step, had the browser sent it.
func asCollected(h *history, s *load.Step) event.Event {
	raw := h.hit(h.visit.Begin.Add(s.After))
	raw.Type, raw.ID, raw.URL = s.Type.String(), s.ID, h.address(s.Page.Path)
	switch {
	case s.First:
		raw.URL += h.visit.Source.Query(s.ID)
		raw.Referrer = h.visit.Source.Referrer
	case s.Type == event.PageView:
		raw.Referrer = h.address(s.Referrer.Path)
	default:
		forget(&raw)
		raw.Type, raw.Page = s.Type.String(), s.View
	}
	if s.Type == event.PageView && !s.Pixel {
		raw.Title = s.Page.Title
	}
	if s.Pixel && raw.Way == hit.Pixel {
		raw.Referrer = ""
	}
	if e := h.exchange(s, raw.Received); e.Status > 0 {
		raw.Exchange = hit.Exchange{
			Protocol: e.Protocol, Status: int64(e.Status), Bytes: int64(e.Bytes), ServerMS: float64(e.ServerMS), DurationMS: float64(e.DurationMS),
		}
	}
	raw.EngagedMS, raw.Scroll, raw.Name, raw.Currency = int64(s.EngagedMS), int64(s.Scroll), s.Name, s.Currency
	raw.Value, raw.HasValue = s.Value, s.Value != 0
	for _, p := range s.Props {
		raw.Props = append(raw.Props, hit.Prop(p))
	}
	for _, v := range s.Vitals {
		raw.Vitals = append(raw.Vitals, hit.Vital{Name: v.Name, Value: float64(v.Value)})
	}
	if s.Error != nil {
		raw.Error = hit.Error{
			Message: s.Error.Message, Source: s.Error.Source, Stack: s.Error.Stack, Kind: s.Error.Kind,
			Line: int64(s.Error.Line), Column: int64(s.Error.Column),
		}
	}
	return h.ask(&raw)
}

func TestARowIsWhatGateAndEnricherMakeOfItsHit(t *testing.T) {
	kinds := compareRows(t, month(1<<30), 20_000)
	for _, kind := range append([]string{"pageview", "event", "engage", "vitals", "error", "essential", "analytics", "advertising", "refused"}, enrich.Channels()...) {
		if kinds[kind] == 0 && kind != "campaign" {
			t.Errorf("no row is of %q", kind)
		}
	}
}

func TestARowOfTheServersLogIsWhatAnImportMakesOfIt(t *testing.T) {
	p := month(8000)
	p.from, p.story = p.until.AddDate(0, 0, -7), &story{end: p.until}
	kinds := compareRows(t, p, 8000)
	for _, kind := range []string{"log", "internal", "script", "refused"} {
		if kinds[kind] == 0 {
			t.Errorf("no row is of %q", kind)
		}
	}
	if kinds["pixel"] > 0 {
		t.Errorf("%d rows are told by the log and by the pixel", kinds["pixel"])
	}
}

// compareRows compares so many rows of steps with what would have been stored, and tells how many were of each kind.
func compareRows(t *testing.T, p plan, number int) map[string]int {
	t.Helper()
	h, err := newHistory(p)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	var row event.Record
	for range number {
		isStep := len(h.aside) == 0
		if !h.fill(&row) {
			break
		}
		if !isStep {
			continue
		}
		step := &h.visit.Steps[h.next-1]
		if diff := cmp.Diff(asCollected(h, step), row.Event, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("step %+v of a visitor at %s (-collected +made):\n%s", step, h.visit.Visitor.Consent, diff)
		}
		kinds[row.Event.Type.String()]++
		kinds[row.Event.Channel]++
		kinds[row.Event.Consent.String()]++
		kinds[row.Event.Origin.String()]++
	}
	t.Log(kinds)
	return kinds
}

// wrong is what cannot be stored of an event.
func wrong(e *event.Event, p plan) string {
	bare := event.Event{
		Site: e.Site, Time: e.Time, Received: e.Received, Origin: e.Origin, ID: e.ID, Consent: event.Refused, PolicyVersion: e.PolicyVersion,
	}
	switch {
	case e.Site != "demo" || e.ID == "" || e.PolicyVersion == "" || e.Origin == event.NoOrigin:
		return "it is nobody's"
	case e.Time.Before(p.from.Add(-time.Minute)) || !e.Time.Before(p.until):
		return "not of this time"
	case e.Consent == event.Refused:
		if !cmp.Equal(*e, bare, cmpopts.EquateEmpty()) {
			return "more than the bare row of a visitor who refused"
		}
		return ""
	case e.Visitor == 0 || e.Path == "" || e.Place.Country == "" || e.Place.ASN == 0 || e.Place.Network == "" || e.Hostname != "localhost":
		return "something is missing"
	case e.Agent.Bot == "" && (e.Agent.Browser == "" || e.Agent.OS == "" || e.Agent.Device == "" || e.Agent.Device == "bot"):
		return "a person without a browser"
	case e.Type == event.PageView && e.Channel == "", e.Type != event.PageView && e.Channel != "":
		return "channel"
	case e.Consent == event.Essential && (e.Place.City != "" || e.Agent.BrowserVersion != "" || e.TimeZone != "" || e.Screen.ViewportWidth != 0):
		return "too much for essential consent"
	case e.Consent >= event.Analytics && e.Agent.Bot == "" && e.Place.City == "":
		return "no city for analytics consent"
	case e.Consent != event.Advertising && strings.Contains(e.ClickID, "="):
		return "the value of a click id without consent to advertising"
	case e.Type == event.Engage && e.EngagedMS == 0, e.Type == event.Custom && e.Name == "", e.Type == event.Vitals && len(e.Vitals) == 0:
		return "a kind of event without what makes it one"
	}
	return ""
}

func TestTheCurveOfTheDayIsInTheRows(t *testing.T) {
	hours := [24]int{}
	all := rows(t, month(60_000))
	for i := range all {
		hours[(all[i].Time.Hour()+5)%24]++
	}
	if hours[10] < 8*hours[3] {
		t.Errorf("ten in the morning has %d rows, three at night %d", hours[10], hours[3])
	}
	if got := float64(hours[10]) / 60_000; math.Abs(got-1.74/24) > 0.01 {
		t.Errorf("ten in the morning has %.3f of the day", got)
	}
}

// The events are more than one batch.
func TestAHistoryStandsInTheTableOnce(t *testing.T) {
	db := clickhousetest.Migrated(t)
	now := time.Now()
	args := []string{"-dsn", db.DSN, "-events", "160000", "-days", "20", "-seed", "4"}
	for range 2 { // the second time changes nothing
		var said strings.Builder
		if err := run(t.Context(), args, now, &said); err != nil {
			t.Fatal(err)
		}
		t.Log(said.String())
		if !strings.Contains(said.String(), "100 %: 160000 of 160000 events") {
			t.Error("no progress was shown")
		}
	}
	var got struct{ Rows, IDs, Days, Visitors uint64 }
	query := "SELECT count(), uniqExact(id), uniqExact(toDate(ts)), uniqExact(visitor) FROM events"
	if err := db.Conn(t).QueryRow(t.Context(), query).Scan(&got.Rows, &got.IDs, &got.Days, &got.Visitors); err != nil {
		t.Fatal(err)
	}
	if got.Rows != 160_000 || got.IDs != got.Rows || got.Days < 20 || got.Days > 21 || got.Visitors < 12_000 {
		t.Errorf("%+v", got)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-events", "0"}, {"-days", "0"}, {"-days", "500"}, {"-until", "yesterday"}, {"-dsn", "nonsense://x"}, {"-host", "not a host"},
	} {
		if err := run(t.Context(), args, time.Now(), io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	h, err := newHistory(month(1 << 40))
	if err != nil {
		b.Fatal(err)
	}
	var row event.Record
	b.ReportAllocs()
	for b.Loop() {
		h.fill(&row)
	}
}

// A story is told where it belongs, and changes nothing elsewhere.
func TestAStoryHasItsSeasonCampaignRobotsRingAndOutage(t *testing.T) {
	until := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := plan{seed: 9, site: "demo", host: "localhost", events: 200_000, from: until.AddDate(0, 0, -92), until: until, story: &story{end: until}}
	type sums struct{ events, campaign, robots, fraud, slow, timed int }
	part := map[string]*sums{"campaign": {}, "robots": {}, "ring": {}, "outage": {}, "else": {}}
	all := rows(t, p)
	for _, e := range all {
		at := part["else"]
		for name, span := range map[string]span{"campaign": campaign(), "robots": robots(), "ring": ring(), "outage": outage()} {
			if p.story.in(span, e.Time) {
				at = part[name]
			}
		}
		at.events++
		if e.Type == event.PageView && e.Campaign.Name == "vakcinaciya-grippa" {
			at.campaign++
		}
		if e.Agent.Bot != "" {
			at.robots++
		}
		if e.Place.ASN == farm {
			at.fraud++
		}
		for _, v := range e.Vitals {
			if v.Name == "ttfb" && e.Place.ASN == provider {
				at.timed++
				if v.Value > 1000 {
					at.slow++
				}
			}
		}
	}
	share := func(of, all int) float64 { return float64(of) / float64(max(all, 1)) }
	c, r, f, o, rest := part["campaign"], part["robots"], part["ring"], part["outage"], part["else"]
	if share(c.campaign, c.events) < 0.02 || rest.campaign > 0 {
		t.Errorf("campaign: %d of %d landed by it, %d before and after", c.campaign, c.events, rest.campaign)
	}
	if share(r.robots, r.events) < 0.6 || share(rest.robots, rest.events) > 0.16 {
		t.Errorf("robots: %d of %d, elsewhere %d of %d", r.robots, r.events, rest.robots, rest.events)
	}
	if share(f.fraud, f.events) < 0.15 || rest.fraud > 0 {
		t.Errorf("ring: %d of %d, elsewhere %d", f.fraud, f.events, rest.fraud)
	}
	if o.timed == 0 || share(o.slow, o.timed) < 3*share(rest.slow, rest.timed) {
		t.Errorf("outage: %d of %d are slow, elsewhere %d of %d", o.slow, o.timed, rest.slow, rest.timed)
	}
	first, last := 0, 0
	for _, e := range all {
		switch age := until.Sub(e.Time); {
		case age > 75*day:
			first++
		case age < 17*day && age > 4*day:
			last++
		}
	}
	if ratio := share(last, first) * 17 / 13; ratio < 1.3 {
		t.Errorf("season: %d events in its last weeks, %d in the first of the history, %.2f a day", last, first, ratio)
	}
}

// However many minutes past the hour a history ends, an hour is busy because of robots or it is not: none is with people in their place.
func TestWhatMakesAnHourBusyIsThereForAllOfIt(t *testing.T) {
	s := &story{end: time.Date(2026, 11, 22, 12, 9, 0, 0, time.UTC)}
	for name, part := range map[string]span{"campaign": campaign(), "season": season(), "robots": robots(), "ring": ring()} {
		hours := 0
		for at := s.end.Add(-part.from - 24*time.Hour).Truncate(time.Hour); at.Before(s.end.Add(-time.Hour)); at = at.Add(time.Hour) {
			if s.in(part, at) != s.in(part, at.Add(59*time.Minute)) {
				t.Errorf("%s: only a part of the hour from %v", name, at)
			}
			if s.in(part, at) {
				hours++
			}
		}
		if hours < int((part.from-part.until).Hours())-1 {
			t.Errorf("%s: %d hours of %v", name, hours, part.from-part.until)
		}
	}
}
