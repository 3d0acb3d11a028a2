package rights

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/schema/consent"
	"mayak/schema/event"
)

func TestAChoiceFromAPageOfTheSite(t *testing.T) {
	o := newOffice(t)
	w := o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic","level":"analytics","how":"banner","lang":"kk-KZ"}`,
		"Origin: https://www.clinic.example", "Content-Type: text/plain;charset=UTF-8")
	said := told(t, w)
	receipt, _ := said["receipt"].(string)
	if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(receipt) {
		t.Errorf("receipt %q", receipt)
	}
	want := map[string]any{"level": "analytics", "ask": false, "policy_version": o.rules.Version, "receipt": receipt}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	header := w.Header()
	if header.Get("Access-Control-Allow-Origin") != "https://www.clinic.example" || header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("the page cannot read the answer: %v", header)
	}
	given := header.Get("Set-Cookie")
	form := regexp.MustCompile(`^__Host-mayak-clinic=1\.analytics\.` + regexp.QuoteMeta(o.rules.Version) +
		`\.2026-11-22\.[0-9A-Za-z_-]{22}; Path=/; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax$`)
	if !form.MatchString(given) {
		t.Errorf("cookie %q", given)
	}
	choice := consent.Read(cookie(t, w), "clinic")
	wantRecord := event.Record{
		Event: event.Event{
			Site: "clinic", Time: noon, Received: noon, Visitor: o.key.Consented("clinic", choice.ID), Consent: event.Analytics,
			PolicyVersion: o.rules.Version, Language: "kk",
		},
		Consent: event.Consent{Receipt: receipt, Action: event.Given, How: "banner"},
	}
	if diff := cmp.Diff([]event.Record{wantRecord}, o.journal.decided, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("decided (-want +got):\n%s", diff)
	}
}

func TestOneVisitorsDecisionsOneAfterTheOther(t *testing.T) {
	o := newOffice(t)
	sent := ""
	var first consent.ID
	for _, step := range []struct {
		level, now string
		decisions  int
		action     event.Action
		known      bool // the decision is one of the visitor who has the number
		keeps      bool // the browser has the number still
	}{
		{"refused", "refused", 1, event.Given, false, false},
		{"refused", "refused", 1, event.Given, false, false}, // again: nothing has changed
		{"analytics", "analytics", 2, event.Given, true, true},
		{"advertising", "advertising", 3, event.Given, true, true},
		{"analytics", "analytics", 4, event.Withdrawn, true, true},
		{"essential", "essential", 5, event.Withdrawn, true, false},
		{"refused", "refused", 6, event.Given, false, false},
	} {
		before := consent.Read(sent, "shop")
		w := o.ask(http.MethodPost, "/privacy/consent", `{"site":"shop","level":"`+step.level+`"}`, "Origin: https://shop.example", "Cookie: "+sent)
		if got := told(t, w)["level"]; got != step.now {
			t.Fatalf("%s: the level is %v", step.level, got)
		}
		if len(o.journal.decided) != step.decisions {
			t.Fatalf("%s: %d decisions, want %d", step.level, len(o.journal.decided), step.decisions)
		}
		if len(w.Result().Cookies()) > 0 {
			sent = cookie(t, w)
		}
		choice := consent.Read(sent, "shop")
		if step.keeps && first == (consent.ID{}) {
			first = choice.ID
		}
		if (choice.ID == first && choice.ID != consent.ID{}) != step.keeps {
			t.Errorf("%s: number %v, at first %v", step.level, choice.ID, first)
		}
		last := o.journal.decided[len(o.journal.decided)-1]
		holder := choice.ID
		if holder == (consent.ID{}) {
			holder = before.ID
		}
		want := uint64(0)
		if step.known {
			want = o.key.Consented("shop", holder)
		}
		if last.Consent.Action != step.action || last.Event.Visitor != want || last.Consent.How != "script" {
			t.Errorf("%s: %+v of visitor %d, want %v of %d", step.level, last.Consent, last.Event.Visitor, step.action, want)
		}
	}
}

