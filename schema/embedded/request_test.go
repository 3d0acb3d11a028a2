package embedded

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/google/go-cmp/cmp"
)

func TestReadRequest(t *testing.T) {
	for _, tt := range []struct {
		name, query, body string
		sql, data         string
		code              int
	}{
		{name: "statement in the body", body: "SELECT 1", sql: "SELECT 1"},
		{name: "statement in the address", query: "query=SELECT+1", sql: "SELECT 1"},
		{name: "statement in both", query: "query=SELECT", body: "1", sql: "SELECT\n1"},
		{name: "data stays in the body", query: "query=INSERT+INTO+t+FORMAT+TSV", body: "1\n", sql: "INSERT INTO t FORMAT TSV", data: "1\n"},
		{name: "statement and the beginning of its data", body: "INSERT INTO t FORMAT TSV\n" + strings.Repeat("x", 100), sql: "INSERT INTO t FORMAT TSV\n" + strings.Repeat("x", 40), data: strings.Repeat("x", 60)},
		{name: "too long a statement", body: "SELECT " + strings.Repeat("1", 100), code: 229},
		{name: "no statement", code: 62},
		{name: "broken address", query: "query=%zz", code: 36},
		{name: "session", query: "session_id=1&query=SELECT+1", code: 48},
		{name: "revision that is no number", query: "client_protocol_version=x&query=SELECT+1", code: 36},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.URL.RawQuery = tt.query
			got, err := readRequest(r, 64)
			if refused := new(exception); tt.code != 0 {
				if !errors.As(err, &refused) || refused.code != tt.code {
					t.Errorf("readRequest: %v, want exception %d", err, tt.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(got.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.sql, tt.data}, []string{got.sql, string(data)}); diff != "" {
				t.Errorf("statement and data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestURLParametersAreSorted(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/?query=SELECT+1&database=d&default_format=JSON&query_id=q&compress=1&max_threads=2&param_a=b"+
		"&network_compression_method=ZSTD&client_protocol_version=54460&user=u&password=p&quota_key=k&wait_end_of_query=1", http.NoBody)
	got, err := readRequest(r, 64)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"max_threads": "2", "network_compression_method": "ZSTD"}, got.settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "b"}, got.parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if got.database != "d" || got.format != "JSON" || got.id != "q" || !got.compress || !got.zstd || got.revision != 54460 || !got.waitEnd || got.readOnly {
		t.Errorf("%+v", got)
	}
}

func FuzzReadRequest(f *testing.F) {
	frames := compress.NewWriter(compress.LevelZero, compress.LZ4)
	if err := frames.Compress([]byte("SELECT 1")); err != nil {
		f.Fatal(err)
	}
	f.Add("decompress=1", "", frames.Data)
	f.Add("query=INSERT+INTO+t+FORMAT+Native&decompress=1", "", frames.Data[:20])
	f.Add("query=SELECT+1&param_x=%00&max_threads=1", "gzip", []byte("\x1f\x8b"))
	f.Add("database=a&query_id=b", "br", []byte("\x8b\x02\x80SELECT 1\x03"))
	f.Add("", "zstd", []byte("\x28\xb5\x2f\xfd"))
	f.Add("", "lz4", []byte("\x04\x22\x4d\x18"))
	f.Add("", "deflate", []byte("\x78\x9c"))
	f.Fuzz(func(t *testing.T, query, encoding string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Encoding", encoding)
		got, err := readRequest(r, 1<<10)
		if err != nil {
			if refused := new(exception); !errors.As(err, &refused) {
				t.Errorf("an error without a number: %v", err)
			}
			return
		}
		read, err := io.Copy(io.Discard, io.LimitReader(got.data, 1<<20))
		if err == nil && encoding == "" && read > int64(len(body)) && !strings.Contains(query, "decompress") {
			t.Errorf("%d bytes of data from %d of the body", read, len(body))
		}
		for name := range got.settings {
			if !allWordBytes(name) {
				t.Errorf("the setting %q would leave its place in a SET", name)
			}
		}
	})
}

func TestFramesAreReadBack(t *testing.T) {
	want := strings.Repeat("мақта ", 400_000) // several frames
	for _, zstd := range []bool{false, true} {
		var sent bytes.Buffer
		w := newFrameWriter(&sent, zstd)
		if _, err := io.WriteString(w, want); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		body, err := decodeBody(&sent, "", true)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != want {
			t.Errorf("zstd %t: %d bytes, %v, want %d", zstd, len(got), err, len(want))
		}
	}
}

func TestCutFrameIsNotAnEnd(t *testing.T) {
	var sent bytes.Buffer
	w := newFrameWriter(&sent, false)
	if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < sent.Len(); cut++ {
		body, err := decodeBody(bytes.NewReader(sent.Bytes()[:cut]), "", true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(body); err == nil {
			t.Fatalf("%d of %d bytes read as if they were all", cut, sent.Len())
		}
	}
}
