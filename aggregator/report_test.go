package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/report/access"
	"mayak/schema/clickhouse/clickhousetest"
)

const (
	historyFrom  = "2026-11-07T19:00:00Z" // a midnight in Almaty
	historyUntil = "2026-11-09T19:00:00Z"
	historyRange = "2026-11-08..2026-11-10"

	people   = "FROM events FINAL WHERE site = 'demo' AND ts >= '2026-11-07 19:00:00' AND ts < '2026-11-09 19:00:00' AND bot = '' AND consent != 'refused'"
	everyone = "FROM events FINAL WHERE site = 'demo' AND ts >= '2026-11-07 19:00:00' AND ts < '2026-11-09 19:00:00'"
	visitor  = "(visitor, if(visitor IN (SELECT visitor FROM events WHERE consent IN ('analytics', 'advertising')), toDate(0), toDate(ts, 'Asia/Almaty')))"
	sessions = "FROM sessions(site = 'demo', since = '2026-11-07 19:00:00', until = '2026-11-09 19:00:00') WHERE visitor != 0"
	views    = "countIf(type = 'pageview') AS views, uniqExactIf(" + visitor + ", type = 'pageview') AS visitors"
	arrivals = "count() AS arrivals, uniqExact(" + visitor + ") AS visitors " + people + " AND type = 'pageview' AND channel != 'internal'"
	custom   = "count() AS events, uniqExact(" + visitor + ") AS visitors"
)

