package beacon

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/hit"
)

// head are the headers of an answer that a test names.
func head(from http.Header, names ...string) map[string]string {
	picked := make(map[string]string)
	for _, name := range names {
		if value, ok := from[http.CanonicalHeaderKey(name)]; ok {
			picked[name] = strings.Join(value, " | ")
		}
	}
	return picked
}

func TestAnswersOfTheEdge(t *testing.T) {
	t.Parallel()
	chunk := func(n int) string { return "8000\r\n" + strings.Repeat("x", 0x8000) + "\r\n" }
	shown := []string{"Mayak-Outcome", "Retry-After", "Allow", "Content-Type", "Access-Control-Allow-Origin", "Access-Control-Max-Age", "Server"}
	const json = "application/json"
	for _, tt := range []struct {
		name, raw string
		status    int
		body      string
		header    map[string]string
		refused   []hit.Reason
	}{
		{
			"a preflight", "OPTIONS /e HTTP/1.1\r\nHost: c.test\r\nOrigin: https://s.test\r\nAccess-Control-Request-Method: POST\r\n\r\n", 204, "",
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "86400"},
			nil,
		},
		{
			"a wrong method for an event", get("/e"), 405, `{"error":"method: want POST, OPTIONS"}` + "\n",
			map[string]string{"Allow": "POST, OPTIONS", "Content-Type": json, "Access-Control-Allow-Origin": "*", "Mayak-Outcome": "dropped; reason=malformed"},
			[]hit.Reason{hit.Malformed},
		},
		{
			"a wrong method for a pixel", "POST /p.gif HTTP/1.1\r\nHost: c.test\r\nContent-Length: 0\r\n\r\n", 405, `{"error":"method: want GET"}` + "\n",
			map[string]string{"Allow": "GET", "Content-Type": json, "Access-Control-Allow-Origin": "*", "Mayak-Outcome": "dropped; reason=malformed"},
			[]hit.Reason{hit.Malformed},
		},
		{
			"a wrong method for the script", "DELETE /m.js HTTP/1.1\r\nHost: c.test\r\n\r\n", 405, `{"error":"method: want GET, HEAD"}` + "\n",
			map[string]string{"Allow": "GET, HEAD", "Content-Type": json},
			nil,
		},
		{"an unknown path", get("/wp-login.php"), 404, `{"error":"no such path"}` + "\n", map[string]string{"Content-Type": json}, nil},
		{"the root", get("/"), 200, plainText, map[string]string{"Content-Type": "text/plain; charset=utf-8"}, nil},
		{
			"a body that is declared too large", "POST /e HTTP/1.1\r\nHost: c.test\r\nContent-Length: 65537\r\n\r\n", 413,
			`{"error":"body: want at most 65536 bytes"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*", "Mayak-Outcome": "dropped; reason=too_large"},
			[]hit.Reason{hit.TooLarge},
		},
		{
			"a body that grows too large", "POST /e HTTP/1.1\r\nHost: c.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(1) + chunk(2) + "1\r\n", 413,
			`{"error":"body: want at most 65536 bytes"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*", "Mayak-Outcome": "dropped; reason=too_large"},
			[]hit.Reason{hit.TooLarge},
		},
		{
			"a chunked body within the limit", "POST /e HTTP/1.1\r\nHost: c.test\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + good + "\r\n0\r\n\r\n", 202, "",
			map[string]string{"Access-Control-Allow-Origin": "*", "Mayak-Outcome": "stored"},
			nil,
		},
		{
			"a body that waits to be asked for", post(good, "Expect: 100-continue"), 202, "",
			map[string]string{"Access-Control-Allow-Origin": "*", "Mayak-Outcome": "stored"},
			nil,
		},
		{
			"a body of another type", strings.Replace(post(good), "text/plain", "multipart/form-data; boundary=x", 1), 202, "",
			map[string]string{"Access-Control-Allow-Origin": "*", "Mayak-Outcome": "stored"},
			nil,
		},
		{
			"a compressed body", post("\x1f\x8b\x08", "Content-Encoding: gzip"), 400, `{"error":"content-encoding: want none"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*", "Mayak-Outcome": "dropped; reason=malformed"},
			[]hit.Reason{hit.Malformed},
		},
		{
			"a large header", get("/e", "Cookie: "+strings.Repeat("x", 20<<10)), 431, `{"error":"request line and headers are too long"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*"},
			nil,
		},
		{
			"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, `{"error":"not an HTTP request"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*"},
			nil,
		},
		{
			"a chunk that is none", "POST /e HTTP/1.1\r\nHost: c.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, `{"error":"not an HTTP request"}` + "\n",
			map[string]string{"Content-Type": json, "Access-Control-Allow-Origin": "*"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &recorder{}
			_, dial := inMemory(t, testOptions(p))
			c := dial()
			from := bufio.NewReader(c)
			go io.WriteString(c, tt.raw) // what is refused early is not read to its end
			got := readAnswer(t, from, false)
			if got.Status == http.StatusContinue {
				got = readAnswer(t, from, false)
			}
			if got.Status != tt.status || got.Body != tt.body {
				t.Errorf("answer %d %q, want %d %q", got.Status, got.Body, tt.status, tt.body)
			}
			if diff := cmp.Diff(tt.header, head(got.Header, shown...)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.refused, p.refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhenNothingCanBeStored(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		panics any
		reason string
	}{
		{"the spool is full", errors.Join(errors.New("spool"), ErrOverloaded), nil, "overloaded"},
		{"the disk refuses", errors.New("no space left"), nil, "storage_error"},
		{"a panic", nil, "at http://localhost/secret", "storage_error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log sharedLog
			p := &recorder{err: tt.err, decide: func(*hit.Hit) hit.Reason {
				if tt.panics != nil {
					panic(tt.panics)
				}
				return hit.Kept
			}}
			options := testOptions(p)
			options.Log = slog.New(slog.NewTextHandler(&log, nil))
			if tt.panics != nil {
				options.Pipeline = panicking{p}
			}
			s, dial := inMemory(t, options)
			c := dial()
			got := ask(t, c, post(good))
			want := map[string]string{"Mayak-Outcome": "dropped; reason=" + tt.reason, "Retry-After": "30", "Access-Control-Allow-Origin": "*"}
			if diff := cmp.Diff(want, head(got.Header, "Mayak-Outcome", "Retry-After", "Access-Control-Allow-Origin")); got.Status != 503 || diff != "" {
				t.Errorf("status %d, header (-want +got):\n%s", got.Status, diff)
			}
			if !strings.HasPrefix(got.Body, `{"error":`) {
				t.Errorf("body %q", got.Body)
			}
			pixel := ask(t, c, get("/p.gif?site=demo&url=u"))
			if outcome := pixel.Header.Get("Mayak-Outcome"); outcome != "dropped; reason="+tt.reason {
				t.Errorf("the pixel says %q", outcome)
			}
			if tt.panics != nil {
				if n := testutil.ToFloat64(s.metrics.panics); n != 2 {
					t.Errorf("%v panics counted, want 2", n)
				}
				if strings.Contains(log.String(), "secret") {
					t.Errorf("what a page sent stands in the log: %s", log.String())
				}
			} else if pixel.Body != transparent {
				t.Error("the picture is broken")
			}
		})
	}
}

// sharedLog is a log that the test reads while the server still writes.
type sharedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *sharedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// panicking is a pipeline with a bug.
type panicking struct{ *recorder }

func (p panicking) Accept([]hit.Hit, []hit.Reason) error { panic("at http://localhost/secret") }

func TestFailureIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := &health{log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	full := errors.Join(ErrOverloaded)
	for _, step := range []struct {
		err   error
		after time.Duration
		lines int
	}{
		{nil, 0, 0},
		{full, time.Second, 1},
		{full, time.Second, 1},
		{nil, time.Second, 1}, // it comes and goes at the limit
		{full, time.Second, 1},
		{errors.New("disk"), time.Second, 2},
		{nil, 9 * time.Second, 2},
		{nil, time.Second, 3},
		{nil, time.Second, 3},
		{full, time.Second, 4},
	} {
		now = now.Add(step.after)
		h.note(step.err)
		if lines := strings.Count(log.String(), "\n"); lines != step.lines {
			t.Errorf("after %v at %s: %d lines, want %d", step.err, now.Format(time.TimeOnly), lines, step.lines)
		}
	}
}

func TestAFailingDiskMakesUnreadyForAWhile(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := &health{log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}
	for _, step := range []struct {
		err   error
		after time.Duration
		want  bool
	}{
		{nil, 0, false},
		{errors.Join(ErrOverloaded), 0, false},
		{errors.New("disk"), 0, true},
		{nil, unreadyFor - 1, true},
		{nil, 1, false},
	} {
		now = now.Add(step.after)
		if h.note(step.err); h.isFailing() != step.want {
			t.Errorf("%v after %v: failing %v, want %v", step.err, step.after, h.isFailing(), step.want)
		}
	}
}

func TestManyRequestsOfOneConnection(t *testing.T) {
	p := &recorder{}
	_, dial := inMemory(t, testOptions(p))
	c := dial()
	from := bufio.NewReader(c)
	// Pipelined: all are written before the first answer is read.
	all := post(good) + get("/p.gif?site=demo&url=u") + get("/m.js") + "HEAD /m.js HTTP/1.1\r\nHost: c.test\r\n\r\n" + get("/nowhere") + post("nonsense") + post(good)
	if _, err := io.WriteString(c, all); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{202, 200, 200, 200, 404, 400, 202} {
		if got := readAnswer(t, from, i == 3); got.Status != want {
			t.Errorf("answer %d is %d, want %d", i, got.Status, want)
		}
	}
	if len(p.hits) != 3 {
		t.Errorf("%d hits, want 3", len(p.hits))
	}
	old := ask(t, dial(), strings.Replace(post(good), "HTTP/1.1", "HTTP/1.0", 1))
	if old.Status != 202 {
		t.Errorf("HTTP/1.0 is answered with %d", old.Status)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	options := testOptions(&recorder{})
	options.Registerer = registry
	_, dial := inMemory(t, options)
	c := dial()
	ask(t, c, post(`{"site":"demo","url":"u","ip":"203.0.113.9","nonsense":1}`))
	ask(t, c, post("nonsense"))
	ask(t, c, get("/p.gif"))
	ask(t, c, get("/m.js"))
	const want = `
# HELP mayak_collector_beacon_requests_total Requests answered, by what was asked for and the class of the status.
# TYPE mayak_collector_beacon_requests_total counter
mayak_collector_beacon_requests_total{code="2xx",route="event"} 1
mayak_collector_beacon_requests_total{code="4xx",route="event"} 1
mayak_collector_beacon_requests_total{code="2xx",route="pixel"} 1
mayak_collector_beacon_requests_total{code="2xx",route="script"} 1
# HELP mayak_collector_beacon_unknown_keys_total Keys of hits that the wire format does not know; they are ignored.
# TYPE mayak_collector_beacon_unknown_keys_total counter
mayak_collector_beacon_unknown_keys_total 2
# HELP mayak_collector_beacon_connections Connections open.
# TYPE mayak_collector_beacon_connections gauge
mayak_collector_beacon_connections 1
`
	err := testutil.GatherAndCompare(nonZero{registry}, strings.NewReader(want),
		"mayak_collector_beacon_requests_total", "mayak_collector_beacon_unknown_keys_total", "mayak_collector_beacon_connections")
	if err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("metrics break the naming rules: %v %v", problems, err)
	}
}
