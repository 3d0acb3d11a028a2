package embedded_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/embedded"
)

func TestAnsweredInsertsSurviveKill(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir())
	mustExec(t, connect(t, process.DSN()), "CREATE DATABASE kept ENGINE = Atomic")
	mustExec(t, connect(t, process.DSN()), "CREATE TABLE kept.rows (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000")
	answered := uint64(0)
	for round := range 5 {
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-time.After(time.Duration(50+37*round) * time.Millisecond) // the crash comes at no particular moment
			process.Kill()
		}()
		conn := connect(t, process.DSN())
		for {
			// A token of its own, repeated as long as no answer came: what was answered or not counts once.
			if err := insertRow(conn, answered); err != nil {
				break
			}
			answered++
		}
		<-killed
		must(t, process.Restart())
		must(t, insertRow(connect(t, process.DSN()), answered))
		answered++
	}
	var count, distinct uint64
	must(t, connect(t, process.DSN()).QueryRow(context.Background(), "SELECT count(), uniqExact(n) FROM kept.rows").Scan(&count, &distinct))
	t.Logf("%d inserts answered over 5 kills", answered)
	if count != answered || distinct != answered || answered < 10 {
		t.Errorf("%d rows, %d distinct, %d answered", count, distinct, answered)
	}
	must(t, process.Stop())
	must(t, process.Restart())
}

// insertRow inserts one row with a token made of its number.
func insertRow(conn interface {
	Exec(ctx context.Context, query string, args ...any) error
}, n uint64,
) error {
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": fmt.Sprint("row-", n)}))
	return conn.Exec(ctx, fmt.Sprintf("INSERT INTO kept.rows VALUES (%d)", n))
}

func TestStopLetsStatementsFinishAndKillsThoseThatDoNot(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir(), "MAYAK_ENGINE_DRAIN=5s")
	conn := connect(t, process.DSN())
	var (
		waiting        sync.WaitGroup
		short, endless error
	)
	waiting.Go(func() {
		short = conn.QueryRow(context.Background(), "SELECT sleep(0.7)").Scan(new(uint8))
	})
	waiting.Go(func() {
		endless = conn.QueryRow(context.Background(), "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)").Scan(new(uint64))
	})
	awaitRunning(t, process, 2)
	started := time.Now()
	if err := process.Stop(); err != nil {
		t.Errorf("%v after %s", err, time.Since(started))
	}
	waiting.Wait()
	if short != nil {
		t.Errorf("the short statement was not let finish: %v", short)
	}
	if endless == nil {
		t.Error("the endless statement ended well")
	}
}

// awaitRunning looks into the engine until so many statements run.
func awaitRunning(t *testing.T, process *clickhousetest.Process, want uint64) {
	t.Helper()
	conn := connect(t, process.DSN())
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		var running uint64
		must(t, conn.QueryRow(context.Background(), "SELECT count() FROM system.processes WHERE query NOT LIKE '%system.processes%'").Scan(&running))
		if running >= want {
			return
		}
	}
	t.Fatalf("%d statements never ran at once", want)
}

func TestTooManyStatementsAreRefusedAfterWaiting(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir(), "MAYAK_ENGINE_CONCURRENCY=2", "MAYAK_ENGINE_WAIT=200ms")
	ctx, cancel := context.WithCancel(context.Background())
	var busy sync.WaitGroup
	defer busy.Wait()
	defer cancel()
	conn := connect(t, process.DSN())
	must(t, conn.Ping(ctx))
	// One slot is taken for good; the look into the engine and everything else has the other.
	busy.Go(func() { _ = conn.Exec(ctx, "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)") })
	awaitRunning(t, process, 1)
	busy.Go(func() { _ = conn.Exec(ctx, "SELECT max(sipHash64(number)) FROM numbers(1000000000000)") })
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		answer := post(t, process.DSN(), "SELECT 1", nil)
		if status, text := said(t, answer); status == 503 && strings.Contains(text, "TOO_MANY_SIMULTANEOUS_QUERIES") {
			cancel()
			busy.Wait()
			if status, text := said(t, post(t, process.DSN(), "SELECT 1", nil)); status != 200 {
				t.Errorf("afterwards: %d %s", status, text)
			}
			return
		}
	}
	t.Error("nothing was refused")
}

