package retention_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/aggregator/retention"
	"mayak/schema"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/policy"
)

// rules is the built-in policy, changed.
func rules(t *testing.T, changes ...string) *policy.Policy {
	t.Helper()
	text := string(schema.Policy)
	for i := 0; i < len(changes); i += 2 {
		was := text
		if text = strings.Replace(text, changes[i], changes[i+1], 1); text == was {
			t.Fatalf("the policy has no %q", changes[i])
		}
	}
	p, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func exec(t *testing.T, conn driver.Conn, statement string, values ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), statement, values...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func column(t *testing.T, conn driver.Conn, query string) []string {
	t.Helper()
	var found []string
	if err := conn.QueryRow(context.Background(), "SELECT groupArray(toString(*)) FROM ("+query+")").Scan(&found); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}

// One database for the whole story: from the times that the migrations made, by a changed file, to an empty past.
func TestRetentionFollowsThePolicyFile(t *testing.T) {
	db := clickhousetest.Migrated(t)
	conn := db.Conn(t)
	now := time.Now().UTC().Truncate(time.Second)
	keeper := func(p *policy.Policy) (*retention.Keeper, *prometheus.Registry) {
		registry := prometheus.NewRegistry()
		return retention.New(retention.Options{Conn: conn, Policy: p, Registerer: registry, Now: func() time.Time { return now }}), registry
	}
	ctx := t.Context()

	built, _ := keeper(rules(t))
	if _, _, err := built.Apply(ctx, false); err != nil {
		t.Fatal(err)
	}
	if again, _, err := built.Apply(ctx, false); err != nil || len(again) > 0 {
		t.Fatalf("a second time: %v, %v", again, err)
	}

	changed := rules(t,
		"    retention: 30d\n    collector: [insert]\n", "    retention: 7d\n    collector: [insert]\n", // network_log
		"tiers: {5m: 5d}", "tiers: {5m: 3d}",
		"retention: 180d", "retention: 20d",
		`data: place}`, `retention: 10d, data: place}`, // events.country
	)
	k, registry := keeper(changed)
	var told []string
	differences, err := k.Differences(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		told = append(told, d.String())
	}
	want := []string{
		"column events.click_id: the TTL of the policy is toDateTime(ts) + toIntervalDay(20), that of the database is toDateTime(ts) + toIntervalDay(180)",
		"column events.country: the TTL of the policy is toDateTime(ts) + toIntervalDay(10), that of the database is none",
		"table network_log: the TTL of the policy is toDateTime(ts) + toIntervalDay(7), that of the database is toDateTime(ts) + toIntervalDay(30)",
		"table session_parts: the TTL of the policy is window + toIntervalDay(3) WHERE tier = '5m', window + toIntervalDay(400), " +
			"that of the database is window + toIntervalDay(5) WHERE tier = '5m', window + toIntervalDay(400)",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("differences: %s", diff)
	}

	for what, unfit := range map[string]*policy.Policy{
		"column events.visitor": rules(t, "data: visitor}", "retention: 10d, data: visitor}"),
		"table consents_of_old": rules(t, "\n  consents:", "\n  consents_of_old:"),
	} {
		k, _ := keeper(unfit)
		if _, _, err := k.Apply(ctx, false); !errors.Is(err, retention.ErrUnfit) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: Apply() = %v", what, err)
		}
	}

	plant(t, conn, now)
	preview(t, k)
	if _, _, err := k.Apply(ctx, false); err != nil {
		t.Fatal(err)
	}
	if left, err := k.Differences(ctx); err != nil || len(left) > 0 {
		t.Errorf("after Apply: %v, %v", left, err)
	}
	if _, err := k.Round(ctx); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		"SELECT id FROM events ORDER BY id":                                {"day 015", "day 025", "day 100", "day 399"},
		"SELECT id FROM events WHERE click_id != '' ORDER BY id":           {"day 015"},
		"SELECT id FROM events WHERE country != ''":                        {},
		"SELECT id FROM events WHERE error_message != '' ORDER BY id":      {"day 015", "day 025"},
		"SELECT id FROM network_log ORDER BY id":                           {"day 006"},
		"SELECT (tier, visitor) FROM session_parts ORDER BY tier, visitor": {"('5m',2)", "('day',4)", "('day',399)"},
		"SELECT of FROM retention_proofs WHERE overdue > 0":                {},
		"SELECT (days, toUInt16(intDiv(dateDiff('hour', oldest, proven), 24))) FROM retention_proofs WHERE of = 'events' AND purpose = 'advertising'": {"(20,15)"},
		"SELECT (days, toUInt16(intDiv(dateDiff('hour', oldest, proven), 24))) FROM retention_proofs WHERE of = 'events' AND purpose = 'analytics'":   {"(400,399)"},
		"SELECT (days, removed) FROM retention_proofs WHERE of = 'network_log' AND purpose = 'security'":                                              {"(7,2)"},
	} {
		if diff := cmp.Diff(want, column(t, conn, query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if got := testutil.CollectAndCount(registry, "mayak_aggregator_retention_overdue_rows"); got < len(changed.Tables) {
		t.Errorf("%d series of overdue rows for %d tables", got, len(changed.Tables))
	}
	if removed, err := k.Round(ctx); err != nil || removed != 0 {
		t.Errorf("another round: %d removed, %v", removed, err)
	}
}

// 4d for 400d must not empty a table by itself.
func TestAChangeThatLetsMostOfATableGoWaitsUntilItIsAccepted(t *testing.T) {
	db := clickhousetest.Migrated(t)
	conn := db.Conn(t)
	now := time.Now().UTC().Truncate(time.Second)
	exec(t, conn, "SYSTEM STOP TTL MERGES")
	t.Cleanup(func() { _ = conn.Exec(context.Background(), "SYSTEM START TTL MERGES") })
	exec(t, conn, "INSERT INTO events (site, ts, received, type, id, visitor) SELECT 'a', now64(3) - toIntervalMinute(number * 60 + 30), now(), 'pageview', toString(number), 1 FROM numbers(10000)") // 416 days
	exec(t, conn, "INSERT INTO network_log (site, ts, id, address) SELECT 'a', now64(3) - toIntervalDay(number + 8), toString(number), toIPv6('::1') FROM numbers(20)")
	keeper := func(changes ...string) (*retention.Keeper, *prometheus.Registry) {
		registry := prometheus.NewRegistry()
		return retention.New(retention.Options{Conn: conn, Policy: rules(t, changes...), Registerer: registry, Now: func() time.Time { return now }}), registry
	}
	ctx := t.Context()
	rows := func() []string {
		return column(t, conn, "SELECT ((SELECT count() FROM events), (SELECT count() FROM network_log))")
	}
	built, _ := keeper()
	if _, held, err := built.Apply(ctx, false); err != nil || len(held) > 0 {
		t.Fatalf("as built: %v, %v", held, err)
	}

	half, _ := keeper("    age: ts\n    retention: 400d", "    age: ts\n    retention: 240d")
	if _, held, err := half.Apply(ctx, false); err != nil || len(held) > 0 {
		t.Errorf("what lets two fifths go is held: %v, %v", held, err)
	}
	if _, _, err := built.Apply(ctx, false); err != nil {
		t.Fatal(err)
	}

	slip, registry := keeper("    age: ts\n    retention: 400d", "    age: ts\n    retention: 180d",
		"    retention: 30d\n    collector: [insert]\n", "    retention: 7d\n    collector: [insert]\n")
	changed, held, err := slip.Apply(ctx, false)
	if err != nil || len(held) != 1 || held[0].Table != "events" || held[0].Column != "" || held[0].Kept/100 != 96 || held[0].Goes/100 != 52 {
		t.Fatalf("held: %v, %v", held, err)
	}
	if len(changed) != 1 || changed[0].Table != "network_log" {
		t.Errorf("a small table waits too: %v", changed)
	}
	if removed, err := slip.Round(ctx); err == nil || !strings.Contains(err.Error(), "table events") || !strings.Contains(err.Error(), "HELD BACK") || removed < 20 {
		t.Errorf("round: %d removed, %v", removed, err)
	}
	if diff := cmp.Diff([]string{"(10000,0)"}, rows()); diff != "" {
		t.Errorf("rows of a held table: %s", diff)
	}
	if got := gauge(t, registry, "mayak_aggregator_retention_held_tables"); got != 1 {
		t.Errorf("%v tables are told to be held", got)
	}

	if changed, held, err := slip.Apply(ctx, true); err != nil || len(held) > 0 || len(changed) != 1 {
		t.Fatalf("accepted: %v, %v, %v", changed, held, err)
	}
	if _, err := slip.Round(ctx); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"(4320,0)"}, rows()); diff != "" {
		t.Errorf("rows once it is accepted: %s", diff)
	}
	if got := gauge(t, registry, "mayak_aggregator_retention_held_tables"); got != 0 {
		t.Errorf("%v tables are told to be held", got)
	}
}

