package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/client"
)

// eventsAPI is a collector that is away at first and rejects what is called bad.
func eventsAPI(t *testing.T, took *[]string) *httptest.Server {
	t.Helper()
	away := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer mayak_x" {
			t.Errorf("the key is %q", r.Header.Get("Authorization"))
		}
		if away {
			away = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		var rejected []string
		accepted := 0
		for lines := json.NewDecoder(body); ; {
			var e client.Event
			if err := lines.Decode(&e); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Error(err)
				return
			}
			if e.Name == "bad" {
				rejected = append(rejected, fmt.Sprintf(`{"index":%d,"error":"url: missing"}`, accepted+len(rejected)))
				continue
			}
			accepted++
			*took = append(*took, e.ID)
		}
		fmt.Fprintf(w, `{"accepted":%d,"rejected":[%s]}`, accepted, strings.Join(rejected, ","))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestFilesOfEventsAreSentUntilTheyAreStored(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	var took []string
	args := []string{"import", "events", "--collector", eventsAPI(t, &took).URL, "--key-file", write("key", "mayak_x\n")}
	file := write("events.ndjson", `{"id":"a","ts":"2026-11-23T09:30:00Z","url":"https://clinic.example/"}`+"\n\n"+`{"id":"b","name":"bad","url":"u"}`+"\n"+
		`{"id":"c","colour":"red"}`+"\n"+`{"id":"d","value":"secret"}`+"\n{\n"+`{"id":"e","url":"u"}{}`+"\n"+`{"id":"f","url":"`+strings.Repeat("a", 2<<20)+"\"}\n"+`{"id":"g","url":"u"}`)
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), append(args, file, "-"), strings.NewReader(`{"id":"h","url":"u"}`), &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "not all events are stored") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"a", "g", "h"}, took); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if got := stdout.String(); got != "9 lines: 3 stored, 1 rejected, 5 not readable, 0 not sent; 1 tries more\n" {
		t.Errorf("it says %s", got)
	}
	for _, want := range []string{"503 is answered; again in", `rejected: url: missing: id "b"`, "events.ndjson: line 4: a key that is not known", "line 5: value: want float64", "line 6: not JSON", "line 7: more than one object", "line 8: a line has at most"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it does not say %q:\n%.2000s", want, stderr.String())
		}
	}
	if strings.Contains(stderr.String(), "secret") {
		t.Errorf("it tells a value:\n%.2000s", stderr.String())
	}
	stdout.Reset()
	if err := run(t.Context(), append(args, "-"), strings.NewReader(`{"id":"i","url":"u"}`), &stdout, &stderr); err != nil || !strings.HasPrefix(stdout.String(), "1 lines: 1 stored") {
		t.Errorf("a good file: %v, %s", err, stdout.String())
	}
}
