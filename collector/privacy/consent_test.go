package privacy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema/consent"
	"mayak/schema/event"
)

// choosing gives a hit the cookie of who chose the level on the day of the hit, under the policy that is in force.
func choosing(g *Gate, level event.Level, id consent.ID) func(*hit.Hit) {
	return func(h *hit.Hit) {
		choice := consent.Choice{Level: level, Policy: g.version, Day: h.Received.Truncate(24 * time.Hour), ID: id}
		h.Cookie = "theme=dark; " + consent.Name(h.Site) + "=" + choice.Value()
	}
}

func TestTheCookieSaysWhatMayBeKept(t *testing.T) {
	g := newGate(t, "")
	id := consent.NewID()
	click := func(h *hit.Hit) { h.URL += "&gclid=Cj0KCQ-x" }
	for _, tt := range []struct {
		name        string
		change      []func(*hit.Hit)
		want        event.Level
		lasts       bool // the visitor is the one of the cookie
		city, click bool
	}{
		{"no cookie", nil, event.Essential, false, false, false},
		{"analytics", []func(*hit.Hit){choosing(g, event.Analytics, id)}, event.Analytics, true, true, false},
		{"advertising", []func(*hit.Hit){choosing(g, event.Advertising, id)}, event.Advertising, true, true, true},
		{"essential", []func(*hit.Hit){choosing(g, event.Essential, consent.ID{})}, event.Essential, false, false, false},
		{"another policy", []func(*hit.Hit){choosing(g, event.Analytics, id), func(h *hit.Hit) {
			h.Cookie = strings.Replace(h.Cookie, g.version, "2020-01", 1)
		}}, event.Essential, false, false, false},
		{"another site's cookie", []func(*hit.Hit){choosing(g, event.Analytics, id), func(h *hit.Hit) {
			h.Cookie = strings.Replace(h.Cookie, "clinic=", "other=", 1)
		}}, event.Essential, false, false, false},
		{"Sec-GPC takes advertising away, whatever the site says", []func(*hit.Hit){choosing(g, event.Advertising, id), func(h *hit.Hit) {
			h.GPC = true
		}}, event.Analytics, true, true, false},
		{"advertising of a site that asks nobody for it any more", []func(*hit.Hit){choosing(g, event.Advertising, id), func(h *hit.Hit) {
			h.Site, h.URL = "quiet", strings.Replace(h.URL, "clinic.", "quiet.", 1)
			h.Cookie = strings.Replace(h.Cookie, "clinic=", "quiet=", 1)
		}}, event.Analytics, true, true, false},
		{"DNT on a site that ignores it", []func(*hit.Hit){choosing(g, event.Analytics, id), func(h *hit.Hit) {
			h.DNT = true
		}}, event.Analytics, true, true, false},
		{"DNT on a site that keeps what is essential then", []func(*hit.Hit){choosing(g, event.Analytics, id), func(h *hit.Hit) {
			h.DNT = true
			h.Site, h.URL = "strict", "https://strict.example/"
			h.Cookie = strings.Replace(h.Cookie, "clinic=", "strict=", 1)
		}}, event.Essential, false, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := visit(append([]func(*hit.Hit){click}, tt.change...)...)
			got := clearOne(t, g, h).Event
			if got.Consent != tt.want || (got.Place.City != "") != tt.city || (got.ClickID != "") != tt.click {
				t.Errorf("%v, city %q, click id %q", got.Consent, got.Place.City, got.ClickID)
			}
			if lasts := got.Visitor == g.key.Consented(h.Site, id); lasts != tt.lasts || got.Visitor == 0 {
				t.Errorf("visitor %d is the cookie's: %v, want %v", got.Visitor, lasts, tt.lasts)
			}
		})
	}
}

