package beacon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// checkRead holds whatever was read: hits are whole, and within the wire's limits.
func checkRead(t *testing.T, r *request, size int) {
	t.Helper()
	if len(r.hits)+len(r.refusals) > maxHits {
		t.Fatalf("%d hits", len(r.hits)+len(r.refusals))
	}
	total := 0
	for i := range r.hits {
		h := &r.hits[i]
		if h.Site == "" || h.URL == "" || len(h.Site) > maxShort || len(h.URL) > maxURL || len(h.ID) > maxShort || len(h.Props) > maxProps {
			t.Fatalf("hit %d is not whole, or beyond the limits", i)
		}
		if p := missing(h); p != (problem{}) {
			t.Fatalf("hit %d: %v", i, p)
		}
		total += len(h.Site) + len(h.URL) + len(h.Title) + len(h.Referrer) + len(h.Name) + len(h.Error.Stack) + len(h.Hints.Brands)
		for _, p := range h.Props {
			if p.Key == "" {
				t.Fatalf("hit %d has a property without a key", i)
			}
			total += len(p.Key) + len(p.Value)
		}
		for _, v := range h.Vitals {
			if v.Value != v.Value || v.Value-v.Value != 0 {
				t.Fatalf("hit %d: %s is not finite", i, v.Name)
			}
		}
	}
	if total > 2*size+64 { // a hint's list grows by its quotes
		t.Fatalf("%d bytes were read from %d", total, size)
	}
	for _, reason := range r.refusals {
		if reason != hit.Malformed && reason != hit.UnknownType {
			t.Fatalf("refused as %q", reason)
		}
	}
}

