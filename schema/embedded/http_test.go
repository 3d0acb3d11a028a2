package embedded_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/google/go-cmp/cmp"

	"mayak/dashboards/grafanatest"
	"mayak/schema/clickhouse/clickhousetest"
)

// post sends a body as curl does.
func post(t *testing.T, address, body string, header http.Header) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(body))
	must(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}).Do(request)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() }) // maybe closed before
	return answer
}

// said is an answer's status and body.
func said(t *testing.T, answer *http.Response) (int, string) {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(text)
}

// base splits a test database's DSN into the server's address and the query that selects the database.
func base(t *testing.T, db *clickhousetest.DB) (address string, query url.Values) {
	t.Helper()
	dsn, err := url.Parse(db.DSN)
	must(t, err)
	return "http://" + dsn.Host + "/", url.Values{"database": {db.Name}}
}

func TestFormatsAreOneDocumentHoweverManyBlocks(t *testing.T) {
	address, query := base(t, clickhousetest.New(t))
	const sql = "SELECT number AS n FROM numbers(100) SETTINGS max_block_size = 10"
	var rows strings.Builder
	for i := range 100 {
		rows.WriteString(strconv.Itoa(i) + "\n")
	}
	for format, check := range map[string]func(string) bool{
		"TSV":           func(s string) bool { return s == rows.String() },
		"CSVWithNames":  func(s string) bool { return s == "\"n\"\n"+rows.String() },
		"JSON":          func(s string) bool { return strings.Count(s, `"meta"`) == 1 && strings.Contains(s, `"rows": 100,`) },
		"JSONCompact":   func(s string) bool { return strings.Count(s, `"meta"`) == 1 && strings.Contains(s, "[99]") },
		"JSONEachRow":   func(s string) bool { return strings.Count(s, "\n") == 100 && strings.HasPrefix(s, `{"n":0}`) },
		"Vertical":      func(s string) bool { return strings.Contains(s, "Row 100:") },
		"Pretty":        func(s string) bool { return strings.Contains(s, "99") },
		"RowBinary":     func(s string) bool { return len(s) == 800 },
		"Parquet":       func(s string) bool { return strings.HasPrefix(s, "PAR1") && strings.HasSuffix(s, "PAR1") },
		"Null":          func(s string) bool { return s == "" },
		"TSVWithTotals": nil,
	} {
		for where, ask := range map[string]func() *http.Response{
			"clause": func() *http.Response {
				return post(t, address+"?"+query.Encode(), sql+" FORMAT "+format+" -- end", nil)
			},
			"default": func() *http.Response { return post(t, address+"?default_format="+format, sql+" ;", nil) },
			"header": func() *http.Response {
				return post(t, address, sql, http.Header{"X-Clickhouse-Format": {format}})
			},
			"held back": func() *http.Response { return post(t, address+"?wait_end_of_query=1&default_format="+format, sql, nil) },
		} {
			status, text := said(t, ask())
			if check == nil {
				if status != http.StatusNotFound {
					t.Errorf("%s by %s: status %d, want 404: %s", format, where, status, text)
				}
				continue
			}
			if status != http.StatusOK || !check(text) {
				t.Errorf("%s by %s: status %d: %.300s", format, where, status, text)
			}
		}
	}
}

