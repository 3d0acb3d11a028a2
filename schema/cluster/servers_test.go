package cluster_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mayak/schema/clickhouse/clickhousetest"
)

// node is one server of a cluster of two shards with two replicas each.
type node struct {
	shard, replica         int
	http, tcp, interserver string // addresses
	kill                   func()
}

// startCluster starts four servers and a ZooKeeper. The only server that can be installed everywhere here is Debian's, of
// 2018: it knows replication, Distributed and ON CLUSTER as those of today do, but not our column types.
func startCluster(t *testing.T) []*node {
	t.Helper()
	binary, err := exec.LookPath("clickhouse-server")
	if err != nil {
		t.Skip("clickhouse-server is not installed: shards and replicas are not tried on several servers")
	}
	host, port := clickhousetest.StartZooKeeper(t)
	var nodes []*node
	var shards strings.Builder
	for shard := 1; shard <= 2; shard++ {
		shards.WriteString("<shard><internal_replication>true</internal_replication>")
		for replica := 1; replica <= 2; replica++ {
			n := &node{shard: shard, replica: replica, http: clickhousetest.FreeAddress(t), tcp: clickhousetest.FreeAddress(t), interserver: clickhousetest.FreeAddress(t)}
			fmt.Fprintf(&shards, "<replica><host>127.0.0.1</host><port>%s</port></replica>", portOf(n.tcp))
			nodes = append(nodes, n)
		}
		shards.WriteString("</shard>")
	}
	for _, n := range nodes {
		n.start(t, binary, fmt.Sprintf(`<zookeeper><node><host>%s</host><port>%s</port></node></zookeeper>
			<remote_servers><%[3]s>%[4]s</%[3]s></remote_servers>`, host, port, name, shards.String()))
	}
	return nodes
}

func (n *node) start(t *testing.T, binary, shared string) {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`<yandex>
		<logger><level>error</level><console>1</console><log>%[1]s/log</log><errorlog>%[1]s/errors</errorlog></logger>
		<listen_host>127.0.0.1</listen_host><http_port>%[2]s</http_port><tcp_port>%[3]s</tcp_port>
		<interserver_http_port>%[4]s</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
		<path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><users_config>%[1]s/config.xml</users_config>
		<macros><shard>%02[5]d</shard><replica>%[6]d</replica></macros>
		<distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
		<default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>5368709120</mark_cache_size>
		<profiles><default><insert_distributed_sync>1</insert_distributed_sync><load_balancing>in_order</load_balancing></default></profiles><quotas><default/></quotas>
		<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
		%[7]s
	</yandex>`, dir, portOf(n.http), portOf(n.tcp), portOf(n.interserver), n.shard, n.replica, shared)
	config := filepath.Join(dir, "config.xml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), binary, "--config-file="+config)
	command.Dir = dir
	n.kill = clickhousetest.Start(t, command, n.http)
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address) // of a listener of ours
	return port
}

// ask runs a statement and gives its answer, rows and columns as words.
func (n *node) ask(t *testing.T, statement string) string {
	t.Helper()
	return n.askIn(t, "mayak", statement)
}

func (n *node) askIn(t *testing.T, database, statement string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.http+"/?database="+database, strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true // this server closes connections as it likes
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("shard %d, replica %d: %v", n.shard, n.replica, err)
	}
	defer func() { _ = answer.Body.Close() }() // it is read whole
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("shard %d, replica %d: %s: %s: %v", n.shard, n.replica, statement, text, err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// servers is a cluster with the reduced schema in it.
type servers []*node

func (s servers) migrate(t *testing.T) {
	t.Helper()
	s[0].askIn(t, "default", "CREATE DATABASE IF NOT EXISTS mayak"+name.On())
	text, err := os.ReadFile(filepath.Join("testdata", "servers.sql"))
	if err != nil {
		t.Fatal(err)
	}
	worded, err := name.Migration("mayak", string(text))
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(strings.TrimPrefix(worded, "-- +goose Up\n"), ";\n") {
		if statement != "" {
			s[0].ask(t, statement)
		}
	}
}

// all wants the same answer from every node.
func (s servers) all(t *testing.T, want, statement string) {
	t.Helper()
	for _, n := range s {
		if got := n.ask(t, statement); got != want {
			t.Errorf("shard %d, replica %d: %s = %q, want %q", n.shard, n.replica, statement, got, want)
		}
	}
}

// rows of 900 visitors with ten events each and 1,000 rows of nobody, as many of them as are asked for.
func rows(number, firstID int) string {
	return fmt.Sprintf("INSERT INTO events SELECT 'demo', toDateTime('2026-11-22 10:00:00'), toString(number + %d), "+
		"if(number < 9000, 1 + modulo(number, 900), 0) FROM numbers(%d)", firstID, number)
}

func TestFourServersAreOneDatabase(t *testing.T) {
	nodes := servers(startCluster(t))
	nodes.migrate(t)
	nodes.all(t, "events events_local salts session_parts session_parts_local",
		"SELECT name FROM system.tables WHERE database = 'mayak' AND name NOT LIKE '.%' AND engine != 'MaterializedView' ORDER BY name")
	nodes[0].ask(t, rows(10_000, 0))
	nodes[3].ask(t, rows(5_000, 0)) // half of them once more, through another node
	nodes[2].ask(t, "INSERT INTO salts SELECT toDate('2026-11-22'), 'x'")
	for _, n := range nodes {
		n.ask(t, "SYSTEM SYNC REPLICA events_local")
		n.ask(t, "SYSTEM SYNC REPLICA salts")
	}
	nodes.all(t, "10000", "SELECT count() FROM events FINAL")
	nodes.all(t, "900", "SELECT uniqExact(visitor) FROM events WHERE visitor != 0")
	nodes.all(t, "15000", "SELECT sum(rows) FROM session_parts") // what the view was given, on the shard that was given it
	nodes.all(t, "1", "SELECT count() FROM salts")
	nodes.share(t)

	nodes[0].kill() // the first replica of the first shard, which everybody wrote to
	nodes = nodes[1:]
	nodes.all(t, "10000", "SELECT count() FROM events FINAL")
	nodes[0].ask(t, rows(1000, 20_000))
	for _, n := range nodes {
		n.ask(t, "SYSTEM SYNC REPLICA events_local")
	}
	nodes.all(t, "11000", "SELECT count() FROM events FINAL")
}

// share wants each visitor on one shard, even shards, and replicas that hold the same.
func (s servers) share(t *testing.T) {
	t.Helper()
	total := 0
	for _, replicas := range []servers{s[:2], s[2:]} {
		shard := replicas[0].shard
		content := replicas[0].ask(t, "SELECT count(), sum(cityHash64(*)) FROM events_local FINAL")
		replicas.all(t, content, "SELECT count(), sum(cityHash64(*)) FROM events_local FINAL")
		var visitors, nobody int
		if _, err := fmt.Sscan(replicas[0].ask(t, "SELECT uniqExactIf(visitor, visitor != 0), countIf(visitor = 0) FROM events_local FINAL"), &visitors, &nobody); err != nil {
			t.Fatal(err)
		}
		t.Logf("shard %d: %d visitors, %d rows of nobody", shard, visitors, nobody)
		if visitors < 360 || nobody < 400 {
			t.Errorf("shard %d has not its even share", shard)
		}
		total += visitors
	}
	if total != 900 {
		t.Errorf("%d visitors on the shards together, want 900: some are on both", total)
	}
}