func TestUsersSeeTheirGrantsOnly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "users.xml")
	must(t, os.WriteFile(file, []byte(`<clickhouse>
		<profiles><default><max_result_rows>1000</max_result_rows></default><reader><readonly>2</readonly><max_execution_time>60</max_execution_time></reader></profiles>
		<roles><look><grants><query>GRANT SELECT(path) ON site.events</query></grants></look></roles>
		<users>
			<default><password>root</password></default>
			<collector><no_password/><grants><query>GRANT INSERT ON site.events</query></grants></collector>
			<analyst><password_sha256_hex>2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b</password_sha256_hex>
				<profile>reader</profile><grants><query>GRANT look</query></grants></analyst>
		</users></clickhouse>`), 0o600))
	process := clickhousetest.StartProcess(t, filepath.Join(dir, "data"), "MAYAK_ENGINE_USERS_FILE="+file)
	as := func(user string) string { return strings.Replace(process.DSN(), "http://", "http://"+user+"@", 1) }
	root := connect(t, as("default:root"))
	mustExec(t, root, "CREATE DATABASE site ENGINE = Atomic")
	mustExec(t, root, "CREATE TABLE site.events (path String, ip String) ENGINE = MergeTree ORDER BY path")
	for _, tt := range []struct {
		user, sql string
		want      int32
	}{
		{"default:root", "SELECT * FROM site.events", 0},
		{"default:wrong", "SELECT 1", 516},
		{"nobody:root", "SELECT 1", 516},
		{"collector", "INSERT INTO site.events VALUES ('/', '2.132.0.1')", 0},
		{"collector", "SELECT path FROM site.events", 497},
		{"collector", "DROP TABLE site.events", 497},
		{"analyst:secret", "SELECT path FROM site.events", 0},
		{"analyst:secret", "SELECT ip FROM site.events", 497},
		{"analyst:secret", "SELECT * FROM site.events", 497},
		{"analyst:secret", "INSERT INTO site.events VALUES ('/', '')", 497},
		{"analyst:secret", "SELECT path FROM site.events INTO OUTFILE '/tmp/x'", 48},
		{"analyst:secret", "SET ROLE mayak_user_default; DROP TABLE site.events", 62},
		{"analyst:secret", "SET ROLE mayak_user_default; DROP TABLE site.events; SELEC", 62},
		{"analyst:secret", "SET ROLE mayak_user_default", 0}, // of no use: the next request has its own session
		{"analyst:secret", "SELECT ip FROM site.events", 497},
		{"analyst:secret", "SELECT throwIf(getSetting('readonly') != 2 OR getSetting('max_execution_time') != 60)", 0},
		{"analyst:secret", "SELECT path FROM site.events SETTINGS readonly = 0", 164},
		{"analyst:root", "SELECT 1", 516},
	} {
		if got := exceptionCode(connect(t, as(tt.user)).Exec(context.Background(), tt.sql)); got != tt.want {
			t.Errorf("%s: %s: exception %d, want %d", tt.user, tt.sql, got, tt.want)
		}
	}
	var limit uint64
	must(t, root.QueryRow(context.Background(), "SELECT toUInt64(getSetting('max_result_rows'))").Scan(&limit))
	if limit != 1000 {
		t.Errorf("the users file's profile gives max_result_rows = %d", limit)
	}
}

func TestEngineKeepsNoSystemLogs(t *testing.T) {
	conn := clickhousetest.New(t).Conn(t)
	var logs []string
	must(t, conn.QueryRow(context.Background(), "SELECT groupArray(name) FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'").Scan(&logs))
	if len(logs) > 0 {
		t.Errorf("system tables that grow: %q", logs)
	}
}

// startFails runs the engine's program and gives its one line of complaint.
func startFails(t *testing.T, environment ...string) string {
	t.Helper()
	if _, err := embedded.Locate(os.Getenv); err != nil {
		clickhousetest.New(t) // skips or fails, as every test of this kind
	}
	binary, err := clickhousetest.Binary()
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary)
	command.Env = append(append(os.Environ(), "MAYAK_ENGINE_LISTEN=127.0.0.1:0"), environment...)
	output, err := command.CombinedOutput()
	if err == nil {
		t.Fatalf("the engine ran: %s", output)
	}
	return string(output)
}

func TestEngineSaysInOneLineWhyItDoesNotStart(t *testing.T) {
	held := clickhousetest.StartProcess(t, t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = taken.Close() }()
	damaged := t.TempDir()
	dir := filepath.Join(damaged, "engine", embedded.Version)
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, embedded.LibraryName), []byte("half"), 0o600))
	must(t, embedded.Receipt{Size: 566330096}.Write(dir))
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, []byte("not a library"), 0o600))
	users := filepath.Join(t.TempDir(), "users.xml")
	must(t, os.WriteFile(users, []byte("<clickhouse><users><a><ssh_keys/></a></users></clickhouse>"), 0o600))

	for _, tt := range []struct {
		name        string
		environment []string
		says        string
	}{
		{"directory in use", []string{"MAYAK_ENGINE_DATA=" + held.Dir}, "is in use by another process"},
		{"port in use", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_LISTEN=" + taken.Addr().String()}, "address already in use"},
		{"directory under a file", []string{"MAYAK_ENGINE_DATA=" + file + "/data"}, "make the data directory"},
		{"directory of the kernel", []string{"MAYAK_ENGINE_DATA=/proc/mayak"}, "make the data directory"},
		{"library missing", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_LIBRARY=", "MAYAK_CACHE=" + t.TempDir()}, "get it with: make engine"},
		{"library damaged", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_LIBRARY=", "MAYAK_CACHE=" + damaged}, "damaged (it has 4 bytes instead of 566330096)"},
		{"library of the operator missing", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_LIBRARY=/missing.so"}, "MAYAK_ENGINE_LIBRARY names"},
		{"library is something else", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_LIBRARY=" + file}, "engine library"},
		{"too little memory", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_MEMORY=10MiB"}, "too few"},
		{"users file with what cannot be held to", []string{"MAYAK_ENGINE_DATA=" + t.TempDir(), "MAYAK_ENGINE_USERS_FILE=" + users}, "<ssh_keys> is not supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := startFails(t, tt.environment...)
			if !strings.Contains(got, tt.says) || strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "engine: ") {
				t.Errorf("%q does not say %q in one line", got, tt.says)
			}
		})
	}
}
