package beacon

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mayak/collector/hit"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// withKeys has the key "good" of the site demo.
func withKeys(p Pipeline) Options {
	options := testOptions(p)
	options.Now = func() time.Time { return noon }
	options.Keys = func(key string) (site, sender string, err error) {
		switch key {
		case "good":
			return "demo", "backend", nil
		case "broken":
			return "", "", errors.New("no such file")
		}
		return "", "", nil
	}
	return options
}

// upload is a request to /api/events.
func uploading(body string, headers ...string) string {
	lines := append([]string{"POST /api/events HTTP/1.1", "Host: c.test", "User-Agent: sender/1", "Content-Length: " + itoa(len(body))}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

const (
	withKey = "Authorization: Bearer good"
	isJSON  = "Content-Type: application/json"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func zstandard(text string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(text), nil))
}

// described compiles a schema of the description that is served.
func described(t *testing.T, schema string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func obeys(t *testing.T, schema *jsonschema.Schema, body string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("not what the description says: %v\n%.500s", err, body)
	}
}

func TestAnswersOfTheAPI(t *testing.T) {
	const (
		one   = `{"url":"http://localhost/a"}`
		two   = one + "\n" + one
		whole = "413 body: want at most 5 MiB, also after decompression"
	)
	large := strings.Repeat(`{"url":"http://localhost/`+strings.Repeat("a", 1000)+"\"}\n", 6000)
	chunked := func(body string) string {
		return "POST /api/events HTTP/1.1\r\nHost: c.test\r\n" + withKey + "\r\nTransfer-Encoding: chunked\r\n\r\n" +
			strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n0\r\n\r\n"
	}
	for _, tt := range []struct {
		name, raw string
		status    int
		body      string
		hits      int
	}{
		{"lines", uploading(two, withKey), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"lines with an end, blanks and carriage returns", uploading(one+"\r\n \r\n"+one+"\n\n", withKey), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"an array", uploading(" [ "+one+" ,\n"+one+"]\n", withKey, isJSON), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"an array without a content type", uploading("["+two[:len(one)]+"]", withKey), 200, `{"accepted":1,"rejected":[]}`, 1},
		{"one object over several lines", uploading("{\n\"url\":\"http://localhost/\"\n}", withKey, isJSON), 200, `{"accepted":1,"rejected":[]}`, 1},
		{"an empty array", uploading("[]", withKey), 200, `{"accepted":0,"rejected":[]}`, 0},
		{"gzip", uploading(zipped(two), withKey, "Content-Encoding: gzip"), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"zstd", uploading(zstandard(two), withKey, "Content-Encoding: zstd"), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"chunked", chunked(two), 200, `{"accepted":2,"rejected":[]}`, 2},
		{"streamed", uploading(large[:len(large)/6*5], withKey), 200, `{"accepted":5000,"rejected":[]}`, 5000},
		{"asked for", uploading(two, withKey, "Expect: 100-continue"), 200, `{"accepted":2,"rejected":[]}`, 2},

		{
			"a bad line among good ones", uploading(one+"\n{\"url\":\n[1]\n"+one, withKey), 200,
			`{"accepted":2,"rejected":[{"index":1,"error":"item: not JSON"},{"index":2,"error":"item: want an object"}]}`, 2,
		},
		{
			"a bad item of an array", uploading(`[{"url":"http://localhost/","dpr":"x"},`+one+`,7]`, withKey), 200,
			`{"accepted":1,"rejected":[{"index":0,"error":"dpr: want a finite number"},{"index":2,"error":"item: want an object"}]}`, 1,
		},
		{
			"an item that the gate drops", uploading(one+"\n"+`{"url":"http://evil.test/unknown_host"}`, withKey), 200,
			`{"accepted":1,"rejected":[{"index":1,"error":"url: its host name is not one of the site's"}]}`, 2,
		},
		{"an item that is stored already", uploading(`{"url":"http://localhost/duplicate"}`, withKey), 200, `{"accepted":1,"rejected":[]}`, 1},
		{
			"a line that is too long", uploading(`{"url":"`+strings.Repeat("a", 70_000)+"\"}\n"+one, withKey), 200,
			`{"accepted":1,"rejected":[{"index":0,"error":"item: want at most 65536 bytes"}]}`, 1,
		},

		{"no key", uploading(one), 401, "", 0},
		{"nobody's key", uploading(one, "Authorization: Bearer bad"), 401, "", 0},
		{"another scheme", uploading(one, "Authorization: Basic good"), 401, "", 0},
		{"nobody's key and a large body", uploading(large[:200_000], "Authorization: Bearer bad"), 401, "", 0},
		{"keys that cannot be read", uploading(one, "Authorization: Bearer broken"), 503, "", 0},
		{"another method", get(apiPath, withKey), 405, "", 0},
		{"another coding", uploading(one, withKey, "Content-Encoding: br"), 415, "", 0},
		{"no items", uploading(" \n", withKey), 400, `{"error":"body: want items: an array of objects, or an object a line","accepted":0,"rejected":[]}`, 0},
		{"an array that breaks off", uploading("["+one+",", withKey), 400, `{"error":"body: not JSON","accepted":1,"rejected":[]}`, 1},
		{"an array with something behind it", uploading("["+one+"]]", withKey), 400, `{"error":"body: not JSON","accepted":1,"rejected":[]}`, 1},
		{"a comma too many", uploading("["+one+",]", withKey), 400, `{"error":"body: not JSON","accepted":1,"rejected":[]}`, 1},
		{"no gzip", uploading(one, withKey, "Content-Encoding: gzip"), 400, `{"error":"body: what Content-Encoding says cannot be undone","accepted":0,"rejected":[]}`, 0},
		{
			"gzip that breaks off", uploading(zipped(two)[:40], withKey, "Content-Encoding: gzip"), 400,
			`{"error":"body: what Content-Encoding says cannot be undone","accepted":1`, -1,
		},
		{"declared too large", uploading(large[:5<<20+1], withKey), 413, "", 0},
		{"chunked too large", chunked(large), 413, `{"error":"` + whole[4:] + `","accepted":`, -1},
		{"too large after decompression", uploading(zipped(large), withKey, "Content-Encoding: gzip"), 413, `{"error":"` + whole[4:] + `","accepted":`, -1},
		{"a bomb", uploading(zstandard(strings.Repeat(" ", 64<<20)), withKey, "Content-Encoding: zstd"), 413, `{"error":"` + whole[4:] + `","accepted":0`, 0},
		{"too many items", uploading(strings.Repeat("1\n", maxItems+1), withKey), 413, `{"error":"body: want at most 20000 items","accepted":0`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{decide: decideByHost}
			s, dial := inMemory(t, withKeys(p))
			c := dial()
			go io.WriteString(c, tt.raw) // what is refused early is not read to its end
			from := bufio.NewReader(c)
			got := readAnswer(t, from, false)
			if got.Status == 100 {
				got = readAnswer(t, from, false)
			}
			if got.Status != tt.status || !strings.HasPrefix(got.Body, tt.body) {
				t.Errorf("answer %d %.300s, want %d %s", got.Status, got.Body, tt.status, tt.body)
			}
			if tt.hits >= 0 && len(p.hits) != tt.hits {
				t.Errorf("%d hits, want %d", len(p.hits), tt.hits)
			}
			schema := "Error"
			if got.Status == 200 {
				schema = "Answer"
			}
			obeys(t, described(t, schema), got.Body)
			if got.Status == 503 && got.Header.Get("Retry-After") == "" || got.Status == 401 && got.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("headers %v", got.Header)
			}
			for until := time.Now().Add(10 * time.Second); s.api.large.held()+s.api.small.held() != 0 && !strings.Contains(tt.name, "chunk"); runtime.Gosched() { // it is given back behind the answer
				if time.Now().After(until) {
					t.Fatal("a slot is not given back")
				}
			}
		})
	}
}

