package beacon

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// plainRequests are such as are answered without the library.
func plainRequests() map[string]string {
	long := strings.Replace(pageView, "Some page", strings.Repeat("Some page ", 100), 1)
	return map[string]string{
		"an event":             post(pageView, browser...),
		"a batch":              post("["+pageView+","+good+`,{"site":"x"}]`, browser...),
		"no JSON":              post("{", browser...),
		"an unknown site":      post(strings.Replace(good, "demo", "gone", 1)),
		"behind a proxy":       post(good, "X-Forwarded-For: 198.51.100.7", "x-forwarded-for: 203.0.113.9"),
		"a refusal":            post(good, "X-Forwarded-For: 203.0.113.66"),
		"names of any case":    post(good, "USER-AGENT: a", "sEc-gPc: 1", "Dnt:1", "Sec-CH-UA-Full-Version-List: \"A\";v=\"1\""),
		"twice the same":       post(good, "User-Agent: a", "User-Agent: b", "Referer: http://a.test/", "Referer: http://b.test/"),
		"spaces around":        post(good, "User-Agent:   a b  ", "Accept-Language: "),
		"letters of any kind":  post(good, "User-Agent: ағылшын"),
		"no body":              post(""),
		"most of a chunk":      post(long, browser...),
		"a cookie":             post(good, "Cookie: a=b;c=d ; __Host-mayak-demo=1.refused.2026-11.2026-11-22"),
		"an odd cookie":        post(good, "Cookie: ;;=", "Origin: http://localhost"),
		"the site's own page":  post(good, "Origin: http://localhost"),
		"another's page":       post(good, "Origin: http://evil.test"),
		"another page, named":  post(strings.Replace(good, "localhost", "evil.test@localhost", 1), "Origin: http://evil.test"),
		"a page of no site":    post(strings.Replace(good, "demo", "gone", 1), "Origin: http://localhost"),
		"a pixel":              get("/p.gif?site=demo&url=http%3A%2F%2Flocalhost%2F&p.plan=x&id=1", browser...),
		"a pixel, referer":     get("/p.gif?site=demo", "Referer: http://localhost/a"),
		"a pixel of too much":  get("/p.gif?" + strings.Repeat("a=b&", 200)),
		"a pixel of nothing":   get("/p.gif?"),
		"a refused pixel":      get("/p.gif?site=demo", "X-Forwarded-For: 203.0.113.66"),
		"a pixel that escapes": get("/p.gif?site=%64emo&url=http%3A%2F%2Flocalhost%2F+%2B&%zz"),
	}
}

// unusual requests are for the library to judge.
func unusualRequests() map[string]string {
	return map[string]string{
		"another method":      get("/e"),
		"a preflight":         "OPTIONS /e HTTP/1.1\r\nHost: c.test\r\n\r\n",
		"HTTP/1.0":            strings.Replace(post(good, "Connection: keep-alive"), "1.1", "1.0", 1),
		"to be closed":        post(good, "Connection: close"),
		"chunks":              "POST /e HTTP/1.1\r\nHost: c.test\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + good + "\r\n0\r\n\r\n",
		"chunks and a length": "POST /e HTTP/1.1\r\nHost: c.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":         post(good, "Content-Length: 1"),
		"a length in words":   "POST /e HTTP/1.1\r\nHost: c.test\r\nContent-Length: +1\r\n\r\nx",
		"no host":             "POST /e HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"two cookies":         post(good, "Cookie: a=b", "Cookie: __Host-mayak-demo=1.refused.2026-11.2026-11-22"),
		"two hosts":           post(good, "Host: d.test"),
		"an odd host":         strings.Replace(post(good), "c.test", "c.test@d", 1),
		"a folded line":       post(good, "User-Agent: a", " b"),
		"a bare line feed":    strings.Replace(post(good, "User-Agent: a"), "a\r\n", "a\n", 1),
		"a control":           post(good, "User-Agent: a\x01b"),
		"a delete":            post(good, "User-Agent: abcdefgh\x7fijklmnop"),
		"a space in a name":   post(good, "User Agent: a"),
		"a line of no header": post(good, "User-Agent"),
		"a coding":            post(good, "Content-Encoding: gzip"),
		"asked for":           post(good, "Expect: 100-continue"),
		"a query of an event": strings.Replace(post(good), "/e ", "/e?a=b ", 1),
		"a path that turns":   strings.Replace(post(good), "/e ", "/a/../e ", 1),
		"a pixel's fragment":  get("/p.gif?site=demo#a=b"),
		"a pixel's whole URL": get("/p.gif?site=demo&url=http://localhost/"),
		"a pixel's body":      "GET /p.gif?site=demo HTTP/1.1\r\nHost: c.test\r\nContent-Length: 1\r\n\r\nx",
		"a large one":         post(strings.Replace(pageView, "Some page", strings.Repeat("Some page ", 500), 1), browser...),
	}
}

