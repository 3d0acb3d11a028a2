package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/rollup"
	"mayak/aggregator/session"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/sites"
)

const visitsSites = `
sites:
  - id: demo
    hostnames: [localhost]
    time_zone: Asia/Almaty
    goals: [{name: booked, event: booking}, {name: thanked, page: /thanks}]
`

// stir inserts events of some visitors over some hours of today and of yesterday, up to now.
func stir(t *testing.T, conn driver.Conn, chance *rand.Rand, count int, span time.Duration) {
	t.Helper()
	batch, err := conn.PrepareBatch(t.Context(), `INSERT INTO events (site, ts, received, type, id, visitor, consent, path, channel, utm_source, utm_campaign, engaged_ms, name, value, currency)`)
	if err != nil {
		t.Fatal(err)
	}
	one := func(of ...string) string { return of[chance.IntN(len(of))] }
	for range count {
		at := time.Now().Add(-time.Duration(chance.Int64N(int64(span)))).Truncate(time.Millisecond)
		if span > time.Minute && chance.IntN(3) == 0 {
			at = at.Add(-26 * time.Hour)
		}
		kind, path, campaign, name, value, currency, engaged := one("pageview", "pageview", "event", "engage"), one("/", "/a", "/thanks"), one("", "", "autumn"), "", 0.0, "", uint32(0)
		switch kind {
		case "event":
			name, value, currency, campaign = one("booking", "call"), float64(chance.IntN(3)), one("", "KZT", "USD"), ""
		case "engage":
			engaged, campaign = uint32(chance.IntN(20_000)), ""
		}
		err := batch.Append("demo", at, at, kind, fmt.Sprint(chance.Uint64()), 1+chance.Uint64N(40), one("essential", "analytics"), path, one("direct", "social"),
			campaign, campaign, engaged, name, value, currency)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

// Reports on visits, of which whole days are kept as numbers, say the same as the sessions themselves.
func TestReportsOnVisitsSayWhatSessionsSay(t *testing.T) {
	conn := clickhousetest.Migrated(t).Conn(t)
	known, err := sites.Parse([]byte(visitsSites))
	if err != nil {
		t.Fatal(err)
	}
	folder := session.New(session.Options{Conn: conn, Sites: known, Registerer: prometheus.NewRegistry()})
	engine, err := rollup.New(rollup.Options{
		Conn: conn, Sites: known, Sources: []rollup.Source{visits{folder}}, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := folder.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	stir(t, conn, chance, 200, 90*time.Minute)
	if err := folder.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	stir(t, conn, chance, 5, time.Second) // what nothing is computed of
	if _, err := folder.ReadOpen(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareReports(t, conn, engine, folder)
}

// compareReports asks each report and the sessions for the same, over a range that ends now and over one of some hours.
func compareReports(t *testing.T, conn driver.Conn, engine *rollup.Engine, folder *session.Folder) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	for name, span := range map[string][2]time.Time{
		"to now": {now.Add(-96 * time.Hour), now.Add(time.Minute)}, "some hours": {now.Add(-50 * time.Hour), now.Add(-7 * time.Hour)},
	} {
		sessions, err := folder.Select(t.Context(), "demo", span[0], span[1])
		if err != nil {
			t.Fatal(err)
		}
		for report, queries := range map[string][2]string{
			"visit_totals": {
				"SELECT '', visits, bounces, views, timed, toUInt64(duration_seconds * 1000) FROM (%s)",
				"SELECT '', count(), sum(bounce), sum(views), count(duration_ms), sum(duration_ms) FROM (%s)",
			},
			"entries": {
				"SELECT path, visits, bounces, views, timed, toUInt64(duration_seconds * 1000) FROM (%s)",
				"SELECT entry, count(), sum(bounce), sum(views), count(duration_ms), sum(duration_ms) FROM (%s) WHERE entry != '' GROUP BY entry",
			},
			"exits": {
				"SELECT path, visits, 0, 0, 0, 0 FROM (%s)",
				"SELECT exit, count(), 0, 0, 0, 0 FROM (%s) WHERE exit != '' GROUP BY exit",
			},
			"visit_sources": {
				"SELECT value, visits, 0, views, converted, bounces FROM (%s) WHERE dimension = 'channel'",
				"SELECT channel, count(), 0, sum(views), countIf(notEmpty(goals)), sum(bounce) FROM (%s) WHERE channel != '' GROUP BY channel",
			},
			"campaigns": {
				"SELECT concat(campaign, currency), visits, views, converted, toUInt64(revenue), bounces FROM (%s)",
				`SELECT concat(utm_campaign, c), count(), sumIf(views, c = ''), countIf(c = '' AND notEmpty(goals)), toUInt64(sum(a)), sumIf(bounce, c = '')
					FROM (%s) ARRAY JOIN arrayPushFront(currencies, '') AS c, arrayPushFront(amounts, 0) AS a WHERE utm_source != '' GROUP BY utm_campaign, c`,
			},
			"goals": {
				"SELECT goal, sum(visits), sum(times), toUInt64(sum(worth)), 0, 0 FROM (%s) WHERE goal = 'thanked' GROUP BY goal",
				"SELECT 'thanked', count(), sum(countEqual(goals, 'thanked')), 0, 0, 0 FROM (%s) WHERE has(goals, 'thanked')",
			},
		} {
			selected, err := engine.Select(t.Context(), rollup.Question{Report: report, Site: "demo", Since: span[0], Until: span[1], Grain: "total", Zone: "Asia/Almaty"})
			if err != nil {
				t.Fatal(err)
			}
			want := table(t, conn, fmt.Sprintf(queries[1], sessions))
			if diff := cmp.Diff(want, table(t, conn, fmt.Sprintf(queries[0], selected))); diff != "" {
				t.Errorf("%s, %s (-sessions +report):\n%s", report, name, diff)
			}
			if len(want) == 0 {
				t.Errorf("%s, %s: nothing to compare", report, name)
			}
			if name != "to now" {
				continue
			}
			view := fmt.Sprintf("SELECT * FROM %s(site = 'demo', since = toDateTime(%d, 'UTC'), until = toDateTime(%d, 'UTC'), grain = 'total', zone = 'Asia/Almaty')", report, span[0].Unix(), span[1].Unix())
			if diff := cmp.Diff(want, table(t, conn, fmt.Sprintf(queries[0], view))); diff != "" {
				t.Errorf("the view of %s, %s (-sessions +view):\n%s", report, name, diff)
			}
		}
	}
}

// table is the answer of a query for a text and five numbers, by the text.
func table(t *testing.T, conn driver.Conn, query string) map[string][5]int64 {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT toString(tupleElement(r, 1)), toInt64(ifNull(tupleElement(r, 2), 0)), toInt64(ifNull(tupleElement(r, 3), 0)), toInt64(ifNull(tupleElement(r, 4), 0)), "+
		"toInt64(ifNull(tupleElement(r, 5), 0)), toInt64(ifNull(tupleElement(r, 6), 0)) FROM (SELECT tuple(*) AS r FROM ("+query+"))")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string][5]int64{}
	for rows.Next() {
		var name string
		var n [5]int64
		if err := rows.Scan(&name, &n[0], &n[1], &n[2], &n[3], &n[4]); err != nil {
			t.Fatal(err)
		}
		all[name] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
