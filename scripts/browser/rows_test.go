package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/scripts/processes"
)

// row is a row of the database: each column that holds something, as text. The weight of a row that stands for itself is left out.
type row map[string]string

// query runs a statement in the database mayak.
func (s *stack) query(t *testing.T, statement string) []row {
	t.Helper()
	answer, err := http.Post("http://"+s.engine+"/?database=mayak&default_format=JSONEachRow", "text/plain", strings.NewReader(statement))
	if err != nil {
		t.Fatalf("query: %v", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("query %s: %v %s", statement, err, text)
	}
	var rows []row
	for line := range bytes.Lines(text) {
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		var columns map[string]any
		if err := decoder.Decode(&columns); err != nil {
			t.Fatalf("read %s: %v", line, err)
		}
		found := row{}
		for name, value := range columns {
			found.set(name, value)
		}
		rows = append(rows, found)
	}
	return rows
}

func (r row) set(name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, value := range value {
			r.set(name+"."+key, value)
		}
	default:
		if text := fmt.Sprint(value); text != "" && text != "0" && (name != "weight" || text != "1") {
			r[name] = text
		}
	}
}

// count is how many rows of a table match.
func (s *stack) count(t *testing.T, what string) int {
	t.Helper()
	n := 0
	for _, found := range s.query(t, "SELECT count() AS n FROM "+what) {
		if text := found["n"]; text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// await waits until n events match the condition, and returns all that do, in the order in which they happened.
func (s *stack) await(t *testing.T, n int, condition string) []row {
	t.Helper()
	var rows []row
	poll(t, fmt.Sprintf("%d events stand where %s", n, condition), func() bool {
		rows = s.query(t, "SELECT * FROM events FINAL WHERE "+condition+" ORDER BY ts, id")
		return len(rows) >= n
	})
	return rows
}

// poll waits until done.
func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if err := processes.Poll(ctx, func() (bool, error) { return done(), nil }); err != nil {
		t.Fatalf("wait until %s: %v", what, err)
	}
}

// view waits for the row of the page view that the tab shows.
func (s *stack) view(t *testing.T, tab *Tab) row {
	t.Helper()
	rows := s.await(t, 1, "type = 'pageview' AND id = '"+Eval[string](tab, `mayak.page`)+"'")
	if len(rows) != 1 {
		t.Fatalf("%d rows of one page view", len(rows))
	}
	return rows[0]
}

// told waits for n events of another type about the page view that the tab shows.
func (s *stack) told(t *testing.T, tab *Tab, kind string, n int) []row {
	t.Helper()
	return s.await(t, n, "type = '"+kind+"' AND page = '"+Eval[string](tab, `mayak.page`)+"'")
}

// check compares all that stands in a row with want, but for what no test can know.
func check(t *testing.T, got, want row) {
	t.Helper()
	rest := row{}
	for name, value := range got {
		switch name {
		case "ts", "received":
			when, err := time.Parse("2006-01-02 15:04:05", value)
			if age := time.Since(when); err != nil || age < -time.Second || age > time.Minute {
				t.Errorf("%s = %s, want just now", name, value)
			}
		case "id", "page", "visitor", "policy_version":
		default:
			rest[name] = value
		}
	}
	for _, name := range []string{"ts", "received", "id", "visitor", "policy_version"} {
		if got[name] == "" {
			t.Errorf("%s is empty", name)
		}
	}
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Errorf("stored row (-want +got):\n%s", diff)
	}
}
