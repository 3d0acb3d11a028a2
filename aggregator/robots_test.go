package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/report/access"
	"mayak/aggregator/risk"
	"mayak/schema/clickhouse/clickhousetest"
)

// twins are two sites with the same traffic. At demo robots came as people; at other they were known for robots as they came.
type twins struct {
	*aggregator

	t      *testing.T
	tokens map[access.Role]string
	robots *risk.Robots
	times  int
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	dir := t.TempDir()
	sites, tokens := filepath.Join(dir, "sites.yaml"), filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(sites, []byte(clinicSites), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &twins{t: t, tokens: map[access.Role]string{}}
	var err error
	w.aggregator, err = newAggregator(&Config{
		AdminListen: "127.0.0.1:0", DSN: clickhousetest.Migrated(t).DSN, Sites: sites,
		ReportConfig: ReportConfig{Listen: "127.0.0.1:0", Tokens: tokens, SmallestGroup: 1},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.conn.Close(); w.reports.close() })
	if err := w.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, role := range []access.Role{access.Ops, access.Analyst} {
		if w.tokens[role], err = access.Create(tokens, access.Caller{Name: string(role), Role: role}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	w.robots = risk.NewRobots(w.conn, prometheus.NewRegistry())
	return w
}

func (w *twins) exec(format string, values ...any) {
	w.t.Helper()
	if err := w.conn.Exec(w.t.Context(), fmt.Sprintf(format, values...)); err != nil {
		w.t.Fatal(err)
	}
}

// came stores page views of robots at both sites.
func (w *twins) came(reason string, first, visitors, views int, pause time.Duration, network, kind string) {
	w.t.Helper()
	w.times++
	for site, bot := range map[string]string{"demo": "", "other": reason} {
		w.exec(`INSERT INTO events (site, ts, received, type, id, visitor, consent, path, channel, network, network_kind, browser, os, device, language, country, origin, bot)
			SELECT '%[1]s', now64(3) - INTERVAL 50 MINUTE + toIntervalMillisecond(intDiv(number, %[2]d) * %[3]d), now(), 'pageview',
				concat('%[1]s %[8]d ', toString(number)), %[4]d + number %% %[2]d, 'essential', concat('/p', toString(intDiv(number, %[2]d) %% 30)), 'direct',
				'%[5]s', '%[9]s', 'Chrome', 'Windows', 'desktop', 'ru', 'KZ', 'script', '%[6]s' FROM numbers(%[7]d)`,
			site, visitors, pause.Milliseconds(), first, network, bot, visitors*views, w.times, kind)
	}
}

// settle computes what is to be computed.
func (w *twins) settle() {
	w.t.Helper()
	if err := w.sessions.Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.engine.Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// shown is what the reports say of a site.
func (w *twins) shown(site string) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for _, name := range []string{"traffic", "visits", "bots"} {
		role := access.Analyst
		if name == "bots" {
			role = access.Ops
		}
		r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost/api/report/"+name+"?range=2d&limit=1000&site="+site, nil)
		r.Header.Set("Authorization", "Bearer "+w.tokens[role])
		answer := httptest.NewRecorder()
		w.reports.Handler().ServeHTTP(answer, r)
		var read reported
		if err := json.Unmarshal(answer.Body.Bytes(), &read); err != nil || answer.Code != http.StatusOK {
			w.t.Fatalf("%s: %d %s", name, answer.Code, answer.Body)
		}
		all[name] = fmt.Sprint(read.Rows, read.Totals)
	}
	return all
}

// agree waits until both sites' reports say the same.
func (w *twins) agree(when string) {
	w.t.Helper()
	var diff string
	for until := time.Now().Add(90 * time.Second); time.Now().Before(until); {
		w.settle()
		if diff = cmp.Diff(w.shown("other"), w.shown("demo")); diff == "" {
			return
		}
	}
	w.t.Errorf("%s (-robots from the beginning +found to be robots):\n%s", when, diff)
}

func (w *twins) round() uint64 {
	w.t.Helper()
	told, err := w.robots.Round(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return told
}

func TestRobotsThatAreFoundLaterAreInNoNumberAndInTheReportOnBots(t *testing.T) {
	w := newTwins(t)
	stir(t, w.conn, rand.New(rand.NewPCG(5, 6)), 20, 4*time.Minute) // people at demo
	w.exec("INSERT INTO events SELECT * REPLACE ('other' AS site) FROM events WHERE visitor != 0")
	w.came("behaviour:too regular", 1_000_000, 2, 60, 5*time.Second, "203.0.113.0/24", "hosting")
	w.came("behaviour:too fast", 2_000_000, 1, 90, 300*time.Millisecond, "203.0.113.0/24", "hosting")
	w.came("behaviour:crowd of one browser", 3_000_000, 50, 1, 0, "198.51.100.0/24", "isp")
	w.came("", 4_000_000, 1, 120, 300*time.Millisecond, "100.64.7.0/24", "mobile") // many people with one agent
	w.settle()
	before := w.shown("demo")
	if cmp.Equal(before, w.shown("other")) {
		t.Fatal("robots that came as people are in the numbers")
	}
	if told := w.round(); told != 2*60+90+50 {
		t.Errorf("%d events told to be robots', want %d", told, 2*60+90+50)
	}
	if told := w.round(); told != 0 {
		t.Errorf("%d events told again", told)
	}
	w.agree("after they were found")
	if bots := w.shown("demo")["bots"]; !strings.Contains(bots, "too regular") || !strings.Contains(bots, "behaviour") {
		t.Errorf("the report on bots: %s", bots)
	}

	w.came("behaviour:too regular", 1_000_000, 2, 3, 7*time.Second, "203.0.113.0/24", "hosting") // what they do later, even if that is little
	w.round()
	w.agree("after more of them came")
}
