package privacy

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/schema"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// fixedSalts gives each day its own salt.
type fixedSalts struct{}

func (fixedSalts) Salt(day string) (s visitor.Salt) {
	copy(s[:], day)
	return s
}

// fixedLookups knows everything.
type fixedLookups struct{}

func (fixedLookups) Agent(*hit.Hit) event.Agent {
	return event.Agent{
		Browser: "Chrome", BrowserVersion: "142", OS: "Android", OSVersion: "16", Device: "mobile", Brand: "Samsung", Model: "SM-S921B",
	}
}

func (fixedLookups) Place(netip.Addr) event.Place {
	return event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198}
}

const sitesFile = `
sites:
  - id: clinic
    hostnames: [clinic.example, "*.clinic.example", xn--e1afmkfd.xn--p1ai, "127.0.0.1", "[::1]"]
    time_zone: Asia/Almaty
    allowed_query: [page, q]
    advertising: true
    gpc: ignore
    dnt: ignore
  - id: strict
    hostnames: [strict.example]
    gpc: refuse
    dnt: essential
  - id: quiet
    hostnames: [quiet.example]
    gpc: ignore
    dnt: ignore
`

func newGate(tb testing.TB, policyText string) *Gate {
	tb.Helper()
	s, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		tb.Fatal(err)
	}
	if policyText == "" {
		policyText = string(schema.Policy)
	}
	p, err := policy.Parse([]byte(policyText))
	if err != nil {
		tb.Fatal(err)
	}
	key, err := visitor.OpenKey(filepath.Join(tb.TempDir(), "visitor.key"))
	if err != nil {
		tb.Fatal(err)
	}
	g, err := New(Options{Sites: s, Policy: p, Salts: fixedSalts{}, Lookups: fixedLookups{}, Key: key})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

const agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"

var received = time.Date(2026, 11, 22, 8, 30, 15, 123456789, time.UTC)

// visit is a page view that is kept, changed by each of the changes.
func visit(changes ...func(*hit.Hit)) *hit.Hit {
	h := &hit.Hit{
		Way: hit.Beacon, Received: received, Address: netip.MustParseAddr("37.99.42.77"), UserAgent: agent,
		Site: "clinic", URL: "https://clinic.example/vrachi/kardiolog?utm_source=yandex&utm_medium=cpc&page=2&secret=1",
		ID: "f3kQ9-x_2aZ", Referrer: "https://yandex.kz/search?text=kardiolog", Title: "Кардиолог в Алматы — клиника",
		Screen: "412x915", Viewport: "412x780", DPR: 2.625, Language: "ru-KZ", TimeZone: "Asia/Almaty", Touch: 5,
	}
	for _, change := range changes {
		change(h)
	}
	return h
}

// clearOne clears h and fails unless it is kept.
func clearOne(tb testing.TB, g *Gate, h *hit.Hit) *Facts {
	tb.Helper()
	var c Cleared
	if reason := g.Clear(h, &c, nil); reason != hit.Kept {
		tb.Fatalf("dropped: %s", reason)
	}
	return c.Facts()
}

