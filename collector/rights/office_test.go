package rights

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

const sitesFile = `
sites:
  - id: clinic
    hostnames: [clinic.example, "*.clinic.example"]
    time_zone: Asia/Almaty
    gpc: ignore
    dnt: essential
  - id: shop
    hostnames: [shop.example]
    advertising: true
    gpc: ignore
    dnt: ignore
  - id: strict
    hostnames: [strict.example]
    gpc: refuse
`

var noon = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// journal keeps decisions in memory.
type journal struct {
	decided []event.Record
	waiting bool
	err     error
}

func (j *journal) Waiting() bool { return j.waiting }

func (j *journal) Decide(decision *event.Record) error {
	if j.err == nil {
		j.decided = append(j.decided, *decision)
	}
	return j.err
}

// archive knows one visitor.
type archive struct {
	site    string
	visitor uint64
	kept    *Kept
	err     error
}

func (a *archive) Of(_ context.Context, site string, visitor uint64, _ int) (*Kept, error) {
	if a.err != nil {
		return nil, a.err
	}
	if site != a.site || visitor != a.visitor {
		return &Kept{}, nil
	}
	return a.kept, nil
}

func (a *archive) All(_ context.Context, site string, visitor uint64) (Rows, error) {
	if a.err != nil {
		return nil, a.err
	}
	all := &shelf{}
	if site == a.site && visitor == a.visitor {
		for i, rows := range [][]Row{a.kept.Events, a.kept.Network, a.kept.Consents} {
			for _, row := range rows {
				all.tables, all.rows = append(all.tables, lists()[i]), append(all.rows, row.JSON)
			}
		}
	}
	return all, nil
}

// shelf are rows that end with an error, if there is one.
type shelf struct {
	tables []string
	rows   []json.RawMessage
	next   int
	err    error
	closed bool
}

func (s *shelf) Next() (table string, row json.RawMessage, err error) {
	if s.next == len(s.rows) {
		return "", nil, s.ending()
	}
	s.next++
	return s.tables[s.next-1], s.rows[s.next-1], nil
}

func (s *shelf) ending() error {
	if s.err != nil {
		return s.err
	}
	return io.EOF
}

func (s *shelf) Close() error {
	s.closed = true
	return nil
}

func (a *archive) Holds(_ context.Context, site string, visitor uint64) (bool, error) {
	return site == a.site && visitor == a.visitor, a.err
}

// office is a service and what it works with.
type office struct {
	*testing.T
	service *Service
	key     *visitor.Key
	rules   *policy.Policy
	journal *journal
	archive *archive
}

func newOffice(t *testing.T) *office {
	t.Helper()
	known, sitesErr := sites.Parse([]byte(sitesFile))
	rules, rulesErr := policy.Default()
	key, keyErr := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	o := &office{T: t, key: key, rules: rules, journal: &journal{}, archive: &archive{}}
	if err := errors.Join(sitesErr, rulesErr, keyErr); err != nil {
		t.Fatal(err)
	}
	var err error
	o.service, err = New(Options{
		Sites: known, Policy: rules, Key: key, Journal: o.journal, Records: o.archive, Banner: "banner(texts)",
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// ask sends a request; headers are written "Name: value".
func (o *office) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	o.Helper()
	r := httptest.NewRequestWithContext(o.Context(), method, target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	o.service.ServeHTTP(w, r)
	return w
}

// post sends a form of the page, as its own browser does.
func (o *office) post(path string, fields url.Values, headers ...string) *httptest.ResponseRecorder {
	o.Helper()
	return o.ask(http.MethodPost, path, fields.Encode(), append([]string{
		"Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin", "Origin: http://example.com",
	}, headers...)...)
}

// cookie is the one that the answer sets, as a browser sends it back.
func cookie(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	set := w.Result().Cookies()
	if len(set) != 1 {
		t.Fatalf("%d cookies set: %v", len(set), set)
	}
	return set[0].Name + "=" + set[0].Value
}

// told is the JSON of an answer.
func told(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var said map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("more than one line: %q", w.Body)
	}
	return said
}
