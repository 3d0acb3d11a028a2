package beacon

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/hit"
)

// withSites are options of an edge that knows a site with reports, and one without.
func withSites(p Pipeline) Options {
	options := testOptions(p)
	owns := func(host string) bool { return host == "clinic.example" }
	options.Sites = func(id string) (Site, bool) {
		site, known := map[string]Site{"clinic": {Sample: 0.25, Reports: true, Owns: owns}, "silent": {Sample: 1, Owns: owns}}[id]
		return site, known
	}
	return options
}

func report(path, kind, body string, headers ...string) string {
	lines := append([]string{"POST " + path + " HTTP/1.1", "Host: c.test", "Content-Type: " + kind, "Content-Length: " + itoa(len(body))}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

const (
	reporting = "application/reports+json"
	policing  = "application/csp-report"

	network = `{"age":60000,"type":"network-error","url":"https://clinic.example/api/slots?x=1","user_agent":"Other/1.0","body":{"sampling_fraction":0.25,` +
		`"elapsed_time":143,"phase":"connection","type":"tcp.timed_out","server_ip":"203.0.113.9","protocol":"h2","referrer":"https://clinic.example/","method":"GET","status_code":0}}`
	crash = `{"type":"crash","url":"https://clinic.example/","body":{"reason":"oom"}}`
)

func TestReportsAreRead(t *testing.T) {
	began := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	policy := hit.Hit{
		Type: "report", URL: "https://clinic.example/booking", Error: hit.Error{
			Kind: "csp-violation", Type: "script-src-elem", Message: "enforce", Source: "https://evil.test", Stack: "https://clinic.example/app.js", Line: 12, Column: 5,
		},
		Exchange: hit.Exchange{Status: 200},
	}
	for _, tt := range []struct {
		name, kind, body string
		want             hit.Hit
	}{
		{"a network error", reporting, "[" + network + "]", hit.Hit{
			Type: "report", URL: "https://clinic.example/api/slots?x=1", Time: began.Add(-time.Minute), Weight: 4,
			Error:    hit.Error{Kind: "network-error", Type: "tcp.timed_out"},
			Exchange: hit.Exchange{Phase: "connection", Protocol: "h2", Method: "GET", DurationMS: 143},
		}},
		{
			"a network error with hyphens and a status, alone", reporting,
			`{"body":{"sampling-fraction":1,"elapsed-time":20.5,"phase":"application","type":"http.error","status-code":503},"url":"https://clinic.example/","type":"network-error","age":0}`,
			hit.Hit{
				Type: "report", URL: "https://clinic.example/", Time: began,
				Error:    hit.Error{Kind: "network-error", Type: "http.error"},
				Exchange: hit.Exchange{Phase: "application", Status: 503, DurationMS: 20.5},
			},
		},
		{
			"a violation, as today's browsers write it", reporting,
			`[{"age":0,"type":"csp-violation","url":"https://clinic.example/other","body":{"documentURL":"https://clinic.example/booking","blockedURL":"https://evil.test/a.js?u=1",` +
				`"effectiveDirective":"script-src-elem","originalPolicy":"default-src 'self'","sourceFile":"https://clinic.example/app.js","lineNumber":12,"columnNumber":5,` +
				`"statusCode":200,"disposition":"enforce","sample":"secret"}}]`,
			func() hit.Hit { h := policy; h.Time = began; return h }(),
		},
		{
			"a violation of the page itself, while it was being read", reporting,
			`[{"age":0,"type":"csp-violation","url":"https://clinic.example/booking?day=2","body":{"documentURL":"https://clinic.example/booking?day=2","blockedURL":"https://evil.test/a.js",` +
				`"effectiveDirective":"script-src-elem","sourceFile":"https://clinic.example/booking","lineNumber":12,"columnNumber":5,"statusCode":200,"disposition":"enforce"}}]`,
			func() hit.Hit {
				h := policy
				h.Time, h.URL, h.Error.Stack = began, "https://clinic.example/booking?day=2", ""
				return h
			}(),
		},
		{
			"a violation, as the report-uri had it", policing,
			`{"csp-report":{"document-uri":"https://clinic.example/booking","referrer":"","violated-directive":"script-src-elem https://clinic.example","blocked-uri":"https://evil.test",` +
				`"original-policy":"default-src 'self'","source-file":"https://clinic.example/app.js","line-number":12,"column-number":5,"status-code":200,"disposition":"enforce","script-sample":"secret"}}`,
			func() hit.Hit { h := policy; h.Time = began; return h }(),
		},
		{
			"a deprecation", reporting, `[{"type":"deprecation","url":"https://clinic.example/","body":{"id":"UnloadHandler","message":"Unload","sourceFile":"https://clinic.example/a.js","lineNumber":1,"columnNumber":2,"anticipatedRemoval":null}}]`,
			hit.Hit{
				Type: "report", URL: "https://clinic.example/", Time: began,
				Error: hit.Error{Kind: "deprecation", Type: "UnloadHandler", Message: "Unload", Source: "https://clinic.example/a.js", Line: 1, Column: 2},
			},
		},
		{"a crash", reporting, "[" + crash + "]", hit.Hit{Type: "report", URL: "https://clinic.example/", Time: began, Error: hit.Error{Kind: "crash", Type: "oom"}}},
		{
			"older than a week, with values of other types than their keys have", reporting,
			`[{"age":604800001,"type":"intervention","url":"https://clinic.example/","body":{"id":7,"message":{"a":[1]},"lineNumber":"12","status_code":null}}]`,
			hit.Hit{Type: "report", URL: "https://clinic.example/", Error: hit.Error{Kind: "intervention"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{}
			options := withSites(p)
			options.Now = func() time.Time { return began }
			_, dial := inMemory(t, options)
			got := ask(t, dial(), report("/r/clinic", tt.kind, tt.body, "User-Agent: Chrome", "Sec-GPC: 1"))
			if got.Status != 202 || got.Header.Get("Mayak-Outcome") != "stored" || got.Body != "" {
				t.Fatalf("%d %q %q", got.Status, got.Header.Get("Mayak-Outcome"), got.Body)
			}
			want := tt.want
			want.Way, want.Received, want.Site, want.UserAgent, want.GPC = hit.Report, began, "clinic", "Chrome", true
			if len(p.hits) != 1 {
				t.Fatalf("%d hits", len(p.hits))
			}
			type fields hit.Hit // a hit prints nothing
			if diff := cmp.Diff(fields(want), fields(p.hits[0]), cmpopts.IgnoreFields(fields{}, "Address")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportAnswers(t *testing.T) {
	const preflight = " HTTP/1.1\r\nHost: c.test\r\nAccess-Control-Request-Method: POST\r\nOrigin: "
	many := strings.TrimSuffix(strings.Repeat(crash+",", 103), ",")
	for _, tt := range []struct {
		name, raw    string
		status       int
		outcome      string
		text, origin string
		refused      []hit.Reason
	}{
		{name: "a preflight of the site's page", raw: "OPTIONS /r/clinic" + preflight + "https://Clinic.example:8443\r\n\r\n", status: 204, origin: "https://Clinic.example:8443"},
		{name: "a preflight of another page", raw: "OPTIONS /r/clinic" + preflight + "https://evil.test\r\n\r\n", status: 403, text: "origin: its host name is not one of the site's"},
		{name: "a preflight of no page", raw: "OPTIONS /r/clinic" + preflight + "null\r\n\r\n", status: 403, text: "origin: its host name"},
		{name: "a preflight for an unknown site", raw: "OPTIONS /r/nobody" + preflight + "https://clinic.example\r\n\r\n", status: 404, text: "not a site"},
		{name: "a wrong method", raw: get("/r/clinic"), status: 405, outcome: "dropped; reason=malformed", text: "want POST, OPTIONS", origin: "*", refused: []hit.Reason{hit.Malformed}},
		{name: "another path", raw: get("/r/clinic/x"), status: 404, text: "no such path"},
		{name: "an unknown site", raw: report("/r/nobody", reporting, "[]"), status: 404, outcome: "dropped; reason=unknown_site", text: "not a site", origin: "*", refused: []hit.Reason{hit.UnknownSite}},
		{name: "a site that wants none", raw: report("/r/silent", reporting, "["+crash+"]"), status: 410, outcome: "dropped; reason=reports_off", text: "reports: switched off", origin: "*", refused: []hit.Reason{hit.ReportsOff}},
		{name: "another type of body", raw: report("/r/clinic", "text/plain", "["+crash+"]"), status: 415, outcome: "dropped; reason=malformed", text: "want application/reports+json or", origin: "*", refused: []hit.Reason{hit.Malformed}},
		{name: "an encoded body", raw: report("/r/clinic", reporting, "[]", "Content-Encoding: gzip"), status: 415, outcome: "dropped; reason=malformed", text: "not encoded", origin: "*", refused: []hit.Reason{hit.Malformed}},
		{name: "no JSON", raw: report("/r/clinic", reporting, "[{]"), status: 400, outcome: "dropped; reason=malformed", text: "body: not JSON", origin: "*", refused: []hit.Reason{hit.Malformed}},
		{name: "no reports", raw: report("/r/clinic", reporting, "[]"), status: 400, outcome: "dropped; reason=malformed", text: "body: want an array of reports", origin: "*", refused: []hit.Reason{hit.Malformed}},
		{name: "no policy's report", raw: report("/r/clinic", policing, "{}"), status: 400, outcome: "dropped; reason=malformed", text: `csp-report`, origin: "*", refused: []hit.Reason{hit.Malformed}},
		{
			name: "kinds that nobody asked for", raw: report("/r/clinic", reporting+"; charset=utf-8", `[{"type":"coep","url":"https://clinic.example/"},`+crash+`]`), status: 202,
			outcome: `stored; count=1, dropped; reason=unknown_type; count=1; error="[0].type: want network-error (that is no success), csp-violation, deprecation, intervention or crash"`,
			origin:  "*", refused: []hit.Reason{hit.UnknownType},
		},
		{
			name: "a success", raw: report("/r/clinic", reporting, `[{"type":"network-error","url":"https://clinic.example/","body":{"type":"ok"}}]`), status: 202,
			outcome: `dropped; reason=unknown_type; error="[0].type: want network-error (that is no success), csp-violation, deprecation, intervention or crash"`,
			origin:  "*", refused: []hit.Reason{hit.UnknownType},
		},
		{
			name: "no address, no object", raw: report("/r/clinic", reporting, `[{"type":"crash"},7]`), status: 202,
			outcome: `dropped; reason=malformed; error="[0].url: missing"`, origin: "*", refused: []hit.Reason{hit.Malformed, hit.Malformed},
		},
		{
			name: "a foreign origin", raw: report("/r/clinic", reporting, `[{"type":"crash","url":"https://unknown_host/"},`+crash+`]`), status: 202,
			outcome: "stored; count=1, dropped; reason=unknown_host; count=1", origin: "*",
		},
		{
			name: "more than a browser keeps", raw: report("/r/clinic", reporting, "["+many+"]"), status: 202,
			outcome: `stored; count=100, dropped; reason=too_large; count=3; error="[100].body: want at most 100 reports"`,
			origin:  "*", refused: []hit.Reason{hit.TooLarge, hit.TooLarge, hit.TooLarge},
		},
		{
			name: "more than 64 KiB", raw: report("/r/clinic", reporting, "["+strings.Repeat(" ", 64<<10)+"]"), status: 413,
			outcome: "dropped; reason=too_large", text: "want at most 65536 bytes", origin: "*", refused: []hit.Reason{hit.TooLarge},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{decide: decideByHost}
			_, dial := inMemory(t, withSites(p))
			got := ask(t, dial(), tt.raw)
			if got.Status != tt.status || got.Header.Get("Mayak-Outcome") != tt.outcome || !strings.Contains(got.Body, tt.text) {
				t.Errorf("%d %q %q", got.Status, got.Header.Get("Mayak-Outcome"), got.Body)
			}
			if allowed := got.Header.Get("Access-Control-Allow-Origin"); allowed != tt.origin {
				t.Errorf("Access-Control-Allow-Origin: %q, want %q", allowed, tt.origin)
			}
			if diff := cmp.Diff(tt.refused, p.refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportsAreCountedByKindAndLimitedByClient(t *testing.T) {
	p := &recorder{}
	options := withSites(p)
	registry := prometheus.NewRegistry()
	options.Registerer, options.Limits.Rate, options.Limits.Burst = registry, 0.001, 5
	_, dial := inMemory(t, options)
	c := dial()
	ask(t, c, report("/r/clinic", reporting, "["+crash+","+network+","+crash+`,{"type":"coep"},`+crash+","+crash+"]"))
	const want = `# HELP mayak_collector_beacon_reports_total Reports of browsers that could be read, by what they are of; other ones are ignored.
# TYPE mayak_collector_beacon_reports_total counter
mayak_collector_beacon_reports_total{type="crash"} 4
mayak_collector_beacon_reports_total{type="network-error"} 1
mayak_collector_beacon_reports_total{type="other"} 1
`
	if err := testutil.GatherAndCompare(nonZero{registry}, strings.NewReader(want), "mayak_collector_beacon_reports_total"); err != nil {
		t.Error(err)
	}
	if got := ask(t, c, report("/r/clinic", reporting, "["+crash+"]")); got.Status != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("the seventh report at once: %d, Retry-After %q", got.Status, got.Header.Get("Retry-After"))
	}
}

func TestReportsThatCannotBeStoredAreAskedForAgain(t *testing.T) {
	_, dial := inMemory(t, withSites(&recorder{err: errors.Join(ErrOverloaded)}))
	got := ask(t, dial(), report("/r/clinic", reporting, "["+crash+"]"))
	if got.Status != 503 || got.Header.Get("Retry-After") == "" || got.Header.Get("Mayak-Outcome") != "dropped; reason=overloaded" {
		t.Errorf("%d, %v", got.Status, got.Header)
	}
}

func TestHeadersToSendNameTheCollectorAsItWasAskedFor(t *testing.T) {
	_, dial := inMemory(t, withSites(&recorder{}))
	c := dial()
	got := ask(t, c, "GET /r/clinic/headers HTTP/1.1\r\nHost: stats.example:8443\r\n\r\n")
	for _, want := range []string{
		`add_header Reporting-Endpoints 'default="https://stats.example:8443/r/clinic", mayak="https://stats.example:8443/r/clinic"' always;`,
		`"failure_fraction":0.25}`, `Header always set NEL "{\"report_to\":\"mayak\"`, "header {\n\tReporting-Endpoints `default=", "another host",
	} {
		if got.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("%d: %q is not in\n%s", got.Status, want, got.Body)
		}
	}
	if strings.ContainsAny(strings.ReplaceAll(got.Body, `{"`, ""), "{") && strings.Contains(got.Body, "{endpoint}") {
		t.Error("a placeholder is left")
	}
	if got := ask(t, c, "GET /r/silent/headers HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"); !strings.Contains(got.Body, "http://localhost:8080/r/silent") || !strings.Contains(got.Body, "answered with 410") {
		t.Errorf("of a site without reports, on this machine:\n%s", got.Body)
	}
	for raw, status := range map[string]int{
		"GET /r/nobody/headers HTTP/1.1\r\nHost: c.test\r\n\r\n": 404, "POST /r/clinic/headers HTTP/1.1\r\nHost: c.test\r\nContent-Length: 0\r\n\r\n": 405,
		"GET /r/clinic/headers HTTP/1.1\r\nHost: a\"b\r\n\r\n": 400,
	} {
		if got := ask(t, dial(), raw); got.Status != status {
			t.Errorf("%q: %d, want %d", raw, got.Status, status)
		}
	}
}

func TestHeadersToSendNameThePathBelowWhichTheCollectorIs(t *testing.T) {
	options := withSites(&recorder{})
	for _, tt := range []struct {
		proxies, header string
		status          int
		want            string
	}{
		{"127.0.0.0/8", "X-Forwarded-Prefix: /assets/x", 200, `"https://c.test/assets/x/r/clinic"`},
		{"127.0.0.0/8", "X-Forwarded-Prefix: /assets/x/", 200, `"https://c.test/assets/x/r/clinic"`},
		{"127.0.0.0/8", "", 200, `"https://c.test/r/clinic"`},
		{"10.0.0.0/8", "X-Forwarded-Prefix: /assets/x", 200, `"https://c.test/r/clinic"`},
		{"127.0.0.0/8", `X-Forwarded-Prefix: /a";evil`, 400, "x-forwarded-prefix"},
		{"127.0.0.0/8", "X-Forwarded-Prefix: //evil.test", 400, "x-forwarded-prefix"},
		{"127.0.0.0/8", "X-Forwarded-Prefix: evil.test", 400, "x-forwarded-prefix"},
	} {
		options.TrustedProxies, options.Registerer = prefixes(tt.proxies), prometheus.NewRegistry()
		s, ctx := New(options), arrived(t, get("/r/clinic/headers", tt.header))
		s.handle(ctx)
		if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s from %s: %d without %s:\n%s", tt.header, tt.proxies, ctx.Response.StatusCode(), tt.want, got)
		}
	}
}

// captured are bodies as Chromium 156 sent them, by their names in testdata/reports.
func captured(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/reports/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no captured reports: %v", err)
	}
	bodies := map[string][]byte{}
	for _, file := range files {
		if bodies[strings.TrimSuffix(filepath.Base(file), ".json")], err = os.ReadFile(file); err != nil {
			tb.Fatal(err)
		}
	}
	return bodies
}

func TestReportsOfARealBrowserAreReadWhole(t *testing.T) {
	got := map[string][]string{}
	for name, body := range captured(t) {
		form := reportingContent
		if name == "csp-uri" {
			form = policyContent
		}
		r := new(request)
		if p := r.decodeReports(body, form, func(reportKind) {}); p != (problem{}) || len(r.refusals) > 0 {
			t.Errorf("%s: %v, %d refused", name, p, len(r.refusals))
		}
		for i := range r.hits {
			h := &r.hits[i]
			got[name] = append(got[name], strings.Join([]string{h.Error.Kind, h.Error.Type, h.Error.Source, h.Exchange.Phase, h.Exchange.Protocol}, "|"))
		}
	}
	want := map[string][]string{
		"csp": {"csp-violation|img-src|https://evil.test||"}, "csp-uri": {"csp-violation|img-src|https://clinic.example:45769||"},
		"intervention": {"intervention|NavigatorVibrate|https://clinic.example:45769/old||"},
		"deprecations": {
			"deprecation|UnloadHandler|https://clinic.example:45769/old||",
			"deprecation|XMLHttpRequestSynchronousInNonWorkerOutsideBeforeUnload|https://clinic.example:45769/old||",
		},
		"network": {"network-error|tcp.closed||connection|http/1.1", "network-error|http.response.invalid.empty||application|http/1.1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzReports checks that no body makes more hits than a browser keeps reports, and that used memory changes nothing.
func FuzzReports(f *testing.F) {
	for _, seed := range []string{network, crash, "[" + network + "," + crash + "]", `{"csp-report":{"document-uri":"a","blocked-uri":"b:c"}}`, `[[[[[[[`, `{"body":{"body":{}}}`, `[{"age":1e999,"type":"crash","url":"x"}]`} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	for name, body := range captured(f) {
		f.Add(body, name == "csp-uri")
	}
	reused := new(request)
	f.Fuzz(func(t *testing.T, body []byte, policy bool) {
		form := reportingContent
		if policy {
			form = policyContent
		}
		kinds := 0
		count := func(reportKind) { kinds++ }
		fresh := new(request)
		wrong := fresh.decodeReports(body, form, count)
		for i := range fresh.hits {
			if h := &fresh.hits[i]; h.Type != "report" || h.URL == "" || h.Error.Kind == "" || len(h.URL)+len(h.Error.Message)+len(h.Error.Source) > 3*len(body) {
				t.Fatalf("hit %d is not whole, or larger than what came", i)
			}
		}
		if len(fresh.hits) > maxReports || len(fresh.hits) > kinds {
			t.Fatalf("%d hits of %d reports", len(fresh.hits), kinds)
		}
		if again := reused.decodeReports(body, form, func(reportKind) {}); again != wrong || len(reused.hits) != len(fresh.hits) || len(reused.refusals) != len(fresh.refusals) {
			t.Fatalf("read again in used memory: %v, want %v", again, wrong)
		}
		reused.reset()
	})
}
