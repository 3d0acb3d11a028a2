package beacon

import (
	"bufio"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
)

// Only a page of the site may read the answer to a request that carried cookies.
func TestCredentialsAreForPagesOfTheSiteOnly(t *testing.T) {
	at := func(url string) string { return strings.Replace(good, "http://localhost/", url, 1) }
	for _, tt := range []struct {
		name, body, origin string
		reason             hit.Reason
		want               string
	}{
		{"a page of the site", at("http://localhost/a"), "http://localhost", hit.Kept, "http://localhost true"},
		{"of which nothing is kept", at("http://localhost/a"), "http://localhost", hit.Refused, "http://localhost true"},
		{"its root without a slash", at("http://localhost"), "http://localhost", hit.Kept, "http://localhost true"},
		{"a query at once", at("http://localhost?a=b"), "http://localhost", hit.Kept, "http://localhost true"},
		{"no origin", at("http://localhost/a"), "", hit.Kept, "* "},
		{"a host that is not the site's", at("http://evil.test/"), "http://evil.test", hit.UnknownHost, "* "},
		{"no site", at("http://localhost/"), "http://localhost", hit.UnknownSite, "* "},
		{"a page elsewhere that names one of the site's", at("http://localhost/a"), "http://evil.test", hit.Kept, "* "},
		{"the origin as the name of a user", at("http://evil.test@localhost/"), "http://evil.test", hit.Kept, "* "},
		{"an origin that goes on", at("http://localhost.evil.test/"), "http://localhost", hit.Kept, "* "},
		{"another port", at("http://localhost:81/"), "http://localhost", hit.Kept, "* "},
		{"a page without an origin", at("http://localhost/a"), "null", hit.Kept, "* "},
		{"nobody knows whose page", at("http://localhost/a"), "http://localhost", hit.StorageError, "* "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := overTCP(t, testOptions(&recorder{decide: func(*hit.Hit) hit.Reason { return tt.reason }}))
			headers := []string{"Cookie: a=b"}
			if tt.origin != "" {
				headers = append(headers, "Origin: "+tt.origin)
			}
			got := ask(t, dialTCP(t, s), post(tt.body, headers...))
			if allowed := got.Header.Get("Access-Control-Allow-Origin") + " " + got.Header.Get("Access-Control-Allow-Credentials"); allowed != tt.want {
				t.Errorf("allowed: %q, want %q", allowed, tt.want)
			}
		})
	}
}

func TestWhatConcernsTheVisitorIsAnsweredElsewhere(t *testing.T) {
	options := testOptions(&recorder{})
	options.Limits = Limits{Rate: 1e-3, Burst: 2}
	options.Rights = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method+" "+r.Host+" "+r.URL.Path+" "+r.URL.RawQuery+" "+r.Header.Get("Cookie")+" "+string(body))
	})
	_, dial := inMemory(t, options)
	c := dial()
	got := ask(t, c, strings.Replace(post("level=refused", "Cookie: c=d"), "/e ", "/privacy/consent?site=demo ", 1))
	if want := "POST c.test /privacy/consent site=demo c=d level=refused"; got.Status != http.StatusTeapot || got.Body != want {
		t.Errorf("answer %d %q, want %q", got.Status, got.Body, want)
	}
	if diff := cmp.Diff([]string{"a=1", "b=2"}, got.Header.Values("Set-Cookie")); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	for _, want := range []int{http.StatusTeapot, http.StatusTooManyRequests} {
		if got := ask(t, c, get("/privacy?site=demo")); got.Status != want {
			t.Errorf("answer %d, want %d: such requests have the limit of hits", got.Status, want)
		}
	}
}

func TestACollectorWithoutAVisitorsPageHasNoSuchPath(t *testing.T) {
	_, dial := inMemory(t, testOptions(&recorder{}))
	if got := ask(t, dial(), get("/privacy")); got.Status != http.StatusNotFound {
		t.Errorf("answer %d", got.Status)
	}
}

