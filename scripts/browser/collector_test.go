package browser

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"mayak/collector/tracker"
)

// received is one event as the collector got it.
type received struct {
	Site, URL, Type, ID, Page, Referrer, Title, Screen, Viewport, Lang, TZ, Name, Currency string

	DPR, Value float64
	EngagedMS  int64 `json:"engaged_ms"`
	Scroll     int64
	Webdriver  bool
	Props      map[string]any
	Vitals     map[string]float64
	Error      struct {
		Kind, Type, Message, Source, Stack string
		Line, Column                       int64
	}
	Request struct {
		Protocol, Method string
		Status, Bytes    int64
		DurationMS       float64 `json:"duration_ms"`
	}
	Attribution map[string]string
	Weight      float64
	Reference   string
	Hints       struct {
		Touch                            *int64
		Platform, PlatformVersion, Model string
		Mobile                           *bool
		Brands                           []struct{ Brand, Version string }
		FormFactors                      []string
	}

	way         string // cors: fetch; no-cors: sendBeacon
	contentType string
	path        string
	at          time.Time
}

// fakeCollector serves the script, remembers what it sends and refuses what it is told to.
type fakeCollector struct {
	*httptest.Server

	mu       sync.Mutex
	events   []received
	problems []string
	refusals []int         // status codes of the next answers
	news     chan struct{} // closed and replaced whenever an event comes
}

func startCollector(t *testing.T) *fakeCollector {
	t.Helper()
	collector := &fakeCollector{news: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Access-Control-Allow-Origin", "*") // modules ask for it
		_, _ = w.Write(tracker.Script().Body)
	})
	mux.HandleFunc("GET /m.d.js", func(w http.ResponseWriter, _ *http.Request) {
		module, err := tracker.Diagnostics(1)
		if err != nil {
			collector.complain(err.Error())
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(module.Body)
	})
	mux.HandleFunc("POST /e", collector.receive)
	mux.HandleFunc("POST /count", collector.receive)
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		collector.complain("asked for " + r.Method + " " + r.URL.Path)
	})
	collector.Server = httptest.NewServer(mux)
	t.Cleanup(collector.Close)
	t.Cleanup(func() {
		for _, problem := range collector.problems {
			t.Errorf("collector: %s", problem)
		}
	})
	return collector
}

func (c *fakeCollector) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the browser went away
	}
	event := received{way: r.Header.Get("Sec-Fetch-Mode"), contentType: r.Header.Get("Content-Type"), path: r.URL.Path, at: time.Now()}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&event); err != nil {
		c.complain(err.Error() + " in " + string(body))
	}
	if cookie := r.Header.Get("Cookie"); cookie != "" {
		c.complain("got a cookie: " + cookie)
	}
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.WriteHeader(c.keep(event))
}

// keep remembers event and returns the status to answer.
func (c *fakeCollector) keep(event received) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event)
	close(c.news)
	c.news = make(chan struct{})
	if len(c.refusals) == 0 {
		return http.StatusAccepted
	}
	status := c.refusals[0]
	c.refusals = c.refusals[1:]
	return status
}

func (c *fakeCollector) complain(problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, problem)
}

// refuse has the next answers carry these status codes.
func (c *fakeCollector) refuse(statuses ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals = statuses
}

// got returns the events so far that match.
func (c *fakeCollector) got(match func(received) bool) []received {
	c.mu.Lock()
	defer c.mu.Unlock()
	var matching []received
	for _, event := range c.events {
		if match(event) {
			matching = append(matching, event)
		}
	}
	return matching
}

// await waits until n events match and returns them.
func (c *fakeCollector) await(t *testing.T, n int, match func(received) bool) []received {
	t.Helper()
	tooLate := time.After(Patience)
	for {
		c.mu.Lock()
		news := c.news
		c.mu.Unlock()
		if events := c.got(match); len(events) >= n {
			return events
		}
		select {
		case <-news:
		case <-tooLate:
			t.Fatalf("waited for %d events in vain; came: %+v", n, c.got(func(received) bool { return true }))
		}
	}
}

func ofType(kind string) func(received) bool {
	return func(event received) bool { return event.Type == kind }
}

func named(name string) func(received) bool {
	return func(event received) bool { return event.Name == name }
}

// startSite serves pages, by path, each under the strictest policy that the script must work under. Their host name
// is not the collector's, as in real life. COLLECTOR in a page stands for the collector's address.
func startSite(t *testing.T, collector string, pages map[string]string) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; "+
			"require-trusted-types-for 'script'; script-src 'inline-speculation-rules' "+collector+
			"; connect-src "+collector)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, strings.ReplaceAll(page, "COLLECTOR", collector))
	}))
	t.Cleanup(site.Close)
	return strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
}
