package beacon

import (
	"bufio"
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fastjson"

	"mayak/collector/hit"
)

// nothing is a pipeline that takes everything at once.
type nothing struct{}

func (nothing) Accept([]hit.Hit, []hit.Reason) error { return nil }
func (nothing) Refuse(hit.Way, hit.Reason)           {}
func (nothing) RefuseOf(string, hit.Way, hit.Reason) {}

// browser are the headers of a real page's beacon.
var browser = []string{
	"Connection: keep-alive", `sec-ch-ua: "Chromium";v="150", "Google Chrome";v="150", "Not/A)Brand";v="8"`, "sec-ch-ua-mobile: ?0", `sec-ch-ua-platform: "Windows"`,
	"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36", "Accept: */*",
	"Origin: https://site.test", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty", "Referer: https://site.test/",
	"Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: kk-KZ,kk;q=0.9,ru;q=0.8,en;q=0.7",
}

// pageView is what the script sends for a page view.
const pageView = `{"site":"demo","type":"pageview","id":"4f1d2b3c4d5e6f70","url":"http://localhost/articles/some-page?utm_source=x","referrer":"https://www.google.com/",` +
	`"title":"Some page of the demo site","screen":"1920x1080","viewport":"1263x927","dpr":1.5,"lang":"kk-KZ","tz":"Asia/Almaty",` +
	`"hints":{"touch":0,"brands":"\"Chromium\";v=\"150.0.8078.73\", \"Not/A)Brand\";v=\"8.0.0.0\"","formFactors":"\"Desktop\"","mobile":"?0","model":"","platform":"Windows","platformVersion":"19.0.0"}}`

// arrived is the context of a request that has been read from the wire.
func arrived(tb testing.TB, raw string) *fasthttp.RequestCtx {
	tb.Helper()
	var request fasthttp.Request
	if err := request.Read(bufio.NewReader(strings.NewReader(raw))); err != nil {
		tb.Fatal(err)
	}
	ctx := new(fasthttp.RequestCtx)
	ctx.Init(&request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, nil)
	return ctx
}

func unlimited() Options {
	options := testOptions(nothing{})
	options.Limits.Rate, options.Limits.Burst = 1e9, 1e9
	options.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return options
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	for name, raw := range map[string]string{
		"event": post(pageView, browser...), "pixel": get("/p.gif?site=demo&url=http%3A%2F%2Flocalhost%2F&p.plan=x", browser...), "script": get("/m.js", browser...),
	} {
		s, ctx := New(unlimited()), arrived(t, raw)
		allocations := testing.AllocsPerRun(200, func() {
			ctx.Response.Reset()
			s.handle(ctx)
		})
		t.Logf("%s: %v allocations", name, allocations)
		if allocations > 0 && !raceEnabled() {
			t.Errorf("%s: %v allocations, want none", name, allocations)
		}
	}
}

// raceEnabled tells whether pools drop what they are given, as they do at random under the race detector.
func raceEnabled() bool {
	return testing.AllocsPerRun(100, func() {
		p := sync.Pool{New: func() any { return nil }}
		x := new(int)
		p.Put(x)
	}) > 1
}

// The first is what the library needs to answer with the same picture and look at nothing.
func BenchmarkHandle(b *testing.B) {
	bare := func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.SetContentType("image/gif")
		ctx.Response.SetBodyString(transparent)
	}
	s := New(unlimited())
	for _, bench := range []struct {
		name, raw string
		handle    fasthttp.RequestHandler
	}{
		{"bare", get("/p.gif", browser...), bare},
		{"pixel", get("/p.gif?site=demo&url=http%3A%2F%2Flocalhost%2F&p.plan=x", browser...), s.handle},
		{"script", get("/m.js", browser...), s.handle},
		{"event", post(pageView, browser...), s.handle},
		{"batch of 10", post("["+strings.Repeat(pageView+",", 9)+pageView+"]", browser...), s.handle},
	} {
		ctx := arrived(b, bench.raw)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx.Response.Reset()
				bench.handle(ctx)
			}
		})
	}
}

// BenchmarkDecode reads the same body as the libraries do, which know nothing of its keys yet when they have.
func BenchmarkDecode(b *testing.B) {
	body, known := []byte(pageView), wireFields()
	b.Run("ours", func(b *testing.B) {
		r := new(request)
		b.ReportAllocs()
		for b.Loop() {
			r.decode(body, known)
			r.reset()
		}
	})
	b.Run("fastjson", func(b *testing.B) {
		var parser fastjson.Parser
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parser.ParseBytes(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var hit map[string]any
			if err := json.Unmarshal(body, &hit); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkServe is the whole way over a connection in memory, reading and writing HTTP included.
func BenchmarkServe(b *testing.B) {
	bare := &fasthttp.Server{
		NoDefaultServerHeader: true, ReadBufferSize: 16 << 10, ReduceMemoryUsage: true,
		Handler: func(ctx *fasthttp.RequestCtx) { ctx.Response.SetBodyString(transparent) },
	}
	for _, bench := range []struct {
		name, raw string
		server    *fasthttp.Server
	}{
		{"bare", post(pageView, browser...), bare},
		{"event", post(pageView, browser...), New(unlimited()).http},
	} {
		b.Run(bench.name, func(b *testing.B) {
			client, server := net.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- bench.server.ServeConn(server) }()
			answer := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Write([]byte(bench.raw)); err != nil {
					b.Fatal(err)
				}
				if _, err := client.Read(answer); err != nil {
					b.Fatal(err)
				}
			}
			client.Close()
			<-ended
		})
	}
}

// BenchmarkUpload reads an upload of a thousand lines, and stores nothing.
func BenchmarkUpload(b *testing.B) {
	s := New(withKeys(nothing{}))
	item := strings.Replace(pageView, `{"site":"demo",`, `{"ip":"37.99.42.77","user_agent":"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36","consent":"analytics","ts":1795435200000,`, 1) + "\n"
	for _, body := range []struct{ name, text, coding string }{
		{"plain", strings.Repeat(item, 1000), ""}, {"gzip", zipped(strings.Repeat(item, 1000)), codingGzip}, {"zstd", zstandard(strings.Repeat(item, 1000)), codingZstd},
	} {
		b.Run(body.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u := &upload{server: s, counts: map[hit.Reason]int{}}
				u.facts = hit.Hit{Way: hit.API, Received: noon, Site: "demo"}
				plain, closing, err := decoded(body.coding, strings.NewReader(body.text))
				if err != nil {
					b.Fatal(err)
				}
				if p, _ := u.takeItems(newItems(plain, "")); p != (problem{}) || u.accepted != 1000 {
					b.Fatal(p, u.accepted)
				}
				closing()
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}