func TestRulesApplyInTheirOrder(t *testing.T) {
	g := newGate(t, "")
	// Each hit breaks a rule and all the rules after it.
	late := func(h *hit.Hit) { h.Consent, h.Purpose, h.Type = "refused", "prefetch", "engage" }
	for _, tt := range []struct {
		name string
		hit  *hit.Hit
		want hit.Reason
	}{
		{"a page view is kept", visit(), hit.Kept},
		{"unknown site", visit(late, func(h *hit.Hit) { h.Site, h.URL, h.Type = "nobody", "ftp://evil.test", "x" }), hit.UnknownSite},
		{"unknown host", visit(late, func(h *hit.Hit) { h.URL, h.Type = "ftp://evil.test", "x" }), hit.UnknownHost},
		{"the site's name is not its subdomains'", visit(func(h *hit.Hit) { h.URL = "https://evilclinic.example/" }), hit.UnknownHost},
		{"another site's host", visit(func(h *hit.Hit) { h.URL = "https://strict.example/" }), hit.UnknownHost},
		{"a user name that looks like the host", visit(func(h *hit.Hit) { h.URL = "https://clinic.example@evil.test/" }), hit.UnknownHost},
		{"no URL", visit(late, func(h *hit.Hit) { h.URL, h.Type = "", "x" }), hit.BadURL},
		{"no scheme", visit(func(h *hit.Hit) { h.URL = "clinic.example/x" }), hit.BadURL},
		{"not a page's scheme", visit(func(h *hit.Hit) { h.URL = "ftp://clinic.example/x" }), hit.BadURL},
		{"an app's page", visit(func(h *hit.Hit) { h.URL = "android-app://clinic.example/x" }), hit.BadURL},
		{"a host that cannot be", visit(func(h *hit.Hit) { h.URL = "https://cli nic.example/x" }), hit.BadURL},
		{"too long", visit(func(h *hit.Hit) { h.URL += strings.Repeat("x", maxURL) }), hit.BadURL},
		{"unknown type", visit(late, func(h *hit.Hit) { h.Type = "click" }), hit.UnknownType},
		{"prefetch", visit(late), hit.Prefetch},
		{"prerendered, not shown", visit(func(h *hit.Hit) { h.Purpose = "prefetch;prerender" }), hit.Prefetch},
		{"preview", visit(func(h *hit.Hit) { h.Purpose = "Preview" }), hit.Prefetch},
		{"refused", visit(func(h *hit.Hit) { h.Consent, h.Type = "refused", "engage" }), hit.Refused},
		{"a refused page view is counted", visit(func(h *hit.Hit) { h.Consent = "refused" }), hit.Kept},
		{"IDN", visit(func(h *hit.Hit) { h.URL = "https://ПРИМЕР.рф/" }), hit.Kept},
		{"trailing dot, port, capitals", visit(func(h *hit.Hit) { h.URL = "HTTPS://WWW.Clinic.Example.:8443/" }), hit.Kept},
		{"IPv4", visit(func(h *hit.Hit) { h.URL = "http://127.0.0.1:8080/" }), hit.Kept},
		{"IPv6", visit(func(h *hit.Hit) { h.URL = "http://[0:0::1]:8080/" }), hit.Kept},
		{"wrong clock", visit(func(h *hit.Hit) { h.Time = received.AddDate(-9, 0, 0) }), hit.Kept},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c Cleared
			if got := g.Clear(tt.hit, &c, nil); got != tt.want {
				t.Errorf("reason = %q, want %q", got, tt.want)
			}
			if tt.want != hit.Kept && c.Facts().Event.Site != "" {
				t.Error("a dropped hit left facts behind")
			}
		})
	}
}

func TestConsentIsLoweredByTheBrowsersSignals(t *testing.T) {
	g := newGate(t, "")
	for _, tt := range []struct {
		site, consent string
		gpc, dnt      bool
		want          event.Level
	}{
		{"clinic", "", false, false, event.Essential},
		{"clinic", "nonsense", false, false, event.Essential},
		{"clinic", "essential", false, false, event.Essential},
		{"clinic", "analytics", false, false, event.Analytics},
		{"clinic", "advertising", false, false, event.Advertising},
		{"clinic", "refused", false, false, event.Refused},
		{"clinic", "advertising", true, false, event.Analytics}, // ignored by the site, and still no advertising
		{"clinic", "advertising", false, true, event.Advertising},
		{"clinic", "refused", true, true, event.Refused},
		{"strict", "advertising", true, false, event.Refused},
		{"strict", "advertising", false, true, event.Essential},
		{"strict", "", false, true, event.Essential},
	} {
		h := visit(func(h *hit.Hit) {
			h.Site, h.URL, h.Consent, h.GPC, h.DNT = tt.site, "https://"+tt.site+".example/", tt.consent, tt.gpc, tt.dnt
		})
		if got := clearOne(t, g, h).Event.Consent; got != tt.want {
			t.Errorf("%+v: level = %v", tt, got)
		}
	}
}