func TestWhatAnItemTells(t *testing.T) {
	at := noon.Add(-time.Hour)
	sender := func(h *hit.Hit) { h.Address, h.UserAgent = netip.MustParseAddr("203.0.113.9"), "sender/1" }
	for _, tt := range []struct {
		name, item, header string
		want               hit.Hit // with the site, the way, the time of receipt and the URL of all
		wrong              string
	}{
		{"only a page", `{"url":"u"}`, "", hit.Hit{}, ""},
		{
			"a visitor of a server", `{"url":"u","ip":"2001:db8::1","user_agent":"Agent/1","consent":"analytics","site":"demo"}`, "",
			hit.Hit{Address: netip.MustParseAddr("2001:db8::1"), UserAgent: "Agent/1", Consent: "analytics"},
			"",
		},
		{
			"an app sends for itself", `{"url":"u","app":"kz.clinic","app_version":"5.1","os":"iOS","os_version":"26.1","device_model":"iPhone17,1","screen_name":"Doctors","device_id":"6f1e"}`, "",
			func() hit.Hit {
				h := hit.Hit{App: hit.App{Name: "kz.clinic", Version: "5.1", OS: "iOS", OSVersion: "26.1", Model: "iPhone17,1", Screen: "Doctors", Device: "6f1e"}}
				sender(&h)
				return h
			}(), "",
		},
		{"a time", `{"url":"u","id":"x","ts":"2026-11-23T11:00:00Z"}`, "", hit.Hit{ID: "x", Time: at}, ""},
		{"a clock that is an hour fast", `{"url":"u","ts":"2026-11-23T12:00:00Z","sent":"2026-11-23T13:00:00Z"}`, "", hit.Hit{Time: at, Sent: noon.Add(time.Hour)}, ""},
		{"a clock of years ago, told by a header", `{"url":"u","ts":"2019-01-01T00:00:00Z"}`, "Date: Tue, 01 Jan 2019 01:00:00 GMT", hit.Hit{Time: at}, ""},
		{"a clock that is right enough", `{"url":"u","ts":"2026-11-23T11:00:00Z","sent":"2026-11-23T11:59:30Z"}`, "", hit.Hit{Time: at, Sent: noon.Add(-30 * time.Second)}, ""},
		{"a header that the page could not forge counts for nothing", `{"url":"u"}`, "Sec-GPC: 1\r\nCookie: a=b\r\nSec-Purpose: prefetch", hit.Hit{}, ""},

		{"an id without a time", `{"url":"u","id":"x"}`, "", hit.Hit{}, "ts: missing; an item with an id needs one, so that it is known when it is sent again"},
		{"the future", `{"url":"u","ts":"2026-11-23T12:02:00Z"}`, "", hit.Hit{}, "ts: in the future; tell what the clock says as sent, if it may be wrong"},
		{"too old", `{"url":"u","ts":"2026-11-16T11:59:59Z"}`, "", hit.Hit{}, "ts: older than 7 days"},
		{"another site", `{"url":"u","site":"shop"}`, "", hit.Hit{}, "site: not the site of this key"},
		{"no page", `{"type":"event"}`, "", hit.Hit{}, "url: missing; an app's item may have screen_name instead"},
		{"no level", `{"url":"u","consent":"yes"}`, "", hit.Hit{}, "consent: want refused, essential, analytics or advertising"},
		{"no type", `{"url":"u","type":"report"}`, "", hit.Hit{}, "type: want pageview, event, engage, vitals or error"},
		{"no address", `{"url":"u","ip":"localhost"}`, "", hit.Hit{}, "ip: want an address like 203.0.113.7 or 2001:db8::1"},
		{"a long device", `{"url":"u","device_id":"` + strings.Repeat("a", 257) + `"}`, "", hit.Hit{}, "device_id: want a string of at most 256 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{}
			options := withKeys(p)
			options.TrustedProxies = prefixes("127.0.0.0/8")
			s := New(options)
			headers := []string{withKey, "X-Forwarded-For: 203.0.113.9"}
			if tt.header != "" {
				headers = append(headers, tt.header)
			}
			ctx := arrived(t, uploading(tt.item, headers...))
			s.handle(ctx)
			if tt.wrong != "" {
				if want := fmt.Sprintf(`{"accepted":0,"rejected":[{"index":0,"error":%q}]}`+"\n", tt.wrong); string(ctx.Response.Body()) != want {
					t.Errorf("answer %s, want %s", ctx.Response.Body(), want)
				}
				if diff := cmp.Diff(1, len(p.refused)); diff != "" || len(p.hits) != 0 {
					t.Errorf("%d hits, refused %s", len(p.hits), diff)
				}
				return
			}
			if len(p.hits) != 1 {
				t.Fatalf("answer %s", ctx.Response.Body())
			}
			tt.want.Sender = "backend"
			tt.want.Way, tt.want.Site, tt.want.Received, tt.want.URL = hit.API, "demo", noon, "u"
			hitsEqual(t, tt.want, p.hits[0])
			obeys(t, described(t, "Item"), tt.item)
		})
	}
}