func TestConsentCountsOnlyUnderThePolicyThatItWasGivenTo(t *testing.T) {
	o := newOffice(t)
	id := consent.NewID()
	old := "__Host-mayak-clinic=1.analytics.2020-01.2026-11-20." + id.String()
	said := told(t, o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic"}`, "Origin: https://clinic.example", "Cookie: "+old))
	if said["level"] != "essential" || said["ask"] != true {
		t.Errorf("under another policy: %v", said)
	}
	if len(o.journal.decided) != 0 {
		t.Error("asking has decided something")
	}
	w := o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic","level":"analytics"}`, "Origin: https://clinic.example", "Cookie: "+old)
	if again := consent.Read(cookie(t, w), "clinic"); again.Policy != o.rules.Version || again.ID != id {
		t.Errorf("asked again, the visitor has the choice %+v", again)
	}
	refusal := "__Host-mayak-clinic=1.refused.2020-01.2026-11-20"
	said = told(t, o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic"}`, "Origin: https://clinic.example", "Cookie: "+refusal))
	if said["level"] != "refused" || said["ask"] != true {
		t.Errorf("a refusal under another policy: %v", said)
	}
}

// Whoever could send the request from elsewhere could consent for others.
func TestADecisionIsTakenOnlyFromThePageOrTheSite(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, path, body string
		headers          []string
		want             int
	}{
		{"a page of the site", "consent", `{"site":"clinic","level":"analytics"}`, []string{"Origin: https://clinic.example"}, 200},
		{"a page of another site", "consent", `{"site":"clinic","level":"analytics"}`, []string{"Origin: https://shop.example"}, 403},
		{"a page of nobody", "consent", `{"site":"clinic","level":"analytics"}`, []string{"Origin: null"}, 403},
		{"no origin at all", "consent", `{"site":"clinic","level":"analytics"}`, nil, 403},
		{"only a referer", "consent", `{"site":"clinic","level":"analytics"}`, []string{"Referer: https://clinic.example/"}, 403},
		{"the page's own form", "consent", "site=clinic&level=refused", []string{form, "Origin: http://example.com"}, 200},
		{"the page's own form, as its browser says", "consent", "site=clinic&level=refused", []string{form, "Sec-Fetch-Site: same-origin"}, 200},
		{"a form on the site", "consent", "site=clinic&level=analytics", []string{form, "Origin: https://clinic.example", "Sec-Fetch-Site: same-site"}, 403},
		{"a form elsewhere", "consent", "site=clinic&level=analytics", []string{form, "Origin: https://evil.test", "Sec-Fetch-Site: cross-site"}, 403},
		{"a form that hides where it is", "consent", "site=clinic&level=analytics", []string{form, "Origin: null"}, 403},
		{"erasing from the site", "erase", "site=clinic&confirm=yes", []string{form, "Origin: https://clinic.example"}, 403},
		{"erasing from elsewhere", "erase", "site=clinic&confirm=yes", []string{form, "Origin: https://evil.test"}, 403},
		{"erasing by a script of the site", "erase", `{"site":"clinic","confirm":"yes"}`, []string{"Origin: https://clinic.example"}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			held := "Cookie: __Host-mayak-clinic=1.analytics." + o.rules.Version + ".2026-11-22." + consent.NewID().String()
			if tt.want == http.StatusOK {
				held = "Cookie: theme=dark"
			}
			w := o.ask(http.MethodPost, "/privacy/"+tt.path, tt.body, append(tt.headers, held)...)
			if w.Code != tt.want {
				t.Errorf("answer %d %s, want %d", w.Code, w.Body, tt.want)
			}
			if decided := len(o.journal.decided) > 0 || w.Header().Get("Set-Cookie") != ""; decided != (tt.want == http.StatusOK) {
				t.Errorf("decided: %v", decided)
			}
			if tt.want != http.StatusOK && w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("a stranger may read the answer")
			}
		})
	}
}

func TestWhatCannotBeSavedIsNotGiven(t *testing.T) {
	o := newOffice(t)
	o.journal.err = errors.New("disk full")
	w := o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic","level":"analytics"}`, "Origin: https://clinic.example")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("answer %d, cookie %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if said := told(t, w); said["error"] == nil {
		t.Errorf("answer %v", said)
	}
}

func TestWrongRequestsGetAClearAnswer(t *testing.T) {
	origin := "Origin: https://clinic.example"
	for _, tt := range []struct {
		name, method, target, body string
		want                       int
		text                       string
	}{
		{"no JSON", "POST", "/privacy/consent", "level", 400, "body: want site and level"},
		{"too much", "POST", "/privacy/consent", `{"site":"` + strings.Repeat("x", 5000) + `"}`, 400, "body: want site and level"},
		{"no such site", "POST", "/privacy/consent", `{"site":"gone","level":"analytics"}`, 404, "site: not a site of this collector"},
		{"no such level", "POST", "/privacy/consent", `{"site":"clinic","level":"all"}`, 400, "level: want refused, essential, analytics or advertising"},
		{"data of no site", "GET", "/privacy/data?site=gone", "", 404, "site: not a site of this collector"},
		{"a banner for no site", "GET", "/consent.js?site=gone", "", 404, "site: not a site of this collector"},
		{"a page of no site", "GET", "/privacy?site=gone&lang=ru", "", 404, "Такого сайта здесь нет"},
		{"a choice by GET", "GET", "/privacy/consent", "", 405, ""},
		{"erasing by GET", "GET", "/privacy/erase?site=clinic&confirm=yes", "", 405, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newOffice(t).ask(tt.method, tt.target, tt.body, origin)
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.text) {
				t.Errorf("answer %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestWhoAsksTooOftenIsToldInTheirLanguage(t *testing.T) {
	o := newOffice(t)
	for _, tt := range []struct {
		name, method, target, body string
		headers                    []string
		want                       string
	}{
		{"a page", "GET", "/privacy?site=clinic&lang=ru", "", []string{"Accept: text/html,*/*;q=0.8"}, "слишком много запросов"},
		{"a file", "GET", "/privacy/data?site=clinic", "", []string{"Accept: text/html,*/*;q=0.8", "Accept-Language: en"}, "You have asked many times"},
		{"a form", "POST", "/privacy/erase", "site=clinic&lang=kk", []string{"Accept: text/html", "Content-Type: application/x-www-form-urlencoded"}, "тым көп сұрау"},
		{"a script", "POST", "/privacy/consent", `{"site":"clinic"}`, []string{"Accept: */*"}, `{"error":"too many requests from one client"}`},
		{"of no site", "GET", "/privacy?site=gone&lang=en", "", []string{"Accept: text/html"}, "You have asked many times"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, strings.NewReader(tt.body))
			for _, header := range tt.headers {
				name, value, _ := strings.Cut(header, ": ")
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			o.service.TooOften(w, r)
			if w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), tt.want) || w.Header().Get("Cache-Control") != "private, no-store" {
				t.Errorf("answer %d %s", w.Code, w.Body)
			}
			if len(o.journal.decided) > 0 || w.Header().Get("Set-Cookie") != "" {
				t.Error("something was decided")
			}
		})
	}
}

