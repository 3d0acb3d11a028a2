package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/report/access"
	"mayak/aggregator/risk"
	"mayak/schema/event"
	"mayak/schema/geoip"
)

// oracle answers everything alike, and keeps what it was asked.
type oracle struct {
	asked   []risk.Asked
	learned []risk.Feedback
	wanted  []risk.Wanted
	err     error

	stale, complete bool
}

func (o *oracle) Ask(q *risk.Asked) (*risk.Answer, error) {
	o.asked = append(o.asked, *q)
	return &risk.Answer{
		Stale: o.stale, Complete: o.complete,
		ID: "score1", Lag: 1234 * time.Millisecond, Location: geoip.Location{Place: event.Place{Country: "NL", ASN: 64500}, Organisation: "Example Hosting", AccuracyKM: 20},
		Assessment: risk.Assessment{Score: 71, Level: risk.High, Signals: []risk.Signal{{Name: "hosting_network", Weight: 2.2, Evidence: "a data centre", Detail: "Example Hosting"}}},
	}, o.err
}

func (o *oracle) Scores(_ context.Context, of *risk.Wanted) ([]risk.Kept, error) {
	o.wanted = append(o.wanted, *of)
	return []risk.Kept{{ID: "score1", At: time.Unix(1, 0).UTC(), Kind: "session", Level: risk.High, Score: 71, Reasons: []risk.Reason{{Name: "tor_exit", Weight: 3, Evidence: "x"}}}}, o.err
}

func (o *oracle) Learn(_ context.Context, f *risk.Feedback) (string, error) {
	o.learned = append(o.learned, *f)
	return "score1", o.err
}

