package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/report/access"
	"mayak/aggregator/report/api"
	"mayak/dashboards"
	"mayak/dashboards/grafanatest"
)

// get asks the API as a role.
func (w *boardWorld) get(t *testing.T, role access.Role, path string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+w.tokens[role])
	answer := httptest.NewRecorder()
	w.made.reports.Handler().ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func (w *boardWorld) span() string {
	return fmt.Sprintf("?from=%d&to=%d&var-site=demo", w.from.UnixMilli(), w.to.UnixMilli())
}

func (w *boardWorld) tryAPI(t *testing.T) {
	_, description := w.get(t, access.Analyst, "/api/openapi.json")
	for _, tt := range []struct {
		name string
		role access.Role
		path string
		code int
		want string
	}{
		{"an analyst sees what is for analysts", access.Analyst, "/api/dashboards?lang=ru", http.StatusOK, `"uid":"overview","title":"Обзор"`},
		{"no SQL leaves the server", access.Ops, "/api/dashboards/diagnostics?lang=kk", http.StatusOK, `"title":"Сервер диагностикасы"`},
		{"uid of Grafana", access.Analyst, "/api/dashboards/mayak-pages", http.StatusOK, `"uid":"mayak-pages"`},
		{"diagnostics are for ops", access.Analyst, "/api/dashboards/diagnostics", http.StatusForbidden, "other roles than analyst"},
		{"risk is for security", access.Ops, "/api/dashboards/risk/panels/1" + w.span(), http.StatusForbidden, "other roles than ops"},
		{"a dashboard that does not exist", access.Analyst, "/api/dashboards/nowhere", http.StatusNotFound, "there are overview, pages"},
		{"a panel that does not exist", access.Analyst, "/api/dashboards/overview/panels/99" + w.span(), http.StatusNotFound, "panel"},
		{"a value that is too long", access.Analyst, "/api/dashboards/pages/panels/1" + w.span() + "&var-path=" + strings.Repeat("x", 513), http.StatusBadRequest, "longer than 512"},
		{"a variable that does not exist", access.Analyst, "/api/dashboards/pages/panels/1" + w.span() + "&var-x=1", http.StatusBadRequest, "there are site, zone, path"},
		{"a quote is only a quote", access.Analyst, "/api/dashboards/pages/panels/3" + w.span() + "&var-path=%27%29%20OR%201%3D1%20--%5C", http.StatusOK, `"frames"`},
		{"an unknown site", access.Analyst, "/api/dashboards/pages/panels/3" + strings.Replace(w.span(), "demo", "other", 1), http.StatusNotFound, "site"},
		{"four years", access.Analyst, "/api/dashboards/pages/panels/3?from=1600000000000&to=1790000000000&var-site=demo", http.StatusBadRequest, "3 years"},
		{"what can be chosen", access.Analyst, "/api/dashboards/sources/variables/channel" + w.span(), http.StatusOK, `"value":"direct"`},
		{"incidents as annotations", access.Ops, "/api/dashboards/diagnostics/annotations" + w.span(), http.StatusOK, `"title":"ttfb"`},
		{"incidents are for ops, and deployments for all", access.Analyst, "/api/dashboards/overview/annotations" + w.span(), http.StatusOK, `"title":"1.4.2","text":"booking in one step","tags":["deployment"]}]}`},
		{"both", access.Ops, "/api/dashboards/overview/annotations" + w.span(), http.StatusOK, `"title":"1.4.2"`},
		{"a panel", access.Analyst, "/api/dashboards/overview/panels/7" + w.span(), http.StatusOK, `"name":"path","type":"string"`},
		{"a page needs no login", "", "/d/overview", http.StatusOK, "<!doctype html>"},
		{"a dashboard does", "", "/api/dashboards", http.StatusUnauthorized, "token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, body := w.get(t, tt.role, tt.path)
			if code != tt.code || !strings.Contains(body, tt.want) || strings.Contains(body, "rawSql") || strings.Contains(body, "SELECT ") {
				t.Errorf("%s: %d %.600s, want %d and %q", tt.path, code, body, tt.code, tt.want)
			}
			if code != http.StatusOK || !strings.HasPrefix(tt.path, "/api/") {
				return
			}
			if err := fits(described(t, description, answered(tt.path)), body); err != nil {
				t.Errorf("%s: not what the description says: %v\n%.1000s", tt.path, err, body)
			}
		})
	}
}

// answered is the schema of what is answered at an address of dashboards.
func answered(path string) string {
	path, _, _ = strings.Cut(path, "?")
	switch parts := strings.Split(path, "/"); len(parts) {
	case 3:
		return "Dashboards"
	case 4:
		return "Dashboard"
	default:
		return map[string]string{"panels": "Frames", "variables": "Choices", "annotations": "Annotations"}[parts[4]]
	}
}