func TestSignalsOfTheBrowserAreSaidAndNobodyIsAskedInVain(t *testing.T) {
	o := newOffice(t)
	for _, tt := range []struct {
		name, site, signal, cookie, level string
		asks                              bool
	}{
		{"no signal", "clinic", "X: 1", "", "essential", true},
		{"GPC where only advertising ends", "clinic", "Sec-GPC: 1", "", "essential", true},
		{"GPC takes advertising", "shop", "Sec-GPC: 1", "advertising", "analytics", false},
		{"GPC as a refusal", "strict", "Sec-GPC: 1", "analytics", "refused", false},
		{"advertising that the site asks nobody for any more", "clinic", "X: 1", "advertising", "analytics", false},
		{"DNT", "clinic", "DNT: 1", "analytics", "essential", false},
		{"DNT that is ignored", "shop", "DNT: 1", "analytics", "analytics", false},
		{"who refused is not asked", "clinic", "X: 1", "refused", "refused", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held := "Cookie: a=b"
			if level, ok := event.ParseLevel(tt.cookie); ok {
				held = "Cookie: __Host-mayak-" + tt.site + "=" + consent.Choice{}.To(level, o.rules.Version, noon).Value()
			}
			said := told(t, o.ask(http.MethodPost, "/privacy/consent", `{"site":"`+tt.site+`"}`, "Origin: https://"+tt.site+".example", tt.signal, held))
			if said["level"] != tt.level || said["ask"] != tt.asks {
				t.Errorf("%v, want %s, ask %v", said, tt.level, tt.asks)
			}
			w := o.ask(http.MethodGet, "/consent.js?site="+tt.site, "", tt.signal, held)
			if shown := w.Body.Len() > 0; w.Code != http.StatusOK || shown != tt.asks {
				t.Errorf("banner %d %q", w.Code, w.Body)
			}
		})
	}
}

func TestNobodyIsAskedForAdvertisingUnlessTheSiteWantsIt(t *testing.T) {
	o := newOffice(t)
	said := told(t, o.ask(http.MethodPost, "/privacy/consent", `{"site":"clinic","level":"advertising"}`, "Origin: https://clinic.example"))
	if said["level"] != "analytics" {
		t.Errorf("the level is %v", said["level"])
	}
	for site, want := range map[string]bool{"clinic": false, "shop": true} {
		held := "Cookie: " + consent.Name(site) + "=" + consent.Choice{}.To(event.Advertising, o.rules.Version, noon).Value()
		for _, header := range []string{"Cookie: a=b", held} {
			page := o.ask(http.MethodGet, "/privacy?lang=en&site="+site, "", header).Body.String()
			if offered := strings.Contains(page, "<h3>Statistics and advertising</h3>"); offered != want {
				t.Errorf("%s offers advertising: %v", site, offered)
			}
		}
		page := o.ask(http.MethodGet, "/privacy?lang=en&site="+site, "", held).Body.String()
		if now := regexp.MustCompile(`class="now"><h3>([^<]*)`).FindStringSubmatch(page); len(now) != 2 || (now[1] == "Statistics and advertising") != want {
			t.Errorf("%s: chosen is %q", site, now)
		}
	}
}

func TestGPCIsSupportedInTheWayThatItsSpecificationAsksFor(t *testing.T) {
	w := newOffice(t).ask(http.MethodGet, "/.well-known/gpc.json", "")
	if diff := cmp.Diff(map[string]any{"gpc": true, "lastUpdate": "2026-11-22"}, told(t, w)); diff != "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}