// straight is what each report has to say, asked of events at once. The first columns are the dimensions, as many as keys; the
// others are named as the measures.
func straight() map[string]struct {
	keys int
	sql  string
} {
	type question = struct {
		keys int
		sql  string
	}
	by := func(column string) question {
		return question{1, fmt.Sprintf("SELECT toString(%s) AS k, %s %s GROUP BY k HAVING views > 0", column, views, people+" AND type = 'pageview'")}
	}
	arriving := func(columns string, keys int, where string) question {
		return question{keys, fmt.Sprintf("SELECT %s, %s AND %s GROUP BY ALL", columns, arrivals, where)}
	}
	return map[string]question{
		"traffic": {0, "SELECT " + views + ", countIf(type = 'event') AS events, sum(engaged_ms) / 1000 AS engaged_seconds " + people},
		"pages":   {1, "SELECT path, " + views + ", countIf(type = 'event') AS events, sum(engaged_ms) / 1000 AS engaged_seconds " + people + " GROUP BY path HAVING views + events + engaged_seconds > 0"},

		"countries": by("country"), "browsers": by("browser"), "systems": by("os"), "device_types": by("device"), "brands": by("brand"), "languages": by("language"),
		"asns":             {1, "SELECT if(asn = 0, '', toString(asn)) AS k, " + views + " " + people + " AND type = 'pageview' GROUP BY k"},
		"screens":          {1, "SELECT if(screen_width = 0, '', concat(toString(screen_width), 'x', toString(screen_height))) AS k, " + views + " " + people + " AND type = 'pageview' GROUP BY k"},
		"regions":          {2, "SELECT region, if(region = '', '', country) AS c, " + views + " " + people + " AND type = 'pageview' GROUP BY ALL"},
		"cities":           {2, "SELECT city, if(city = '', '', concat(country, '-', region)) AS c, " + views + " " + people + " AND type = 'pageview' GROUP BY ALL"},
		"browser_versions": {2, "SELECT browser_version, browser, " + views + " " + people + " AND type = 'pageview' GROUP BY ALL"},
		"system_versions":  {2, "SELECT os_version, os, " + views + " " + people + " AND type = 'pageview' GROUP BY ALL"},
		"models":           {2, "SELECT model, brand, " + views + " " + people + " AND type = 'pageview' GROUP BY ALL"},

		"channels":      arriving("channel", 1, "channel != ''"),
		"referrers":     arriving("referrer_host, channel", 2, "referrer_host != ''"),
		"utm_sources":   arriving("utm_source", 1, "utm_source != ''"),
		"utm_mediums":   arriving("utm_medium", 1, "utm_medium != ''"),
		"utm_campaigns": arriving("utm_campaign, concat(utm_source, ' / ', utm_medium)", 2, "utm_campaign != ''"),
		"utm_terms":     arriving("utm_term", 1, "utm_term != ''"),
		"utm_contents":  arriving("utm_content", 1, "utm_content != ''"),

		"custom_events":    {2, "SELECT name, currency, " + custom + ", sum(value) AS amount " + people + " AND type = 'event' AND name NOT IN ('outbound', 'download') GROUP BY ALL"},
		"event_properties": {3, "SELECT name, pair.1, pair.2, " + custom + " " + strings.Replace(people, " WHERE", " ARRAY JOIN CAST(props AS Array(Tuple(String, String))) AS pair WHERE", 1) + " AND type = 'event' AND name NOT IN ('outbound', 'download') GROUP BY ALL"},
		"links":            {2, "SELECT name, props['url'], count() AS clicks, uniqExact(" + visitor + ") AS visitors " + people + " AND type = 'event' AND name IN ('outbound', 'download') AND props['url'] != '' GROUP BY ALL"},
		"consent":          {1, "SELECT consent, countIf(type = 'pageview') AS views, count() AS events " + everyone + " AND bot = '' GROUP BY ALL"},
		"bots":             {2, "SELECT splitByChar(':', bot)[1], substring(bot, length(splitByChar(':', bot)[1]) + 2), countIf(type = 'pageview') AS views, count() AS events " + everyone + " AND bot != '' GROUP BY ALL"},
		"networks":         {3, "SELECT network, toString(asn), country, countIf(bot = '' AND type = 'pageview') AS views, countIf(bot != '' AND type = 'pageview') AS bot_views, count() AS events " + everyone + " AND consent != 'refused' GROUP BY ALL"},

		"error_rates": {1, "SELECT path, countIf(type = 'pageview') AS views " + people + " AND type IN ('pageview', 'error') GROUP BY path"},
		"clients":     {4, "SELECT if(origin = 'log', 'server', 'browser') AS told_by, network, toString(asn), country, count() AS requests, countIf(bot != '') AS bot_requests " + everyone + " AND consent != 'refused' GROUP BY ALL"},

		"visits":  {0, "SELECT count() AS visits, sum(bounce) AS bounces, sum(views) AS views " + sessions},
		"entries": {1, "SELECT entry, count() AS visits, sum(bounce) AS bounces, sum(views) AS views " + sessions + " AND entry != '' GROUP BY entry"},
		"exits":   {1, "SELECT exit, count() AS visits " + sessions + " AND exit != '' GROUP BY exit"},
		"loyalty": {1, "SELECT kind, count() AS visits, sum(bounce) AS bounces FROM (SELECT bounce, multiIf(NOT consented, 'unknown', start = min(start) OVER (PARTITION BY visitor, consented), 'new', 'returning') AS kind " + sessions + ") GROUP BY kind"},
		"goals": {4, "SELECT title, channel, utm_campaign, unit, count() AS visits, sum(n) AS times FROM (SELECT channel, utm_campaign, visitor, start, goal.1 AS title, goal.2 AS unit, count() AS n " +
			strings.Replace(sessions, " WHERE", " ARRAY JOIN arrayFilter(g -> position(g.1, '#') = 0, arrayZip(goals, goals_currency)) AS goal WHERE", 1) + " GROUP BY ALL) GROUP BY ALL"},
		"campaigns": {3, "SELECT utm_campaign, utm_source, utm_medium, count() AS visits, sum(bounce) AS bounces " + sessions + " AND utm_campaign || utm_source || utm_medium != '' GROUP BY ALL"},
	}
}

// reported is what a test reads of an answer.
type reported struct {
	Rows   []map[string]any `json:"rows"`
	Totals map[string]any   `json:"totals"`
	Pages  int              `json:"pages"`
	Count  int              `json:"count"`
}

// world is an aggregator whose database holds lifelike traffic, partly in rollups and partly not yet.
type world struct {
	*aggregator

	conn   driver.Conn
	config *Config
	tokens map[access.Role]string
}

const lifelikeSites = `sites:
  - id: demo
    hostnames: [localhost]
    time_zone: Asia/Almaty
    goals: [{name: booked, event: booking}]
    funnels: [{name: booking, steps: [{page: /**}, {goal: booked}]}]
`

