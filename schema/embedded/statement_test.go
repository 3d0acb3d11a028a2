package embedded

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadStatement(t *testing.T) {
	for _, tt := range []struct {
		text         string
		kind         kind
		sql, format  string
		data, output string // what follows data and output
		file         bool
	}{
		{text: "SELECT 1", kind: kindSelect, sql: "SELECT 1"},
		{text: "select 1 format JSON", kind: kindSelect, format: "JSON", output: "format JSON"},
		{text: "SELECT 1 FORMAT JSON SETTINGS max_threads = 1;", kind: kindSelect, format: "JSON", output: "FORMAT JSON SETTINGS max_threads = 1;"},
		{text: "SELECT 1 ; -- FORMAT CSV", kind: kindSelect, output: " ; -- FORMAT CSV"},
		{text: "SELECT 'a FORMAT b' /* FORMAT c */", kind: kindSelect, output: " /* FORMAT c */"},
		{text: "SELECT format FROM t", kind: kindSelect},
		{text: "SELECT format(x, y) FROM (SELECT 1 FORMAT CSV)", kind: kindSelect},
		{text: "WITH x AS (SELECT 1) SELECT * FROM x", kind: kindSelect},
		{text: "(SELECT 1) UNION ALL (SELECT 2)", kind: kindSelect},
		{text: "SELECT 1 INTO OUTFILE 'x'", kind: kindSelect, file: true},
		{text: "SELECT 'INTO OUTFILE'", kind: kindSelect},
		{text: "SHOW TABLES FORMAT JSON", kind: kindOther, format: "JSON", output: "FORMAT JSON"},
		{text: "CREATE TABLE t (format String)", kind: kindOther},
		{text: "", kind: kindOther},
		{text: "-- nothing", kind: kindOther, sql: "-- nothing"},
		{text: "INSERT INTO t VALUES (1)", kind: kindInsert, sql: "INSERT INTO t ", format: "Values", data: " (1)"},
		{text: "insert into t (a, `values`) values (1);", kind: kindInsert, sql: "insert into t (a, `values`) ", format: "Values", data: " (1);"},
		{text: "INSERT INTO t FORMAT TSV\n1\t'\n", kind: kindInsert, sql: "INSERT INTO t ", format: "TSV", data: "1\t'\n"},
		{text: "INSERT INTO t FORMAT TSV;  \r\n\n1", kind: kindInsert, sql: "INSERT INTO t ", format: "TSV", data: "\n1"},
		{text: "INSERT INTO t FORMAT Native", kind: kindInsert, sql: "INSERT INTO t ", format: "Native"},
		{text: "INSERT INTO t /* VALUES */ SETTINGS a = 'FORMAT x' FORMAT CSV 1", kind: kindInsert, sql: "INSERT INTO t /* VALUES */ SETTINGS a = 'FORMAT x' ", format: "CSV", data: "1"},
		{text: "INSERT INTO t", kind: kindInsert, sql: "INSERT INTO t"},
		{text: "INSERT INTO t;", kind: kindInsert, sql: "INSERT INTO t"},
		{text: "INSERT INTO t SELECT 1, 'VALUES'", kind: kindOther, sql: "INSERT INTO t SELECT 1, 'VALUES'"},
		{text: "INSERT INTO t (a) (SELECT 1)", kind: kindOther, sql: "INSERT INTO t (a) (SELECT 1)"},
		{text: "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x", kind: kindOther, sql: "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x"},
		{text: "INSERT INTO t FROM INFILE 'x' FORMAT CSV", kind: kindInsert, sql: "INSERT INTO t FROM INFILE 'x' FORMAT CSV", file: true},
		{text: "INSERT INTO t VALUES ($$a'b$$)", kind: kindInsert, sql: "INSERT INTO t ", format: "Values", data: " ($$a'b$$)"},
		{text: "SELECT $tag$ FORMAT x $tag$", kind: kindSelect},
		{text: "SELECT 'open FORMAT x", kind: kindSelect},
		{text: `SELECT 'a\' FORMAT x', 'b'' FORMAT y'`, kind: kindSelect},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got := readStatement(tt.text)
			if tt.sql == "" && tt.kind != kindInsert {
				tt.sql = tt.text
			}
			if got.kind != tt.kind || got.file != tt.file {
				t.Errorf("kind %s, file %t, want %s, %t", got.kind, got.file, tt.kind, tt.file)
			}
			if diff := cmp.Diff([]string{tt.sql, tt.format}, []string{got.sql, got.format}); diff != "" {
				t.Errorf("text and format (-want +got):\n%s", diff)
			}
			if data := tt.text[got.data:]; got.kind == kindInsert && !got.file && data != tt.data {
				t.Errorf("data %q, want %q", data, tt.data)
			}
			if output := tt.text[got.output:]; tt.output != "" && output != tt.output {
				t.Errorf("an output clause would stand before %q, want before %q", output, tt.output)
			}
		})
	}
}

func FuzzReadStatement(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1 FORMAT JSON", "INSERT INTO t VALUES ('a\\'", "INSERT INTO t FORMAT TSV\r\n", "SELECT $a$ $a", "/* -- ", "((]})", "`", "INSERT FORMAT", "\x80FORMAT",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := readStatement(text)
		if s.data < 0 || s.data > len(text) || s.output < 0 || s.output > len(text) {
			t.Errorf("data at %d, output at %d of %d", s.data, s.output, len(text))
		}
		if !strings.HasPrefix(text, s.sql) {
			t.Errorf("the statement %q is not the beginning of %q", s.sql, text)
		}
	})
}

func TestOutsideIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT file('/etc/passwd')": "The function file",
		"SELECT arrayMap(file, x)":   "The function file",
		"CREATE TABLE t (`file` String, b String COMMENT 'file') ENGINE = Log": "",
		"CREATE TABLE t (a Int8) ENGINE = File(CSV)":                           "The engine File",
		"CREATE TABLE t (a Int8) ENGINE = ReplicatedMergeTree('/x', 'y')":      "",
		"CREATE TABLE t (a Int8) ENGINE = Log SETTINGS disk = disk(type = s3)": "A disk",
		"CREATE DICTIONARY d (a Int8) SOURCE(EXECUTABLE(COMMAND 'id'))":        "The source EXECUTABLE",
		"CREATE DICTIONARY d (a Int8) SOURCE(CLICKHOUSE(TABLE 't'))":           "",
	} {
		if got := outsideIn("EXPLAIN " + text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
