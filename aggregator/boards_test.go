package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/report/access"
	"mayak/aggregator/report/api"
	"mayak/dashboards"
	"mayak/dashboards/grafanatest"
	"mayak/schema/roles"
)

// boardWorld is a database with something of everything, entered by the roles.
type boardWorld struct {
	*fortress

	tokens    map[access.Role]string
	conns     map[string]driver.Conn // by data source
	boards    api.Boards
	from, to  time.Time
	slowViews []string
}

func newBoardWorld(t *testing.T) *boardWorld {
	t.Helper()
	dir := t.TempDir()
	sitesFile, tokensFile := filepath.Join(dir, "sites.yaml"), filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(sitesFile, []byte(lifelikeSites), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &boardWorld{tokens: map[access.Role]string{}, conns: map[string]driver.Conn{}}
	w.fortress = newFortress(t, Config{Sites: sitesFile, ReportConfig: ReportConfig{Listen: "127.0.0.1:0", Tokens: tokensFile, SmallestGroup: 5}})
	t.Cleanup(w.made.reports.close)
	var err error
	for _, role := range access.Roles() {
		if w.tokens[role], err = access.Create(tokensFile, access.Caller{Name: string(role), Role: role}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	w.to = time.Now().UTC().Truncate(time.Second)
	w.from = w.to.Add(-46 * time.Hour).Truncate(5 * time.Minute) // something happened before
	began := time.Now()
	w.fill(t)
	t.Logf("filled in %v", time.Since(began).Round(time.Millisecond))
	for source, role := range map[string]string{dashboards.AnalystSource: roles.Analyst, dashboards.OpsSource: roles.Ops, dashboards.SecuritySource: roles.Security} {
		w.conns[source] = w.as(t, role)
	}
	w.boards = w.made.reports.Boards
	return w
}

// fill writes two days of page views, and what belongs to them. No window holds them: that views read the same from windows is shown where
// these are computed, and computing them would take most of the time here.
func (w *boardWorld) fill(t *testing.T) {
	t.Helper()
	history := exec.CommandContext(t.Context(), "go", "run", "../scripts/load/history", "-dsn", w.dsn(roles.Aggregator), "-events", "4000", "-days", "2",
		"-until", w.to.Format(time.RFC3339))
	if out, err := history.CombinedOutput(); err != nil {
		t.Fatalf("write a history: %v: %s", err, out)
	}
	text, err := os.ReadFile("testdata/dashboards.sql")
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(text), ""), ";\n") {
		if err := w.made.conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%.80s: %v", statement, err)
		}
	}
}

func (w *boardWorld) question(d *dashboards.Dashboard) dashboards.Question {
	q := dashboards.Question{From: w.from, To: w.to, Interval: time.Hour, Values: map[string][]string{}}
	for _, v := range d.Templating.List {
		switch {
		case v.Name == "site":
			q.Values[v.Name] = []string{"demo"}
		case v.Name == "zone":
			q.Values[v.Name] = []string{"Asia/Almaty"}
		case v.IncludeAll:
			q.Values[v.Name] = []string{dashboards.All}
		default:
			q.Values[v.Name] = []string{""}
		}
	}
	return q
}

// ask runs a query as Grafana does, as the role of its data source, on a server that is not in UTC. What is made of sessions takes the
// database seconds to understand as a view: there the statement is run that the viewer's server writes in its place, and that the role may
// read the view stands in another test.
func (w *boardWorld) ask(t *testing.T, d *dashboards.Dashboard, source, sql string) (columns []string, kinds map[string]string, count int) {
	t.Helper()
	calls, err := dashboards.Calls(sql)
	if err != nil {
		t.Fatal(err)
	}
	ctx, conn := almaty(t), w.conns[source]
	statement, err := grafanatest.Sent(d, sql, w.question(d))
	if slices.ContainsFunc(calls, func(c dashboards.Call) bool { return w.ofSessions(t, c.View) }) {
		ctx, conn = t.Context(), w.made.conn
		statement, err = d.Expand(sql, w.question(d), func(c dashboards.Call) (string, error) { return w.boards.Rows(t.Context(), c) })
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(ctx, statement)
	if err != nil {
		t.Errorf("%s: %v", statement, err)
		return nil, nil, 0
	}
	defer rows.Close()
	kinds = map[string]string{}
	for _, c := range rows.ColumnTypes() {
		kinds[c.Name()] = c.DatabaseTypeName()
	}
	for rows.Next() {
		count++
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
	return rows.Columns(), kinds, count
}

// almaty is a context whose statements run as on a server of that zone.
func almaty(t *testing.T) context.Context {
	return clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"session_timezone": "Asia/Almaty"}))
}

