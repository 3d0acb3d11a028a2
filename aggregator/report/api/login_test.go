package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/report/access"
	"mayak/schema/proxies"
)

// written is an audit log that keeps its entries, or fails.
type written struct {
	entries []audit.Entry
	err     error
}

func (a *written) Write(_ context.Context, e audit.Entry) error {
	a.entries = append(a.entries, e)
	return a.err
}

func (a *written) Newest(context.Context, string, int) ([]audit.Read, error) {
	return []audit.Read{{Who: "user aigerim", Role: "officer", Action: "find", Site: "demo"}, {Who: "user aigerim", Role: "officer", Action: "find", Site: "clinic"}}, a.err
}

func (a *written) Verify(context.Context, time.Duration) (*audit.Verified, error) {
	return &audit.Verified{Problems: []string{}}, a.err
}

const password = "correct horse battery"

func (f *fixture) user(t *testing.T, c access.Caller) {
	t.Helper()
	if err := access.AddUser(f.file, c, password, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// browser is one that keeps the cookie of its session.
type browser struct {
	*fixture

	t      *testing.T
	cookie *http.Cookie
	check  string
}

func (b *browser) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://127.0.0.1:8090"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

func (b *browser) login(name, word string) *httptest.ResponseRecorder {
	b.t.Helper()
	body, _ := json.Marshal(map[string]string{"name": name, "password": word})
	w := b.send(http.MethodPost, "/api/login", string(body))
	if w.Code == http.StatusOK {
		b.cookie = w.Result().Cookies()[0]
		var told loggedIn
		if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
			b.t.Fatal(err)
		}
		b.check = told.Check
	}
	return w
}

func TestASessionAnswersUntilItEnds(t *testing.T) {
	f := newFixture(t, nil)
	f.user(t, access.Caller{Name: "aigerim", Role: access.Officer, Sites: []string{"demo"}})
	b := &browser{fixture: f, t: t}
	if w := b.login("aigerim", password); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	} else {
		obeys(t, "Session", w.Body.String())
	}
	if c := b.cookie; !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 12*3600 {
		t.Errorf("cookie %+v", c)
	}
	w := b.send(http.MethodGet, "/api/session", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"check":"`+b.check+`"`) {
		t.Errorf("session: %d %s", w.Code, w.Body)
	}
	if w := b.send(http.MethodGet, "/api/audit", ""); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "clinic") || !strings.Contains(w.Body.String(), "demo") {
		t.Errorf("what an officer of one site sees: %d %s", w.Code, w.Body)
	}
	if w := b.send(http.MethodGet, "/api/audit/verify", ""); w.Code != http.StatusForbidden {
		t.Errorf("the check of all sites for an officer of one: %d", w.Code)
	}
	if w := b.send(http.MethodPost, "/api/logout", "", checkHeader, b.check); w.Code != http.StatusNoContent {
		t.Errorf("logout: %d %s", w.Code, w.Body)
	}
	if w := b.send(http.MethodGet, "/api/session", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", w.Code)
	}
}

func TestAPageOfAnotherSiteChangesNothing(t *testing.T) {
	f := newFixture(t, nil)
	f.user(t, access.Caller{Name: "aigerim", Role: access.Officer})
	b := &browser{fixture: f, t: t}
	b.login("aigerim", password)
	other := &browser{fixture: f, t: t}
	other.login("aigerim", password)
	for _, tt := range []struct {
		name   string
		header []string
		code   int
	}{
		{"without the check", nil, http.StatusForbidden},
		{"with an empty one", []string{checkHeader, ""}, http.StatusForbidden},
		{"with that of another session", []string{checkHeader, other.check}, http.StatusForbidden},
		{"from another origin, with the right one", []string{checkHeader, b.check, "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"as an older browser tells of another origin", []string{checkHeader, b.check, "Origin", "https://evil.test"}, http.StatusForbidden},
		{"as a form sends it", []string{checkHeader, b.check, "Content-Type", "application/x-www-form-urlencoded"}, http.StatusBadRequest},
		{"from our own page", []string{checkHeader, b.check}, http.StatusBadRequest},
	} {
		if w := b.send(http.MethodPost, "/api/persons/requests", `{"site":"demo","kind":"x"}`, tt.header...); w.Code != tt.code {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.code)
		}
	}
	if w := b.send(http.MethodPost, "/api/login", "name=aigerim&password="+password, "Content-Type", "text/plain"); w.Code != http.StatusBadRequest {
		t.Errorf("a form that logs in: %d", w.Code)
	}
	asJSON := `{"name":"aigerim","password":"` + password + `"}`
	for kind, code := range map[string]int{"application/json; charset=utf-8": http.StatusOK, "text/plain; application/json": http.StatusBadRequest, "": http.StatusBadRequest} {
		if w := b.send(http.MethodPost, "/api/login", asJSON, "Content-Type", kind); w.Code != code {
			t.Errorf("a login as %q: %d %s, want %d", kind, w.Code, w.Body, code)
		}
	}
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := newFixture(t, func(o *Options) { o.Now = func() time.Time { return now } })
	f.user(t, access.Caller{Name: "aigerim", Role: access.Officer})
	b := &browser{fixture: f, t: t}
	for i := range 10 {
		if w := b.login("aigerim", "wrong"); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "aigerim") {
			t.Fatalf("try %d: %d %s", i, w.Code, w.Body)
		}
	}
	if w := b.login("aigerim", password); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the right one after ten wrong ones: %d", w.Code)
	}
	if w := b.login("nobody", "wrong"); w.Code != http.StatusUnauthorized {
		t.Errorf("somebody else of the same address: %d", w.Code)
	}
	now = now.Add(7 * time.Second)
	if w := b.login("aigerim", password); w.Code != http.StatusOK {
		t.Errorf("after the wait: %d %s", w.Code, w.Body)
	}
}

// Behind a proxy that is not named, somebody who guesses takes the log-in away from everybody else there.
func TestThoseBehindATrustedProxyAreTold(t *testing.T) {
	for _, tt := range []struct {
		trusted []string
		code    int
	}{{[]string{"192.0.2.0/24"}, http.StatusOK}, {nil, http.StatusTooManyRequests}, {[]string{"192.0.3.0/24"}, http.StatusTooManyRequests}} {
		trusted, err := proxies.Parse(tt.trusted)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1e9, 0)
		f := newFixture(t, func(o *Options) { o.Proxies, o.Now = trusted, func() time.Time { return now } })
		f.user(t, access.Caller{Name: "aigerim", Role: access.Officer})
		b := &browser{fixture: f, t: t} // from 192.0.2.1
		for range 10 {
			b.send(http.MethodPost, "/api/login", `{"name":"aigerim","password":"wrong"}`, proxies.ForwardedFor, "203.0.113.66")
		}
		if w := b.send(http.MethodPost, "/api/login", `{"name":"aigerim","password":"`+password+`"}`, proxies.ForwardedFor, "203.0.113.7"); w.Code != tt.code {
			t.Errorf("trusted %v: another one is answered %d %s, want %d", tt.trusted, w.Code, w.Body, tt.code)
		}
	}
}

func TestOnlyOfficersAnswerPersons(t *testing.T) {
	f := newFixture(t, nil)
	for _, endpoint := range [][2]string{
		{"POST", "/api/persons/find"},
		{"GET", "/api/persons/requests"},
		{"POST", "/api/persons/requests"},
		{"GET", "/api/persons/requests/E-1"},
		{"POST", "/api/persons/requests/E-1/confirm"},
		{"GET", "/api/audit"},
		{"GET", "/api/audit/verify"},
	} {
		for _, name := range []string{"analyst", "ops", "security", "bound"} {
			if code, _, body := f.ask(t, name, endpoint[0], endpoint[1], `{}`); code != http.StatusForbidden {
				t.Errorf("%s %s for %s: %d %s", endpoint[0], endpoint[1], name, code, body)
			}
		}
		if code, _, _ := f.ask(t, "", endpoint[0], endpoint[1], `{}`); code != http.StatusUnauthorized {
			t.Errorf("%s %s for nobody: %d", endpoint[0], endpoint[1], code)
		}
	}
	if _, _, body := f.get(t, "officer", "/api/reports"); !strings.Contains(body, `"tables":[]`) || strings.Contains(body, "networks") {
		t.Errorf("what officers see of reports: %s", body)
	}
}

func TestRawRowsAreNotSentWhenNobodyWritesDownWhoAsked(t *testing.T) {
	log := &written{err: errors.New("the database is away")}
	f := newFixture(t, func(o *Options) { o.Audit = log })
	if code, _, body := f.get(t, "security", "/api/export/network_log?site=demo&range=1d"); code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", code, body)
	}
	if len(log.entries) != 1 || log.entries[0].Who != "token security" || log.entries[0].Action != "raw rows exported" || log.entries[0].Site != "demo" || !strings.HasPrefix(log.entries[0].Detail, "table network_log, from ") {
		t.Errorf("entries %+v", log.entries)
	}
}