func TestWhatCannotBeStoredNowIsToldAndMayBeSentAgain(t *testing.T) {
	p := &recorder{err: fmt.Errorf("spool: %w", ErrOverloaded)}
	s, ctx := New(withKeys(p)), arrived(t, uploading("{\"url\":\"u\"}\n1\n", withKey))
	s.handle(ctx)
	want := `{"error":"not stored: try again later","accepted":0,"rejected":[{"index":1,"error":"item: want an object"}]}` + "\n"
	if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != 503 || got != want || string(ctx.Response.Header.Peek("Retry-After")) != "30" {
		t.Errorf("answer %d %s, want 503 %s", ctx.Response.StatusCode(), got, want)
	}
	if got := string(ctx.Response.Header.Peek(headerOutcome)); got != "dropped; reason=malformed; count=1, dropped; reason=overloaded; count=1" {
		t.Errorf("outcome %s", got)
	}
}

func TestAKeyThatSendsTooMuchHasToWait(t *testing.T) {
	options := withKeys(&recorder{})
	options.Limits.KeyRate = 1
	s := New(options)
	body := strings.Repeat("{\"url\":\"u\"}\n", 3000)
	for i, want := range []int{200, 429, 429} {
		ctx := arrived(t, uploading(body, withKey))
		s.handle(ctx)
		wait := map[int]string{200: "", 429: "2981"}[want] // what was taken, and one more, without the 20 that may come at once
		if got := ctx.Response.StatusCode(); got != want || string(ctx.Response.Header.Peek("Retry-After")) != wait {
			t.Errorf("upload %d: %d, Retry-After %q, want %d and %q", i+1, got, ctx.Response.Header.Peek("Retry-After"), want, wait)
		}
	}
	for i := range maxUploads {
		s.api.small.take(ofKey(itoa(i)))
	}
	s.api.limiter = newLimiter(Limits{Rate: 1e6, Burst: 1e6, Clients: 8}, noon)
	ctx := arrived(t, uploading(body, withKey))
	s.handle(ctx)
	if got := ctx.Response.StatusCode(); got != 503 || string(ctx.Response.Header.Peek("Retry-After")) != "1" {
		t.Errorf("with all slots taken: %d", got)
	}
}

