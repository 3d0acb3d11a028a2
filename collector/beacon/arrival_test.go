package beacon

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/hit"
)

// dialHalf is a connection on which one side can stop to send and still read.
func dialHalf(t *testing.T, s *Server) *net.TCPConn {
	t.Helper()
	c, ok := dialTCP(t, s).(*net.TCPConn)
	if !ok {
		t.Fatal("no TCP connection")
	}
	return c
}

func TestAnUploadThatDoesNotComeWholeMayBeSentAgain(t *testing.T) {
	const line = "{\"url\":\"http://localhost/\"}\n"
	large := strings.Repeat(line, 10_000)
	chunked := func(body string, headers ...string) string {
		lines := append([]string{"POST /api/events HTTP/1.1", "Host: c.test", withKey, "Transfer-Encoding: chunked"}, headers...)
		return strings.Join(lines, "\r\n") + "\r\n\r\n" + strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n0\r\n\r\n"
	}
	const gzipped = "Content-Encoding: gzip"
	for _, tt := range []struct {
		name, raw string
		keep      int // bytes that come
		stays     bool
	}{
		{"large and cut", uploading(large, withKey), 150_000, false},
		{"large and slow", uploading(large, withKey), 150_000, true},
		{"in pieces and cut", chunked(large), 150_000, false},
		{"in pieces and slow", chunked(large), 150_000, true},
		{"cut before its first line ends", uploading(large, withKey), 170, false},
		{"packed and cut", chunked(zipped(large), gzipped), 500, false},
		{"packed and slow", chunked(zipped(large), gzipped), 500, true},
		{"packed and cut within its head", chunked(zipped(large), gzipped), len(chunked("", gzipped)), false},
		{"packed otherwise and cut", chunked(zstandard(large), "Content-Encoding: zstd"), len(chunked("", "Content-Encoding: zstd")) + 9, false},
		{"small and cut", uploading(line, withKey), len(uploading(line, withKey)) - 3, false},
		{"small and slow", uploading(line, withKey), len(uploading(line, withKey)) - 3, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{}
			options := withKeys(p)
			options.Limits.ReadTimeout = 300 * time.Millisecond
			s := overTCP(t, options)
			c := dialHalf(t, s)
			if _, err := io.WriteString(c, tt.raw[:tt.keep]); err != nil {
				t.Fatal(err)
			}
			if !tt.stays {
				_ = c.CloseWrite()
			}
			got := readUpload(c)
			if got.Status != 408 || !got.Closes {
				t.Errorf("answer %d %.300s, want 408", got.Status, got.Body)
			}
			obeys(t, described(t, "Error"), got.Body)
			if strings.Contains(tt.name, "small") {
				return // of which the library knows nothing but that it did not come
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if refused := fmt.Sprint(p.refused); refused != "[incomplete]" || !strings.Contains(got.Body, fmt.Sprintf(`"accepted":%d,`, len(p.hits))) {
				t.Errorf("refused %s, %d hits: %.200s", refused, len(p.hits), got.Body)
			}
		})
	}
}

// Time stands still in the bubble but for who waits.
func TestALargeUploadHasToKeepUpARate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes int
		every time.Duration
		want  bool
	}{
		{"quick enough", 40 << 10, time.Second, true},
		{"slow at first", 600 << 10, 9 * time.Second, true},
		{"a byte now and then", 1, time.Second, false},
		{"a little too slow", 28 << 10, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 5 << 20
				mine, theirs := net.Pipe()
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for err := error(nil); err == nil; _, err = theirs.Write(make([]byte, tt.bytes)) {
						<-time.After(tt.every) // of the bubble's time
					}
				}()
				began := time.Now()
				a := newArrival(mine, strconv.Itoa(size), 10*time.Second)
				n, err := io.Copy(io.Discard, a)
				took := time.Since(began)
				if whole := err == nil && n == size; whole != tt.want || a.cut == tt.want {
					t.Errorf("%d bytes in %v, cut %v, %v", n, took, a.cut, err)
				}
				if longest := 10*time.Second + size*forEach; took > longest {
					t.Errorf("a place was held for %v, want %v at most", took, longest)
				}
				mine.Close()
				<-ended
			})
		})
	}
}