// till is a fixture with tokens of a payment step, one of them bound to a site.
func till(t *testing.T, o *oracle, change func(*Options)) *fixture {
	t.Helper()
	f := newFixture(t, func(options *Options) {
		options.Risk = o
		if change != nil {
			change(options)
		}
	})
	for _, c := range []access.Caller{{Name: "till", Role: access.Risk}, {Name: "demo-till", Role: access.Risk, Sites: []string{"demo"}}} {
		token, err := access.Create(f.file, c, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f.tokens[c.Name] = token
	}
	return f
}

func TestARiskQuestionIsAnsweredAsDescribed(t *testing.T) {
	o := &oracle{}
	f := till(t, o, nil)
	code, _, body := f.ask(t, "till", http.MethodPost, "/api/risk",
		`{"site":"demo","ip":"2001:db8::1","visitor":"x.y","declared_country":"kz","amount":12.5}`)
	if code != http.StatusOK {
		t.Fatal(code, body)
	}
	obeys(t, "RiskAnswer", body)
	want := risk.Asked{
		Site: "demo", Address: netip.MustParseAddr("2001:db8::1"), Visitor: "x.y", Declared: "KZ", Amount: 12.5, Caller: "token till", Role: "risk",
	}
	if diff := cmp.Diff(want, o.asked[0], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if strings.Contains(body, "2001:db8") || strings.Contains(body, "x.y") {
		t.Errorf("the answer repeats who it was about: %s", body)
	}
}

func TestKeptScoresAreAnsweredAsDescribed(t *testing.T) {
	o := &oracle{}
	f := till(t, o, nil)
	_, _, body := f.ask(t, "security", http.MethodPost, "/api/risk/scores", `{"site":"demo","ip":"192.0.2.1","kind":"session","min":20}`)
	obeys(t, "RiskScores", body)
	want := risk.Wanted{Site: "demo", Kind: "session", Address: netip.MustParseAddr("192.0.2.1"), Least: 20, Limit: 100, Caller: "token security", Role: "security"}
	if diff := cmp.Diff(want, o.wanted[0], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("wanted (-want +got):\n%s", diff)
	}
}

func TestOnlySecurityIsToldFigures(t *testing.T) {
	f := till(t, &oracle{}, nil)
	for name, want := range map[string]string{"till": "a data centre", "security": "a data centre (Example Hosting)"} {
		_, _, body := f.ask(t, name, http.MethodPost, "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`)
		var answer riskAnswer
		if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Signals[0].Evidence != want {
			t.Errorf("%s: %s (%v), want %q", name, body, err, want)
		}
	}
}

func TestRiskQuestionsThatMakeNoSense(t *testing.T) {
	f := till(t, &oracle{}, nil)
	for _, tt := range []struct {
		name, who, path, body string
		code                  int
		want                  string
	}{
		{"no site", "till", "/api/risk", `{"ip":"192.0.2.1"}`, 400, "site is missing"},
		{"a bound token needs none", "demo-till", "/api/risk", `{"ip":"192.0.2.1"}`, 200, "score"},
		{"another's site", "demo-till", "/api/risk", `{"site":"clinic","ip":"192.0.2.1"}`, 404, "there are demo"},
		{"no such site", "till", "/api/risk", `{"site":"nope","ip":"192.0.2.1"}`, 404, "there are demo, clinic"},
		{"no address", "till", "/api/risk", `{"site":"demo","ip":"192.0.2"}`, 400, "ip: want an IPv4 or IPv6 address"},
		{"a country in words", "till", "/api/risk", `{"site":"demo","ip":"192.0.2.1","declared_country":"Kazakhstan"}`, 400, "two letters"},
		{"less than nothing", "till", "/api/risk", `{"site":"demo","ip":"192.0.2.1","amount":-1}`, 400, "amount"},
		{"an unknown key", "till", "/api/risk", `{"site":"demo","ip":"192.0.2.1","card":"x"}`, 400, "the body cannot be read"},
		{"too long", "till", "/api/risk", `{"site":"demo","ip":"192.0.2.1","visitor":"` + strings.Repeat("x", 300) + `"}`, 400, "at most 256"},
		{"an analyst", "analyst", "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`, 403, "for the roles risk and security"},
		{"an officer", "officer", "/api/risk/feedback", `{"site":"demo","score":"x","verdict":"fraud"}`, 403, "for the roles risk and security"},
		{"nobody", "", "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`, 401, "nobody holds this token"},
		{"a verdict", "till", "/api/risk/feedback", `{"site":"demo","score":"score1","verdict":"fraud"}`, 201, `"score":"score1"`},
		{"kept scores are for security", "till", "/api/risk/scores", `{"site":"demo"}`, 403, "for the role security"},
		{"kept scores of an address", "security", "/api/risk/scores", `{"site":"demo","ip":"192.0.2.1","min":20}`, 200, `"name":"tor_exit"`},
		{"kept scores of no address", "security", "/api/risk/scores", `{"site":"demo","ip":"x"}`, 400, "ip: want"},
		{"kept scores without end", "security", "/api/risk/scores", `{"site":"demo","limit":100000}`, 400, "1 to 1000"},
		{"kept scores of no site", "security", "/api/risk/scores", `{"site":"nope"}`, 404, "there are demo, clinic"},
		{"a verdict on another's site", "demo-till", "/api/risk/feedback", `{"site":"clinic","score":"score1","verdict":"fraud"}`, 404, "there are demo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, body := f.ask(t, tt.who, http.MethodPost, tt.path, tt.body)
			if code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d with %q", code, body, tt.code, tt.want)
			}
		})
	}
}

func TestTheRoleRiskMayAskNothingElse(t *testing.T) {
	f := till(t, &oracle{}, nil)
	for path, methods := range description(t).Paths {
		address := strings.NewReplacer("{name}", "pages", "{table}", "events", "{ticket}", "nope", "{step}", "nope").Replace(path)
		for method := range methods {
			open := strings.HasPrefix(path, "/api/risk") || path == "/api/openapi.json" || path == "/api/login"
			code, _, body := f.ask(t, "till", strings.ToUpper(method), address, `{}`)
			if !open && code != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", method, path, code, body)
			}
		}
	}
}

func TestQuestionsAboutRiskAreBoundedForEachToken(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	f := till(t, &oracle{}, func(o *Options) { o.RiskRate, o.Now = 3, func() time.Time { return now } })
	ask := func(who string) int {
		code, _, _ := f.ask(t, who, http.MethodPost, "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`)
		return code
	}
	for i, want := range []int{200, 200, 200, 429} {
		if got := ask("till"); got != want {
			t.Errorf("question %d: %d, want %d", i+1, got, want)
		}
	}
	if got := ask("demo-till"); got != 200 {
		t.Errorf("another token: %d", got)
	}
	now = now.Add(time.Second)
	if got := ask("till"); got != 200 {
		t.Errorf("a second later: %d", got)
	}
}

func TestAWindowThatIsNotFilledYetOrTooOldIsAskedAgainSoon(t *testing.T) {
	for err, want := range map[error]string{risk.ErrEmpty: "not read yet", risk.ErrStale: "more than a minute"} {
		f := till(t, &oracle{err: err}, nil)
		code, header, body := f.ask(t, "till", http.MethodPost, "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`)
		if code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !strings.Contains(body, want) {
			t.Errorf("%d %v %s", code, header, body)
		}
	}
}

func TestAnAnswerSaysWhatItIsMadeOf(t *testing.T) {
	for want, tt := range map[string]oracle{
		`"stale":false,"complete":true`:  {complete: true},
		`"stale":true,"complete":false`:  {stale: true},
		`"stale":false,"complete":false`: {},
	} {
		f := till(t, &tt, nil)
		_, _, body := f.ask(t, "till", http.MethodPost, "/api/risk", `{"site":"demo","ip":"192.0.2.1"}`)
		obeys(t, "RiskAnswer", body)
		if !strings.Contains(body, want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
}
