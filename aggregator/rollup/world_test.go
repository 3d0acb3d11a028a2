package rollup_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/rollup"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/sites"
)

// world is a migrated database with many sites, of which a test uses up as many as it likes.
type world struct {
	t     testing.TB
	conn  driver.Conn
	sites *sites.Sites
	reads *rollup.Engine
	next  int
	ids   int
}

func zones() []string {
	return []string{"UTC", "Asia/Almaty", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland"}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	var file strings.Builder
	file.WriteString("sites:\n")
	for i := range 600 {
		fmt.Fprintf(&file, "  - {id: s%d, hostnames: [h%d.test], time_zone: %s, week_start: %s, page_groups: {letters: [/a, /a/**], rest: /a}}\n", i, i, zones()[i%len(zones())], []string{"monday", "sunday"}[i%2])
	}
	known, err := sites.Parse([]byte(file.String()))
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{t: tb, conn: clickhousetest.Migrated(tb).Conn(tb), sites: known}
	w.exec("CREATE TABLE erased (site String, window DateTime, at DateTime64(3)) ENGINE = MergeTree ORDER BY site")
	w.reads = w.engine(w.conn)
	if err := w.reads.Prepare(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

// engine makes one more aggregator's engine.
func (w *world) engine(conn driver.Conn) *rollup.Engine {
	w.t.Helper()
	e, err := rollup.New(rollup.Options{
		Conn: conn, Sites: w.sites, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Slack: time.Nanosecond, Slice: 50,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	e.Hasten()
	return e
}

// site is a fresh one.
func (w *world) site() *sites.Site {
	w.next++
	return w.sites.All()[w.next-1]
}

func (w *world) exec(statement string) {
	w.t.Helper()
	if err := w.conn.Exec(w.t.Context(), statement); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// settle lets an aggregator work until there is nothing left to do.
func (w *world) settle(e *rollup.Engine) {
	w.t.Helper()
	for range 20 {
		result, err := e.Round(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if result.Windows == 0 {
			return
		}
	}
	w.t.Fatal("an aggregator never comes to an end")
}

func (w *world) rows(query string) []string {
	w.t.Helper()
	rows, err := w.conn.Query(w.t.Context(), "SELECT toString(tuple(*)) AS line FROM ("+query+") ORDER BY line")
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return lines
}

// question is what a reader asks of a view.
type question struct {
	site, zone, grain string
	since, until      time.Time
}

func (q question) String() string {
	return fmt.Sprintf("site = '%s', since = '%s', until = '%s', grain = '%s', zone = '%s'", q.site, q.since.UTC().Format(time.DateTime), q.until.UTC().Format(time.DateTime), q.grain, q.zone)
}

// agree compares every report, and now and then its view, with a straight query over events.
func (w *world) agree(q question, views bool) {
	w.t.Helper()
	for _, s := range straights() {
		want := w.rows(s.query(q))
		selected, err := w.reads.Select(w.t.Context(), rollup.Question{Report: s.view, Site: q.site, Since: q.since, Until: q.until, Grain: q.grain, Zone: q.zone})
		if err != nil {
			w.t.Fatal(err)
		}
		if diff := cmp.Diff(want, w.rows("SELECT "+s.columns+" FROM ("+selected+")")); diff != "" {
			w.t.Fatalf("report %s(%s) is not what events say (-events +report):\n%s", s.view, q, diff)
		}
		if !views {
			continue
		}
		if diff := cmp.Diff(want, w.rows("SELECT "+s.columns+" FROM "+s.view+"("+q.String()+")")); diff != "" {
			w.t.Fatalf("%s(%s) is not what events say (-events +view):\n%s", s.view, q, diff)
		}
	}
}

// straight is how one would ask events themselves.
type straight struct {
	view    string
	columns string   // of the view
	dims    []string // expressions over events, each AS its name
	join    string
	where   string
	numbers string // over v, e, en, sc, amount of each visitor and day
	plain   bool   // no visitors
}

// The parts of a straight question about diagnostics.
const (
	toldBy = "if(origin = 'log', 'server', 'browser') AS told_by"
	failed = "if(status > 0, status, toUInt16(vitals['status'])) >= 500"
)

// stoodFor is what rows stand for, added up before it is rounded.
func stoodFor(condition string) string {
	return fmt.Sprintf("toUInt64(round(sumIf(toUInt64(round(1000 * weight)), %s) / 1000))", condition)
}

const people = "bot = '' AND consent != 'refused'"

func straights() []straight {
	visitors := "uniqExactIf(if(c, (visitor, toDate(0)), (visitor, day)), v > 0)"
	class := "floor(8 * log2(greatest(en, 64) / 64))"
	engaged := fmt.Sprintf("sum(en) / 1000, if(countIf(en > 0) = 0, NULL, 0.064 * exp2((quantileExactWeightedIf(0.5)(toUInt8(%[1]s), 1, en > 0) + 0.5) / 8)), if(countIf(en > 0) = 0, NULL, 0.064 * exp2((quantileExactWeightedIf(0.75)(toUInt8(%[1]s), 1, en > 0) + 0.5) / 8))", class)
	return []straight{
		{view: "traffic", columns: "at, views, visitors, events, engaged_seconds, engaged_median, engaged_p75", numbers: "sum(v), " + visitors + ", sum(e), " + engaged, where: people},
		{
			view: "pages", columns: "at, path, views, visitors, events, engaged_seconds, engaged_median, engaged_p75, scroll", dims: []string{"path"}, where: people,
			numbers: "sum(v), " + visitors + ", sum(e), " + engaged + ", if(countIf(sc > 0) = 0, NULL, sum(sc) / countIf(sc > 0))",
		},
		{
			view: "places", columns: "at, dimension, value, detail, views, visitors", dims: []string{"one.1 AS dimension", "one.2 AS value", "one.3 AS detail"},
			join:  "ARRAY JOIN [('all', '', ''), ('country', toString(country), ''), ('region', toString(region), if(region = '', '', toString(country))), ('city', toString(city), if(city = '', '', concat(country, '-', region))), ('asn', if(asn = 0, '', toString(asn)), '')] AS one",
			where: people + " AND type = 'pageview'", numbers: "sum(v), " + visitors,
		},
		{
			view: "devices", columns: "at, dimension, value, detail, views, visitors", dims: []string{"one.1 AS dimension", "one.2 AS value", "one.3 AS detail"},
			join: "ARRAY JOIN [('all', '', ''), ('browser', toString(browser), ''), ('browser_version', toString(browser_version), toString(browser)), ('os', toString(os), ''), ('os_version', toString(os_version), toString(os)), ('device', toString(device), ''), ('brand', toString(brand), ''), ('model', toString(model), toString(brand)), " +
				"('screen', if(screen_width = 0, '', concat(toString(screen_width), 'x', toString(screen_height))), ''), ('language', toString(language), '')] AS one",
			where: people + " AND type = 'pageview'", numbers: "sum(v), " + visitors,
		},
		{
			view: "sources", columns: "at, dimension, value, detail, arrivals, visitors", dims: []string{"one.1 AS dimension", "one.2 AS value", "one.3 AS detail"},
			join: "ARRAY JOIN arrayFilter(x -> x.1 = 'all' OR x.2 != '', [('all', '', ''), ('channel', toString(channel), ''), ('referrer', toString(referrer_host), toString(channel)), ('utm_source', toString(utm_source), ''), ('utm_medium', toString(utm_medium), ''), ('utm_campaign', toString(utm_campaign), ''), " +
				"('utm_term', toString(utm_term), ''), ('utm_content', toString(utm_content), ''), ('campaign', toString(utm_campaign), concat(utm_source, ' / ', utm_medium))]) AS one",
			where: people + " AND type = 'pageview' AND channel != 'internal'", numbers: "sum(v), " + visitors,
		},
		{
			view: "custom_events", columns: "at, name, property, content, currency, events, visitors, amount",
			dims:  []string{"one.1 AS title_", "one.2 AS property", "one.3 AS content", "one.4 AS money_"},
			join:  "ARRAY JOIN arrayConcat([(toString(name), '', '', toString(currency), 1), ('', '', '', '', 0)], arrayMap((k, x) -> (toString(name), toString(k), x, '', 0), mapKeys(props), mapValues(props))) AS one",
			where: people + " AND type = 'event' AND name NOT IN ('outbound', 'download')", numbers: "sum(e), " + strings.Replace(visitors, "v > 0", "e > 0", 1) + ", sum(amount)",
		},
		{
			view: "links", columns: "at, kind, url, clicks, visitors", dims: []string{"one.1 AS kind", "one.2 AS url"}, join: "ARRAY JOIN [(toString(name), props['url']), ('', '')] AS one",
			where: people + " AND type = 'event' AND name IN ('outbound', 'download') AND mapContains(props, 'url')", numbers: "sum(e), " + strings.Replace(visitors, "v > 0", "e > 0", 1),
		},
		{
			view: "opens", columns: "at, campaign, reader, opens, clicks, mails", dims: []string{"utm_campaign AS campaign", "name AS reader"}, where: "type IN ('open', 'click')",
			numbers: "countIf(type = 'open'), countIf(type = 'click'), uniqExact(if(consent IN ('analytics', 'advertising'), (visitor, toDate(0)), (visitor, toDate(ts, '{zone}'))))", plain: true,
		},
		{
			view: "vitals", columns: "at, metric, dimension, value, samples, p50, p75, p95", dims: []string{"measured.1 AS metric", "known.1 AS dimension", "known.2 AS value"},
			join: "ARRAY JOIN arrayMap((k, v) -> (toString(k), toUInt8(floor(8 * log2(greatest(1, if(k = 'cls', v * 1000, v)))))), mapKeys(vitals), mapValues(vitals)) AS measured " +
				"ARRAY JOIN [('all', ''), ('group', if(path = '/a', 'letters', toString(path))), ('path', toString(path)), ('country', toString(country)), ('asn', if(asn = 0, '', toString(asn))), ('device', toString(device)), ('protocol', toString(protocol))] AS known",
			where: people + " AND type = 'vitals' AND measured.1 != 'status'", numbers: "count(), " + straightTimes("measured.2", "1", "0.5", "0.75", "0.95"), plain: true,
		},
		{
			view: "server_side", columns: "at, path, browser, browser_p50, browser_p75, browser_failures, server, server_p50, server_p75, server_failures", dims: []string{"path"}, where: people + " AND (type = 'vitals' AND mapContains(vitals, 'ttfb') OR server_ms > 0 OR status >= 500 OR vitals['status'] >= 500)",
			numbers: "countIf(type = 'vitals' AND mapContains(vitals, 'ttfb')), " + straightHalves("vitals['ttfb']", "type = 'vitals' AND mapContains(vitals, 'ttfb')") +
				", " + stoodFor(failed+" AND origin != 'log'") + ", countIf(server_ms > 0), " + straightHalves("server_ms", "server_ms > 0") + ", " + stoodFor(failed+" AND origin = 'log'"), plain: true,
		},
		{view: "error_rates", columns: "at, path, views, errors", dims: []string{"path"}, where: people + " AND (type = 'pageview' AND origin != 'log' OR type = 'error' AND error_kind = 'error')", numbers: "countIf(type = 'pageview'), " + stoodFor("type = 'error'"), plain: true},
		{view: "statuses", columns: "at, told_by, status, path, answers, bot_answers", dims: []string{toldBy, "if(status > 0, status, toUInt16(vitals['status'])) AS status_", "path"}, where: "consent != 'refused' AND if(status > 0, status, toUInt16(vitals['status'])) > 0", numbers: stoodFor("bot = ''") + ", " + stoodFor("bot != ''"), plain: true},
		{view: "network_errors", columns: "at, phase, detail, asn, country, occurrences", dims: []string{"phase", "error_type", "asn", "country"}, where: people + " AND type = 'report' AND error_kind = 'network-error'", numbers: stoodFor("1"), plain: true},
		{view: "reports", columns: "at, kind, detail, source, path, occurrences", dims: []string{"error_kind", "error_type", "error_source", "path"}, where: people + " AND type = 'report' AND error_kind != 'network-error'", numbers: stoodFor("1"), plain: true},
		{
			view: "clients", columns: "at, told_by, network, asn, country, requests, bot_requests, refused, failures, faults", dims: []string{toldBy, "network", "asn", "country"}, where: "consent != 'refused'",
			numbers: "count(), countIf(bot != ''), " + stoodFor("if(status > 0, status, toUInt16(vitals['status'])) BETWEEN 400 AND 499") + ", " + stoodFor(failed) + ", " + stoodFor("type IN ('error', 'report')"), plain: true,
		},
		{
			view: "errors", columns: "at, kind, fingerprint, message, source, errors, visitors, first_seen, last_seen", dims: []string{"error_kind", "fingerprint", "error_message", "error_source"},
			where:   people + " AND type = 'error'",
			numbers: "toUInt64(round(sum(e) / 1000)), " + strings.Replace(visitors, "v > 0", "e > 0", 1) + ", min(lo), max(hi)",
		},
		{view: "consent", columns: "at, level, views, events", dims: []string{"consent AS level"}, where: "bot = ''", numbers: "countIf(type = 'pageview'), count()", plain: true},
		{view: "bots", columns: "at, concat(kind, ':', name), views, events", dims: []string{"bot"}, where: "bot != ''", numbers: "countIf(type = 'pageview'), count()", plain: true},
		{
			view: "networks", columns: "at, network, asn, country, views, bot_views, events", dims: []string{"network", "asn", "country"}, where: "consent != 'refused'",
			numbers: "countIf(type = 'pageview' AND bot = ''), countIf(type = 'pageview' AND bot != ''), count()", plain: true,
		},
	}
}

// straightTimes are the quantiles of classes of times, as the middle of the class.
func straightTimes(class, condition string, shares ...string) string {
	all := make([]string, 0, len(shares))
	for _, share := range shares {
		all = append(all, fmt.Sprintf("if(countIf(%[3]s) = 0, NULL, exp2((quantileExactWeightedIf(%[1]s)(%[2]s, toUInt64(1), %[3]s) + 0.5) / 8))", share, class, condition))
	}
	return strings.Join(all, ", ")
}

func straightHalves(ms, condition string) string {
	return straightTimes(fmt.Sprintf("toUInt8(floor(8 * log2(greatest(1, %s))))", ms), condition, "0.5", "0.75")
}

func (s straight) query(q question) string {
	at := map[string]string{
		"total": "toDateTime('" + q.since.UTC().Format(time.DateTime) + "', 'UTC')",
		"hour":  "toTimeZone(toStartOfHour(ts, '" + q.zone + "'), 'UTC')",
		"day":   "toTimeZone(toDateTime(toDate(ts, '" + q.zone + "'), '" + q.zone + "'), 'UTC')",
		"month": "toTimeZone(toDateTime(toStartOfMonth(ts, '" + q.zone + "'), '" + q.zone + "'), 'UTC')",
	}[q.grain]
	dims := append([]string{at + " AS at"}, s.dims...)
	var names []string
	for _, d := range dims {
		_, name, named := strings.Cut(d, " AS ")
		if !named {
			name = d
		}
		names = append(names, name)
	}
	list := strings.Join(names, ", ")
	source := fmt.Sprintf("FROM events FINAL %s WHERE site = '%s' AND ts >= '%s' AND ts < '%s' AND %s",
		s.join, q.site, q.since.UTC().Format(time.DateTime), q.until.UTC().Format(time.DateTime), s.where)
	if s.plain {
		return fmt.Sprintf("SELECT %s, %s %s GROUP BY %s", strings.Join(dims, ", "), strings.ReplaceAll(s.numbers, "{zone}", q.zone), source, list)
	}
	own := "e > 0"
	if !slices.Contains([]string{"custom_events", "links", "errors"}, s.view) {
		own = "v > 0"
	}
	does, amount := "type = 'event'", "toDecimal128(0, 4)"
	if s.view == "errors" {
		does = "toUInt64(round(1000 * weight))"
	}
	if s.view == "custom_events" {
		amount = "if(one.5 = 1, toDecimal128(value, 4), toDecimal128(0, 4))"
	}
	return fmt.Sprintf(`SELECT %[1]s, %[2]s FROM (
		SELECT %[1]s, visitor, day, sum(v_) AS v, sum(e_) AS e, sum(en_) AS en, max(sc_) AS sc, sum(amount_) AS amount, min(ts_) AS lo, max(ts_) AS hi, max(consent_ IN ('analytics', 'advertising') AND %[3]s) AS c
		FROM (SELECT %[4]s, visitor, toDate(ts, '%[5]s') AS day, consent AS consent_, type = 'pageview' AS v_, %[8]s AS e_, toUnixTimestamp(ts) AS ts_, engaged_ms AS en_, scroll AS sc_, %[6]s AS amount_ %[7]s)
		GROUP BY %[1]s, visitor, day) GROUP BY %[1]s HAVING sum(v) + sum(e) + sum(en) > 0`,
		list, s.numbers, strings.NewReplacer("v >", "v_ >", "e >", "e_ >").Replace(own), strings.Join(dims, ", "), q.zone, amount, source, does)
}

// mortal is a connection of an aggregator that dies before a statement.
type mortal struct {
	driver.Conn

	left atomic.Int64
}

func (m *mortal) dead() error {
	if m.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func (m *mortal) Exec(ctx context.Context, query string, args ...any) error {
	if err := m.dead(); err != nil {
		return err
	}
	return m.Conn.Exec(ctx, query, args...)
}

func (m *mortal) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if err := m.dead(); err != nil {
		return nil, err
	}
	return m.Conn.Query(ctx, query, args...)
}

func (m *mortal) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	if err := m.dead(); err != nil {
		return nil, err
	}
	return m.Conn.PrepareBatch(ctx, query, opts...)
}