func TestInsertsAsCurlSendsThem(t *testing.T) {
	db := clickhousetest.New(t)
	mustExec(t, db.Conn(t), "CREATE TABLE t (n UInt32, s String) ENGINE = MergeTree ORDER BY n")
	address, query := base(t, db)
	with := func(more ...string) string {
		all := url.Values{"database": query["database"]}
		for i := 0; i < len(more); i += 2 {
			all.Set(more[i], more[i+1])
		}
		return address + "?" + all.Encode()
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write([]byte("7\tgzip\n"))
	must(t, zip.Close())
	frames := compress.NewWriter(compress.LevelZero, compress.LZ4)
	must(t, frames.Compress([]byte("8\tlz4\n")))

	for name, ask := range map[string]func() *http.Response{
		"values in the body": func() *http.Response {
			return post(t, with(), "INSERT INTO t VALUES (1, 'it''s'), (2, 'b')", nil)
		},
		"statement and data in a body": func() *http.Response { return post(t, with(), "INSERT INTO t FORMAT TSV\n3\tc\n", nil) },
		"data after the statement":     func() *http.Response { return post(t, with("query", "INSERT INTO t FORMAT CSV"), "4,\"d\"\n", nil) },
		"columns chosen": func() *http.Response {
			return post(t, with("query", "INSERT INTO t (s, n) FORMAT JSONEachRow"), `{"n":5,"s":"e"}`, nil)
		},
		"values after the statement": func() *http.Response { return post(t, with("query", "INSERT INTO t VALUES"), "(6,'f')", nil) },
		"gzip": func() *http.Response {
			return post(t, with("query", "INSERT INTO t FORMAT TSV"), zipped.String(), http.Header{"Content-Encoding": {"gzip"}})
		},
		"frames": func() *http.Response {
			return post(t, with("query", "INSERT INTO t FORMAT TSV", "decompress", "1"), string(frames.Data), nil)
		},
		"from a select": func() *http.Response { return post(t, with(), "INSERT INTO t SELECT 9, 'format values'", nil) },
		"parameter in a select": func() *http.Response {
			return post(t, with("param_n", "10"), "INSERT INTO t SELECT {n:UInt32}, 'p'", nil)
		},
		"settings before the format": func() *http.Response {
			return post(t, with("query", "INSERT INTO t SETTINGS max_insert_threads = 1 FORMAT TSV"), "11\tk\n", nil)
		},
		"no data at all": func() *http.Response { return post(t, with("query", "INSERT INTO t FORMAT TSV"), "", nil) },
	} {
		answer := ask()
		if status, text := said(t, answer); status != http.StatusOK || text != "" {
			t.Errorf("%s: status %d: %s", name, status, text)
		}
		if got := answer.Header.Get("X-ClickHouse-Summary"); !strings.Contains(got, `"written_rows":"`) {
			t.Errorf("%s: summary %q", name, got)
		}
	}
	_, got := said(t, post(t, with(), "SELECT n, s FROM t ORDER BY n", nil))
	want := "1\tit\\'s\n2\tb\n3\tc\n4\td\n5\te\n6\tf\n7\tgzip\n8\tlz4\n9\tformat values\n10\tp\n11\tk\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAnswersAsAServerGivesThem(t *testing.T) {
	address, _ := base(t, clickhousetest.New(t))
	for _, tt := range []struct {
		name, query, body string
		header            http.Header
		status            int
		code, says        string
	}{
		{name: "unknown table", body: "SELECT * FROM missing", status: 404, code: "60", says: "UNKNOWN_TABLE"},
		{name: "unknown database", query: "database=missing", body: "SELECT 1", status: 404, code: "81", says: "UNKNOWN_DATABASE"},
		{name: "syntax", body: "SELEC 1", status: 400, code: "62", says: "SYNTAX_ERROR"},
		{name: "nothing", body: " \n", status: 400, code: "62", says: "Empty query"},
		{name: "setting of a wrong type", query: "max_threads=many", body: "SELECT 1", status: 400, code: "27"},
		{name: "unknown setting", query: "missing=1", body: "SELECT 1", status: 404, code: "115"},
		{name: "setting with a quote in its name", query: "a%27b=1", body: "SELECT 1", status: 404, code: "115"},
		{name: "missing parameter", body: "SELECT {n:UInt8}", status: 500, code: "456"},
		{name: "session", query: "session_id=x", body: "SELECT 1", status: 501, code: "48", says: "session_id"},
		{name: "external tables", body: "x", header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, status: 501, code: "48"},
		{name: "wrong password", header: http.Header{"X-Clickhouse-User": {"default"}, "X-Clickhouse-Key": {"guess"}}, body: "SELECT 1", status: 403, code: "516"},
		{name: "unknown user", query: "user=nobody", body: "SELECT 1", status: 403, code: "516"},
		{name: "web page", header: http.Header{"Origin": {"https://example.org"}}, body: "SELECT 1", status: 403, code: "497"},
		{name: "picture on a web page", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, body: "SELECT 1", status: 403, code: "497"},
		{name: "broken gzip", header: http.Header{"Content-Encoding": {"gzip"}}, body: "SELECT 1", status: 400, code: "271"},
		{name: "unknown encoding", header: http.Header{"Content-Encoding": {"rot13"}}, body: "SELECT 1", status: 501, code: "48"},
		{name: "broken frames", query: "decompress=1", body: strings.Repeat("SELECT 1", 10), status: 400, code: "271"},
		{name: "too long a time", query: "max_execution_time=0.1", body: "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", status: 408, code: "159"},
		{name: "too much memory", query: "max_memory_usage=1000000", body: "SELECT groupArray(number) FROM numbers(10000000)", status: 500, code: "241"},
		{name: "bad data", query: "query=INSERT+INTO+FUNCTION+null('n+UInt8')+FORMAT+TSV", body: "x\n", status: 400, code: "27"},
		{name: "infile", body: "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV", status: 501, code: "48"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer := post(t, address+"?"+tt.query, tt.body, tt.header)
			status, text := said(t, answer)
			if got := answer.Header.Get("X-ClickHouse-Exception-Code"); status != tt.status || got != tt.code {
				t.Errorf("status %d, exception %s, want %d, %s: %s", status, got, tt.status, tt.code, text)
			}
			if !strings.HasPrefix(text, "Code: "+tt.code+". DB::") || !strings.Contains(text, tt.says) {
				t.Errorf("text %q", text)
			}
		})
	}
}