func FuzzBeacon(f *testing.F) {
	for _, seed := range []string{
		everything, good, "[" + good + "," + everything + "]", `[]`, `{}`, `null`, `{"site":"a","url":"b","props":{"k":1e5,"l":"\u0000"}}`,
		`{"site":"a","url":"b","hints":{"brands":[["A","1"],{"brand":"B","version":"2"}],"mobile":true,"formFactors":["X"]}}`,
		`{"site":"a","url":"b","dpr":-1e999}`, `{"site":"a","url":"b","ts":"2026-01-31T12:00:00Z","ts":1}`, `{"a":nan}`, `[[[[[[[[`, `{"a":"\`,
		`{"site":"a","url":"b","vitals":{"lcp":1,"lcp":2},"error":{"line":1.5}}`,
	} {
		f.Add([]byte(seed))
	}
	known, reused := wireFields(), new(request)
	f.Fuzz(func(t *testing.T, body []byte) {
		fresh := new(request)
		p := fresh.decode(body, known)
		checkRead(t, fresh, len(body))
		if site, ok := siteOf(body); ok && len(fresh.hits) == 1 && fresh.hits[0].Site != site {
			t.Fatalf("site %q, want %q", fresh.hits[0].Site, site)
		}
		// Memory that has served others must give the same.
		if q := reused.decode(body, known); q != p || len(reused.hits) != len(fresh.hits) || reused.first != fresh.first {
			t.Fatalf("read again in used memory: %v, %d hits; want %v, %d hits", q, len(reused.hits), p, len(fresh.hits))
		}
		for i := range fresh.hits {
			hitsEqual(t, fresh.hits[i], reused.hits[i])
		}
		reused.reset()
	})
}

// siteOf is the site in a body of one hit, as another decoder reads it, where both must agree.
func siteOf(body []byte) (site string, ok bool) {
	var keys map[string]json.RawMessage
	if json.Unmarshal(body, &keys) != nil || json.Unmarshal(keys["site"], &site) != nil {
		return "", false
	}
	return site, site != "" && !bytes.ContainsRune(body, '\\') // they part ways over bad escapes
}

func FuzzPixel(f *testing.F) {
	for _, seed := range []string{
		"site=demo&url=http%3A%2F%2Flocalhost%2F", "site=demo&p.plan=x&props.a=b&p.=c", "", "&&&", "site=%zz&url=%", "site=a&url=b&dpr=NaN", "vitals.lcp=1",
		"site=a&url=b&hints.mobile=?1&error.line=7&ts=2026-01-31T12:00:00Z&ts=9e99", "props=x&hints=y&p=z", "site=a&site=b&url=+", ".=.&..=..",
	} {
		f.Add(seed, "http://referer.test/")
	}
	known, reused := wireFields(), new(request)
	f.Fuzz(func(t *testing.T, query, referer string) {
		var args fasthttp.Args
		args.Parse(query)
		if len(referer) > maxURL {
			return // the edge has cut it off with the header
		}
		fresh := new(request)
		fresh.decodeQuery(&args, referer, known)
		checkRead(t, fresh, len(query)+len(referer))
		if len(fresh.hits)+len(fresh.refusals) != 1 {
			t.Fatalf("%d hits, %d refused, want one", len(fresh.hits), len(fresh.refusals))
		}
		reused.decodeQuery(&args, referer, known)
		if len(reused.hits) != len(fresh.hits) || reused.first != fresh.first {
			t.Fatalf("read again in used memory: %v, want %v", reused.first, fresh.first)
		}
		reused.reset()
	})
}

// FuzzForwarded checks that no header of a client moves the walk past the hop that the trusted proxy has added.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{
		"8.8.8.8", "10.0.0.9", `for="[2001:db8::1]:80"`, `for="`, `",`, "unknown, ,", "_x", "[::1", "::ffff:10.0.0.1", "1.2.3.4:99999", `for=1.2.3.4;;for=5.6.7.8`,
		"\\", "a=b;", "%", "fe80::1%25eth0",
	} {
		f.Add(seed)
	}
	s := New(testOptions(&recorder{}))
	s.options.TrustedProxies = prefixes("10.0.0.0/8")
	proxy := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, claim string) {
		for _, lines := range [][]string{{claim + ", 203.0.113.1"}, {claim, "203.0.113.1"}} {
			if got := s.clientAddress(proxy, &request{forwardedFor: lines}); got.String() != "203.0.113.1" {
				t.Fatalf("X-Forwarded-For: %q gives %s", lines, got)
			}
		}
		for _, lines := range [][]string{{claim + ", for=203.0.113.1"}, {claim, "for=203.0.113.1"}} {
			if got := s.clientAddress(proxy, &request{forwarded: lines}); got.String() != "203.0.113.1" {
				t.Fatalf("Forwarded: %q gives %s", lines, got)
			}
		}
		for _, alone := range []*request{{forwardedFor: []string{claim}}, {forwarded: []string{claim}}} {
			if got := s.clientAddress(proxy, alone); !got.IsValid() || got.Zone() != "" || got.Is4In6() {
				t.Fatalf("%q alone gives %s", claim, got)
			}
		}
	})
}

// FuzzUpload checks that whatever is sent is told apart into items that add up, whichever way the bytes come.
func FuzzUpload(f *testing.F) {
	for _, seed := range []string{
		"{\"url\":\"u\"}\n{\"url\":\"u\",\"id\":\"x\"}\r\n\n[1]\n", `[{"url":"u"},{"screen_name":"s","app":"a"}]`, `{"url":"u"}`, `[]`, `[`, `[[`, `[,]`, `[1,]`, `[{"a":"]}\"\\"}]`, " \n",
		`{"url":"u","ts":"2026-11-23T11:00:00Z","sent":1,"ip":"::1","consent":"analytics","props":{"a":1}}`, "{\"a\":\"\\", `[{}{}]`, `[1 2]`, `{}]`, "\x00", `[true,null,"x"]`,
	} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "application/x-ndjson")
		f.Add([]byte(seed), "")
	}
	for name, body := range uploads(f) {
		f.Add(body, map[string]string{".json": "application/json", ".ndjson": "application/x-ndjson"}[filepath.Ext(name)])
	}
	s := New(withKeys(nothing{}))
	taken := func(body io.Reader, contentType string) (*upload, problem) {
		u := &upload{server: s, counts: map[hit.Reason]int{}}
		u.facts = hit.Hit{Way: hit.API, Received: noon, Site: "demo"}
		p, failure := u.takeItems(newItems(body, contentType))
		if failure != hit.Kept {
			panic(failure)
		}
		return u, p
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		u, p := taken(bytes.NewReader(body), contentType)
		slow, q := taken(iotest.OneByteReader(bytes.NewReader(body)), contentType)
		if p != q || !bytes.Equal(u.answerBody(""), slow.answerBody("")) {
			t.Fatalf("byte by byte: %v %s, want %v %s", q, slow.answerBody(""), p, u.answerBody(""))
		}
		if n := u.accepted + len(u.rejected); n > len(body) || p == (problem{}) && n != wantItems(body, contentType, n) {
			t.Fatalf("%d items", n)
		}
	})
}

// uploads are bodies as clients wrote them, by their names in testdata/uploads: captured from the programs that the names tell, and for the two
// of phones what their platforms' encoders make of the snippets' items.
func uploads(tb testing.TB) map[string][]byte {
	tb.Helper()
	names, err := filepath.Glob("testdata/uploads/*")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no uploads, %v", err)
	}
	bodies := map[string][]byte{}
	for _, name := range names {
		if bodies[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			tb.Fatal(err)
		}
	}
	return bodies
}

func TestWhatClientsSendIsTaken(t *testing.T) {
	for name, body := range uploads(t) {
		s, ctx := New(withKeys(nothing{})), arrived(t, uploading(string(body), withKey))
		s.handle(ctx)
		want := bytes.Count(bytes.TrimSpace(body), []byte("\n")) + 1
		if body[0] == '[' {
			want = 2
		}
		if got := string(ctx.Response.Body()); got != fmt.Sprintf(`{"accepted":%d,"rejected":[]}`+"\n", want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// wantItems is how many items another decoder reads, where it reads the body as we must.
func wantItems(body []byte, contentType string, otherwise int) int {
	var list []json.RawMessage
	if contentType == "application/json" && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) && json.Unmarshal(body, &list) == nil {
		return len(list)
	}
	return otherwise
}