// tryGrafana compares what a panel reads as Grafana asks, on a server that is not in UTC, with what it reads as the viewer asks.
func (w *boardWorld) tryGrafana(t *testing.T) {
	for _, tt := range []struct {
		name  string
		panel int
	}{{"pages", 1}, {"audience", 2}, {"diagnostics", 13}, {"risk", 2}, {"privacy", 3}} {
		d := w.boards.Set.Find(tt.name)
		p := d.Panel(tt.panel)
		q := w.question(d)
		sum := func(ctx context.Context, conn driver.Conn, statement string, err error) string {
			t.Helper()
			var all string
			if err == nil {
				err = conn.QueryRow(ctx, "SELECT toString(groupArray(tuple(*))) FROM ("+statement+")").Scan(&all)
			}
			if err != nil {
				t.Errorf("%s, %s: %v", d.Name, p.Title, err)
			}
			return all
		}
		sent, err := grafanatest.Sent(d, p.Targets[0].RawSQL, q)
		theirs := sum(almaty(t), w.conns[p.Source.UID], sent, err)
		ours, err := d.Expand(p.Targets[0].RawSQL, q, func(c dashboards.Call) (string, error) { return w.boards.Rows(t.Context(), c) })
		if ours := sum(t.Context(), w.made.conn, ours, err); ours != theirs || len(ours) < 5 {
			t.Errorf("%s, %s: Grafana is told %.300s, the viewer %.300s", d.Name, p.Title, theirs, ours)
		}
	}
}

// tryNumbers holds panels to what the report API says of the same time.
func (w *boardWorld) tryNumbers(t *testing.T) {
	day := w.to.In(time.FixedZone("Almaty", 5*60*60)).AddDate(0, 0, -1).Format(time.DateOnly)
	midnight, _ := time.Parse(time.RFC3339, day+"T00:00:00+05:00")
	span := fmt.Sprintf("?from=%d&to=%d&var-site=demo", midnight.UnixMilli(), midnight.AddDate(0, 0, 1).UnixMilli())
	for _, tt := range []struct{ panel, field, report, measure string }{
		{"overview/panels/3", "visitors", "traffic", "visitors"},
		{"overview/panels/4", "views", "traffic", "views"},
		{"overview/panels/5", "visits", "visits", "visits"},
	} {
		var shown struct{ Frames []api.Frame }
		var told reported
		_, body := w.get(t, access.Analyst, "/api/dashboards/"+tt.panel+span)
		if err := json.Unmarshal([]byte(body), &shown); err != nil || len(shown.Frames) == 0 {
			t.Fatalf("%s: %v: %s", tt.panel, err, body)
		}
		_, body = w.get(t, access.Analyst, "/api/report/"+tt.report+"?site=demo&range="+day)
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatalf("%s: %v: %s", tt.report, err, body)
		}
		i := slices.IndexFunc(shown.Frames[0].Fields, func(f *api.Field) bool { return f.Name == tt.field })
		if i < 0 || shown.Frames[0].Fields[i].Values[0] != told.Totals[tt.measure] || told.Totals[tt.measure] == 0.0 {
			t.Errorf("%s shows %v, the report says %v", tt.panel, shown.Frames[0], told.Totals)
		}
	}
}

// tryLive listens until the first event.
func (w *boardWorld) tryLive(t *testing.T) {
	err := w.made.conn.Exec(t.Context(), `INSERT INTO events (site, ts, received, type, id, visitor, consent, path, country, channel)
		SELECT 'demo', now64(3), now(), 'pageview', concat('live', toString(number)), number + 1, 'essential', if(number < 7, '/many', '/few'), 'KZ', 'direct' FROM numbers(9)`)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.made.reports.Handler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/live?site=demo", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.tokens[access.Analyst])
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	event := make([]byte, 64<<10)
	n, err := answer.Body.Read(event)
	if err != nil {
		t.Fatal(err)
	}
	data, _, _ := strings.Cut(string(event[:n]), "\n\n")
	_, data, _ = strings.Cut(data, "data: ")
	var now struct {
		Visitors int
		Views    []int
		Pages    []struct {
			Path     string
			Visitors int
			Other    bool
		}
	}
	_, description := w.get(t, access.Analyst, "/api/openapi.json")
	if err := fits(described(t, description, "Now"), data); err != nil {
		t.Errorf("not what the description says: %v", err)
	}
	if err := json.Unmarshal([]byte(data), &now); err != nil {
		t.Fatalf("%v: %q", err, event[:n])
	}
	if now.Visitors < 9 || len(now.Views) != 30 {
		t.Errorf("now: %+v", now)
	}
	for _, page := range now.Pages {
		if page.Visitors < 5 || page.Path == "/few" {
			t.Errorf("a small group is told: %+v", page)
		}
	}
}
