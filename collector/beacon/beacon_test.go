package beacon

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/valyala/fasthttp/fasthttputil"
	"go.uber.org/goleak"

	"mayak/collector/hit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The HTTP library's own: one keeps the Date header's text, the other looks every ten seconds for whether it may end.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	)
}

// recorder is a pipeline that decides by the function given and remembers copies of what it was told.
type recorder struct {
	decide func(*hit.Hit) hit.Reason
	err    error

	mu      sync.Mutex
	hits    []hit.Hit
	refused []hit.Reason
	sites   []string // for which they were refused
}

func (p *recorder) Accept(hits []hit.Hit, reasons []hit.Reason) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range hits {
		p.hits = append(p.hits, cloned(&hits[i]))
		if p.decide != nil {
			reasons[i] = p.decide(&hits[i])
		}
	}
	return p.err
}

func (p *recorder) Refuse(way hit.Way, reason hit.Reason) { p.RefuseOf("", way, reason) }

func (p *recorder) RefuseOf(site string, _ hit.Way, reason hit.Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused, p.sites = append(p.refused, reason), append(p.sites, strings.Clone(site))
}

// cloned copies a hit out of the request's buffers.
func cloned(h *hit.Hit) hit.Hit {
	c := *h
	for _, s := range []*string{
		&c.UserAgent, &c.AcceptLanguage, &c.Purpose, &c.Site, &c.URL, &c.Type, &c.ID, &c.Page, &c.Referrer, &c.Title, &c.Screen,
		&c.Viewport, &c.Language, &c.TimeZone, &c.Name, &c.Currency, &c.Error.Message, &c.Error.Source, &c.Error.Stack, &c.Error.Kind,
		&c.Error.Type, &c.Exchange.Protocol, &c.Exchange.Method, &c.Exchange.Phase, &c.Reference,
		&c.Hints.Brands, &c.Hints.Mobile, &c.Hints.Platform, &c.Hints.PlatformVersion, &c.Hints.Model, &c.Hints.FormFactors,
		&c.Hints.Architecture, &c.Hints.Bitness, &c.Hints.RequestedWith,
	} {
		*s = strings.Clone(*s)
	}
	c.Props, c.Vitals, c.Sources = nil, nil, nil
	for _, p := range h.Sources {
		c.Sources = append(c.Sources, hit.Prop{Key: strings.Clone(p.Key), Value: strings.Clone(p.Value)})
	}
	for _, p := range h.Props {
		c.Props = append(c.Props, hit.Prop{Key: strings.Clone(p.Key), Value: strings.Clone(p.Value)})
	}
	c.Vitals = append(c.Vitals, h.Vitals...)
	return c
}

// testScript has bodies that tell which encoding was served.
func testScript() Script {
	return Script{Body: []byte("plain"), Gzip: []byte("gzipped"), Brotli: []byte("brotlied"), ETag: `W/"abc"`, Version: "abc"}
}

func testOptions(p Pipeline) Options {
	return Options{
		Listen: "127.0.0.1:0", Pipeline: p, Script: testScript(), Log: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Now: time.Now, Limits: Limits{DrainTime: 1},
	}
}

// inMemory serves without a network until the test ends, and returns how to connect.
func inMemory(t *testing.T, options Options) (*Server, func() net.Conn) {
	t.Helper()
	s := New(options)
	memory := fasthttputil.NewInmemoryListener()
	s.listenOn(memory)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return s, func() net.Conn {
		c, err := memory.Dial()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// answer is what a test compares of an HTTP response.
type answer struct {
	Status int
	Body   string
	Header http.Header
	Closes bool
}

// ask sends raw bytes and reads one answer.
func ask(t *testing.T, c net.Conn, raw string) answer {
	t.Helper()
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, bufio.NewReader(c), strings.HasPrefix(raw, "HEAD "))
}

func readAnswer(t *testing.T, from *bufio.Reader, head bool) answer {
	t.Helper()
	request := &http.Request{Method: http.MethodGet}
	if head {
		request.Method = http.MethodHead
	}
	response, err := http.ReadResponse(from, request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, string(body), response.Header, response.Close}
}

// post is a POST /e as a browser sends it.
func post(body string, headers ...string) string {
	lines := append([]string{"POST /e HTTP/1.1", "Host: c.test", "Content-Type: text/plain", "Content-Length: " + itoa(len(body))}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// get is a GET of a path; an empty header is none.
func get(path string, headers ...string) string {
	headers = slices.DeleteFunc(headers, func(h string) bool { return h == "" })
	return strings.Join(append([]string{"GET " + path + " HTTP/1.1", "Host: c.test"}, headers...), "\r\n") + "\r\n\r\n"
}

// nonZero leaves out the counters that nothing has happened to.
type nonZero struct{ prometheus.Gatherer }

func (g nonZero) Gather() ([]*dto.MetricFamily, error) {
	families, err := g.Gatherer.Gather()
	for _, family := range families {
		family.Metric = slices.DeleteFunc(family.Metric, func(m *dto.Metric) bool {
			return m.GetCounter() != nil && m.GetCounter().GetValue() == 0
		})
	}
	return families, err
}

// overTCP serves on a port of the loopback until the test ends.
func overTCP(t *testing.T, options Options) *Server {
	t.Helper()
	s := New(options)
	runOverTCP(t, s)
	return s
}

func runOverTCP(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}

func dialTCP(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
