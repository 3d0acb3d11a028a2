package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// measured is the tag of a page that measures itself.
const measured = `<script defer src="COLLECTOR/m.js" data-site="clinic" data-diagnostics></script>`

// startFaulty is a site whose page measures itself, and whose server fails.
func startFaulty(t *testing.T, s *stack) string {
	t.Helper()
	tag := strings.NewReplacer("COLLECTOR", s.collectorURL(), "clinic", "demo").Replace(measured)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/faulty":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, top+tag+`<h1 id="card-77">Appointments of the day</h1><p>Choose one.</p><img src="/photos/870412300129.jpg?token=secret">`)
		case strings.HasPrefix(r.URL.Path, "/api/cut"):
			panic(http.ErrAbortHandler)
		case strings.HasPrefix(r.URL.Path, "/api/works"):
			_, _ = io.WriteString(w, "ok")
		case strings.HasPrefix(r.URL.Path, "/api/"):
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

const mischief = `(async () => {
	await fetch('/api/v2/orders/870412300129?code=1').catch(() => 0);
	await fetch('/api/works/1');
	const late = fetch('/api/works/late');
	pass(4000);
	await late;
	const stopped = new AbortController();
	const ended = fetch('/api/works/2', {signal: stopped.signal}).catch(() => 0);
	stopped.abort();
	await ended;
	await new Promise(done => {
		const request = new XMLHttpRequest();
		request.open('post', '/api/cut/5');
		request.onloadend = done;
		request.send('x');
	});
	for (const n of [1, 2]) setTimeout(() => { throw new TypeError('no slot for ivan@mail.ru') });
	Promise.reject(new RangeError('too far'));
	await new Promise(done => setTimeout(done, 100));
	const end = performance.now() + 300;
	while (performance.now() < end);
	await new Promise(done => setTimeout(done, 100));
	return mayak.ref() + mayak.ref();
})()`

// testDiagnostics has a page that is made to fail tell of it, down to the stored rows.
func testDiagnostics(t *testing.T, s *stack) {
	site := startFaulty(t, s)
	tab := newPerson(t)
	tab.Before(clock)
	tab.Open(site + "/faulty")
	tab.Run(`new Promise(done => { const look = () => mayak.ref ? done() : setTimeout(look, 20); look(); })`)
	page := Eval[string](tab, `mayak.page`)
	code := Eval[string](tab, mischief)
	tab.Hide()

	ofPage := "page = '" + page + "' AND "
	told := s.await(t, 1, ofPage+"reference != ''")
	if !regexp.MustCompile(`^[2-9A-HJ-NP-Z]{8}$`).MatchString(told[0]["reference"]) || code != told[0]["reference"]+told[0]["reference"] || len(told) != 1 {
		t.Errorf("the reference %q is stored in %d rows, first as %q", code, len(told), told[0]["reference"])
	}
	for _, want := range []struct {
		condition string
		row       row
	}{
		{"error_kind = 'fetch' AND error_type = 'status'", row{"error_source": "/api/v2/orders/:id", "method": "GET", "status": "503"}},
		{"error_kind = 'fetch' AND error_type = 'network'", row{"error_source": "/api/cut/:id", "method": "POST", "status": ""}},
		{"error_kind = 'fetch' AND error_type = 'slow' AND duration_ms >= 4000", row{"error_source": "/api/works/late", "method": "GET", "status": "200"}},
		{"error_kind = 'resource'", row{"error_type": "img", "error_source": site + "/photos/:id.jpg"}},
		{"error_kind = 'error'", row{"error_type": "TypeError", "error_message": "Uncaught TypeError: no slot for [email]"}},
		{"error_kind = 'unhandledrejection'", row{"error_type": "RangeError", "error_message": "too far"}},
		{"error_kind = 'longtask'", row{}},
	} {
		rows := s.await(t, 1, ofPage+"type = 'error' AND "+want.condition)
		for name, value := range want.row {
			if rows[0][name] != value || len(rows) != 1 {
				t.Errorf("%s: %d rows, %s = %q, want %q", want.condition, len(rows), name, rows[0][name], value)
			}
		}
		if rows[0]["fingerprint"] == "" || rows[0]["weight"] != "" {
			t.Errorf("%s: fingerprint %q, weight %q", want.condition, rows[0]["fingerprint"], rows[0]["weight"])
		}
	}
	checkVitals(t, s.await(t, 1, ofPage+"type = 'vitals' AND reference = ''"))
	if n := s.count(t, "events WHERE "+ofPage+"(type IN ('pageview', 'event') OR toString(tuple(*)) LIKE '%870412300129%')"); n != 0 {
		t.Errorf("%d rows count as traffic, or hold a number that stood in an address", n)
	}
}

func checkVitals(t *testing.T, rows []row) {
	t.Helper()
	if len(rows) != 1 {
		t.Fatalf("%d rows of measurements", len(rows))
	}
	got := rows[0]
	want := row{"attribution.navigation": "navigate", "attribution.lcp_element": "#card-0", "protocol": "http/1.1", "status": "200", "path": "/faulty"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s = %q, want %q", name, got[name], value)
		}
	}
	for _, name := range []string{"vitals.ttfb", "vitals.fcp", "vitals.lcp", "bytes"} {
		if value, err := strconv.ParseFloat(got[name], 64); err != nil || value <= 0 {
			t.Errorf("%s = %q", name, got[name])
		}
	}
}

