package load_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/schema/event"
	"mayak/scripts/load"
)

func begin() time.Time { return time.Date(2026, 11, 16, 4, 0, 0, 0, time.UTC) }

func TestTheSiteHasThousandsOfPagesInThreeLanguages(t *testing.T) {
	paths, languages := map[string]bool{}, map[string]int{}
	for _, page := range load.Pages() {
		if paths[page.Path] {
			t.Errorf("%s stands twice", page.Path)
		}
		paths[page.Path] = true
		languages[page.Language]++
	}
	if len(paths) < 2000 || len(languages) != 3 || languages["kk"] != languages["ru"] || languages["en"] != languages["ru"] {
		t.Errorf("%d pages: %v", len(paths), languages)
	}
}

func TestTheSameSeedMakesTheSameVisits(t *testing.T) {
	one, two := load.NewCrowd(5), load.NewCrowd(5)
	for range 500 {
		if diff := cmp.Diff(one.Visit(begin()), two.Visit(begin()), cmpopts.IgnoreUnexported(load.Visitor{}, load.Source{}, load.Agent{}),
			cmpopts.EquateComparable(load.Visitor{}.Address)); diff != "" {
			t.Fatalf("two crowds of one seed differ:\n%s", diff)
		}
	}
}

func TestAVisitIsOne(t *testing.T) {
	crowd := load.NewCrowd(2)
	ids := map[string]bool{}
	for range 20_000 {
		visit := crowd.Visit(begin())
		views, last := map[string]bool{}, time.Duration(0)
		for i, s := range visit.Steps {
			switch {
			case ids[s.ID]:
				t.Fatalf("id %s stands twice", s.ID)
			case s.After < last:
				t.Fatalf("step %d is %v before the step before", i, last-s.After)
			case s.First != (i == 0), i == 0 && s.Type != event.PageView:
				t.Fatalf("a visit begins with its first page view and has no other: step %d is %+v", i, s)
			case s.Type != event.PageView && !views[s.View]:
				t.Fatalf("step %d belongs to a page view that was not there", i)
			case s.Type == event.PageView && (s.View != s.ID || s.Together):
				t.Fatalf("page view %+v", s)
			case s.Type == event.Engage && (s.EngagedMS <= 0 || s.Scroll < 1 || s.Scroll > 100):
				t.Fatalf("engagement %+v", s)
			case s.Type != event.PageView && s.Page.Path == "":
				t.Fatalf("step %d is on no page", i)
			}
			ids[s.ID], last = true, s.After
			if s.Type == event.PageView {
				views[s.ID] = true
			}
		}
		if engaged := sum(visit.Steps, func(s load.Step) int { return s.EngagedMS }); time.Duration(engaged)*time.Millisecond > last {
			t.Fatalf("%d ms of attention in a visit of %v", engaged, last)
		}
	}
}

func sum(steps []load.Step, of func(load.Step) int) int {
	total := 0
	for _, s := range steps {
		total += of(s)
	}
	return total
}

// visits are many, for shares.
const visits = 40_000

func share(t *testing.T, what string, got, of int, low, high float64) {
	t.Helper()
	if value := float64(got) / float64(of); value < low || value > high {
		t.Errorf("%s: %.3f, want %.3f to %.3f", what, value, low, high)
	}
}

func TestTheCrowdIsWhatVisitsAClinicInKazakhstan(t *testing.T) {
	crowd := load.NewCrowd(3)
	count := map[string]int{}
	people, steps := 0, 0
	pages, languages := map[string]int{}, map[string]int{}
	for range visits {
		visit := crowd.Visit(begin())
		v := visit.Visitor
		steps += len(visit.Steps)
		if v.Agent.Bot != "" {
			count["bot"]++
			continue
		}
		people++
		for what, is := range map[string]bool{
			"returning": v.Visits > 1, "from Kazakhstan": v.Place.Country == "KZ", "phone": v.Agent.Touch > 0, "in an app": v.Agent.App != "",
			"campaign": visit.Source.Campaign.Source != "", "direct": visit.Source.Referrer == "" && visit.Source.Campaign.Source == "",
			"one page": views(visit) == 1, "booked": booked(visit), "gpc or dnt": v.GPC || v.DNT, v.Consent.String(): true,
			"client hints": v.Agent.Brands != "", "IPv6": v.Address.Is6(),
		} {
			if is {
				count[what]++
			}
		}
		for _, s := range visit.Steps {
			pages[s.Page.Path]++
		}
		languages[visit.Steps[0].Page.Language]++
	}
	share(t, "bots", count["bot"], visits, 0.06, 0.08)
	for _, s := range []struct {
		what      string
		low, high float64
	}{
		{"returning", 0.33, 0.43},
		{"from Kazakhstan", 0.90, 0.97},
		{"phone", 0.62, 0.85},
		{"in an app", 0.15, 0.40},
		{"campaign", 0.12, 0.22},
		{"direct", 0.25, 0.40},
		{"one page", 0.38, 0.50},
		{"booked", 0.015, 0.05},
		{"gpc or dnt", 0.03, 0.07},
		{"client hints", 0.4, 0.8},
		{"IPv6", 0.02, 0.10},
		{"essential", 0.66, 0.74},
		{"analytics", 0.17, 0.23},
		{"advertising", 0.035, 0.065},
		{"refused", 0.035, 0.065},
	} {
		share(t, s.what, count[s.what], people, s.low, s.high)
	}
	share(t, "Russian", languages["ru"], people, 0.5, 0.7)
	share(t, "Kazakh", languages["kk"], people, 0.25, 0.4)
	share(t, "steps of a visit", steps, visits, 5, 10)

	hits := []int{}
	for _, n := range pages {
		hits = append(hits, n)
	}
	slices.Sort(hits)
	slices.Reverse(hits)
	all, top := 0, 0
	for i, n := range hits {
		if all += n; i < 100 {
			top += n
		}
	}
	share(t, "the hundred most visited pages", top, all, 0.5, 0.9)
	if len(pages) < 1800 {
		t.Errorf("only %d pages were visited at all", len(pages))
	}
}

