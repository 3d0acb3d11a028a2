package browser

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/andybalholm/brotli"

	"mayak/collector/tracker"
)

// testServed asks the collector for the script as browsers and the proxies before them do.
func testServed(t *testing.T, s *stack) {
	script := tracker.Script()
	for _, tt := range []struct {
		name, query, accept, tag string
		status                   int
		encoding, cache          string
		decode                   func(io.Reader) (io.Reader, error)
	}{
		{"as it is", "", "", "", 200, "", "public, max-age=3600, stale-while-revalidate=86400", plainly},
		{"gzip", "", "gzip", "", 200, "gzip", "public, max-age=3600, stale-while-revalidate=86400", gunzip},
		{"brotli, as browsers ask", "", "gzip, deflate, br, zstd", "", 200, "br", "public, max-age=3600, stale-while-revalidate=86400", unbrotli},
		{"that version", "?v=" + script.Version, "br", "", 200, "br", "public, max-age=31536000, immutable", unbrotli},
		{"another version", "?v=0", "br", "", 200, "br", "public, max-age=3600, stale-while-revalidate=86400", unbrotli},
		{"known", "", "br", script.ETag, 304, "", "public, max-age=3600, stale-while-revalidate=86400", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodGet, s.collectorURL()+"/m.js"+tt.query, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Accept-Encoding", tt.accept)
			request.Header.Set("If-None-Match", tt.tag)
			answer, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			header := answer.Header
			if answer.StatusCode != tt.status || header.Get("Content-Encoding") != tt.encoding || header.Get("Cache-Control") != tt.cache ||
				header.Get("ETag") != script.ETag || header.Get("Vary") != "Accept-Encoding" || header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("answered %d, %v", answer.StatusCode, header)
			}
			if tt.decode == nil {
				return
			}
			reader, err := tt.decode(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(reader)
			if err != nil || !bytes.Equal(body, script.Body) {
				t.Errorf("the script is %d bytes, %v; want the %d of the build", len(body), err, len(script.Body))
			}
		})
	}
}

func plainly(r io.Reader) (io.Reader, error)  { return r, nil }
func unbrotli(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }
func gunzip(r io.Reader) (io.Reader, error)   { return gzip.NewReader(r) }
