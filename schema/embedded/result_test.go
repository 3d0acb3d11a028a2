package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
)

// residentBytes is the memory that a process holds now.
func residentBytes(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Skip("no /proc on this system:", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	must(t, err)
	return pages * int64(os.Getpagesize())
}

func TestResultLargerThanMemoryStreams(t *testing.T) {
	const memory = 300 << 20
	process := clickhousetest.StartProcess(t, t.TempDir(), "MAYAK_ENGINE_MEMORY=300MiB")
	before := residentBytes(t, process.PID())
	largest := before
	for format, size := range map[string]int64{"Native": 1 << 30, "RowBinary": 512 << 20} {
		started := time.Now()
		answer := post(t, process.DSN()+"/?client_protocol_version=54460",
			fmt.Sprintf("SELECT number, number + 1, number + 2, number + 3 FROM numbers(%d) FORMAT %s", size/32, format), nil)
		var read int64
		for {
			n, err := io.CopyN(io.Discard, answer.Body, 64<<20)
			read += n
			largest = max(largest, residentBytes(t, process.PID()))
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
		}
		if read < size {
			t.Errorf("%s: %d bytes arrived, want at least %d", format, read, size)
		}
		t.Logf("%s: %d MB in %s, resident %d MB before, %d MB at most", format, read>>20, time.Since(started), before>>20, largest>>20)
	}
	if largest-before > memory {
		t.Errorf("resident memory grew by %d MB", (largest-before)>>20)
	}
}

func TestManyClientsAtOnceGetTheirOwnAnswers(t *testing.T) {
	db := clickhousetest.New(t)
	mustExec(t, db.Conn(t), "CREATE TABLE shared (n UInt64) ENGINE = MergeTree ORDER BY n")
	const clients, rounds = 16, 10 // twice what runs at once
	var all sync.WaitGroup
	for client := range uint64(clients) {
		all.Go(func() {
			conn := connect(t, db.DSN)
			for round := range uint64(rounds) {
				n := client*rounds + round
				if err := conn.Exec(context.Background(), fmt.Sprintf("INSERT INTO shared VALUES (%d)", n)); err != nil {
					t.Error(err)
				}
				var got uint64
				ctx := clickhouse.Context(context.Background(), clickhouse.WithParameters(clickhouse.Parameters{"n": strconv.FormatUint(n, 10)}))
				if err := conn.QueryRow(ctx, "SELECT n FROM shared WHERE n = {n:UInt64}").Scan(&got); err != nil || got != n {
					t.Errorf("%d, %v, want %d", got, err, n)
				}
			}
		})
	}
	all.Wait()
	var count, distinct uint64
	must(t, db.Conn(t).QueryRow(context.Background(), "SELECT count(), uniqExact(n) FROM shared").Scan(&count, &distinct))
	if count != clients*rounds || distinct != count {
		t.Errorf("%d rows, %d distinct, want %d", count, distinct, clients*rounds)
	}
}

func TestExceptionInTheMiddleOfAResultIsAnError(t *testing.T) {
	const sql = "SELECT throwIf(number = 900000, 'row reached') AS ok, toString(number) FROM numbers(1000000) SETTINGS max_block_size = 1000"
	db := clickhousetest.New(t)
	for _, dsn := range []string{"", "?compress=lz4", "?compress=zstd", "?compress=gzip&enable_http_compression=1", "?compress=br&enable_http_compression=1"} {
		t.Run(dsn, func(t *testing.T) {
			conn := connect(t, db.DSN+dsn)
			rows, err := conn.Query(context.Background(), sql)
			if err != nil {
				t.Fatalf("the first rows are good, yet: %v", err)
			}
			seen := 0
			for rows.Next() {
				seen++
			}
			err = rows.Err()
			if code := exceptionCode(err); code != 395 || !strings.Contains(err.Error(), "row reached") {
				t.Errorf("after %d rows: %v, want exception 395", seen, err)
			}
			if seen == 0 || seen > 900_000 {
				t.Errorf("%d rows arrived before the exception", seen)
			}
			must(t, conn.Ping(context.Background())) // the connection's successor is sound
		})
	}
}

func TestExceptionBeforeTheFirstRowHasItsNumber(t *testing.T) {
	db := clickhousetest.New(t)
	for _, dsn := range []string{"", "?compress=lz4", "?compress=gzip&enable_http_compression=1"} {
		conn := connect(t, db.DSN+dsn)
		for sql, want := range map[string]int32{
			"SELECT * FROM missing":             60,
			"SELECT missing":                    47,
			"SELEC 1":                           62,
			"SELECT 1; SELECT 2":                62,
			"exit":                              62,
			"SELECT throwIf(1)":                 395,
			"SELECT 1 SETTINGS missing = 1":     115,
			"SELECT * FROM missing.t":           81,
			"SELECT 1 INTO OUTFILE '/tmp/x'":    48,
			"SELECT * FROM file('/etc/passwd')": 497,
			"SELECT * FROM url('http://127.0.0.1/', 'CSV', 'a String')": 497,
			"SELECT * FROM default.`/etc/passwd`":                       497,
		} {
			rows, err := conn.Query(context.Background(), sql)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
			}
			if got := exceptionCode(err); got != want {
				t.Errorf("%s %s: exception %d (%v), want %d", dsn, sql, got, err, want)
			}
		}
	}
	for name, dsn := range map[string]string{"missing database": strings.Replace(db.DSN, db.Name, "missing", 1)} {
		if got := exceptionCode(connect(t, dsn).Ping(context.Background())); got != 81 {
			t.Errorf("%s: exception %d, want 81", name, got)
		}
	}
}