func views(v *load.Visit) int {
	return sum(v.Steps, func(s load.Step) int {
		if s.Type == event.PageView {
			return 1
		}
		return 0
	})
}

func booked(v *load.Visit) bool {
	return slices.ContainsFunc(v.Steps, func(s load.Step) bool { return s.Name == "booking" && s.Value > 0 && s.Currency == "KZT" })
}

func TestAWeekHasTheMeanOfItsCurveAndANightIsQuiet(t *testing.T) {
	crowd := load.NewCrowd(1)
	total := 0.0
	for hour := range 7 * 24 {
		total += crowd.Weight(begin().Add(time.Duration(hour) * time.Hour))
	}
	if mean := total / (7 * 24); math.Abs(mean-1) > 0.01 {
		t.Errorf("the mean of a week is %v", mean)
	}
	at := func(text string) float64 {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return crowd.Weight(moment)
	}
	if night, morning := at("2026-11-16T03:30:00+05:00"), at("2026-11-16T10:30:00+05:00"); morning < 10*night {
		t.Errorf("Monday's morning is %v, its night %v", morning, night)
	}
	if monday, sunday := at("2026-11-16T10:30:00+05:00"), at("2026-11-15T10:30:00+05:00"); monday < 1.5*sunday {
		t.Errorf("Monday is %v, Sunday %v", monday, sunday)
	}
	// Almaty was an hour ahead until the end of February 2024.
	if before, after := at("2024-02-01T04:30:00Z"), at("2024-02-01T10:30:00+06:00"); before != after {
		t.Errorf("the zone is not Almaty's: %v and %v", before, after)
	}
}

func TestRequestsSayWhatTheBrowserSends(t *testing.T) {
	traffic := load.New(4, "demo", "http://localhost:8099").WithMalformed(0.05)
	malformed, sizes := 0, 0
	const requests = 20_000
	seen := map[string]int{}
	for range requests {
		r := traffic.Next()
		if len(r.IDs) == 0 {
			malformed++
			continue
		}
		sizes += len(r.Body)
		for _, name := range []string{"Sec-Ch-Ua", "X-Requested-With", "Sec-Gpc", "Dnt"} {
			if r.Header.Get(name) != "" {
				seen[name]++
			}
		}
		for _, address := range addresses(t, r) {
			for parameter := range address.Query() {
				seen[parameter]++
			}
		}
	}
	share(t, "malformed", malformed, requests, 0.04, 0.06)
	for _, name := range []string{"Sec-Ch-Ua", "X-Requested-With", "Sec-Gpc", "Dnt", "utm_source", "utm_campaign", "gclid", "yclid", "fbclid"} {
		if seen[name] == 0 {
			t.Errorf("no request has %s: %v", name, seen)
		}
	}
	t.Logf("a request has %d bytes of body", sizes/requests)
}

// addresses are those of the pages that a request is about.
func addresses(t *testing.T, r load.Request) []*url.URL {
	t.Helper()
	var texts []string
	if r.Method == http.MethodGet {
		request, err := url.Parse(r.Path)
		if err != nil {
			t.Fatal(err)
		}
		texts = []string{request.Query().Get("url")}
	} else {
		type hit struct{ URL string }
		var hits []hit
		if json.Unmarshal(r.Body, &hits) != nil {
			hits = make([]hit, 1)
			if err := json.Unmarshal(r.Body, &hits[0]); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range hits {
			texts = append(texts, h.URL)
		}
	}
	var list []*url.URL
	for _, text := range texts {
		address, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, address)
	}
	return list
}
