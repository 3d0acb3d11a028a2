package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"mayak/schema/consent"
	"mayak/schema/event"
	"mayak/schema/policy"
)

// testPlantedCookie has a page of the same host, on another port, choose for a visitor and give them a number that it knows.
func testPlantedCookie(t *testing.T, s *stack) {
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	collector := strings.Replace(s.collectorURL(), "127.0.0.1", "localhost", 1)
	site := startSite(t, collector, map[string]string{"/planted": demoTag, "/chosen": demoTag})
	neighbour := startSite(t, collector, map[string]string{"/deep/": "<p>A neighbour"})
	planted := consent.Choice{}.To(event.Analytics, rules.Version, time.Now())

	tab := newPerson(t)
	tab.Open(neighbour + "/deep/")
	for _, attributes := range []string{"; path=/", "; path=/; domain=localhost; secure", "; path=/deep/; secure", "; path=/deep/"} {
		tab.Run(`document.cookie = '` + consent.Name("demo") + `=` + planted.Value() + attributes + `'`)
	}
	if held := Eval[string](tab, `document.cookie`); held != "" {
		t.Errorf("the browser takes the cookie %q from anybody", held)
	}
	tab.Run(`document.cookie = '` + strings.TrimPrefix(consent.Name("demo"), "__Host-") + `=` + planted.Value() + `; path=/; max-age=9999'`)
	if held := Eval[string](tab, `document.cookie`); !strings.HasPrefix(held, "mayak-demo=1.analytics") {
		t.Fatalf("nothing is planted: %q", held)
	}

	tab.Open(site + "/planted")
	if kept := s.view(t, tab); kept["consent"] != "essential" {
		t.Errorf("with a planted cookie %s is kept", kept["consent"])
	}
	if told := Eval[map[string]any](tab, `mayak.consent()`); told["level"] != "essential" || told["ask"] != true {
		t.Errorf("with a planted cookie the visitor's choice is %v", told)
	}

	tab.Run(`mayak.consent('analytics')`)
	tab.Open(site + "/chosen")
	rows := s.await(t, 1, "type = 'pageview' AND path = '/chosen'")
	if rows[0]["consent"] != "analytics" {
		t.Errorf("after choosing %s is kept", rows[0]["consent"])
	}
	var value string
	for _, held := range Call(tab, network.GetCookies, network.GetCookiesParams{URLs: []string{collector}}).Cookies {
		if held.Name == consent.Name("demo") {
			value = held.Value
			if !held.Secure || !held.HTTPOnly || held.Path != "/" || held.Domain != "localhost" {
				t.Errorf("the cookie is for %q of %q, secure %v, hidden from scripts %v", held.Path, held.Domain, held.Secure, held.HTTPOnly)
			}
		}
	}
	if given, ok := consent.Parse(value); !ok || given.ID == planted.ID || given.ID == (consent.ID{}) {
		t.Errorf("the browser holds %q", value)
	}
}