// seen is all that a request leaves behind.
type seen struct {
	Answer  answer
	Hits    []hit.Hit
	Refused []hit.Reason
	Counted map[string]float64
}

// exchange sends a request and tells what came of it, with or without plain requests.
func exchange(t *testing.T, raw string, withPlain bool) seen {
	t.Helper()
	p := &recorder{decide: func(h *hit.Hit) hit.Reason {
		if h.Site == "gone" {
			return hit.UnknownSite
		}
		return hit.Kept
	}}
	options := testOptions(p)
	options.TrustedProxies = prefixes("127.0.0.0/8")
	registry := prometheus.NewRegistry()
	options.Registerer = registry
	options.Limits = Limits{DrainTime: 1, ReadTimeout: time.Second, Rate: 1, Burst: 1000}
	s := New(options)
	if !withPlain {
		s.connections.plain = nil
	}
	blocked := netip.MustParseAddr("203.0.113.66")
	s.limiter.charge(blocked, time.Now(), 1500)
	runOverTCP(t, s)
	c := dialTCP(t, s)
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(c)
	got := seen{Answer: readAnswer(t, from, false), Counted: map[string]float64{}}
	if got.Answer.Status == http.StatusContinue {
		got.Answer = readAnswer(t, from, false)
	}
	c.Close()
	got.Answer.Header.Del("Date")
	p.mu.Lock()
	defer p.mu.Unlock()
	got.Hits, got.Refused = p.hits, p.refused
	families, err := nonZero{registry}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetCounter() != nil {
				labels := ""
				for _, pair := range m.GetLabel() {
					labels += "," + pair.GetValue()
				}
				got.Counted[family.GetName()+labels] = m.GetCounter().GetValue()
			}
		}
	}
	delete(got.Counted, "mayak_collector_beacon_connection_errors_total") // by chance, as the test closes
	return got
}

