package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/schema/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func twoSites(context.Context) ([]report.Site, error) {
	almaty, err := time.LoadLocation("Asia/Almaty")
	return []report.Site{{ID: "demo", Zone: almaty, WeekStart: time.Monday}, {ID: "clinic", Zone: time.UTC, WeekStart: time.Monday}}, err
}

// fixture is a server with a token of each role and one that sees the site demo only.
type fixture struct {
	*Server

	tokens map[string]string
	file   string
}

func newFixture(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{tokens: map[string]string{}, file: filepath.Join(t.TempDir(), "tokens.yaml")}
	for _, c := range []access.Caller{
		{Name: "analyst", Role: access.Analyst},
		{Name: "ops", Role: access.Ops},
		{Name: "security", Role: access.Security},
		{Name: "officer", Role: access.Officer},
		{Name: "bound", Role: access.Analyst, Sites: []string{"demo"}},
	} {
		if f.tokens[c.Name], err = access.Create(f.file, c, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	options := Options{
		Address: "127.0.0.1:0", Tokens: access.Open(f.file), Policy: rules, Smallest: 5, Audit: &written{},
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: time.Now,
	}
	if change != nil {
		change(&options)
	}
	if options.Reports == nil {
		options.Reports, err = report.New(report.Options{
			Sites: twoSites, Now: options.Now, Lag: func(context.Context, string) (time.Duration, error) { return 0, nil },
			Definitions: []report.Definition{
				{Name: "pages", Sort: "-views", Dimensions: []report.Dimension{{Name: "path"}}, Measures: []report.Measure{{Name: "views", Unit: report.Count}}},
				{Name: "networks", Sort: "-views", Dimensions: []report.Dimension{{Name: "network", Roles: []string{"ops"}}}, Measures: []report.Measure{{Name: "views", Unit: report.Count}}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Server = New(options)
	return f
}

// get asks as the holder of the token with this name.
func (f *fixture) get(t *testing.T, name, path string, header ...string) (int, http.Header, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8090"+path, http.NoBody)
	if name != "" {
		token, known := f.tokens[name]
		if !known {
			token = name
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

// ask asks as the holder of the token with this name, with a body in JSON.
func (f *fixture) ask(t *testing.T, name, method, path, body string) (int, http.Header, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8090"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+f.tokens[name])
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func TestOnlyCallersWithATokenAreAnswered(t *testing.T) {
	f := newFixture(t, nil)
	for _, tt := range []struct {
		name, token, path string
		code              int
		want              string
	}{
		{"no token", "", "/api/reports", 401, "a token is needed"},
		{"a token that nobody holds", "mayak_wrong", "/api/reports", 401, "nobody holds this token"},
		{"the description of the API is public", "", "/api/openapi.json", 200, `"openapi": "3.1.0"`},
		{"an analyst sees its reports", "analyst", "/api/reports", 200, `"role":"analyst"`},
		{"an analyst sees no network", "analyst", "/api/report/networks?site=demo", 404, `report \"networks\" does not exist; there are pages`},
		{"a bound token sees its site", "bound", "/api/reports", 200, `"sites":[{"id":"demo","time_zone":"Asia/Almaty"}]`},
		{"and no other, nor that there is one", "bound", "/api/report/pages?site=clinic", 404, `site \"clinic\" does not exist; there are demo"`},
		{"and exports no other", "bound", "/api/export/events?site=clinic", 404, `site \"clinic\" does not exist; there are demo"`},
		{"an analyst exports no addresses", "analyst", "/api/export/network_log?site=demo", 404, `table \"network_log\" does not exist; there are events`},
		{"nor what the policy gives to ops", "analyst", "/api/export/events?site=demo&columns=path,error_stack", 404, `column \"error_stack\" does not exist; there are`},
		{"nobody exports salts", "security", "/api/export/salts?site=demo", 404, "there are events, network_log"},
		{"nobody exports what is no table", "security", "/api/export/system.tables?site=demo", 404, "there are events, network_log"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, body := f.get(t, tt.token, tt.path)
			if code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%s: %d %s, want %d %q", tt.path, code, body, tt.code, tt.want)
			}
		})
	}
}

func TestMistakesAreToldWithWhatExists(t *testing.T) {
	f := newFixture(t, nil)
	for _, tt := range []struct {
		path string
		code int
		want string
	}{
		{"/", 404, "there are /api/reports"},
		{"/api/report/nope?site=demo", 404, "there are pages"},
		{"/api/report/pages", 400, "parameter site is missing; there are demo, clinic"},
		{"/api/report/pages?site=demo&rnage=7d", 400, `parameter \"rnage\" does not exist; there are site, range`},
		{"/api/report/pages?site=demo&site=demo", 400, "parameter site is given 2 times"},
		{"/api/report/pages?site=demo&range=lately", 400, "there are today"},
		{"/api/report/pages?site=demo&granularity=second", 400, "there are none minute hour"},
		{"/api/report/pages?site=demo&granularity=minute&range=7d", 400, "ranges of 2 days at most"},
		{"/api/report/pages?site=demo&sort=-clicks", 400, `sort: column \"clicks\" does not exist; there are path, views`},
		{"/api/report/pages?site=demo&sort=views,-views", 400, "stands twice"},
		{"/api/report/pages?site=demo&filter=country==KZ", 400, `dimension \"country\" does not exist; there are path`},
		{"/api/report/pages?site=demo&filter=path", 400, "has no operator; a filter is conditions"},
		{"/api/report/pages?site=demo&filter=path=x;path==/", 400, `operator \"=x\" does not exist`},
		{"/api/report/pages?site=demo&compare=year", 400, "there are none, previous"},
		{"/api/report/pages?site=demo&limit=0", 400, "want a number from 1 to 10000"},
		{"/api/report/pages?site=demo&page=x", 400, "want a number from 1 to 1000000"},
		{"/api/report/pages?site=demo&format=xml", 400, "there are json, csv"},
		{"/api/report/pages?site=%zz", 400, "cannot be read"},
		{"/api/reports?x=1", 400, "no parameters"},
		{"/api/export/events?site=demo&format=xlsx", 400, "there are ndjson, csv, parquet"},
		{"/api/export/events?site=demo&filter=path==/", 400, `parameter \"filter\" does not exist`},
		{"/api/export/events?site=demo&columns=path,path", 404, "column"},
	} {
		code, header, body := f.get(t, "analyst", tt.path)
		var answer struct{ Error string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || code != tt.code || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %q", tt.path, code, body, tt.code, tt.want)
		}
		if got := header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: content type %q", tt.path, got)
		}
	}
}

func TestForeignNamesAndPagesAreNotAnswered(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Address, o.Hosts = "127.0.0.1:8090", []string{"stats.example.org"} })
	for _, tt := range []struct {
		name   string
		header []string
		code   int
	}{
		{"its address", nil, 200},
		{"localhost", []string{"Host", "localhost:8090"}, 200},
		{"another name of this machine", []string{"Host", "[::1]:8090"}, 200},
		{"a name of the settings", []string{"Host", "stats.example.org"}, 200},
		{"a name that somebody made to lead here", []string{"Host", "attacker.example:8090"}, 421},
		{"no name", []string{"Host", ""}, 421},
		{"its own page", []string{"Origin", "http://127.0.0.1:8090", "Sec-Fetch-Site", "same-origin"}, 200},
		{"a page of another origin", []string{"Origin", "https://attacker.example"}, 403},
		{"a page without an origin", []string{"Origin", "null"}, 403},
		{"what a browser says is from elsewhere", []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		code, header, body := f.get(t, "analyst", "/api/reports", tt.header...)
		if code != tt.code {
			t.Errorf("%s: %d %s, want %d", tt.name, code, body, tt.code)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", tt.name, header)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	f := newFixture(t, nil)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := httptest.NewRecorder()
		f.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "http://localhost/api/reports", http.NoBody))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestWrongTokensAreLimitedAndRightOnesAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		codes := map[int]int{}
		for range 30 {
			code, header, _ := f.get(t, "mayak_wrong", "/api/reports")
			codes[code]++
			if code == 429 && header.Get("Retry-After") == "" {
				t.Fatal("429 without Retry-After")
			}
		}
		if codes[401] != 10 || codes[429] != 20 {
			t.Errorf("answers to 30 wrong tokens: %v, want 10 of 401 and 20 of 429", codes)
		}
		if code, _, _ := f.get(t, "analyst", "/api/reports"); code != 200 {
			t.Errorf("a right token from the same address: %d", code)
		}
		<-time.After(time.Minute)
		if code, _, _ := f.get(t, "mayak_wrong", "/api/reports"); code != 401 {
			t.Errorf("a wrong token a minute later: %d", code)
		}
	})
}

func TestRevokingTakesEffectAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	if err := access.Revoke(f.file, "analyst"); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := f.get(t, "analyst", "/api/reports"); code != 401 {
		t.Errorf("a revoked token: %d", code)
	}
}

func TestTheServerListensAndEnds(t *testing.T) {
	f := newFixture(t, nil)
	address, err := f.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address.String() + "/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
		t.Errorf("%d, %d bytes, error %v", response.StatusCode, len(body), err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
