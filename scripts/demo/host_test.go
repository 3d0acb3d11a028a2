package demo

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheDemoAnswersToNoNameOfOthers(t *testing.T) {
	asked := 0
	handler := harden(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	for host, want := range map[string]int{
		"localhost:8099": 200, "127.0.0.1:8099": 200, "[::1]:8099": 200, "LOCALHOST.": 200, "search.localhost:1": 200, "192.0.2.7": 200,
		"evil.test:8099": 421, "localhost.evil.test": 421, "": 421, "127.0.0.1.evil.test": 421,
	} {
		before := asked
		r, w := httptest.NewRequest(http.MethodPost, "/_row", nil), httptest.NewRecorder()
		r.Host = host
		handler.ServeHTTP(w, r)
		if w.Code != want || (asked > before) != (want == 200) {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
}
