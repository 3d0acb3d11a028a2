package main

import (
	"context"
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

	tokens   map[access.Role]string
	conns    map[string]driver.Conn // by data source
	boards   api.Boards
	from, to time.Time
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
	if _, err := w.made.sessions.ReadOpen(t.Context()); err != nil {
		t.Fatal(err)
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

// ask runs a query as Grafana does, as the role of its data source, on a server that is not in UTC.
func (w *boardWorld) ask(t *testing.T, d *dashboards.Dashboard, source, sql string) (columns []string, kinds map[string]string, count int) {
	t.Helper()
	statement, err := grafanatest.Sent(d, sql, w.question(d))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.conns[source].Query(almaty(t), statement)
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
				columns = slices.DeleteFunc(columns, func(name string) bool { return name == "timeEnd" }) // a moment has none
				if count == 0 || !slices.Equal(columns, []string{"time", "title", "text", "tags"}) {
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
	t.Run("metrics that are named exist", w.tryMetrics)
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
