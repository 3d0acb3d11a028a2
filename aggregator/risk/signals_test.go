package risk

import (
	"slices"
	"testing"
	"time"

	"mayak/schema/event"
	"mayak/schema/geoip"
)

func at(kind, country string) geoip.Location {
	return geoip.Location{Place: event.Place{Country: country, ASN: 64500, NetworkKind: kind}, Organisation: "Example"}
}

func exactly(country string, latitude, longitude float64, kind string) geoip.Location {
	l := at(kind, country)
	l.Latitude, l.Longitude, l.AccuracyKM = latitude, longitude, 20
	return l
}

func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

// Each signal alone: what it speaks of, and what looks alike and is none.
func TestEachSignalSpeaksOfWhatItIsFor(t *testing.T) {
	hour := func(kind string, a Activity) Facts {
		return Facts{Now: noon(), Place: at(kind, "KZ"), Address: a, Network: a}
	}
	trip := func(kind string, after time.Duration) Facts {
		return Facts{Now: noon(), Trail: []Position{
			{At: noon().Add(-after), Place: exactly("KZ", 43.2, 76.9, geoip.ISP)}, {At: noon(), Place: exactly("TR", 36.9, 30.7, kind)},
		}}
	}
	zone := func(zone, country, kind string) Facts {
		return Facts{Now: noon(), Place: at(kind, country), Browser: Browser{TimeZone: zone}}
	}
	for _, tt := range []struct {
		name, signal string
		facts        Facts
		speaks       bool
	}{
		{"an address on a list", "known_bad", Facts{Lists: []Listing{{Bad, "bad"}}}, true},
		{"an address on the list of Tor is not bad by that", "known_bad", Facts{Lists: []Listing{{Tor, "tor"}}}, false},
		{"an exit of Tor", "tor_exit", Facts{Lists: []Listing{{Tor, "tor"}}}, true},
		{"a data centre", "hosting_network", Facts{Place: at(geoip.Hosting, "NL")}, true},
		{"a provider", "hosting_network", Facts{Place: at(geoip.ISP, "NL")}, false},
		{"Russian in a data centre in the Netherlands", "hosting_language", Facts{Place: at(geoip.Hosting, "NL"), Browser: Browser{Language: "ru-RU"}}, true},
		{"English in a data centre", "hosting_language", Facts{Place: at(geoip.Hosting, "NL"), Browser: Browser{Language: "en"}}, false},
		{"Russian at home in Kazakhstan", "language_mismatch", Facts{Place: at(geoip.ISP, "KZ"), Browser: Browser{Language: "ru"}}, false},
		{"Portuguese in Kazakhstan", "language_mismatch", Facts{Place: at(geoip.ISP, "KZ"), Browser: Browser{Language: "pt-BR"}}, true},
		{"a country of which no languages are known", "language_mismatch", Facts{Place: at(geoip.ISP, "AQ"), Browser: Browser{Language: "pt"}}, false},

		{"the clock of São Paulo in Kazakhstan", "zone_mismatch", zone("America/Sao_Paulo", "KZ", geoip.ISP), true},
		{"an old name of the same clock", "zone_mismatch", zone("Asia/Tashkent", "KZ", geoip.ISP), false},
		{"one of several clocks of a country", "zone_mismatch", zone("Asia/Vladivostok", "RU", geoip.ISP), false},
		{"a browser that hides its zone", "zone_mismatch", zone("UTC", "KZ", geoip.ISP), false},
		{"a zone that is none", "zone_mismatch", zone("Nowhere/../etc/passwd", "KZ", geoip.ISP), false},
		{"declared elsewhere", "declared_mismatch", Facts{Place: at(geoip.ISP, "TR"), Declared: "kz"}, true},
		{"declared at home", "declared_mismatch", Facts{Place: at(geoip.ISP, "KZ"), Declared: "kz"}, false},

		{"Almaty and Antalya within an hour", "impossible_travel", trip(geoip.ISP, time.Hour), true},
		{"Almaty and Antalya by plane", "impossible_travel", trip(geoip.ISP, 6*time.Hour), false},
		{"countries alone are enough where they are far apart", "impossible_travel", Facts{Trail: []Position{
			{At: noon().Add(-time.Hour), Place: at(geoip.ISP, "KZ")}, {At: noon(), Place: at(geoip.ISP, "BR")},
		}}, true},
		{"neighbours are not far apart", "impossible_travel", Facts{Trail: []Position{
			{At: noon().Add(-time.Minute), Place: at(geoip.ISP, "KZ")}, {At: noon(), Place: at(geoip.ISP, "RU")},
		}}, false},

		{"a family behind one address", "address_velocity", hour(geoip.ISP, Activity{Visitors: 8, Peak: 60}), false},
		{"a hundred visitors behind one line", "address_velocity", hour(geoip.ISP, Activity{Visitors: 100}), true},
		{"a hundred telephones behind one address", "address_velocity", hour(geoip.Mobile, Activity{Visitors: 1500, Peak: 900}), false},
		{"a university", "network_velocity", hour(geoip.Education, Activity{Visitors: 1500}), false},
		{"a rack of servers", "network_velocity", hour(geoip.Hosting, Activity{Visitors: 200}), true},
		{"a fast reader", "visitor_velocity", Facts{Visitor: Activity{Events: 120, Peak: 20}}, false},
		{"two pages a second", "visitor_velocity", Facts{Visitor: Activity{Events: 300, Peak: 110}}, true},
		{"many telephones that have one id without consent", "visitor_velocity", Facts{Shared: true, Visitor: Activity{Events: 3000, Peak: 110}}, false},
		{"a card refused twice", "payment_velocity", Facts{Place: at(geoip.ISP, "KZ"), AskedAddress: 3, AskedVisitor: 3}, false},
		{"twenty cards", "payment_velocity", Facts{Place: at(geoip.ISP, "KZ"), AskedAddress: 20}, true},
		{"many customers of an operator pay", "payment_velocity", Facts{Place: at(geoip.Mobile, "KZ"), AskedAddress: 120}, false},

		{"a program without cookies", "cookie_churn", hour(geoip.ISP, Activity{Openings: 60, Once: 58, Crowd: 60, InCrowd: true}), true},
		{"telephones that read", "cookie_churn", hour(geoip.Mobile, Activity{Openings: 600, Once: 240, Crowd: 500, InCrowd: true}), false},
		{"people who leave at once, with browsers of their own", "cookie_churn", hour(geoip.Mobile, Activity{Openings: 600, Once: 500, Crowd: 200}), false},
		{"an advertisement that brings three", "cookie_churn", hour(geoip.ISP, Activity{Openings: 3, Once: 3, Crowd: 3}), false},

		{"an agent of Windows with hints of Linux", "agent_conflict", Facts{Browser: Browser{AgentOS: agentWindows, OS: "Linux"}}, true},
		{"an iPad says that it is a Mac", "agent_conflict", Facts{Browser: Browser{AgentOS: agentMac, OS: "iPadOS"}}, false},
		{"the site of desktops on a telephone", "agent_conflict", Facts{Browser: Browser{AgentOS: agentLinux, OS: "Android"}}, false},
		{"a telephone without touch", "touch_conflict", Facts{Browser: Browser{Device: "mobile", Script: true, Consented: true}}, true},
		{"touch that was not kept", "touch_conflict", Facts{Browser: Browser{Device: "mobile", Script: true}}, false},
		{"one id on two systems", "agent_changed", Facts{Browser: Browser{Systems: 2, Consented: true}}, true},
		{"one system", "agent_changed", Facts{Browser: Browser{Systems: 1, Consented: true}}, false},
		{"a browser under control", "automation", Facts{Browser: Browser{Bot: "automation:webdriver"}}, true},
		{"an unusual amount", "unusual_amount", Facts{Unusual: true}, true},
		{"no attention", "unread", Facts{Visitor: Activity{Events: 2}, Browser: Browser{Script: true}}, true},
		{"a pixel tells of no attention", "unread", Facts{Visitor: Activity{Events: 2}}, false},
		{"an address that was never seen", "unseen", Facts{}, true},
		{"an address that was seen", "unseen", Facts{Address: Activity{Events: 1}}, false},
		{"a minute of reading", "reading", Facts{Visitor: Activity{Engaged: time.Minute}}, true},
		{"others read behind the same operator's address", "reading", Facts{Place: at(geoip.Mobile, "KZ"), Shared: true, Visitor: Activity{Engaged: time.Hour}}, false},
		{"a robot that reads", "reading", Facts{Visitor: Activity{Engaged: time.Minute}, Browser: Browser{Bot: "automation:webdriver"}}, false},
	} {
		t.Run(tt.signal+": "+tt.name, func(t *testing.T) {
			i := slices.IndexFunc(catalogue(), func(s signal) bool { return s.Name == tt.signal })
			if i < 0 {
				t.Fatal("no such signal")
			}
			if got := catalogue()[i].look(&tt.facts); got.strength > 0 != tt.speaks {
				t.Errorf("strength %.2f (%s)", got.strength, got.detail)
			}
		})
	}
}