// The page asks the database, and an erasure the aggregator: nobody does that as often as hits come.
func TestWhoAsksAboutThemselvesTooOftenIsToldToWait(t *testing.T) {
	saying := func(word string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if word != "answered" {
				w.WriteHeader(http.StatusTooManyRequests)
			}
			_, _ = io.WriteString(w, word)
		})
	}
	now := time.Unix(1e9, 0)
	from := func(request, address string) string {
		return strings.Replace(request, "\r\n", "\r\nX-Forwarded-For: "+address+"\r\n", 1)
	}
	for _, tt := range []struct {
		path  string
		burst int
		wait  string
	}{
		{"/privacy", 20, "1"}, {"/privacy/consent", 50, "1"}, {"/privacy/data", 3, "10"}, {"/privacy/erase", 3, "10"}, {"/consent.js", 1000, ""}, {"/.well-known/gpc.json", 1000, ""},
	} {
		t.Run(tt.path, func(t *testing.T) {
			options := testOptions(&recorder{})
			options.Limits = Limits{Rate: 1e6, Burst: 1e6}
			options.Rights, options.TooOften = saying("answered"), saying("too often")
			options.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
			options.Now = func() time.Time { return now }
			c := dialTCP(t, overTCP(t, options))
			for i := range tt.burst {
				if got := ask(t, c, from(get(tt.path), "192.0.2.1")); got.Body != "answered" {
					t.Fatalf("question %d: %d %q", i+1, got.Status, got.Body)
				}
			}
			if tt.wait == "" {
				return
			}
			if got := ask(t, c, from(get(tt.path), "192.0.2.1")); got.Status != http.StatusTooManyRequests || got.Body != "too often" || got.Header.Get("Retry-After") != tt.wait {
				t.Errorf("one more: %d %q, to wait %q", got.Status, got.Body, got.Header.Get("Retry-After"))
			}
			for name, request := range map[string]string{"another client": from(get(tt.path), "192.0.2.2"), "the same about something else": from(get("/consent.js"), "192.0.2.1")} {
				if got := ask(t, c, request); got.Body != "answered" {
					t.Errorf("%s: %d %q", name, got.Status, got.Body)
				}
			}
			now = now.Add(10 * time.Second)
			if got := ask(t, c, from(get(tt.path), "192.0.2.1")); got.Body != "answered" {
				t.Errorf("after the wait: %d %q", got.Status, got.Body)
			}
		})
	}
}

// trickle is a body that goes on for as long as it is read.
type trickle struct {
	left   int
	closed chan struct{}
}

func (b *trickle) Read(into []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(into), b.left)
	b.left -= n
	return n, nil
}

func (b *trickle) Close() error {
	close(b.closed)
	return nil
}

func TestALongAnswerIsSentPieceByPieceAndCutOffFromWhoDoesNotTakeIt(t *testing.T) {
	const whole = 64 << 20
	for _, tt := range []struct {
		name  string
		takes bool
	}{{"who takes it", true}, {"who does not", false}} {
		t.Run(tt.name, func(t *testing.T) {
			body := &trickle{left: whole, closed: make(chan struct{})}
			options := testOptions(&recorder{})
			options.Limits.WriteTimeout = 300 * time.Millisecond
			options.Rights = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				streaming, ok := w.(interface{ Stream(body io.ReadCloser) })
				if !ok {
					t.Error("a long answer cannot be streamed")
					return
				}
				streaming.Stream(body)
			})
			c := dialTCP(t, overTCP(t, options))
			if _, err := io.WriteString(c, get("/privacy/data?site=demo")); err != nil {
				t.Fatal(err)
			}
			if !tt.takes {
				select {
				case <-body.closed: // nobody reads: the deadline ends it
				case <-time.After(20 * time.Second):
					t.Fatal("an answer that nobody takes is sent for ever")
				}
				if body.left == 0 {
					t.Error("the whole answer was held somewhere")
				}
				return
			}
			if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			// It takes longer than one piece may, all in all.
			slow := time.NewTicker(100 * time.Millisecond)
			defer slow.Stop()
			got := int64(0)
			for range 6 {
				n, err := io.CopyN(io.Discard, answer.Body, whole/8)
				if got += n; err != nil {
					t.Fatal(err)
				}
				<-slow.C
			}
			n, err := io.Copy(io.Discard, answer.Body)
			if got += n; err != nil || got != whole {
				t.Errorf("%d bytes of %d, %v", got, whole, err)
			}
			<-body.closed
		})
	}
}
