package migrate_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	connection "github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/cluster"
	"mayak/schema/migrate"
	"mayak/schema/visitor"
)

// The engine has every type and setting that the schema uses, and Distributed tables over itself, but no port for other nodes: it
// runs no ON CLUSTER, and a replicated table can be made in it but not written to. So the halves are tried one by one: that
// every table can be made with replicas, and that everything works through Distributed tables over plain ones. Four
// old servers try shards and replicas together (schema/cluster).

const onCluster = cluster.Name("cyan")

// node starts an engine that is a cluster of one node, and gives the address of what stands before it. There the clause
// ON CLUSTER is taken out of statements, as a node's own worker does before it runs them, and what else reword does is done.
func node(t *testing.T, further string, reword func(statement string) string) clickhouse.Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "engine.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`<clickhouse><tcp_port>19000</tcp_port><macros><shard>01</shard><replica>one</replica></macros><remote_servers><%[1]s><shard>
		<internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>19000</port></replica></shard></%[1]s></remote_servers>%[2]s</clickhouse>`,
		onCluster, further)
	if err := os.WriteFile(filepath.Join(dir, "engine.d", "cluster.xml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	engine := clickhousetest.StartProcess(t, dir)
	target := &url.URL{Scheme: "http", Host: engine.Addr}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		text, err := io.ReadAll(r.Out.Body)
		if err != nil {
			t.Error(err)
		}
		worded := reword(strings.ReplaceAll(string(text), onCluster.On(), ""))
		r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(worded)), int64(len(worded))
	}}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	return clickhouse.Options{DSN: front.URL + "/mayak?compress=none&prefer_localhost_replica=1", Cluster: string(onCluster)}
}

// unreplicated makes plain tables of those whose names match.
func unreplicated(tables string) func(statement string) string {
	form := regexp.MustCompile(`(?s)^(?:-- \+goose Up\n)?(CREATE TABLE IF NOT EXISTS ` + tables + `\n.*ENGINE = )Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?`)
	return func(statement string) string { return form.ReplaceAllString(statement, "$1$2(") }
}

// migrated applies the whole schema, and finds nothing left to apply.
func migrated(t *testing.T, o clickhouse.Options) connection.Conn {
	t.Helper()
	applied, err := migrate.Up(t.Context(), o, quiet())
	if err != nil || len(applied) == 0 {
		t.Fatalf("migrate: %v, %v", applied, err)
	}
	again, err := migrate.Up(t.Context(), o, quiet())
	if err != nil || len(again) != 0 {
		t.Fatalf("migrate again: %v, %v", again, err)
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing waits in it
	return conn
}

func TestTheWholeSchemaIsReplicated(t *testing.T) {
	host, port := clickhousetest.StartZooKeeper(t)
	written := unreplicated("migrations")
	conn := migrated(t, node(t, fmt.Sprintf("<zookeeper><node><host>%s</host><port>%s</port></node></zookeeper>", host, port), func(statement string) string {
		if regexp.MustCompile(`^ALTER TABLE (?:\w+_local|salts|sites|incidents|signal_windows)\b`).MatchString(statement) {
			return "SELECT 1" // it would be a write
		}
		return written(statement)
	}))
	var plain []string
	if err := conn.QueryRow(t.Context(), "SELECT groupArray(name || ' ' || engine) FROM system.tables WHERE database = 'mayak' AND engine LIKE '%MergeTree' AND engine NOT LIKE 'Replicated%' AND name != 'migrations'").Scan(&plain); err != nil {
		t.Fatal(err)
	}
	if len(plain) != 0 {
		t.Errorf("these tables have no replicas: %q", plain)
	}
	paths := map[string]string{}
	rows, err := conn.Query(t.Context(), "SELECT table, zookeeper_path || ' ' || replica_name FROM system.replicas WHERE database = 'mayak'")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var table, path string
		if err := rows.Scan(&table, &path); err != nil {
			t.Fatal(err)
		}
		paths[table] = path
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]string{
		"events_local": "/clickhouse/tables/01/mayak/events_local one",
		"salts":        "/clickhouse/tables/everywhere/mayak/salts 01-one", "network_log_local": "/clickhouse/tables/01/mayak/network_log_local one",
	} {
		if paths[table] != want {
			t.Errorf("replica of %s: %q, want %q", table, paths[table], want)
		}
	}
}

func TestTheWholeSchemaWorksThroughDistributedTables(t *testing.T) {
	conn := migrated(t, node(t, "", unreplicated(`\w+`)))
	insert := func(token, id string, visitor int) {
		t.Helper()
		ctx := driver.Context(t.Context(), driver.WithSettings(driver.Settings{"insert_deduplication_token": token}))
		if err := conn.Exec(ctx, "INSERT INTO events (site, ts, type, id, visitor) SELECT 'demo', toDateTime64('2026-11-22 10:00:00.000', 3) + number % 600, 'pageview', ? || toString(number), if(? = 0, 0, 1 + number % ?) FROM numbers(1000)", id, visitor, max(visitor, 1)); err != nil {
			t.Fatal(err)
		}
	}
	count := func(what, want string) {
		t.Helper()
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT toString(("+what+")) FROM events FINAL").Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v, want %s", what, got, err, want)
		}
	}
	insert("segment-1", "a", 100)
	insert("segment-1", "a", 100) // the answer was lost
	var stored uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM "+onCluster.Local("events")).Scan(&stored); err != nil || stored != 1000 {
		t.Errorf("%d rows are stored, %v: a token means nothing through the Distributed table", stored, err)
	}
	insert("segment-2", "a", 100) // the same events from another collector
	insert("segment-3", "n", 0)
	count("count(), uniqExact(id), uniqExactIf(visitor, visitor != 0)", "(2000,2000,100)")
	var changes uint64
	if err := conn.QueryRow(t.Context(), "SELECT sum(changes) FROM window_changes").Scan(&changes); err != nil || changes != 3000 {
		t.Errorf("the view has seen %d rows, %v, want 3000: each insert once", changes, err)
	}
	if err := conn.Exec(t.Context(), "DELETE FROM "+onCluster.Stored("events")+" WHERE visitor = 7"); err != nil {
		t.Fatal(err)
	}
	count("count(), countIf(visitor = 7)", "(1990,0)")
	if err := conn.Exec(t.Context(), "INSERT INTO session_parts (site, visitor) SELECT site, visitor FROM events FINAL GROUP BY site, visitor"); err != nil {
		t.Fatal(err)
	}
	collectorsAgreeOnASalt(t, conn)
}

// collectorsAgreeOnASalt tries the table that programs do more with than read and insert: they drop its partitions.
func collectorsAgreeOnASalt(t *testing.T, conn connection.Conn) {
	t.Helper()
	salts := visitor.NewDatabase(conn, time.Now)
	first, err := salts.Agree(t.Context(), "2026-11-22", visitor.Salt{1})
	if err != nil {
		t.Fatal(err)
	}
	second, err := salts.Agree(t.Context(), "2026-11-22", visitor.Salt{2})
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("two collectors have two salts, %v:\n%s", err, diff)
	}
	if err := salts.Forget(t.Context(), "2026-11-23"); err != nil {
		t.Error(err)
	}
	var left uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM salts").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d salts are left, %v", left, err)
	}
}