func TestResourcesThatDoNotComeAreTold(t *testing.T) {
	v := newMeasured(t, "")
	v.Run(`new Promise(done => { const image = new Image(); image.onerror = done; image.src = '/photos/870412300129.jpg?token=secret'; document.body.append(image); })`)
	got := v.collector.await(t, 1, ofType("error"))[0]
	if got.Error.Kind != "resource" || got.Error.Type != "img" || got.Error.Source != v.site+"/photos/:id.jpg" || got.Weight != 1 {
		t.Errorf("told %+v with weight %v", got.Error, got.Weight)
	}
}

func newMeasured(t *testing.T, before string) visit {
	t.Helper()
	// The strict policy of these sites has the page write the module's tag itself.
	v := newVisit(t, shared(t), map[string]string{"/": top + tag + `<script defer src="COLLECTOR/m.d.js?site=clinic"></script><h1>Clinic</h1>`})
	v.Before(before)
	v.Open(v.site + "/")
	return v
}

func TestAPageTellsOfTenFaultsAtMost(t *testing.T) {
	v := newMeasured(t, "")
	v.collector.await(t, 1, ofType("pageview"))
	v.Run(`for (let n = 0; n < 30; n++) setTimeout(() => { throw new Error('fault ' + n + ' ' + 'x'.repeat(10000)); }); new Promise(done => setTimeout(done, 300))`)
	v.settle(t)
	told := v.collector.got(ofType("error"))
	if len(told) != 10 {
		t.Errorf("told of %d faults", len(told))
	}
	for _, event := range told {
		if len(event.Error.Message) > 500 || len(event.Error.Stack) > 4000 {
			t.Errorf("%d bytes of message, %d of stack", len(event.Error.Message), len(event.Error.Stack))
		}
	}
}

// Each case is a browser in which something that the module needs is broken.
func TestAModuleThatFailsBreaksNothing(t *testing.T) {
	for name, before := range map[string]string{
		"observers throw":              `window.PerformanceObserver = class { constructor() { throw new Error('no') } }`,
		"there are no observers":       `delete window.PerformanceObserver`,
		"entries throw":                `performance.getEntriesByType = () => { throw new Error('no') }`,
		"fetch cannot be replaced":     `Object.defineProperty(window, 'fetch', {value: window.fetch, writable: false})`,
		"fetch answers nonsense":       `{ const real = window.fetch; window.fetch = (url, how) => String(url).includes('/own') ? 42 : real(url, how); }`,
		"requests cannot be sealed":    `Object.freeze(XMLHttpRequest.prototype)`,
		"random numbers throw":         `crypto.getRandomValues = () => { throw new Error('no') }`,
		"the main script is not there": `Object.defineProperty(window, 'mayak', {value: undefined, writable: false})`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newMeasured(t, before)
			v.Run(`history.pushState(null, '', '/a')`)
			got := Eval[string](v.Tab, `(async () => {
				const seen = [];
				for (const ask of [() => fetch('/own'), () => new Promise(done => {
					const request = new XMLHttpRequest();
					request.onloadend = () => done(request);
					request.open('GET', '/own');
					request.send();
				})]) {
					try { seen.push(typeof await ask()); } catch (error) { seen.push(error.name); }
				}
				return seen.join(' ') + ' ' + location.pathname;
			})()`)
			want := "TypeError object /a" // the site's policy forbids both requests, as without the script
			if name == "fetch answers nonsense" {
				want = "number object /a"
			}
			if got != want {
				t.Errorf("the page's own requests and navigation: %q, want %q", got, want)
			}
			v.Hide()
			v.Show()
			for _, complaint := range v.Complaints() {
				if !strings.Contains(complaint, "Content Security Policy") && !strings.Contains(complaint, "/own") {
					t.Errorf("the page had to hear: %q", complaint)
				}
			}
		})
	}
}