// ofSessions tells of a view whether it, or what it is made of, has a text that the database needs seconds for.
func (w *boardWorld) ofSessions(t *testing.T, view string) bool {
	t.Helper()
	if w.slowViews == nil {
		err := w.made.conn.QueryRow(t.Context(), `SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase() AND length(create_table_query) > ?`, slow).Scan(&w.slowViews)
		if err != nil {
			t.Fatal(err)
		}
	}
	query, found, err := w.made.readers.Rows(view, func(view string) (string, error) { return view, nil })
	if err != nil {
		t.Fatal(err)
	}
	return found && slices.ContainsFunc(w.slowViews, func(name string) bool { return strings.Contains(query, "("+name+")") })
}

func TestEveryQueryOfTheDashboardsAnswers(t *testing.T) {
	w := newBoardWorld(t)
	began := time.Now()
	queries := 0
	for _, d := range w.boards.Set.All() {
		t.Run(d.Name, func(t *testing.T) {
			for _, v := range d.Templating.List {
				if v.Type != "query" {
					continue
				}
				queries++
				if _, _, count := w.ask(t, d, v.Source.UID, v.Query); count == 0 {
					t.Errorf("variable %s has nothing to choose", v.Name)
				}
			}
			for _, a := range d.Annotations.List {
				if a.Target == nil {
					continue
				}
				queries++
				columns, _, count := w.ask(t, d, a.Source.UID, a.Target.RawSQL)
				if count == 0 || !slices.Equal(columns, []string{"time", "timeEnd", "title", "text", "tags"}) {
					t.Errorf("annotation %s: %d rows of %q", a.Name, count, columns)
				}
			}
			for i := range d.Panels {
				p := &d.Panels[i]
				for _, target := range p.Targets {
					if target.RawSQL == "" {
						continue
					}
					queries++
					columns, kinds, count := w.ask(t, d, p.Source.UID, target.RawSQL)
					if count == 0 {
						t.Errorf("panel %q is empty", p.Title)
					} else if problem := unfit(p.Type, columns, kinds); problem != "" {
						t.Errorf("panel %q of type %s: %s: %v", p.Title, p.Type, problem, kinds)
					}
				}
			}
		})
	}
	t.Logf("%d queries in %v", queries, time.Since(began).Round(time.Millisecond))
	t.Run("as the viewer asks", w.tryAPI)
	t.Run("Grafana in another zone is told the same", w.tryGrafana)
	t.Run("numbers are the report's", w.tryNumbers)
	t.Run("now", w.tryLive)
}

// unfit tells what of a panel's columns its kind of picture cannot draw.
func unfit(kind string, columns []string, kinds map[string]string) string {
	numeric := func(name string) bool {
		return regexp.MustCompile(`^(Nullable\()?(U?Int|Float)`).MatchString(kinds[name])
	}
	numbers := slices.ContainsFunc(columns, numeric)
	switch kind {
	case "timeseries", "heatmap", "state-timeline":
		texts := slices.DeleteFunc(slices.Clone(columns[1:]), numeric)
		if columns[0] != "time" || !strings.Contains(kinds["time"], "DateTime") || !numbers || len(texts) > 1 || len(texts) == 1 && texts[0] != "metric" {
			return "want time, maybe metric, and numbers"
		}
	case "stat", "gauge":
		if len(slices.DeleteFunc(slices.Clone(columns), numeric)) > 0 {
			return "want numbers only"
		}
	case "bargauge", "barchart", "piechart", "geomap":
		if numeric(columns[0]) || !numbers {
			return "want a name, then numbers"
		}
	case "table":
		if !numbers {
			return "want a number"
		}
	}
	return ""
}

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
		{"incidents are for ops", access.Analyst, "/api/dashboards/overview/annotations" + w.span(), http.StatusOK, `{"annotations":[]}`},
		{"a panel", access.Analyst, "/api/dashboards/overview/panels/7" + w.span(), http.StatusOK, `"name":"path","type":"string"`},
		{"a page needs no login", "", "/d/overview", http.StatusOK, "<!doctype html>"},
		{"a dashboard does", "", "/api/dashboards", http.StatusUnauthorized, "token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, body := w.get(t, tt.role, tt.path)
			if code != tt.code || !strings.Contains(body, tt.want) || strings.Contains(body, "rawSql") || strings.Contains(body, "SELECT ") {
				t.Errorf("%s: %d %.600s, want %d and %q", tt.path, code, body, tt.code, tt.want)
			}
		})
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
