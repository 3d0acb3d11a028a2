package subject_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/audit"
	"mayak/aggregator/subject"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/policy"
	"mayak/schema/visitor"
)

const (
	site   = "demo"
	cookie = "1.analytics.2026-11.2026-11-22.AQEBAQEBAQEBAQEBAQEBAQ"
)

// world is a migrated database with a desk, and one person of whom something stands in every table that can hold something of one.
type world struct {
	t       *testing.T
	conn    driver.Conn
	policy  *policy.Policy
	key     *visitor.Key
	visitor uint64
	now     time.Time
	anchors string
	rollups *heard
}

// heard are rollups that remember what they were told.
type heard struct {
	windows []time.Time
	settled bool
}

func (h *heard) Changed(_ context.Context, _ string, windows []time.Time) error {
	h.windows = append(h.windows, windows...)
	return nil
}

func (h *heard) Settled(context.Context, string, []time.Time, time.Time) (bool, error) {
	return h.settled, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	key, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, conn: clickhousetest.Migrated(t).Conn(t), policy: rules, key: key, visitor: key.Consented(site, [16]byte(slices.Repeat([]byte{1}, 16))),
		now: time.Now().UTC(), anchors: filepath.Join(t.TempDir(), "anchors"), rollups: &heard{settled: true},
	}
	w.exec("INSERT INTO sites (id, time_zone, week_start) SELECT 'demo', 'Asia/Almaty', 1")
	return w
}

// desk makes one more aggregator's desk. Its connection may be one that breaks.
func (w *world) desk(conn driver.Conn) *subject.Desk {
	clock := func() time.Time { return w.now }
	return subject.New(subject.Options{
		Conn: conn, Policy: w.policy, Key: func() (*visitor.Key, error) { return w.key, nil },
		Audit:   audit.New(audit.Options{Conn: w.conn, Anchors: w.anchors, Now: clock}),
		Rollups: w.rollups, Log: slog.New(slog.DiscardHandler), Now: clock, Backups: 30 * 24 * time.Hour,
	})
}

func officer() subject.Actor {
	return subject.Actor{Name: "aigerim", Role: "officer", Origin: "command", Why: "letter 17 of the person"}
}

func wanted() *subject.Wanted { return &subject.Wanted{Site: site, Cookie: cookie} }

func (w *world) exec(statement string) {
	w.t.Helper()
	if err := w.conn.Exec(w.t.Context(), statement); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *world) count(query string, arguments ...any) (n uint64) {
	w.t.Helper()
	if err := w.conn.QueryRow(w.t.Context(), query, arguments...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// column is one of the live database.
type column struct{ table, name, kind string }

// columns are those of every table that stores rows.
func (w *world) columns() map[string][]column {
	w.t.Helper()
	rows, err := w.conn.Query(w.t.Context(), `SELECT table, name, type FROM system.columns
		WHERE database = currentDatabase() AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')
		ORDER BY table, position`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string][]column{}
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name, &c.kind); err != nil {
			w.t.Fatal(err)
		}
		all[c.table] = append(all[c.table], c)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// marks are what a person could be known by in a row.
type marks struct{ visitor, id, receipt, address, agent string }

func (w *world) marks(of uint64) marks {
	return marks{fmt.Sprint(of), fmt.Sprintf("event-of-%d", of), fmt.Sprintf("receipt-of-%d", of), fmt.Sprintf("2001:db8::%x", 0x1000+of%0xefff), fmt.Sprintf("agent-of-%d", of)}
}

// own are the tables that this part itself writes, in which nobody can be planted as if from outside.
func own() []string { return []string{"subject_requests", "tombstones", "audit_log", "blocked_rows"} }

// plant writes a row of the person into every table that has a column by which somebody could be known, and returns which.
func (w *world) plant(of uint64, at time.Time) (planted []string) {
	w.t.Helper()
	m := w.marks(of)
	for table, columns := range w.columns() {
		var names, values []string
		known := false
		for _, c := range columns {
			var value string
			switch {
			case c.name == "site":
				value = "'demo'"
			case c.name == "visitor":
				value, known = m.visitor, true
			case c.name == "id" && table != "sites":
				value, known = "'"+m.id+"'", true
			case c.name == "receipt" && !slices.Contains(own(), table):
				value, known = "'"+m.receipt+"'", true
			case c.name == "address" && c.kind == "IPv6": // elsewhere it is a keyed hash
				value, known = "toIPv6('"+m.address+"')", true
			case c.name == "user_agent":
				value, known = "'"+m.agent+"'", true
			case c.name == "consent":
				value = "'analytics'"
			case c.name == "action":
				value = "'given'"
			case strings.HasPrefix(c.kind, "DateTime"):
				value = fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d))", at.UnixMilli())
			default:
				continue
			}
			names, values = append(names, "`"+c.name+"`"), append(values, value)
		}
		if known && !slices.Contains(own(), table) {
			w.exec("INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", "))
			planted = append(planted, table)
		}
	}
	slices.Sort(planted)
	return planted
}

// traces are the tables in which anything of the person stands, in whatever column and form.
func (w *world) traces(of uint64) (found []string) {
	w.t.Helper()
	m := w.marks(of)
	secrets := []string{m.visitor, fmt.Sprintf("%x", of), m.id, m.receipt, m.address, m.agent, strings.Split(cookie, ".")[4]}
	var parts []string
	for table := range w.columns() {
		parts = append(parts, "SELECT '"+table+"' AS name FROM "+table+" WHERE multiSearchAnyCaseInsensitive(formatRow('TSV', *), {secrets:Array(String)})")
	}
	err := w.conn.QueryRow(w.t.Context(), "SELECT arraySort(groupUniqArray(name)) FROM ("+strings.Join(parts, " UNION ALL ")+")", clickhouse.Named("secrets", secrets)).Scan(&found)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestMain bounds the properties: each try asks the database many times.
func TestMain(m *testing.M) {
	const tries = "2"
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set(tries) // a number
	}
	m.Run()
}