func TestOneKeyDoesNotTakeThePlacesOfOthers(t *testing.T) {
	options := withKeys(&recorder{})
	keys := options.Keys
	options.Keys = func(key string) (site, sender string, err error) {
		if key == "backend" {
			return "demo", "backend", nil
		}
		return keys(key)
	}
	s := overTCP(t, options)
	raw := uploading(strings.Repeat("{\"url\":\"u\"}\n", 10_000), withKey)
	for range largeEach {
		_, _ = io.WriteString(dialTCP(t, s), raw[:len(raw)/2])
	}
	for until := time.Now().Add(10 * time.Second); s.api.large.held() < largeEach; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatal("the uploads have not begun")
		}
	}
	if got := ask(t, dialTCP(t, s), raw); got.Status != 429 || got.Header.Get("Retry-After") != "1" {
		t.Errorf("a fifth with the same key: %d %s", got.Status, got.Body)
	}
	if got := ask(t, dialTCP(t, s), uploading("{\"url\":\"u\"}\n", withKey)); got.Status != 200 {
		t.Errorf("a small one with the same key: %d %s", got.Status, got.Body)
	}
	if got := ask(t, dialTCP(t, s), strings.Replace(raw, "good", "backend", 1)); got.Status != 200 {
		t.Errorf("a large one with another key: %d %s", got.Status, got.Body)
	}
}

// The key of an app is public: bad items count against who sent them.
func TestBadItemsCountAgainstTheAddressThatTheyCameFrom(t *testing.T) {
	p := &recorder{decide: decideByHost}
	options := withKeys(p)
	options.TrustedProxies = prefixes("127.0.0.0/8")
	options.Limits.Rate, options.Limits.Burst, options.Limits.KeyRate = 1, 10, 100
	s := New(options)
	send := func(address, body string) int {
		ctx := arrived(t, uploading(body, withKey, "X-Forwarded-For: "+address))
		s.handle(ctx)
		return ctx.Response.StatusCode()
	}
	bad := strings.Repeat("1\n", 3000) + "{\"url\":\"http://evil.test/unknown_host\"}\n"
	for i, want := range []int{200, 429, 429} {
		if got := send("203.0.113.9", bad); got != want {
			t.Errorf("bad upload %d: %d, want %d", i+1, got, want)
		}
	}
	if got := send("203.0.113.10", strings.Repeat("{\"url\":\"u\"}\n", 500)); got != 200 {
		t.Errorf("somebody else with the same key: %d, want 200", got)
	}
	for range 5 { // who heeds refusals sends them
		if got := send("203.0.113.11", strings.Repeat("{\"url\":\"http://localhost/refused\"}\n", 100)); got != 200 {
			t.Errorf("items of who refused: %d, want 200", got)
		}
	}
	wait := s.limiter.owes(options.TrustedProxies[0].Addr(), noon)
	if owed := s.limiter.owes(netip.MustParseAddr("203.0.113.9"), noon); wait != 0 || owed <= 0 || owed > 2*time.Minute {
		t.Errorf("who sent them has to wait %v, the proxy %v", owed, wait)
	}
}

func TestUnknownKeysOfItemsAreCounted(t *testing.T) {
	s := New(withKeys(&recorder{}))
	ctx := arrived(t, uploading(strings.Repeat(`{"url":"u","colour":"red","size":{"x":1}}`+"\n", 700)+`{"shape":1}`, withKey))
	s.handle(ctx)
	if got := testutil.ToFloat64(s.metrics.unknownKeys); got != 1401 {
		t.Errorf("%v unknown keys, want 1401: %.100s", got, ctx.Response.Body())
	}
}

func TestRefusalsCountForTheSiteOfTheKey(t *testing.T) {
	p := &recorder{}
	options := withKeys(p)
	options.Sites = func(id string) (Site, bool) { return Site{Owns: func(string) bool { return true }}, id == "demo" }
	s := New(options)
	for _, raw := range []string{
		uploading("1\n", withKey), uploading("[", withKey), uploading("{}", withKey, "Content-Encoding: br"),
		"POST /r/demo HTTP/1.1\r\nHost: c.test\r\nContent-Type: application/reports+json\r\nContent-Length: 2\r\n\r\n[]",
		"PUT /o.gif?site=demo HTTP/1.1\r\nHost: c.test\r\n\r\n",
	} {
		s.options.Mail = noMail{}
		s.handle(arrived(t, raw))
	}
	for i, site := range p.sites {
		if site != "demo" {
			t.Errorf("refusal %d, %s, counts for %q", i, p.refused[i], site)
		}
	}
	if len(p.sites) != 5 {
		t.Errorf("%d refusals, want 5: %v", len(p.sites), p.refused)
	}
}

// noMail knows no link.
type noMail struct{}

func (noMail) Open(func(string) string, *hit.Hit) hit.Reason { return hit.BadSignature }
func (noMail) Click(func(string) string, *hit.Hit) (string, hit.Reason) {
	return "", hit.BadSignature
}