// Whoever asks cannot tell by which of the two ways an answer came, and nothing is counted or stored otherwise.
func TestPlainRequestsAreAnsweredAsByTheLibrary(t *testing.T) {
	t.Parallel()
	check := func(name, raw string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ignore := cmp.Options{
				cmpopts.IgnoreFields(hit.Hit{}, "Received"), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
				cmpopts.EquateEmpty(),
			}
			if diff := cmp.Diff(exchange(t, raw, false), exchange(t, raw, true), ignore); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, raw := range plainRequests() {
		if _, ok := new(request).readPlain([]byte(raw)); !ok {
			t.Errorf("%s is left to the library", name)
		}
		check(name, raw)
	}
	for name, raw := range unusualRequests() {
		if _, ok := new(request).readPlain([]byte(raw)); ok && len(raw) <= len(chunk{}.bytes) {
			t.Errorf("%s is not left to the library", name)
		}
		check(name, raw)
	}
}

// Requests of both kinds follow each other on one connection, in pieces and several at once.
func TestPlainRequestsComeInAnyPieces(t *testing.T) {
	t.Parallel()
	p := &recorder{}
	s := overTCP(t, testOptions(p))
	whole := post(good) + get("/m.js") + post(pageView, browser...) + get("/p.gif?site=demo&url=http%3A%2F%2Flocalhost%2F") + post(good)
	for _, size := range []int{29, 130, 700, len(whole)} {
		c := dialTCP(t, s)
		go func() {
			for rest := whole; rest != ""; {
				n := min(size, len(rest))
				if _, err := io.WriteString(c, rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
				<-time.After(100 * time.Microsecond)
			}
		}()
		from := bufio.NewReader(c)
		for at, want := range []int{202, 200, 202, 200, 202} {
			if got := readAnswer(t, from, false); got.Status != want || got.Closes {
				t.Fatalf("in pieces of %d, answer %d: %d, closes: %t", size, at, got.Status, got.Closes)
			}
		}
		c.Close()
	}
}

func TestTheLimitOfHeadersHoldsForPlainRequests(t *testing.T) {
	options := testOptions(&recorder{})
	options.Limits.HeaderBytes = 1024
	s := overTCP(t, options)
	for size, want := range map[int]int{100: 202, 2000: 431} {
		if got := ask(t, dialTCP(t, s), post(good, "Cookie: "+strings.Repeat("x", size))); got.Status != want {
			t.Errorf("with a cookie of %d bytes the answer is %d, want %d", size, got.Status, want)
		}
	}
}

func TestAPanicOverAPlainRequestEndsNothing(t *testing.T) {
	s := overTCP(t, testOptions(panicking{&recorder{}}))
	c := dialTCP(t, s)
	for range 2 {
		if got := ask(t, c, post(good)); got.Status != 503 || got.Header.Get("Mayak-Outcome") != "dropped; reason=storage_error" {
			t.Errorf("answer %d, %v", got.Status, got.Header)
		}
	}
}

// Whatever is read as a plain request, the library reads as the same.
func FuzzPlain(f *testing.F) {
	for _, some := range []map[string]string{plainRequests(), unusualRequests()} {
		for _, raw := range some {
			f.Add([]byte(raw))
		}
	}
	s := New(testOptions(&recorder{}))
	s.options.TrustedProxies = prefixes("10.0.0.0/8")
	peer := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.1:80"))
	now := time.Now()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got, want request
		p, ok := got.readPlain(bytes.Clone(raw))
		if !ok {
			return
		}
		s.settleFacts(&got, hit.Beacon, peer.AddrPort().Addr(), now)
		whole := append(bytes.Clone(raw[:p.head]), make([]byte, p.body)...)
		var read fasthttp.Request
		from := bufio.NewReaderSize(bytes.NewReader(whole), len(whole)+16)
		if err := read.Read(from); err != nil {
			t.Fatalf("the library refuses it: %v", err)
		}
		var ctx fasthttp.RequestCtx
		ctx.Init(&read, peer, nil)
		s.readFacts(&ctx, &want, hit.Beacon, now)
		hitsEqual(t, want.facts, got.facts)
		if path := string(ctx.Path()); ctx.IsPost() != (p.asked == routeEvent) || ctx.IsGet() != (p.asked == routePixel) ||
			path != map[route]string{routeEvent: "/e", routePixel: "/p.gif"}[p.asked] {
			t.Fatalf("%s %s was taken for %v", ctx.Method(), path, p.asked)
		}
		if want.referer != got.referer || want.origin != got.origin || len(ctx.PostBody()) != p.body || from.Buffered() != 0 || read.Header.ConnectionClose() ||
			len(read.Header.ContentEncoding()) > 0 || !bytes.Equal(ctx.URI().QueryString(), p.query) {
			t.Fatalf("referer %q, body of %d, %d left, query %q; want %q, %d, 0, %q", got.referer, p.body, from.Buffered(), p.query,
				want.referer, len(ctx.PostBody()), ctx.URI().QueryString())
		}
	})
}
