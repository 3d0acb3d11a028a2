package rights

import (
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// saved is the file as whoever opens it reads it.
type saved struct {
	Known    bool `json:"browser_has_a_number"`
	Complete *bool
	Events   []map[string]int
	Network  []map[string]int `json:"network_log"`
	Consents []map[string]int
}

func TestTheFileIsWholeOrSaysThatItIsNot(t *testing.T) {
	row := func(n string) json.RawMessage { return json.RawMessage(`{"n":` + n + `}`) }
	events, network, consents := "events", "network_log", "consents"
	one, two := map[string]int{"n": 1}, map[string]int{"n": 2}
	for _, tt := range []struct {
		name   string
		shelf  *shelf
		whole  bool
		want   saved
		unread bool
	}{
		{
			"rows of each table", &shelf{tables: []string{events, events, network, consents}, rows: []json.RawMessage{row("1"), row("2"), row("1"), row("2")}}, true,
			saved{Events: []map[string]int{one, two}, Network: []map[string]int{one}, Consents: []map[string]int{two}},
			false,
		},
		{
			"rows of the last table only", &shelf{tables: []string{consents}, rows: []json.RawMessage{row("1")}}, true,
			saved{Events: []map[string]int{}, Network: []map[string]int{}, Consents: []map[string]int{one}},
			false,
		},
		{"no rows", &shelf{}, true, saved{Events: []map[string]int{}, Network: []map[string]int{}, Consents: []map[string]int{}}, false},
		{
			"the database goes away", &shelf{tables: []string{events}, rows: []json.RawMessage{row("1")}, err: errors.New("connection reset")}, false,
			saved{Events: []map[string]int{one}, Network: []map[string]int{}, Consents: []map[string]int{}},
			true,
		},
		{
			"more than can be given", &shelf{tables: []string{events}, rows: []json.RawMessage{row("1")}, err: ErrTooMany}, false,
			saved{Events: []map[string]int{one}, Network: []map[string]int{}, Consents: []map[string]int{}},
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var failed error
			f := &file{rows: tt.shelf, told: func(_ string, _ bool, err error) { failed = err }}
			f.begin(head{Site: "clinic", Made: noon, Known: true})
			text, err := io.ReadAll(pieces{f})
			if err != nil || strings.Count(string(text), "\n") != 1 {
				t.Fatalf("%v: %s", err, text)
			}
			var got saved
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			tt.want.Known, tt.want.Complete = true, &tt.whole
			if diff := cmp.Diff(tt.want, got); diff != "" || (failed != nil) != tt.unread {
				t.Errorf("failure %v, file (-want +got):\n%s", failed, diff)
			}
			if err := f.Close(); err != nil || !tt.shelf.closed {
				t.Errorf("closed %v, %v", tt.shelf.closed, err)
			}
		})
	}
}

// pieces reads in small pieces, as they travel.
type pieces struct{ from io.Reader }

func (r pieces) Read(into []byte) (int, error) { return r.from.Read(into[:min(len(into), 7)]) }

// endless are rows that nobody holds.
type endless struct {
	left int
	row  json.RawMessage
}

func (e *endless) Next() (table string, row json.RawMessage, err error) {
	if e.left == 0 {
		return "", nil, io.EOF
	}
	e.left--
	return "events", e.row, nil
}

func (e *endless) Close() error { return nil }

func TestAFileOfFiftyThousandRowsIsNotHeld(t *testing.T) {
	const rows = 50_000
	e := &endless{left: rows, row: json.RawMessage(`{"path":"` + strings.Repeat("x", 700) + `"}`)}
	f := &file{rows: e, told: func(string, bool, error) {}}
	f.begin(head{Site: "clinic", Made: time.Unix(0, 0)})
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, sent := live(), uint64(0), 0
	piece := make([]byte, 4<<10)
	for i := 0; ; i++ {
		n, err := f.Read(piece)
		sent += n
		if i%2000 == 0 {
			most = max(most, live())
		}
		if err != nil {
			break
		}
	}
	held := int64(most) - int64(before)
	t.Logf("%d rows: %d bytes sent, %d held at most", rows, sent, max(held, 0))
	if sent < 700*rows || held > 256<<10 {
		t.Errorf("%d bytes held of %d", held, sent)
	}
}
