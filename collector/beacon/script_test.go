package beacon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScriptAnswers(t *testing.T) {
	_, dial := inMemory(t, testOptions(&recorder{}))
	c := dial()
	const hour, year = "public, max-age=3600, stale-while-revalidate=86400", "public, max-age=31536000, immutable"
	for _, tt := range []struct {
		name, path, headers string
		status              int
		body, coding, cache string
	}{
		{"no wish", "/m.js", "", 200, "plain", "", hour},
		{"a browser", "/m.js", "Accept-Encoding: gzip, deflate, br, zstd", 200, "brotlied", "br", hour},
		{"gzip only", "/m.js", "Accept-Encoding: gzip", 200, "gzipped", "gzip", hour},
		{"brotli refused", "/m.js", "Accept-Encoding: gzip;q=0.5, br;q=0", 200, "gzipped", "gzip", hour},
		{"gzip wanted more", "/m.js", "Accept-Encoding: br;q=0.2, gzip;q=0.8", 200, "gzipped", "gzip", hour},
		{"both alike", "/m.js", "Accept-Encoding: gzip;q=0.8,br;q=0.8", 200, "brotlied", "br", hour},
		{"anything", "/m.js", "Accept-Encoding: *", 200, "brotlied", "br", hour},
		{"anything but brotli", "/m.js", "Accept-Encoding: *;q=0.5, br;q=0", 200, "gzipped", "gzip", hour},
		{"capital letters and blanks", "/m.js", "Accept-Encoding: GZIP ; Q = 1.0", 200, "gzipped", "gzip", hour},
		{"no number", "/m.js", "Accept-Encoding: br;q=much", 200, "plain", "", hour},
		{"identity", "/m.js", "Accept-Encoding: identity", 200, "plain", "", hour},
		{"this version", "/m.js?v=abc", "", 200, "plain", "", year},
		{"another version", "/m.js?v=abcd", "", 200, "plain", "", hour},
		{"more than a version", "/m.js?v=abc&x=1", "", 200, "plain", "", hour},
		{"known already", "/m.js", `If-None-Match: W/"abc"`, 304, "", "", hour},
		{"known already, of this version", "/m.js?v=abc", `If-None-Match: W/"abc"`, 304, "", "", year},
		{"known to a strong cache", "/m.js", `If-None-Match: "abc"`, 304, "", "", hour},
		{"one of several is known", "/m.js", `If-None-Match: "x", W/"abc"`, 304, "", "", hour},
		{"whatever is known", "/m.js", "If-None-Match: *", 304, "", "", hour},
		{"an old one is known", "/m.js", `If-None-Match: W/"ab"`, 200, "plain", "", hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, c, get(tt.path, strings.Split(tt.headers, "\n")...))
			if got.Status != tt.status || got.Body != tt.body {
				t.Errorf("answer %d %q, want %d %q", got.Status, got.Body, tt.status, tt.body)
			}
			want := map[string]string{
				"Cache-Control": tt.cache, "ETag": `W/"abc"`, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff",
				"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
			}
			if tt.status == 200 {
				want["Content-Type"] = "text/javascript; charset=utf-8"
			}
			if tt.coding != "" {
				want["Content-Encoding"] = tt.coding
			}
			names := []string{
				"Cache-Control", "ETag", "Vary", "X-Content-Type-Options", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy",
				"Content-Type", "Content-Encoding",
			}
			if diff := cmp.Diff(want, head(got.Header, names...)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScriptWithoutItsBody(t *testing.T) {
	_, dial := inMemory(t, testOptions(&recorder{}))
	got := ask(t, dial(), "HEAD /m.js HTTP/1.1\r\nHost: c.test\r\nAccept-Encoding: br\r\n\r\n")
	want := map[string]string{"Content-Length": "8", "Content-Encoding": "br"}
	if diff := cmp.Diff(want, head(got.Header, "Content-Length", "Content-Encoding")); got.Status != 200 || got.Body != "" || diff != "" {
		t.Errorf("answer %d %q, header (-want +got):\n%s", got.Status, got.Body, diff)
	}
}

func TestTheModuleIsServedWithTheShareOfItsSite(t *testing.T) {
	options := testOptions(&recorder{})
	module := &Script{Body: []byte("module"), Gzip: []byte("gzipped module"), ETag: `W/"def"`, Version: "def"}
	options.Sites = func(id string) (Site, bool) { return Site{Module: module}, id == "clinic" }
	_, dial := inMemory(t, options)
	c := dial()
	got := ask(t, c, get("/m.d.js?site=clinic", "Accept-Encoding: gzip"))
	if got.Status != 200 || got.Body != "gzipped module" || got.Header.Get("Cache-Control") != "public, max-age=3600, stale-while-revalidate=86400" ||
		got.Header.Get("ETag") != `W/"def"` || got.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%d %q %v", got.Status, got.Body, got.Header)
	}
	if got := ask(t, c, get("/m.d.js?site=clinic", `If-None-Match: W/"def"`)); got.Status != 304 {
		t.Errorf("the one that the browser has: %d", got.Status)
	}
	for _, path := range []string{"/m.d.js?site=nobody", "/m.d.js"} {
		if got := ask(t, c, get(path)); got.Status != 404 || !strings.Contains(got.Body, "not a site of this collector") {
			t.Errorf("%s: %d %q", path, got.Status, got.Body)
		}
	}
}