func TestOfWhoRefusedOnlyTheCountIsKept(t *testing.T) {
	g := newGate(t, "")
	for name, cookie := range map[string]string{
		"by the cookie":                      "1.refused." + g.version + ".2026-11-22",
		"by the cookie of an earlier policy": "1.refused.2020-01.2026-11-22",
	} {
		t.Run(name, func(t *testing.T) {
			refusing := func(h *hit.Hit) { h.Cookie = "__Host-mayak-clinic=" + cookie }
			got := clearOne(t, g, visit(refusing))
			want := event.Event{
				Site: "clinic", Time: received.Truncate(time.Minute), Received: received.Truncate(time.Minute), Type: event.PageView,
				Origin: event.Script, ID: got.Event.ID, PolicyVersion: g.version, Consent: event.Refused,
				Props: got.Event.Props, Vitals: got.Event.Vitals,
			}
			if diff := cmp.Diff(want, got.Event); diff != "" || got.Network != (event.Network{}) {
				t.Errorf("more is kept: %s, %+v", diff, got.Network)
			}
			if strings.Contains(got.Event.ID, "f3kQ9") {
				t.Errorf("the page's own id is kept: %q", got.Event.ID)
			}
			var c Cleared
			if reason := g.Clear(visit(refusing, func(h *hit.Hit) { h.Type = "engage" }), &c, nil); reason != hit.Refused {
				t.Errorf("attention of who refused: %q", reason)
			}
		})
	}
}

// Whoever holds the database can tell who a visitor was before they consented only if something in it is the same.
func TestNothingJoinsWhatWasKeptBeforeAndAfterConsent(t *testing.T) {
	g := newGate(t, "")
	const page = "0123456789abcdef"
	view := func(h *hit.Hit) { h.ID, h.Page = page, page }
	attention := func(h *hit.Hit) { h.Type, h.ID, h.Page = "engage", "fedcba9876543210", page }
	accepted := choosing(g, event.Analytics, consent.NewID())
	before := map[string]bool{}
	for _, h := range []*hit.Hit{visit(view), visit(attention)} {
		e := clearOne(t, g, h).Event
		before[e.ID], before[e.Page] = true, e.Page != ""
		if e.Visitor == g.key.Consented("clinic", consent.ID{}) {
			t.Error("a visitor without a choice has a lasting id")
		}
	}
	first := clearOne(t, g, visit(accepted, view)).Event
	id := strings.Clone(first.ID)
	second := clearOne(t, g, visit(accepted, attention)).Event
	for _, kept := range []string{id, second.ID, second.Page} {
		if kept == "" || before[kept] || kept == page {
			t.Errorf("%q stands in rows before and after", kept)
		}
	}
	if second.Page != id {
		t.Errorf("the attention belongs to page %q, want the view %q", second.Page, id)
	}
	if again := clearOne(t, g, visit(accepted, view)).Event.ID; again != id {
		t.Errorf("a retry has the id %q, want %q", again, id)
	}
	if other := clearOne(t, g, visit(choosing(g, event.Analytics, consent.NewID()), view)).Event.ID; other == id {
		t.Error("two visitors have an event of the same id")
	}
}

// The database alone links no row to a browser: with another key the same cookie is somebody else.
func TestTheSameCookieIsSomebodyElseUnderAnotherKey(t *testing.T) {
	id := consent.NewID()
	a, b := newGate(t, ""), newGate(t, "")
	one := clearOne(t, a, visit(choosing(a, event.Analytics, id))).Event
	other := clearOne(t, b, visit(choosing(b, event.Analytics, id))).Event
	if one.Visitor == other.Visitor || one.ID == other.ID {
		t.Errorf("visitors %d and %d, events %q and %q", one.Visitor, other.Visitor, one.ID, other.ID)
	}
}

func BenchmarkClearOfAVisitor(b *testing.B) {
	g := newGate(b, "")
	for name, change := range map[string]func(*hit.Hit){
		"without a cookie": func(*hit.Hit) {},
		"who consented":    choosing(g, event.Analytics, consent.NewID()),
		"of another site":  func(h *hit.Hit) { h.Cookie = "_ga=GA1.1.1234567890.1700000000; theme=dark" },
	} {
		b.Run(name, func(b *testing.B) {
			h := visit(change)
			var c Cleared
			b.ReportAllocs()
			for b.Loop() {
				g.Clear(h, &c, nil)
			}
		})
	}
}
