package privacy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
)

func TestEachLevelKeepsWhatThePolicySays(t *testing.T) {
	g := newGate(t, "")
	with := func(level string) *Facts {
		return clearOne(t, g, visit(func(h *hit.Hit) { h.Consent = level; h.URL += "&gclid=Cj0KCQ-x" }))
	}
	essential, analytics, advertising := with("essential"), with("analytics"), with("advertising")

	screen := event.Screen{Width: 375, Height: 900}
	if diff := cmp.Diff(screen, essential.Event.Screen); diff != "" {
		t.Errorf("essential: screen: %s", diff)
	}
	place := event.Place{Country: "KZ", ASN: 9198, Network: "37.99.42.0/24"}
	if diff := cmp.Diff(place, essential.Event.Place); diff != "" {
		t.Errorf("essential: place: %s", diff)
	}
	agent := event.Agent{Browser: "Chrome", OS: "Android", Device: "mobile", Brand: "Samsung"}
	if diff := cmp.Diff(agent, essential.Event.Agent); diff != "" {
		t.Errorf("essential: agent: %s", diff)
	}
	if essential.Event.Language != "ru" || essential.Event.TimeZone != "" || essential.Event.ClickID != "" {
		t.Errorf("essential: %q, %q, %q", essential.Event.Language, essential.Event.TimeZone, essential.Event.ClickID)
	}

	screen = event.Screen{Width: 412, Height: 915, ViewportWidth: 412, ViewportHeight: 780, PixelRatio: 2.625, Touch: 5}
	if diff := cmp.Diff(screen, analytics.Event.Screen); diff != "" {
		t.Errorf("analytics: screen: %s", diff)
	}
	place = event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, Network: "37.99.42.0/24"}
	if diff := cmp.Diff(place, analytics.Event.Place); diff != "" {
		t.Errorf("analytics: place: %s", diff)
	}
	if analytics.Event.Language != "ru-KZ" || analytics.Event.TimeZone != "Asia/Almaty" || analytics.Event.ClickID != "" {
		t.Errorf("analytics: %q, %q, %q", analytics.Event.Language, analytics.Event.TimeZone, analytics.Event.ClickID)
	}
	if advertising.Event.ClickID != "gclid=Cj0KCQ-x" {
		t.Errorf("advertising: click id = %q", advertising.Event.ClickID)
	}
	for _, f := range []*Facts{essential, analytics, advertising} {
		if f.ClickPresent != "gclid" || !f.KeepChannel || f.Campaign != (event.Campaign{Source: "yandex", Medium: "cpc"}) {
			t.Errorf("%v: click %q, campaign %+v", f.Event.Consent, f.ClickPresent, f.Campaign)
		}
	}
}

func TestTheCutFollowsThePolicyFile(t *testing.T) {
	line := func(column, level string) string {
		text := string(schema.Policy)
		at := strings.Index(text, "\n      "+column+":")
		end := at + 1 + strings.IndexByte(text[at+1:], '\n')
		was := text[at:end]
		before, rest, _ := strings.Cut(was, "level: ")
		_, after, _ := strings.Cut(rest, ",")
		now := before + "level: " + level + "," + after
		return strings.Replace(text, was, now, 1)
	}
	g := newGate(t, strings.Replace(line("city", "essential"), "city:            {clause: \"4.1.5\", purpose: [analytics, security], basis: consent",
		"city:            {clause: \"4.1.5\", purpose: [analytics, security], basis: legitimate_interest", 1))
	if got := clearOne(t, g, visit()).Event.Place.City; got != "Almaty" {
		t.Errorf("city = %q with level essential", got)
	}
	for column, got := range map[string]func(*Facts) bool{
		"title":         func(f *Facts) bool { return f.Event.Title == "" },
		"visitor":       func(f *Facts) bool { return f.Event.Visitor == 0 },
		"channel":       func(f *Facts) bool { return !f.KeepChannel },
		"address":       func(f *Facts) bool { return !f.Network.Address.IsValid() && f.Network.UserAgent != "" },
		"user_agent":    func(f *Facts) bool { return f.Network.Address.IsValid() && f.Network.UserAgent == "" },
		"network":       func(f *Facts) bool { return f.Event.Place.Network == "" },
		"props":         func(f *Facts) bool { return len(f.Event.Props) == 0 },
		"utm_source":    func(f *Facts) bool { return f.Campaign.Source == "" },
		"screen_height": func(f *Facts) bool { return f.Event.Screen.Height == 900 },
	} {
		g := newGate(t, line(column, "advertising"))
		h := visit(func(h *hit.Hit) { h.Props = []hit.Prop{{Key: "plan", Value: "x"}} })
		if !got(clearOne(t, g, h)) {
			t.Errorf("%s is kept below its level", column)
		}
	}
}

func TestAPolicyThatTheGateCannotFollowIsRefused(t *testing.T) {
	s, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an id only with consent": {"id:              {clause: \"3.3\", purpose: [analytics, diagnostics, security], basis: legitimate_interest, level: refused", "id:              {clause: \"3.3\", purpose: [analytics, diagnostics, security], basis: legitimate_interest, level: essential"},
		"a class of a title":      {"level: essential, below: empty, roles: [analyst], data: page}\n      referrer_host", "level: essential, below: class, roles: [analyst], data: page}\n      referrer_host"},
	} {
		text := strings.Replace(string(schema.Policy), change[0], change[1], 1)
		p, err := policy.Parse([]byte(text))
		if err != nil || text == string(schema.Policy) {
			t.Fatalf("%s: the test changed nothing, or too much: %v", name, err)
		}
		if _, err := New(Options{Sites: s, Policy: p}); err == nil {
			t.Errorf("%s: New() took it", name)
		}
	}
}

// Every column of the events table is either filled by the gate or one that no row can do without.
func TestNoColumnOfThePolicyIsForgotten(t *testing.T) {
	p, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range columns() {
		known[c.table+"."+c.name] = true
		if p.Level(c.table, c.name) > event.Advertising {
			t.Errorf("%s.%s does not stand in the policy file", c.table, c.name)
		}
	}
	for _, name := range always() {
		known[eventsTable+"."+name] = true
	}
	for name := range p.Tables[eventsTable].Columns {
		if !known[eventsTable+"."+name] {
			t.Errorf("%s stands in the policy file and the gate does not cut it", name)
		}
	}
}