func TestHeadersAsAServerGivesThem(t *testing.T) {
	address, _ := base(t, clickhousetest.New(t))
	answer := post(t, address+"?query_id=mine", "SELECT 1 FORMAT JSON", nil)
	for name, want := range map[string]string{
		"X-ClickHouse-Query-Id": "mine", "X-ClickHouse-Format": "JSON", "X-ClickHouse-Timezone": "UTC",
		"X-ClickHouse-Server-Display-Name": "mayak", "Content-Type": "application/json; charset=UTF-8",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestGETAnswersButChangesNothing(t *testing.T) {
	db := clickhousetest.New(t)
	address, _ := base(t, db)
	get := func(path string) (int, string) {
		answer, err := http.Get(address + path)
		must(t, err)
		defer func() { _ = answer.Body.Close() }()
		return said(t, answer)
	}
	for path, want := range map[string]string{
		"": "Ok.\n", "ping": "Ok.\n", "replicas_status": "Ok.\n", "?query=SELECT%201": "1\n",
	} {
		if status, text := get(path); status != http.StatusOK || text != want {
			t.Errorf("GET /%s = %d %q, want 200 %q", path, status, text, want)
		}
	}
	if status, text := get("?query=DROP+DATABASE+" + db.Name); status != http.StatusInternalServerError || !strings.Contains(text, "READONLY") {
		t.Errorf("DROP by GET = %d %q", status, text)
	}
	if status, _ := get("?readonly=0&query=DROP+DATABASE+" + db.Name); status != http.StatusInternalServerError {
		t.Errorf("DROP by GET that says readonly=0 of itself = %d", status)
	}
	if status, _ := get("missing"); status != http.StatusNotFound {
		t.Errorf("GET /missing = %d", status)
	}
	if status, text := get("metrics"); status != http.StatusOK || !strings.Contains(text, `mayak_engine_embedded_statements_total{kind="select"}`) {
		t.Errorf("GET /metrics = %d %.100q", status, text)
	} else if absent, err := grafanatest.Absent("../..", "engine", text); err != nil || len(absent) > 0 {
		t.Errorf("a document names what nobody has: %q: %v", absent, err)
	}
}

func TestNothingLeaksFromOneRequestIntoTheNext(t *testing.T) {
	address, query := base(t, clickhousetest.New(t))
	for _, sql := range []string{"USE system", "SET max_threads = 77", "CREATE TEMPORARY TABLE left (n UInt8)", "SET ROLE NONE"} {
		if status, text := said(t, post(t, address+"?"+query.Encode(), sql, nil)); status != http.StatusOK {
			t.Fatalf("%s: %d %s", sql, status, text)
		}
	}
	_, got := said(t, post(t, address+"?"+query.Encode(), "SELECT currentDatabase(), getSetting('max_threads') = 77", nil))
	if want := query.Get("database") + "\t0\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if status, _ := said(t, post(t, address, "SELECT * FROM left", nil)); status != http.StatusNotFound {
		t.Errorf("the temporary table is still there: %d", status)
	}
}

// TestGrafanaHandshake asks as Grafana's data source 4.14 does and reads the bytes that it reads.
func TestGrafanaHandshake(t *testing.T) {
	address, _ := base(t, clickhousetest.New(t))
	_, got := said(t, post(t, address+"?default_format=Native&client_protocol_version=54460", "SELECT displayName(), version(), revision(), timezone()", nil))
	if want := "\x01\x00\x02\xff\xff\xff\xff\x00" + "\x04\x01" + "\x0ddisplayName()\x06String\x00"; !strings.HasPrefix(got, want) {
		t.Errorf("the block begins %.60q, want %q", got, want)
	}
	_, plain := said(t, post(t, address+"?default_format=Native", "SELECT 1 AS n", nil))
	if want := "\x01\x01\x01n\x05UInt8\x01"; plain != want {
		t.Errorf("revision 0 gives %q, want %q", plain, want)
	}
}