func gauge(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// plant stores rows of many ages; the id or the visitor says how many days old they are, and an hour.
func plant(t *testing.T, conn driver.Conn, now time.Time) {
	t.Helper()
	exec(t, conn, "SYSTEM STOP TTL MERGES") // what the database forgets by itself proves nothing of the round
	t.Cleanup(func() {
		if err := conn.Exec(context.Background(), "SYSTEM START TTL MERGES"); err != nil {
			t.Error(err)
		}
	})
	days := func(days int) string {
		return fmt.Sprintf("fromUnixTimestamp64Milli(%d, 'UTC')", now.AddDate(0, 0, -days).Add(-time.Hour).UnixMilli())
	}
	for _, age := range []int{15, 25, 100, 399, 401, 450, 900} {
		exec(t, conn, fmt.Sprintf("INSERT INTO events (site, ts, received, type, id, visitor, click_id, country, error_message) SELECT 'a', %s, now(), 'pageview', 'day %03d', 1, 'gclid=1', 'KZ', 'x'", days(age), age))
	}
	for _, age := range []int{6, 8, 29} {
		exec(t, conn, fmt.Sprintf("INSERT INTO network_log (site, ts, id, address) SELECT 'a', %s, 'day %03d', toIPv6('::1')", days(age), age))
	}
	for tier, ages := range map[string][]int{"5m": {2, 4}, "day": {4, 399, 401}} {
		for _, age := range ages {
			exec(t, conn, fmt.Sprintf("INSERT INTO session_parts (site, tier, window, visitor) SELECT 'a', '%s', toDateTime(%s), %d", tier, days(age), age))
		}
	}
}

func preview(t *testing.T, k *retention.Keeper) {
	t.Helper()
	all, err := k.Preview(t.Context(), []time.Duration{24 * time.Hour, 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]uint64{}
	for _, d := range all {
		if d.Now > 0 || d.Later[1] > 0 {
			got[d.Table+": "+d.What] = append([]uint64{d.Now}, d.Later...)
		}
	}
	want := map[string][]uint64{
		"events: rows":                    {3, 4, 4},
		"events: values of click_id":      {6, 6, 7},
		"events: values of country":       {7, 7, 7},
		"events: values of error_message": {5, 5, 5},
		"network_log: rows":               {2, 3, 3},
		"session_parts: rows":             {1, 2, 2},
		"session_parts: rows of tier 5m":  {1, 2, 2},
		"window_changes: rows":            {3, 4, 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("preview (-want +got): %s", diff)
	}
}