func lifelike(t *testing.T) *world {
	t.Helper()
	db := clickhousetest.New(t)
	dir := t.TempDir()
	sitesFile, tokensFile := filepath.Join(dir, "sites.yaml"), filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(sitesFile, []byte(lifelikeSites), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &world{
		config: &Config{AdminListen: "127.0.0.1:0", DSN: db.DSN, Sites: sitesFile, ReportConfig: ReportConfig{Listen: "127.0.0.1:0", Tokens: tokensFile, SmallestGroup: 5}},
		conn:   db.Conn(t), tokens: map[access.Role]string{},
	}
	var err error
	if w.aggregator, err = newAggregator(w.config, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.aggregator.conn.Close(); w.reports.close() })
	if err := w.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, role := range access.Roles() {
		if w.tokens[role], err = access.Create(tokensFile, access.Caller{Name: string(role), Role: role}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	from, _ := time.Parse(time.RFC3339, historyFrom)
	until, _ := time.Parse(time.RFC3339, historyUntil)
	history := exec.CommandContext(t.Context(), "go", "run", "../scripts/load/history", "-dsn", db.DSN, "-events", "10000",
		"-until", historyUntil, "-days", fmt.Sprint(int(until.Sub(from)/(24*time.Hour))))
	if out, err := history.CombinedOutput(); err != nil {
		t.Fatalf("write a history: %v: %s", err, out)
	}
	for range 2 {
		if err := w.sessions.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.engine.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// get asks the API.
func (w *world) get(t *testing.T, role access.Role, path string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+w.tokens[role])
	answer := httptest.NewRecorder()
	w.reports.Handler().ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

// ask is the answer of the report as everybody may see it who reads the database.
func (w *world) ask(t *testing.T, question reportCommand) (reported, string) {
	t.Helper()
	question.Site, question.Format = "demo", "json"
	var out strings.Builder
	if err := printReport(t.Context(), w.config, &question, slog.New(slog.DiscardHandler), &out); err != nil {
		t.Fatal(err)
	}
	var answer reported
	if err := json.Unmarshal([]byte(out.String()), &answer); err != nil {
		t.Fatal(err)
	}
	return answer, out.String()
}

// known is what the straight query says, by the values of the dimensions.
func (w *world) known(t *testing.T, sql string, keys int) (map[string]map[string]float64, []string) {
	t.Helper()
	rows, err := w.conn.Query(t.Context(), "SELECT * FROM ("+sql+")")
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	names := rows.Columns()[keys:]
	var list []string
	for i := range rows.Columns() {
		form := "toFloat64(columns.%d)"
		if i < keys {
			form = "toString(columns.%d)"
		}
		list = append(list, fmt.Sprintf(form, i+1))
	}
	texts := append([]string{"''"}, list[:keys]...)
	found, err := w.conn.Query(t.Context(), fmt.Sprintf("SELECT [%s], [%s] FROM (SELECT tuple(*) AS columns FROM (%s))", strings.Join(texts, ", "), strings.Join(list[keys:], ", "), sql))
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer found.Close()
	all := map[string]map[string]float64{}
	for found.Next() {
		var key []string
		var numbers []float64
		if err := found.Scan(&key, &numbers); err != nil {
			t.Fatal(err)
		}
		row := map[string]float64{}
		for i, name := range names {
			row[name] = math.Round(numbers[i]*1000) / 1000
		}
		all[strings.Join(key[1:], "|")] = row
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all, names
}

func TestEveryReportSaysWhatAStraightQuerySays(t *testing.T) {
	w := lifelike(t)
	var catalogue struct {
		Reports []struct {
			Name       string
			Dimensions []struct{ Name string }
		}
	}
	seen := map[string][]string{}
	for _, role := range access.Roles() {
		_, body := w.get(t, role, "/api/reports")
		if err := json.Unmarshal([]byte(body), &catalogue); err != nil {
			t.Fatal(err)
		}
		for _, r := range catalogue.Reports {
			seen[r.Name] = []string{}
			for _, d := range r.Dimensions {
				seen[r.Name] = append(seen[r.Name], d.Name)
			}
		}
	}
	for name, question := range straight() {
		t.Run(name, func(t *testing.T) {
			dimensions, exists := seen[name]
			if !exists {
				t.Fatal("there is no such report")
			}
			want, measures := w.known(t, question.sql, question.keys)
			answer, _ := w.ask(t, reportCommand{Name: name, Range: historyRange, Limit: 10_000, Page: 1})
			got := map[string]map[string]float64{}
			for _, row := range answer.Rows {
				var key []string
				for _, d := range dimensions {
					key = append(key, fmt.Sprint(row[d]))
				}
				numbers := map[string]float64{}
				for _, m := range measures {
					numbers[m], _ = row[m].(float64)
				}
				got[strings.Join(key, "|")] = numbers
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-straight +report):\n%.4000s", diff)
			}
			if len(want) == 0 {
				t.Error("the history has nothing of it")
			}
		})
	}
	schema := w.answers(t)
	ops := []string{"networks", "clients", "error_rates"}
	// The history has nothing of these; the rollups' own test compares them.
	faults := []string{"errors", "network_errors", "reports", "server_side", "statuses", "vitals"}
	for name := range seen {
		if _, asked := straight()[name]; !asked && !slices.Contains(faults, name) && !slices.Contains([]string{"sources", "places", "devices", "visit_sources", "campaign_revenue", "opens", "funnels", "cohorts", "attribution_first", "attribution_last"}, name) {
			t.Errorf("report %s is compared with nothing", name)
		}
		role := access.Analyst
		if slices.Contains(ops, name) || slices.Contains(faults, name) {
			role = access.Ops
		}
		body := w.obeys(t, schema, role, name+"?site=demo&range="+historyRange+"&limit=5")
		if name != "opens" && !slices.Contains(faults, name) && !strings.Contains(body, `"rows":[{`) {
			t.Errorf("%s has no rows: %s", name, body)
		}
	}
	w.obeys(t, schema, access.Analyst, "traffic?site=demo&range="+historyRange+"&granularity=hour&compare=previous")
	w.obeys(t, schema, access.Analyst, "pages?site=demo&range=2026-11-09..2026-11-10&compare=previous&filter=path=~/*&sort=path&page=2&limit=3")
	t.Run("the command line and the API say the same", w.sameTwice)
	t.Run("rows that the policy allows are exported", w.exports)
}

// sameTwice compares the command line with the API, byte by byte but for the lag.
func (w *world) sameTwice(t *testing.T) {
	for _, name := range []string{"pages", "countries", "visits"} {
		_, api := w.get(t, access.Analyst, "/api/report/"+name+"?site=demo&range="+historyRange+"&limit=20")
		_, line := w.ask(t, reportCommand{Name: name, Range: historyRange, Limit: 20, Page: 1, Role: "analyst"})
		if diff := cmp.Diff(strings.Split(api, `,"lag_seconds"`)[0], strings.Split(line, `,"lag_seconds"`)[0]); diff != "" {
			t.Errorf("%s (-API +command line):\n%s", name, diff)
		}
	}
}

// exports compares exported rows with the table.
func (w *world) exports(t *testing.T) {
	var rows uint64
	if err := w.conn.QueryRow(t.Context(), "SELECT count() "+everyone).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	const path = "/api/export/events?site=demo&range=" + historyRange
	_, lines := w.get(t, access.Analyst, path+"&format=ndjson&columns=ts,path,visitor,props")
	if got := uint64(strings.Count(lines, "\n")); got != rows {
		t.Errorf("%d lines of %d rows", got, rows)
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(lines, "\n", 2)[0]), &first); err != nil || len(first) != 4 {
		t.Errorf("first line %v, error %v", first, err)
	}
	_, table := w.get(t, access.Ops, path+"&format=csv")
	cells, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || uint64(len(cells)) != rows+1 {
		t.Fatalf("%d lines of CSV for %d rows, error %v", len(cells), rows, err)
	}
	for _, hidden := range []string{"title", "referrer_host", "props"} {
		if slices.Contains(cells[0], hidden) {
			t.Errorf("ops may read %s", hidden)
		}
	}
	_, parquet := w.get(t, access.Analyst, path+"&format=parquet")
	if !strings.HasPrefix(parquet, "PAR1") || !strings.HasSuffix(parquet, "PAR1") {
		t.Errorf("%d bytes that are no Parquet: %.20q", len(parquet), parquet)
	}
}