func TestAStopLetsAnUploadEnd(t *testing.T) {
	s := New(withKeys(&recorder{}))
	ctx, stop := context.WithCancel(t.Context())
	if err := s.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw := uploading(strings.Repeat("{\"url\":\"u\"}\n", 10_000), withKey)
	_, _ = io.WriteString(c, raw[:len(raw)/2])
	for s.api.large.held() == 0 { // until the upload has begun
		runtime.Gosched()
	}
	stop()
	for !s.draining.Load() {
		runtime.Gosched()
	}
	_, _ = io.WriteString(c, raw[len(raw)/2:])
	if got := readUpload(c); got.Status != 200 || !got.Closes || !strings.HasPrefix(got.Body, `{"accepted":10000,`) {
		t.Errorf("answer %d %s", got.Status, got.Body)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
}

// readUpload reads an answer and the end of its connection.
func readUpload(c net.Conn) answer {
	var text bytes.Buffer
	_, _ = io.Copy(&text, c)
	head, body, _ := strings.Cut(text.String(), "\r\n\r\n")
	status, _ := strconv.Atoi(strings.Split(head+"  ", " ")[1])
	return answer{Status: status, Body: body, Closes: strings.Contains(head, "Connection: close")}
}

func TestTheDescriptionIsServedAndNamesEveryKey(t *testing.T) {
	s, ctx := New(withKeys(&recorder{})), arrived(t, get("/api/openapi.json"))
	s.handle(ctx)
	if ctx.Response.StatusCode() != 200 || !bytes.Equal(ctx.Response.Body(), openapi) {
		t.Errorf("answer %d", ctx.Response.StatusCode())
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi))
	if err != nil {
		t.Fatal(err)
	}
	item := document.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)["Item"].(map[string]any)["properties"].(map[string]any)
	for _, key := range []string{"hints", "webdriver", "request", "attribution", "weight", "reference"} { // which only the script sends
		item[key] = true
	}
	for _, f := range apiFields().table {
		if f != nil && item[f.key] == nil {
			t.Errorf("key %s is not described", f.key)
		}
	}
}
