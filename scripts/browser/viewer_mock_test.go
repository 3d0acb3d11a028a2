package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"mayak/dashboards/viewer"
	"mayak/scripts/processes"
)

// The time that the mock's dashboard is looked at: 4 to 10 October 2026, in Almaty.
const (
	mockFrom = 1791072000000
	mockTo   = mockFrom + 6*24*3600*1000
)

// frame is what a query answers, as the API writes it.
type frame struct {
	Ref    string  `json:"refId"`
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

type field struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Values []any  `json:"values"`
}

// mockAPI answers as the aggregator does, of files, so that every kind of panel and every state of one can be seen.
type mockAPI struct {
	*httptest.Server
	board  json.RawMessage
	frames map[string][]frame // by panel

	listening atomic.Int64 // connections to the live view

	mu    sync.Mutex
	asked []url.Values // of panels
}

// refusedPanel is the panel that cannot be filled, refusedVariable is for another role.
const (
	refusedPanel    = "16"
	refusedVariable = "verdict"

	// awayFrom is the beginning of a range for which no variable is answered.
	awayFrom = mockFrom + 60_000
)

func newMockAPI(t *testing.T) *mockAPI {
	t.Helper()
	pages, err := viewer.Handler()
	if err != nil {
		t.Fatal(err)
	}
	m := &mockAPI{}
	for file, into := range map[string]any{"board": &m.board, "frames": &m.frames} {
		text, err := os.ReadFile("testdata/viewer/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("POST /api/login", m.login)
	for path, answer := range map[string]http.HandlerFunc{
		"GET /api/session": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, map[string]any{"name": "aigerim", "role": "analyst", "check": "c"})
		},
		"POST /api/logout":                           m.logout,
		"GET /api/dashboards":                        m.list,
		"GET /api/dashboards/{uid}":                  m.show,
		"GET /api/dashboards/{uid}/variables/{name}": m.variable,
		"GET /api/dashboards/{uid}/panels/{id}":      m.panel,
		"GET /api/dashboards/{uid}/annotations":      m.annotations,
		"GET /api/live":                              m.live,
	} {
		mux.HandleFunc(path, loggedIn(answer))
	}
	m.Server = httptest.NewServer(mux)
	t.Cleanup(m.Close)
	return m
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func loggedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie("mock"); err != nil || cookie.Value != "in" {
			w.WriteHeader(http.StatusUnauthorized)
			reply(w, map[string]string{"error": "a token is needed"})
			return
		}
		next(w, r)
	}
}

func (m *mockAPI) login(w http.ResponseWriter, r *http.Request) {
	var given struct{ Name, Password string }
	if json.NewDecoder(r.Body).Decode(&given) != nil || given.Name != "aigerim" || given.Password != "correct horse" {
		w.WriteHeader(http.StatusUnauthorized)
		reply(w, map[string]string{"error": "nobody has this name and this password"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "mock", Value: "in", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	reply(w, map[string]any{"name": "aigerim", "role": "analyst", "check": "c"})
}

func (m *mockAPI) logout(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Mayak-Check") != "c" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "mock", Path: "/", MaxAge: -1})
	w.WriteHeader(http.StatusNoContent)
}

func (m *mockAPI) list(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{
		"dashboards": []map[string]any{
			{"uid": "everything", "title": "Every kind of panel", "description": "One of each.", "tags": []string{"mayak"}},
			{"uid": "pages", "title": "Pages", "description": "What is read.", "tags": []string{"mayak"}},
		},
		"sites":     []map[string]string{{"id": "clinic", "time_zone": "Asia/Almaty"}, {"id": "shop", "time_zone": "Europe/Berlin"}},
		"languages": []string{"en", "ru", "kk"},
	})
}

func (m *mockAPI) show(w http.ResponseWriter, _ *http.Request) { reply(w, m.board) }

func (m *mockAPI) variable(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.PathValue("name") == refusedVariable {
		w.WriteHeader(http.StatusNotFound)
		reply(w, map[string]string{"error": "there is no variable \"verdict\""})
		return
	}
	if query.Get("from") == strconv.Itoa(awayFrom) {
		w.WriteHeader(http.StatusServiceUnavailable)
		reply(w, map[string]string{"error": "the database does not answer at the moment"})
		return
	}
	cities := map[string]string{"KZ": "Almaty", "RU": "Kazan", "$__all": "Everywhere"}
	values := map[string][]string{"site": {"clinic", "shop"}, "zone": {"Asia/Almaty"}, "country": {"KZ", "RU", "DE"}, "city": {cities[query.Get("var-country")]}}
	options := []map[string]string{}
	for _, value := range values[r.PathValue("name")] {
		options = append(options, map[string]string{"text": value, "value": value})
	}
	reply(w, map[string]any{"options": options})
}

func (m *mockAPI) panel(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	m.mu.Lock()
	query.Set("panel", r.PathValue("id"))
	m.asked = append(m.asked, query)
	m.mu.Unlock()
	if r.PathValue("id") == refusedPanel {
		w.WriteHeader(http.StatusServiceUnavailable)
		reply(w, map[string]string{"error": "the database does not answer at the moment"})
		return
	}
	reply(w, map[string]any{"frames": m.frames[r.PathValue("id")], "took_ms": 3})
}

// question is the newest one about the panel.
func (m *mockAPI) question(panel int) url.Values {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, query := range slices.Backward(m.asked) {
		if query.Get("panel") == strconv.Itoa(panel) {
			return query
		}
	}
	return nil
}

func (m *mockAPI) annotations(w http.ResponseWriter, _ *http.Request) {
	at := int64(mockFrom + 40*3600*1000)
	reply(w, map[string]any{"annotations": []map[string]any{
		{"time": at, "time_end": at + 12*3600*1000, "title": "TTFB of Kazakhtelecom", "text": "three times the usual", "tags": []string{"incident"}},
		{"time": mockTo - 24*3600*1000, "time_end": nil, "title": "LCP of all", "text": "twice the usual", "tags": []string{"incident", "open"}},
		{"time": mockFrom, "time_end": nil, "title": "Release 2.1", "text": "", "tags": []string{"deployment"}},
	}})
}

func (m *mockAPI) live(w http.ResponseWriter, r *http.Request) {
	m.listening.Add(1)
	defer m.listening.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	views := make([]int, 30)
	for i := range views {
		views[i] = 3 + i%7
	}
	now := map[string]any{
		"at": mockFrom, "visitors": 37, "views": views, "smallest_group": 10,
		"pages":     []map[string]any{{"path": "/doctors", "visitors": 22}, {"path": "", "visitors": 15, "other": true}},
		"countries": []map[string]any{{"country": "KZ", "visitors": 31}},
		"channels":  []map[string]any{{"channel": "organic search", "visitors": 21}, {"channel": "", "visitors": 16, "other": true}},
	}
	body, _ := json.Marshal(now)
	fmt.Fprintf(w, "event: now\ndata: %s\n\n", body)
	w.(http.Flusher).Flush() //nolint:forcetypeassert // of the standard library's server
	<-r.Context().Done()
}

// awaitListening waits until so many pages listen to the live view.
func (m *mockAPI) awaitListening(t *testing.T, want int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if err := processes.Poll(ctx, func() (bool, error) { return m.listening.Load() == want, nil }); err != nil {
		t.Errorf("%d pages listen to the live view, want %d", m.listening.Load(), want)
	}
}
