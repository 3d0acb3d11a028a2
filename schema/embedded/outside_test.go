package embedded_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"mayak/schema/clickhouse/clickhousetest"
)

func TestStrangersNamesAreRefusedWithoutAPassword(t *testing.T) {
	dir := t.TempDir()
	open := clickhousetest.StartProcess(t, filepath.Join(dir, "open"))
	closed := clickhousetest.StartProcess(t, filepath.Join(dir, "closed"), "MAYAK_ENGINE_PASSWORD=secret")
	for _, tt := range []struct {
		process        *clickhousetest.Process
		host, password string
		from           string
		want           int
	}{
		{process: open, host: "127.0.0.1:8123", want: 200},
		{process: open, host: "[::1]:8123", want: 200},
		{process: open, host: "::1", want: 200},
		{process: open, host: "LocalHost", want: 200},
		{process: open, host: "engine:8123", want: 200},
		{process: open, host: "127.0.0.1:8123", from: "none", want: 200},
		{process: open, host: "127.0.0.1:8123", from: "cross-site", want: 403},
		{process: open, host: "127.0.0.1:8123", from: "same-site", want: 403},
		{process: open, host: "rebound.example:8123", want: 403},
		{process: open, host: "rebound.example.", want: 403},
		{process: open, host: "127.0.0.1.rebound.example", want: 403},
		{process: closed, host: "db.example:8123", password: "secret", want: 200},
		{process: closed, host: "db.example:8123", want: 403},
	} {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+tt.process.Addr+"/?query=SELECT+1", nil)
		must(t, err)
		request.Host = tt.host
		if tt.from != "" {
			request.Header.Set("Sec-Fetch-Site", tt.from)
		}
		if tt.password != "" {
			request.SetBasicAuth("default", tt.password)
		}
		answer, err := http.DefaultClient.Do(request)
		must(t, err)
		text, err := io.ReadAll(answer.Body)
		must(t, err)
		must(t, answer.Body.Close())
		if answer.StatusCode != tt.want {
			t.Errorf("asked as %s from %q: %d, want %d: %s", tt.host, tt.from, answer.StatusCode, tt.want, text)
		}
	}
}

func TestNothingOutsideTheDatabaseIsReached(t *testing.T) {
	db := clickhousetest.New(t)
	address, query := base(t, db)
	for _, sql := range []string{
		"CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'LineAsString')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
		"SELECT * FROM file('/etc/hostname', 'LineAsString')",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"SELECT * FROM remote('127.0.0.1:1', system.one)",
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SYSTEM SHUTDOWN",
	} {
		status, text := said(t, post(t, address+"?"+query.Encode(), sql, nil))
		if status != http.StatusForbidden {
			t.Errorf("%s: %d %s", sql, status, text)
		}
	}
}

func TestFilesOfTheMachineAreNotReadThroughFunctionsAndEngines(t *testing.T) {
	address, query := base(t, clickhousetest.New(t))
	ask := func(sql, settings string) (int, string) {
		return said(t, post(t, address+"?"+query.Encode()+settings, sql, nil))
	}
	for _, sql := range []string{
		"SELECT file('/etc/hostname')",
		"SELECT /* */ `file` /* */ ('/etc/hostname')",
		"SELECT \"f\\x69le\"('/etc/hostname')",
		"SELECT\u00a0file\u00a0('/etc/hostname')",
		"SELECT arrayMap(file, ['/etc/hostname'])",
		"SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS p)",
		"CREATE VIEW v AS SELECT file('/etc/hostname')",
		"CREATE FUNCTION f AS x -> file(x)",
		"CREATE TABLE t (a String DEFAULT file('/etc/hostname')) ENGINE = Memory",
		"CREATE TABLE t (a String) ENGINE = File(LineAsString, '/etc/passwd')",
		"CREATE TABLE t (a String) ENGINE `File`(LineAsString, '/etc/passwd')",
		"CREATE TABLE t (a String) ENGINE = EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a",
		"CREATE TABLE t (a String) ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"CREATE DATABASE d ENGINE = Filesystem('/')",
		"CREATE DATABASE d ENGINE = SQLite('/tmp/x')",
		"CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = 'http://127.0.0.1:1/')",
		"INSERT INTO FUNCTION null('a String') SELECT * FROM VALUES('a String', (file('/etc/hostname')))",
		"SELECT file('/etc/hostname') AS backup, file('/etc/hostname') AS restore",
		"BACKUP DATABASE system TO Disk('default', 'x')",
	} {
		for _, settings := range []string{"", "&offset=1", "&limit=0"} {
			if status, text := ask(sql, settings); status != http.StatusForbidden {
				t.Errorf("%s (%s): %d %s", sql, settings, status, text)
			}
		}
	}
	if status, text := ask("CREATE TABLE own (profile String, engine String COMMENT 'a file of a disk') ENGINE = ReplacingMergeTree ORDER BY profile", ""); status != http.StatusOK {
		t.Errorf("a table of the database's own: %d %s", status, text)
	}
	for _, settings := range []string{"", "&input_format_values_interpret_expressions=1"} {
		if status, text := ask("INSERT INTO own VALUES (file('/etc/hostname'), 'x')", settings); status == http.StatusOK {
			t.Errorf("an expression in the data of an INSERT (%s): %d %s", settings, status, text)
		}
	}
	if status, text := ask("INSERT INTO own VALUES ('a file (1)', 'it\\'s'), ('b', '')", ""); status != http.StatusOK {
		t.Errorf("an INSERT: %d %s", status, text)
	}
}

func TestABackupIsWrittenIntoItsFolderOnly(t *testing.T) {
	address, query := base(t, clickhousetest.New(t))
	ask := func(sql string) (int, string) { return said(t, post(t, address+"?"+query.Encode(), sql, nil)) }
	if status, text := ask("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := ask("INSERT INTO kept SELECT number FROM numbers(1000)"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	name := query.Get("database") + ".tar"
	for _, tt := range []struct {
		sql  string
		want int
	}{
		{"BACKUP TABLE kept TO File('" + name + "')", http.StatusOK},
		{"DROP TABLE kept SYNC", http.StatusOK},
		{"RESTORE TABLE kept FROM File('" + name + "')", http.StatusOK},
		{"BACKUP TABLE kept TO File('/tmp/" + name + "')", http.StatusBadRequest},
		{"BACKUP TABLE kept TO File('../" + name + "')", http.StatusBadRequest},
		{"BACKUP TABLE kept TO File('more.tar') SETTINGS base_backup = File('/etc/passwd')", http.StatusBadRequest},
		{"BACKUP TABLE kept TO S3('http://127.0.0.1:1/bucket/x', 'k', 's')", http.StatusForbidden},
		{"RESTORE TABLE other FROM File('/etc/passwd')", http.StatusBadRequest},
	} {
		if status, text := ask(tt.sql); status != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.sql, status, tt.want, text)
		}
	}
	if status, text := ask("SELECT count() FROM kept"); status != http.StatusOK || strings.TrimSpace(text) != "1000" {
		t.Errorf("rows after restoring: %d %s", status, text)
	}
}