func TestCancellingAContextStopsTheStatement(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir())
	conn := connect(t, process.DSN())
	for name, sql := range map[string]string{
		"aggregate without rows": "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",
		"endless rows":           "SELECT sipHash64(number) FROM numbers(1000000000000)",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			rows, err := conn.Query(ctx, sql)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
			}
			if err == nil {
				t.Fatal("the statement ended well")
			}
			awaitNothingRunning(t, process)
		})
	}
}

func TestClientThatGoesAwayStopsAFormattedResult(t *testing.T) {
	process := clickhousetest.StartProcess(t, t.TempDir())
	answer := post(t, process.DSN(), "SELECT sipHash64(number) FROM numbers(1000000000000) FORMAT JSON", nil)
	_, err := io.CopyN(io.Discard, answer.Body, 1<<20)
	must(t, err)
	must(t, answer.Body.Close())
	awaitNothingRunning(t, process)
}

// awaitNothingRunning looks into the engine, the only place that knows, until no statement but the look itself runs.
func awaitNothingRunning(t *testing.T, process *clickhousetest.Process) {
	t.Helper()
	conn := connect(t, process.DSN())
	var running []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		running = nil
		must(t, conn.QueryRow(context.Background(),
			"SELECT groupArray(query) FROM system.processes WHERE query NOT LIKE '%system.processes%'").Scan(&running))
		if len(running) == 0 {
			return
		}
	}
	t.Fatalf("still running: %q", running)
}

func TestParametersAndSettingsReachTheStatement(t *testing.T) {
	conn := clickhousetest.New(t).Conn(t)
	ctx := clickhouse.Context(context.Background(),
		clickhouse.WithParameters(clickhouse.Parameters{"n": "42", "s": "it's \\ қ", "list": "['a','b']"}),
		clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 7, "date_time_output_format": "iso"}))
	var (
		number       uint32
		text         string
		list         []string
		block, other uint64
	)
	must(t, conn.QueryRow(ctx, "SELECT {n:UInt32}, {s:String}, {list:Array(String)}, toUInt64(getSetting('max_block_size'))").
		Scan(&number, &text, &list, &block))
	if diff := cmp.Diff([]any{uint32(42), "it's \\ қ", []string{"a", "b"}, uint64(7)}, []any{number, text, list, block}); diff != "" {
		t.Errorf("parameters and settings (-want +got):\n%s", diff)
	}
	must(t, conn.QueryRow(context.Background(), "SELECT toUInt64(getSetting('max_block_size'))").Scan(&other))
	if other == 7 {
		t.Error("one request's setting is seen by the next")
	}
	bad := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"missing_setting": 1}))
	if got := exceptionCode(conn.Exec(bad, "SELECT 1")); got != 115 {
		t.Errorf("unknown setting: exception %d, want 115", got)
	}
}

func TestSameTokenInsertsOnce(t *testing.T) {
	conn := clickhousetest.New(t).Conn(t)
	mustExec(t, conn, "CREATE TABLE once (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000")
	const rows = 300_000 // more than one block
	numbers := make([]uint64, rows)
	for _, token := range []string{"1-a", "1-a", "2-b", "1-a", "2-b"} {
		ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": token}))
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO once")
		must(t, err)
		must(t, batch.Column(0).Append(numbers))
		must(t, batch.Send())
	}
	var count uint64
	must(t, conn.QueryRow(context.Background(), "SELECT count() FROM once").Scan(&count))
	if count != 2*rows {
		t.Errorf("%d rows, want %d: two tokens", count, 2*rows)
	}
}