func TestARefusedPageViewIsOnlyCounted(t *testing.T) {
	g := newGate(t, "")
	h := visit(func(h *hit.Hit) { h.Consent = "refused" })
	f := clearOne(t, g, h)
	if f.Event.ID == "" || f.Event.ID == h.ID {
		t.Errorf("id = %q, want one that is not the client's", f.Event.ID)
	}
	if again := clearOne(t, g, h); again.Event.ID != f.Event.ID {
		t.Error("a retry has another id")
	}
	minute := time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)
	want := Facts{Event: event.Event{
		Site: "clinic", Time: minute, Received: minute, Origin: event.Script, ID: f.Event.ID, Consent: event.Refused, PolicyVersion: "2026-11",
	}}
	if diff := cmp.Diff(want, *f, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestTheVisitorIsOfTheDayTheSiteTheNetworkAndTheAgent(t *testing.T) {
	g := newGate(t, "")
	id := func(changes ...func(*hit.Hit)) uint64 { return clearOne(t, g, visit(changes...)).Event.Visitor }
	base := id()
	for name, change := range map[string]func(*hit.Hit){
		"the same network": func(h *hit.Hit) { h.Address = netip.MustParseAddr("37.99.42.1") },
		"another page":     func(h *hit.Hit) { h.URL = "https://clinic.example/other" },
		"later on the day": func(h *hit.Hit) { h.Received = time.Date(2026, 11, 22, 18, 59, 59, 0, time.UTC) },
	} {
		if id(change) != base {
			t.Errorf("%s: another visitor", name)
		}
	}
	for name, change := range map[string]func(*hit.Hit){
		"another network": func(h *hit.Hit) { h.Address = netip.MustParseAddr("37.99.43.77") },
		"another agent":   func(h *hit.Hit) { h.UserAgent += "x" },
		"another site":    func(h *hit.Hit) { h.Site, h.URL = "strict", "https://strict.example/" },
		// Midnight in Almaty is 19:00 UTC.
		"the next day": func(h *hit.Hit) { h.Received = time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC) },
	} {
		if id(change) == base {
			t.Errorf("%s: the same visitor", name)
		}
	}
}

func TestNotesTellWhatWasDoneAndWhy(t *testing.T) {
	g := newGate(t, "")
	var c Cleared
	var notes Notes
	h := visit(func(h *hit.Hit) { h.Title = "Приём: ivan@mail.ru"; h.GPC = true; h.Consent = "advertising" })
	if reason := g.Clear(h, &c, &notes); reason != hit.Kept {
		t.Fatal(reason)
	}
	got := map[string]Note{}
	for _, n := range notes.List {
		got[n.Field] = n
		if n.Why == "" || n.Action == "" {
			t.Errorf("%+v lacks its reason", n)
		}
	}
	for _, want := range []Note{
		{"title", Replaced, "Приём: ivan@mail.ru", "Приём: [email]", got["title"].Why},
		{"query parameter secret", Dropped, "1", "", got["query parameter secret"].Why},
		{"referrer_host", Shortened, "https://yandex.kz/search?text=kardiolog", "yandex.kz", got["referrer_host"].Why},
		{"consent", Replaced, "advertising", "analytics", got["consent"].Why},
		{"network", Shortened, h.Address.String(), "37.99.42.0/24", got["network"].Why},
	} {
		if diff := cmp.Diff(want, got[want.Field]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAHugeHitLeavesNoHugeMemory(t *testing.T) {
	g := newGate(t, "")
	var c Cleared
	g.Clear(visit(func(h *hit.Hit) { h.Title = strings.Repeat("ivan@mail.ru ", 5000) }), &c, nil)
	g.Clear(visit(), &c, nil)
	if kept := cap(c.scratch) + cap(c.text.raw) + cap(c.text.folded); kept > mostKept {
		t.Errorf("%d bytes are kept", kept)
	}
}

func TestClearTakesNoMemoryOfItsOwn(t *testing.T) {
	g := newGate(t, "")
	var c Cleared
	for name, h := range map[string]*hit.Hit{
		"clean": visit(), "dirty": visit(func(h *hit.Hit) { h.Title = "Приём: ivan@mail.ru, +7 701 123 45 67" }),
	} {
		g.Clear(h, &c, nil)
		if n := testing.AllocsPerRun(100, func() { g.Clear(h, &c, nil) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
