package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lookupFunc answers as a test wants.
type lookupFunc func(pageID, path string, raw Raw) (Stored, error)

func (f lookupFunc) Lookup(_ context.Context, pageID, path string, raw Raw) (Stored, error) {
	return f(pageID, path, raw)
}

func start(t *testing.T, collector string, lookup lookupFunc) *httptest.Server {
	t.Helper()
	handler, err := New(Options{CollectorURL: collector, Lookup: lookup, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func never(string, string, Raw) (Stored, error) { return Stored{}, ErrNotYet }

func ask(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestEveryPageIsCountedUnderAStrictPolicy(t *testing.T) {
	server := start(t, "http://127.0.0.1:8080", never)
	for _, path := range []string{"/", "/app/", "/app/doctors/sadykova", "/plain/"} {
		answer, text := ask(t, http.MethodGet, server.URL+path, "")
		if !strings.Contains(text, `src="http://127.0.0.1:8080/m.js" data-site="demo"`) {
			t.Errorf("%s does not load the script", path)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s is under the policy %q, want a strict one", path, policy)
		}
		if strings.Contains(text, " style=") || strings.Contains(text, " onclick=") || strings.Contains(text, "<script>") {
			t.Errorf("%s has something in it that its policy forbids", path)
		}
	}
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	server := start(t, "http://127.0.0.1:8080", never)
	for _, path := range []string{"/nothing", "/plain/more", "/files/nothing", "/index.html"} {
		if answer, _ := ask(t, http.MethodGet, server.URL+path, ""); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, answer.StatusCode)
		}
	}
}

func TestCollectorAddressIsChecked(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://example.org", "http://", "http://a b/"} {
		if _, err := New(Options{CollectorURL: address}); err == nil {
			t.Errorf("New(%q) = nil, want an error", address)
		}
	}
}

func TestRow(t *testing.T) {
	const event = `{"type":"pageview","id":"p1","url":"http://localhost/?q=x","title":"Home","hints":{"touch":0}}`
	for _, tt := range []struct {
		name, query, body string
		err               error
		want              int
	}{
		{"is there", "?page=p1", event, nil, http.StatusOK},
		{"is not there yet", "?page=p1", event, ErrNotYet, http.StatusNoContent},
		{"cannot be looked up", "?page=p1", event, errors.New("down"), http.StatusBadGateway},
		{"of no page", "", event, nil, http.StatusBadRequest},
		{"of no event", "?page=p1", "nonsense", nil, http.StatusBadRequest},
		{"of an event too large", "?page=p1", `{"url":"` + strings.Repeat("x", maxRawBytes) + `"}`, nil, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, "http://127.0.0.1:8080", func(pageID, _ string, raw Raw) (Stored, error) {
				if pageID != "p1" || raw.URL != "http://localhost/?q=x" || raw.Title != "Home" || !raw.Address.IsLoopback() ||
					raw.Header.Get("User-Agent") == "" || string(raw.Hints) != `{"touch":0}` {
					t.Errorf("looked up %q with %+v", pageID, raw)
				}
				return Stored{}, tt.err
			})
			if answer, _ := ask(t, http.MethodPost, server.URL+"/_row"+tt.query, tt.body); answer.StatusCode != tt.want {
				t.Errorf("status = %d, want %d", answer.StatusCode, tt.want)
			}
		})
	}
}

func TestRowIsOnlyForTheDemosOwnPages(t *testing.T) {
	server := start(t, "http://127.0.0.1:8080", never)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/_row?page=p1", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("status = %d, want 403", answer.StatusCode)
	}
}

func TestRowShowsEachColumnBesideWhatWasDoneToIt(t *testing.T) {
	stored := Stored{
		Columns: []Column{{"path", "/"}, {"ip", "127.0.0.0"}, {"city", ""}, {"screen_width", ""}},
		Notes: []Note{
			{Field: "ip", Action: Shortened, Raw: "127.0.0.1", Stored: "127.0.0.0", Why: "/24"},
			{Field: "screen_width", Action: Dropped, Raw: "1280", Why: "needs consent"},
			{Field: "email", Action: Dropped, Raw: "a@example.kz", Why: "not on the allow list"},
		},
		Later: []Row{{Columns: []Column{{"type", "engage"}}}}, AgeMillis: 12,
	}
	server := start(t, "http://127.0.0.1:8080", func(string, string, Raw) (Stored, error) { return stored, nil })
	_, text := ask(t, http.MethodPost, server.URL+"/_row?page=p1", "{}")
	var got explained
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := explained{
		Lines: []line{
			{"path", "/", Kept, "", ""},
			{"ip", "127.0.0.0", Shortened, "127.0.0.1", "/24"},
			{"screen_width", "", Dropped, "1280", "needs consent"},
		},
		Empty:   []string{"city"},
		Removed: []line{{"email", "", Dropped, "a@example.kz", "not on the allow list"}},
		Later:   []explained{{Lines: []line{{"type", "engage", Kept, "", ""}}, Empty: []string{}, Removed: []line{}}}, AgeMillis: 12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}

func TestFrameWaitsForTheRowOfItsPath(t *testing.T) {
	asked := 0
	server := start(t, "http://127.0.0.1:8080", func(pageID, path string, raw Raw) (Stored, error) {
		if asked++; asked < 3 {
			return Stored{}, ErrNotYet
		}
		if pageID != "" || path != "/plain/" || !raw.Since.Equal(time.UnixMilli(1234)) {
			t.Errorf("looked up page %q, path %q, since %v", pageID, path, raw.Since)
		}
		return Stored{Columns: []Column{{"title", "<script>alert(1)</script>"}}}, nil
	})
	_, text := ask(t, http.MethodGet, server.URL+"/_row/frame?since=1234&path="+url.QueryEscape("/plain/"), "")
	if !strings.Contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Errorf("the stored title is not shown as text:\n%s", text)
	}
}
