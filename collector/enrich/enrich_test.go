package enrich

import (
	"slices"
	"testing"
	"time"

	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// oneSalt is a day's salt that never changes.
type oneSalt struct{}

func (oneSalt) Salt(string) visitor.Salt { return visitor.Salt{1} }

const sitesFile = `
sites:
  - id: demo
    hostnames: [example.kz, "*.example.kz"]
    gpc: refuse
`

func newTestGate(tb testing.TB, l *Lookups) *privacy.Gate {
	tb.Helper()
	known, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := policy.Default()
	if err != nil {
		tb.Fatal(err)
	}
	gate, err := privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: oneSalt{}, Lookups: l})
	if err != nil {
		tb.Fatal(err)
	}
	return gate
}

func TestEnrich(t *testing.T) {
	gate, enricher := newTestGate(t, newTestLookups(t)), New()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		hit  hit.Hit
		want string // channel
		bot  string
	}{
		{"nothing told is direct", hit.Hit{URL: "https://example.kz/"}, Direct, ""},
		{"a search engine", hit.Hit{URL: "https://example.kz/", Referrer: "https://www.google.kz/"}, OrganicSearch, ""},
		{"the site's own page is internal", hit.Hit{URL: "https://example.kz/", Referrer: "https://www.example.kz/a"}, Internal, ""},
		{"a tagged link wins over its own page", hit.Hit{URL: "https://example.kz/?utm_source=newsletter&utm_medium=email", Referrer: "https://example.kz/"}, Email, ""},
		{"a click id is paid search", hit.Hit{URL: "https://example.kz/?yclid=123456789", Referrer: "https://yandex.kz/"}, PaidSearch, ""},
		{"another type of event has no channel", hit.Hit{URL: "https://example.kz/", Type: "event", Name: "signup"}, "", ""},
		{"who refused has no channel", hit.Hit{URL: "https://example.kz/", Referrer: "https://www.google.kz/", GPC: true}, "", ""},
		{"referrer spam is no person", hit.Hit{URL: "https://example.kz/", Referrer: "https://semalt.com/"}, Referral, "spam:referrer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := tt.hit
			h.Site, h.Received, h.UserAgent = "demo", now, yandexAgent
			var cleared privacy.Cleared
			if reason := gate.Clear(&h, &cleared, nil); reason != hit.Kept {
				t.Fatalf("dropped: %s", reason)
			}
			// The record is used again: nothing of the hit before may stay.
			out := event.Record{Event: event.Event{Channel: "old", Title: "old"}, Network: event.Network{UserAgent: "old"}}
			enricher.Enrich(&cleared, &out)
			if out.Event.Channel != tt.want || out.Event.Agent.Bot != tt.bot {
				t.Errorf("channel, bot = %q, %q; want %q, %q", out.Event.Channel, out.Event.Agent.Bot, tt.want, tt.bot)
			}
			if out.Event.Title == "old" || out.Network.UserAgent == "old" {
				t.Error("a field of the hit before stayed")
			}
		})
	}
}

func TestEveryChannelOfTheTablesIsOneOfTheClosedList(t *testing.T) {
	for _, table := range []map[string]string{hosts, sources, mediums, clickIDs} {
		for key, channel := range table {
			if !slices.Contains(Channels(), channel) {
				t.Errorf("%q has the channel %q", key, channel)
			}
		}
	}
}
