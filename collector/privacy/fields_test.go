package privacy

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema/event"
)

func TestAddressesAreTruncated(t *testing.T) {
	for address, want := range map[string]string{
		"37.99.42.77":           "37.99.42.0/24",
		"::ffff:37.99.42.77":    "37.99.42.0/24",
		"64:ff9b::37.99.42.77":  "37.99.42.0/24",
		"2a03:32c0:12:3456::1":  "2a03:32c0:12::/48",
		"fe80::1%eth0":          "fe80::/48",
		"64:ff9b:1::1":          "64:ff9b:1::/48",
		"::1":                   "::/48",
		"2001:db8::37.99.42.77": "2001:db8::/48",
	} {
		if got := truncate(netip.MustParseAddr(address)).String(); got != want {
			t.Errorf("truncate(%s) = %s, want %s", address, got, want)
		}
	}
	if truncate(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}

func TestTheNetworkRowHoldsTheAddressUnlessThereIsNone(t *testing.T) {
	g := newGate(t, "")
	f := clearOne(t, g, visit(func(h *hit.Hit) {
		h.Address, h.UserAgent = netip.MustParseAddr("::ffff:37.99.42.77"), strings.Repeat("ж", 1000)
	}))
	if f.Network.Address.String() != "37.99.42.77" || f.Network.UserAgent != strings.Repeat("ж", 512) {
		t.Errorf("network row: %v, %d bytes of agent", f.Network.Address, len(f.Network.UserAgent))
	}
	f = clearOne(t, g, visit(func(h *hit.Hit) { h.Address = netip.Addr{} }))
	if f.Network != (event.Network{}) || f.Event.Place != (event.Place{}) {
		t.Errorf("without an address: %+v, %+v", f.Network, f.Event.Place)
	}
}

func TestPageIsCanonical(t *testing.T) {
	g := newGate(t, "")
	type page struct{ Hostname, Path, Query string }
	for url, want := range map[string]page{
		"https://clinic.example":                                           {"clinic.example", "/", ""},
		"https://clinic.example/":                                          {"clinic.example", "/", ""},
		"https://clinic.example?page=1":                                    {"clinic.example", "/", "page=1"},
		"https://clinic.example#top":                                       {"clinic.example", "/", ""},
		"https://user:pass@clinic.example/a#b?c":                           {"clinic.example", "/a", ""},
		"HTTP://Www.Clinic.Example.:81/A":                                  {"www.clinic.example", "/A", ""},
		"http://[0:0::1]/a":                                                {"[::1]", "/a", ""},
		"https://clinic.example/%D0%B2%D1%80%D0%B0%D1%87":                  {"clinic.example", "/врач", ""},
		"https://clinic.example/%d0%b2%d1%80%d0%b0%d1%87":                  {"clinic.example", "/врач", ""},
		"https://clinic.example/врач":                                      {"clinic.example", "/врач", ""},
		"https://clinic.example/%61%2Fb%3f%20c%25":                         {"clinic.example", "/a%2Fb%3F%20c%25", ""},
		"https://clinic.example/a b":                                       {"clinic.example", "/a%20b", ""},
		"https://clinic.example/100%":                                      {"clinic.example", "/100%25", ""},
		"https://clinic.example/%ff%d0":                                    {"clinic.example", "/%FF%D0", ""},
		"https://clinic.example/a;jsessionid=1A2B/b;v=1":                   {"clinic.example", "/a/b", ""},
		"https://clinic.example\\a\\b":                                     {"clinic.example", "/a/b", ""},
		"https://clinic.example/?q=a+b&page=2":                             {"clinic.example", "/", "q=a+b&page=2"},
		"https://clinic.example/?q=%D0%B1%D0%BE%D0%BB%D1%8C&x=1":           {"clinic.example", "/", "q=боль"},
		"https://clinic.example/?q=a%26b%3Dc":                              {"clinic.example", "/", "q=a%26b%3Dc"},
		"https://clinic.example/?q=ivan%40mail.ru":                         {"clinic.example", "/", "q=[email]"},
		"https://clinic.example/?q=+77011234567":                           {"clinic.example", "/", "q=[phone]"},
		"https://clinic.example/?q=870412300129":                           {"clinic.example", "/", "q=[iin]"},
		"https://clinic.example/?q&page=":                                  {"clinic.example", "/", "q&page"},
		"https://clinic.example/?password=x&iin=870412300129":              {"clinic.example", "/", ""},
		"https://clinic.example/card/3fa85f64-5717-4562-b3fc-2c963f66afa6": {"clinic.example", "/card/:id", ""},
		"https://clinic.example/p/%38%37%30412300129":                      {"clinic.example", "/p/[iin]", ""},
		"https://clinic.example/u/ivan%2540mail.ru":                        {"clinic.example", "/u/[email]", ""},
		"https://clinic.example/u/iv%E2%80%8Ban%40mail.ru":                 {"clinic.example", "/u/[email]", ""},
	} {
		e := clearOne(t, g, visit(func(h *hit.Hit) { h.URL = url })).Event
		if diff := cmp.Diff(want, page{e.Hostname, e.Path, e.Query}); diff != "" {
			t.Errorf("%s: %s", url, diff)
		}
	}
}

func TestCampaignIsScrubbedAndNotInTheQuery(t *testing.T) {
	f := clearOne(t, newGate(t, ""), visit(func(h *hit.Hit) {
		h.URL = "https://clinic.example/?utm_source=News%20Letter&utm_medium=e+mail&utm_campaign=%D0%B0%D0%BA%D1%86%D0%B8%D1%8F" +
			"&utm_term=ivan%40mail.ru&utm_content=a&utm_id=7&yclid=123&page=1"
	}))
	want := event.Campaign{Source: "News Letter", Medium: "e mail", Name: "акция", Term: "[email]", Content: "a"}
	if diff := cmp.Diff(want, f.Campaign); diff != "" {
		t.Error(diff)
	}
	if f.Event.Query != "page=1" || f.ClickPresent != "yclid" {
		t.Errorf("query = %q, click = %q", f.Event.Query, f.ClickPresent)
	}
}

func TestReferrerIsItsHost(t *testing.T) {
	g := newGate(t, "")
	for referrer, want := range map[string]string{
		"https://Yandex.KZ/search?text=ivan": "yandex.kz", "http://t.me:80": "t.me", "android-app://com.google.android.gm/": "com.google.android.gm",
		"https://президент.рф/x": "xn--d1abbgf6aiiy.xn--p1ai", "https://203.0.113.7/x": "[ip]", "https://[2001:db8::7]/x": "[[ip]]",
		"https://clinic.example/a": "", "https://www.clinic.example/": "", "": "", "yandex.kz": "", "javascript:alert(1)": "", "https:///x": "",
		"https://d41d8cd98f00b204e9800998ecf8427e.example.net/": "[token].example.net",
	} {
		f := clearOne(t, g, visit(func(h *hit.Hit) { h.Referrer = referrer }))
		if f.Event.ReferrerHost != want || f.OwnReferrer != strings.Contains(referrer, "clinic") {
			t.Errorf("%q: host %q, own %v; want %q", referrer, f.Event.ReferrerHost, f.OwnReferrer, want)
		}
	}
}

func TestTimeIsTheClientsWhereItCanBeRight(t *testing.T) {
	g := newGate(t, "")
	ms := received.Truncate(time.Millisecond)
	for name, tt := range map[string]struct{ sent, want time.Time }{
		"none":              {time.Time{}, ms},
		"a second ago":      {ms.Add(-time.Second), ms.Add(-time.Second)},
		"a day ago":         {received.Add(-24 * time.Hour), ms.Add(-24 * time.Hour)},
		"longer ago":        {received.Add(-24*time.Hour - time.Millisecond), ms},
		"a minute ahead":    {received.Add(time.Minute), ms.Add(time.Minute)},
		"further ahead":     {received.Add(time.Minute + time.Millisecond), ms},
		"in another zone":   {ms.Add(-time.Second).In(time.FixedZone("", 5*3600)), ms.Add(-time.Second)},
		"nanoseconds go":    {ms.Add(-time.Second + 999), ms.Add(-time.Second)},
		"before all clocks": {time.Unix(0, 0), ms},
	} {
		e := clearOne(t, g, visit(func(h *hit.Hit) { h.Time = tt.sent })).Event
		if !e.Time.Equal(tt.want) || e.Time.Location() != time.UTC || !e.Received.Equal(received.Truncate(time.Second)) {
			t.Errorf("%s: ts %v, received %v; want %v", name, e.Time, e.Received, tt.want)
		}
	}
}

func TestIDsAreTheClientsUnlessTheyCouldTellOfAPerson(t *testing.T) {
	g := newGate(t, "")
	id := func(raw string) string {
		return clearOne(t, g, visit(func(h *hit.Hit) { h.ID, h.Page = raw, raw })).Event.ID
	}
	for _, raw := range []string{"a", "f3kQ9-x_2aZ", strings.Repeat("a", 64), "3fa85f64-5717-4562-b3fc-2c963f66afa6", "0", "12-34", "123456789", "9a87011234567bcdef", "1732276800123", "1732276800123456789-17", "crash-1732276800123456789-3"} {
		if got := id(raw); got != raw {
			t.Errorf("%q became %q", raw, got)
		}
	}
	for _, raw := range []string{
		"870412300129", "+7 701 123 45 67", "ivan@mail.ru", strings.Repeat("a", 65), "ж", "8-701-123-45-67", "KZ86125KZT5004100100", "4111111111111111", "u870412300129", "tel-87011234567",
		"870412300129-c0ffee", "KZ86125KZT5004100100", "patient-kz86125kzt5004100100",
	} {
		got := id(raw)
		if got == raw || len(got) != 11 || got != id(raw) {
			t.Errorf("%q became %q and then %q", raw, got, id(raw))
		}
	}
	if a, b := id(""), id(""); a == b || len(a) != 11 {
		t.Errorf("events without an id got %q and %q", a, b)
	}
	view := clearOne(t, g, visit(func(h *hit.Hit) { h.ID, h.Page = "870412300129", "870412300129" })).Event
	event := clearOne(t, g, visit(func(h *hit.Hit) { h.Type, h.ID, h.Page = "engage", "x", "870412300129" })).Event
	if event.Page != view.ID {
		t.Error("an event no longer belongs to its page view")
	}
	if view.Page != "" {
		t.Errorf("a page view repeats its id as page %q", view.Page)
	}
}

func TestScreensFallIntoFewClasses(t *testing.T) {
	for screen, want := range map[[2]uint16][2]uint16{
		{360, 800}: {320, 768}, {390, 844}: {375, 768}, {412, 915}: {375, 900}, {430, 932}: {414, 900}, {768, 1024}: {768, 900},
		{1366, 768}: {1366, 768}, {1440, 900}: {1366, 900}, {1536, 864}: {1366, 768}, {1920, 1080}: {1920, 1080},
		{2560, 1440}: {2560, 1440}, {3840, 2160}: {2560, 1440}, {200, 200}: {320, 480}, {0, 0}: {0, 0},
	} {
		if got := [2]uint16{widthClass(screen[0]), heightClass(screen[1])}; got != want {
			t.Errorf("%v is in the class %v, want %v", screen, got, want)
		}
	}
}

func TestWhatIsNotOfItsFormIsNotKept(t *testing.T) {
	g := newGate(t, "")
	e := clearOne(t, g, visit(func(h *hit.Hit) {
		h.Consent = "analytics"
		h.Screen, h.Viewport, h.DPR, h.Touch = "1920x1080x2", "-1x5", math.NaN(), 4000
		h.Language, h.TimeZone = "ivan@mail.ru", "Almaty/Ivan"
		h.EngagedMS, h.Scroll = math.MaxInt64, 300
		h.HasValue, h.Value, h.Currency = true, math.Inf(1), "KZT"
		h.Vitals = []hit.Vital{{Name: "lcp", Value: math.NaN()}, {Name: "cls", Value: -1}, {Name: "ivan", Value: 1}, {Name: "ttfb", Value: 80}, {Name: "ttfb", Value: 90}}
		h.Error.Line, h.Error.Column = -1, math.MaxInt64
	})).Event
	if diff := cmp.Diff(event.Screen{Touch: 255}, e.Screen); diff != "" {
		t.Errorf("screen: %s", diff)
	}
	if e.Language != "" || e.TimeZone != "" || e.Value != 0 || e.Currency != "" {
		t.Errorf("%q, %q, %v %q", e.Language, e.TimeZone, e.Value, e.Currency)
	}
	if e.EngagedMS != 86_400_000 || e.Scroll != 100 || e.Error.Line != 0 || e.Error.Column != math.MaxUint32 {
		t.Errorf("engaged %d, scroll %d, at %d:%d", e.EngagedMS, e.Scroll, e.Error.Line, e.Error.Column)
	}
	if diff := cmp.Diff([]event.Measure{{Name: "ttfb", Value: 80}}, e.Vitals); diff != "" {
		t.Errorf("vitals: %s", diff)
	}
}

func TestLanguageIsLanguageScriptAndRegion(t *testing.T) {
	var c Cleared
	for tag, want := range map[string]string{
		"kk": "kk", "KK-kz": "kk-KZ", "ru_RU": "ru-RU", "sr-latn-rs": "sr-Latn-RS", "es-419": "es-419", "zh-Hant": "zh-Hant",
		"en-US-x-private": "en-US", "de-DE-u-co-phonebk": "de-DE", "ast": "ast", "x-private": "", "e": "", "english": "", "ru-": "ru", "1": "", "kk kz": "",
	} {
		if got := c.language(tag); got != want {
			t.Errorf("language(%q) = %q, want %q", tag, got, want)
		}
	}
	g := newGate(t, "")
	e := clearOne(t, g, visit(func(h *hit.Hit) { h.Language, h.AcceptLanguage, h.Consent = "", "kk-KZ;q=1, ru;q=0.8", "analytics" })).Event
	if e.Language != "kk-KZ" {
		t.Errorf("from Accept-Language: %q", e.Language)
	}
}

func TestTimeZones(t *testing.T) {
	var known zones
	for _, name := range []string{"Asia/Almaty", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince", "Asia/Calcutta", "Asia/Almaty"} {
		if !known.has(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", "Almaty", "Asia/", "Asia/870412300129", "Ivan/Petrov", "Asia/Anything", "Europe/Ivan_Petrov", "Asia/Almaty ivan@mail.ru", "UTC/x", strings.Repeat("Asia/a", 9)} {
		if known.has(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestPropertiesAreBoundedAndScrubbed(t *testing.T) {
	e := clearOne(t, newGate(t, ""), visit(func(h *hit.Hit) {
		h.Type, h.Name = "event", "signup ivan@mail.ru"
		h.HasValue, h.Value, h.Currency = true, 12500.5, "kzt"
		h.Props = []hit.Prop{{Key: "", Value: "nameless"}, {Key: "ivan@mail.ru", Value: "870412300129"}, {Key: strings.Repeat("k", 100), Value: strings.Repeat("ж", 400)}}
		for range 40 {
			h.Props = append(h.Props, hit.Prop{Key: "plan", Value: "basic"})
		}
	})).Event
	if e.Type != event.Custom || e.Name != "signup [email]" || e.Value != 12500.5 || e.Currency != "KZT" {
		t.Errorf("%v %q %v %q", e.Type, e.Name, e.Value, e.Currency)
	}
	want := []event.Pair{{Key: "[email]", Value: "[iin]"}, {Key: strings.Repeat("k", 64), Value: strings.Repeat("ж", 250)}, {Key: "plan", Value: "basic"}}
	if diff := cmp.Diff(want, e.Props[:3]); diff != "" || len(e.Props) != maxProps {
		t.Errorf("%d properties: %s", len(e.Props), diff)
	}
}

func TestAValueThatIsSomebodysNumberIsNotKept(t *testing.T) {
	g := newGate(t, "")
	for value, want := range map[float64]float64{
		870412300129: 0, -870412300129: 0, 87011234567: 0, 12500.5: 12500.5, 99999999: 99999999, 0.1 + 0.2: 0.1 + 0.2, 250_000_000_000: 250_000_000_000,
	} {
		e := clearOne(t, g, visit(func(h *hit.Hit) { h.Type, h.HasValue, h.Value, h.Currency = "event", true, value, "KZT" })).Event
		if e.Value != want || (e.Currency == "") != (want == 0) {
			t.Errorf("value %v became %v %s, want %v", value, e.Value, e.Currency, want)
		}
	}
}

func TestAURLInAPropertyLosesItsQuery(t *testing.T) {
	g := newGate(t, "")
	for raw, want := range map[string]string{
		"https://lab.example/results?name=Ivan&diagnosis=flu#top": "https://lab.example/results",
		"https://lab.example/files/Price%20List.PDF?v=2":          "https://lab.example/files/Price%20List.PDF",
		"https://lab.example/870412300129?a=1":                    "https://lab.example/[iin]",
		"and/or? yes":                                             "and/or? yes",
	} {
		e := clearOne(t, g, visit(func(h *hit.Hit) {
			h.Type, h.Name, h.Props = "event", "outbound", []hit.Prop{{Key: "url", Value: raw}}
		})).Event
		if got := e.Props[0].Value; got != want {
			t.Errorf("%q became %q, want %q", raw, got, want)
		}
	}
}

// talkative says everywhere what the agent says.
type talkative struct{ fixedLookups }

func (talkative) Agent(h *hit.Hit) event.Agent {
	a := h.UserAgent
	return event.Agent{Browser: a, BrowserVersion: a, OS: a, OSVersion: a, Device: "bot", Brand: a, Model: a, App: a, Bot: "http-library:" + a}
}

func TestWhatTheAgentSaysIsScrubbedToo(t *testing.T) {
	g := newGate(t, "")
	g.lookups = talkative{}
	agent := func(text string) event.Agent {
		return clearOne(t, g, visit(func(h *hit.Hit) { h.UserAgent, h.Consent = text, "analytics" })).Event.Agent
	}
	want := event.Agent{Browser: "[iin]", OS: "[iin]", Device: "bot", Brand: "[iin]", Model: "[iin]", App: "[iin]", Bot: "http-library:[iin]"}
	if diff := cmp.Diff(want, agent("870412300129")); diff != "" {
		t.Errorf("an agent with somebody's number (-want +got):\n%s", diff)
	}
	for _, version := range []string{"142.0.7444.162", "15.16.1.120", "18_7_2", "4.9.7.58"} {
		if got := agent(version).BrowserVersion; got != version {
			t.Errorf("version %q became %q", version, got)
		}
	}
}

func TestErrorsLoseTheirQueriesAndKeepTheirPlaces(t *testing.T) {
	e := clearOne(t, newGate(t, ""), visit(func(h *hit.Hit) {
		h.Type = "error"
		h.Error = hit.Error{
			Message: "Failed to load https://clinic.example/a?iin=870412300129&x=1: why? because #1",
			Source:  "https://clinic.example/app.js?v=3#x",
			Stack:   "Error: x\n    at f (https://clinic.example/app.js?v=12:10:15)\n    at /b.js#h:7\n\ttoken=abc",
			Kind:    "error", Line: 10, Column: 15,
		}
	})).Event.Error
	want := event.Error{
		Message: "Failed to load https://clinic.example/a: why? because #1",
		Source:  "https://clinic.example/app.js",
		Stack:   "Error: x\n    at f (https://clinic.example/app.js:10:15)\n    at /b.js:7\n token=[token]",
		Kind:    "error", Line: 10, Column: 15,
	}
	e.Fingerprint = 0 // has tests of its own
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
}

func TestTextsAreScrubbedBeforeTheyAreCut(t *testing.T) {
	e := clearOne(t, newGate(t, ""), visit(func(h *hit.Hit) {
		h.Title = strings.Repeat("а", maxTitle/2-3) + " ivan.petrov@mail.ru"
		h.URL = "https://clinic.example/" + strings.Repeat("a", maxPath-8) + "/ivan.petrov@mail.ru"
	})).Event
	if strings.Contains(e.Title, "iv") || strings.Contains(e.Path, "iv") || len(e.Title) > maxTitle || len(e.Path) > maxPath {
		t.Errorf("%d bytes of title ending in %q, %d of path ending in %q", len(e.Title), e.Title[len(e.Title)-8:], len(e.Path), e.Path[len(e.Path)-8:])
	}
}

func TestRoutesInTheFragmentArePartOfThePath(t *testing.T) {
	g := newGate(t, "")
	for raw, want := range map[string]string{
		"https://clinic.example/app#/doctors":           "/app#/doctors",
		"https://clinic.example/#!/doctors?q=secret":    "/#!/doctors",
		"https://clinic.example#/doctors/ivan@mail.ru":  "/#/doctors/[email]",
		"https://clinic.example/app#section":            "/app",
		"https://clinic.example/app#access_token=abc":   "/app",
		"https://clinic.example/app?a=1#/doctors#again": "/app#/doctors%23again",
	} {
		if got := clearOne(t, g, visit(func(h *hit.Hit) { h.URL = raw })).Event.Path; got != want {
			t.Errorf("%s: path %q, want %q", raw, got, want)
		}
	}
}
