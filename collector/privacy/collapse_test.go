package privacy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
)

const healthSite = `
sites:
  - id: clinic
    hostnames: [clinic.example]
    allowed_query: [page, q, next]
    search_terms: drop
    gpc: ignore
    dnt: ignore
    paths:
      - {path: /results/*, as: /results/:id}
      - {path: /doctors/*, as: /doctors/:id, keep_title: true}
      - {path: /services/**, as: /services, below: analytics}
`

func healthGate(t *testing.T, more string) *Gate {
	t.Helper()
	known, err := sites.Parse([]byte(healthSite + more))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Sites: known, Policy: rules, Salts: fixedSalts{}, Lookups: fixedLookups{}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// What an address of a health site tells must not get through by another way either.
func TestAPathThatTellsTooMuchIsKeptNowhere(t *testing.T) {
	g := healthGate(t, "")
	at := func(url, title string) func(*hit.Hit) {
		return func(h *hit.Hit) { h.URL, h.Title = url, title }
	}
	for _, tt := range []struct {
		name, url, title, level string
		path, kept              string
	}{
		{"collapsed, and its title goes", "https://clinic.example/results/4711?page=2", "HIV test of Ivan", "advertising", "/results/:id", ""},
		{"written otherwise", "https://clinic.example//Results/%34711/", "HIV test", "essential", "/results/:id", ""},
		{"collapsed, its title says nothing more", "https://clinic.example/doctors/sadykova", "Our doctors", "analytics", "/doctors/:id", "Our doctors"},
		{"a category below consent", "https://clinic.example/services/hiv-test", "HIV test", "essential", "/services", ""},
		{"the page itself with consent", "https://clinic.example/services/hiv-test", "HIV test", "analytics", "/services/hiv-test", "HIV test"},
		{"not in the list", "https://clinic.example/prices", "Prices", "essential", "/prices", "Prices"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := clearOne(t, g, visit(at(tt.url, tt.title), func(h *hit.Hit) { h.Consent = tt.level })).Event
			if got.Path != tt.path || got.Title != tt.kept {
				t.Errorf("path %q, title %q; want %q, %q", got.Path, got.Title, tt.path, tt.kept)
			}
		})
	}
}

func TestPathsInOtherTextsCollapseToo(t *testing.T) {
	g := healthGate(t, "")
	got := clearOne(t, g, visit(func(h *hit.Hit) {
		h.URL, h.Type, h.Name = "https://clinic.example/?next=/results/4711&page=2", "event", "open /results/4711"
		h.Props = []hit.Prop{
			{Key: "url", Value: "https://clinic.example/results/4711?print=1"},
			{Key: "to", Value: "/results/4711"},
			{Key: "other", Value: "https://lab.example/results/4711"},
			{Key: "plan", Value: "1/2"},
		}
		h.Error = hit.Error{
			Message: "no /results/4711 (https://clinic.example/results/4711)", Source: "https://clinic.example/results/4711",
			Stack: "f@https://clinic.example/results/4711:12:5\n at https://clinic.example/services/app.js:3:1", Kind: "error",
		}
	})).Event
	want := map[string]string{
		"name": "open /results/:id", "query": "next=/results/:id&page=2", "message": "no /results/:id (https://clinic.example/results/:id)",
		"source": "https://clinic.example/results/:id",
		"stack":  "f@https://clinic.example/results/:id:12:5\n at https://clinic.example/services/app.js:3:1",
		"url":    "https://clinic.example/results/:id", "to": "/results/:id", "other": "https://lab.example/results/4711", "plan": "1/2",
	}
	kept := map[string]string{"name": got.Name, "query": got.Query, "message": got.Error.Message, "source": got.Error.Source, "stack": got.Error.Stack}
	for _, prop := range got.Props {
		kept[prop.Key] = prop.Value
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestSearchTermsAndTitlesGoWhereTheSiteSaysSo(t *testing.T) {
	search := func(h *hit.Hit) {
		h.URL = "https://clinic.example/search?q=diabetes&page=2&utm_term=diabetes&utm_source=google"
		h.Title, h.Type = "diabetes - search", "event"
		h.Props = []hit.Prop{{Key: "Query", Value: "diabetes"}, {Key: "hits", Value: "7"}}
	}
	for name, tt := range map[string]struct {
		more string
		want event.Event
	}{
		"search terms": {"", event.Event{Query: "page=2", Title: "diabetes - search", Props: []event.Pair{{Key: "hits", Value: "7"}}}},
		"titles too":   {"    titles: drop\n", event.Event{Query: "page=2", Props: []event.Pair{{Key: "hits", Value: "7"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var notes Notes
			var c Cleared
			g := healthGate(t, tt.more)
			if reason := g.Clear(visit(search), &c, &notes); reason != hit.Kept {
				t.Fatal(reason)
			}
			got := c.Facts()
			kept := event.Event{Query: got.Event.Query, Title: got.Event.Title, Props: got.Event.Props}
			if diff := cmp.Diff(tt.want, kept); diff != "" || got.Campaign.Term != "" || got.Campaign.Source != "google" {
				t.Errorf("kept (-want +got):\n%s, campaign %+v", diff, got.Campaign)
			}
			told := 0
			for _, note := range notes.List {
				if strings.HasPrefix(note.Why, "the sites file: ") {
					told++
				}
			}
			if want := 3 + len(tt.more)/len("    titles: drop\n"); told != want {
				t.Errorf("%d notes tell of the sites file, want %d: %+v", told, want, notes.List)
			}
		})
	}
}

// Whatever stands around it, an address of such a page does not get through.
func FuzzCollapsed(f *testing.F) {
	all, err := sites.Parse([]byte(healthSite))
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"", "a (", "f@", "/", "x://", "https://", "\u200b/results/1?", "/a:1:2 ", "https://clinic.example"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, before, behind string) {
		var c Cleared
		p := passage{into: &c, site: &known{Site: all.Find("clinic")}, level: event.Essential}
		text := before + " https://clinic.example/results/4711 " + behind
		got := p.collapsed(text)
		if strings.Contains(got, " https://clinic.example/results/4711 ") {
			t.Fatalf("%q is kept as %q", text, got)
		}
		if again := p.collapsed(got); again != got && !strings.Contains(before+behind, "/results/") {
			t.Fatalf("%q changes again, to %q", got, again)
		}
	})
}

func TestCollapsingCostsNoMoreThanTheSizeOfTheText(t *testing.T) {
	const size, limit = 64 << 10, 2 * time.Second
	g := healthGate(t, "")
	for _, pattern := range []string{"/", "/a ", "://", "a://b", "https://clinic.example/results/1 ", "/results/1:1:1 ", "?#/", "/%41", "ж://"} {
		var c Cleared
		p := passage{into: &c, site: g.sites["clinic"], level: event.Essential}
		start := time.Now()
		p.collapsed(strings.Repeat(pattern, size/len(pattern)))
		if took := time.Since(start); took > limit {
			t.Errorf("%q: %v", pattern, took)
		}
	}
}