func TestEverySignalIsTriedAboveAndSaysWhatItWeighsAndWhy(t *testing.T) {
	names := map[string]bool{}
	for _, s := range catalogue() {
		if names[s.Name] || s.Weight == 0 || s.Why == "" || s.About == "" {
			t.Errorf("signal %q: it stands twice, or lacks a weight, a reason or words", s.Name)
		}
		names[s.Name] = true
	}
}

func TestOnlyWhatSpeaksAddsUp(t *testing.T) {
	none := Assess(&Facts{Now: noon(), Place: at(geoip.ISP, "KZ"), Address: Activity{Events: 3}})
	if none.Score != 1 || none.Level != Low || len(none.Signals) > 0 {
		t.Errorf("nothing speaks: %+v", none)
	}
	bad := Assess(&Facts{Now: noon(), Place: at(geoip.Hosting, "NL"), Lists: []Listing{{Bad, "bad"}}, Address: Activity{Events: 3}})
	if bad.Level != High || bad.Signals[0].Name != "known_bad" || bad.Signals[1].Name != "hosting_network" {
		t.Errorf("a listed address in a data centre: %+v", bad)
	}
}

func TestGreatCircle(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to point
		km       float64
	}{
		{"Almaty to Astana", point{43.24, 76.89}, point{51.17, 71.43}, 970},
		{"over the date line", point{0, 179.5}, point{0, -179.5}, 111},
		{"pole to pole", point{90, 0}, point{-90, 12}, 20015},
		{"nowhere", point{5, 5}, point{5, 5}, 0},
	} {
		if got := greatCircle(tt.from, tt.to); got < tt.km-10 || got > tt.km+10 {
			t.Errorf("%s: %.0f km, want %.0f", tt.name, got, tt.km)
		}
	}
}

func TestSystemsThatAgentsName(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)":              agentWindows,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)": agentApplePhone,
		"Mozilla/5.0 (Linux; Android 10; K)":                     agentAndroid,
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)":               agentChromeOS,
		"Mozilla/5.0 (X11; Linux x86_64)":                        agentLinux,
		"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1)":        "",
		"curl/8.5.0": "",
	} {
		if got := systemOf(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}
