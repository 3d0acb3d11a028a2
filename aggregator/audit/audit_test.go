package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/aggregator/audit"
	"mayak/schema/clickhouse/clickhousetest"
)

const kept = 1095 * 24 * time.Hour

// world is a database with a log that several processes have written.
type world struct {
	t       *testing.T
	conn    driver.Conn
	anchors string
	now     time.Time
	logs    []*audit.Log
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, conn: clickhousetest.Migrated(t).Conn(t), anchors: filepath.Join(t.TempDir(), "aggregator", "audit.anchors"), now: time.Now()}
	for range 3 {
		w.logs = append(w.logs, w.log(w.anchors))
	}
	return w
}

func (w *world) log(anchors string) *audit.Log {
	return audit.New(audit.Options{Conn: w.conn, Anchors: anchors, Now: func() time.Time { return w.now }})
}

func entry(i int) audit.Entry {
	return audit.Entry{Who: "user aigerim", Role: "officer", Action: "find", Ticket: fmt.Sprint("E-", i), Site: "demo", Why: "letter 17", Detail: "events 3"}
}

// fill writes entries, one after the other by all writers in turn.
func (w *world) fill(n int) {
	w.t.Helper()
	for i := range n {
		w.now = w.now.Add(time.Second)
		if err := w.logs[i%len(w.logs)].Write(w.t.Context(), entry(i)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) exec(statement string) {
	w.t.Helper()
	if err := w.conn.Exec(w.t.Context(), statement); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *world) verify(log *audit.Log) *audit.Verified {
	w.t.Helper()
	v, err := log.Verify(w.t.Context(), kept)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestALogThatNobodyTouchedIsWhole(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	for _, log := range w.logs {
		for i := range 3 {
			all.Go(func() {
				if err := log.Write(t.Context(), entry(i)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	v := w.verify(w.logs[0])
	if len(v.Problems) > 0 || v.Entries != 9 || v.Chains != 3 || v.Anchors != 9 || v.Head == "" {
		t.Errorf("%+v", v)
	}
	if again := w.verify(w.log(w.anchors)); again.Head != v.Head {
		t.Error("the head differs by who looks")
	}
	read, err := w.logs[0].Newest(t.Context(), "E-1", 10)
	if err != nil || len(read) != 3 || read[0].Who != "user aigerim" {
		t.Errorf("entries of a ticket: %+v, %v", read, err)
	}
	info, err := os.Stat(w.anchors)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("anchors: %v, %v", info.Mode(), err)
	}
}

// Whoever can change the database is found out, by the chain, by other chains and by the anchors.
func TestWhatSomebodyDidToTheLogIsFound(t *testing.T) {
	w := newWorld(t)
	w.fill(12)
	w.exec("CREATE TABLE good AS audit_log ENGINE = MergeTree ORDER BY (at, writer, sequence)")
	w.exec("INSERT INTO good SELECT * FROM audit_log")
	const first = "writer = (SELECT min(writer) FROM good)"
	keep := func(change string) string {
		return "INSERT INTO audit_log SELECT * REPLACE (" + change + ") FROM good"
	}
	for _, tt := range []struct {
		name, statement, want string
		unanchored            bool // found without the file, too
	}{
		{"a word was changed", keep("if(" + first + " AND sequence = 2, 'somebody else', who) AS who"), ":2 was changed", true},
		{"another column was emptied", keep("if(sequence = 4, '', detail) AS detail"), ":4 was changed", true},
		{"the time was changed", keep("if(" + first + " AND sequence = 1, at + 1, at) AS at"), ":1 was changed", true},
		{"an entry was taken out of the middle", "INSERT INTO audit_log SELECT * FROM good WHERE NOT (" + first + " AND sequence = 2)", ":2 is missing", true},
		{"the oldest entry of a chain is gone", "INSERT INTO audit_log SELECT * FROM good WHERE NOT (" + first + " AND sequence = 1)", ":1 is missing", true},
		{"a whole chain is gone", "INSERT INTO audit_log SELECT * FROM good WHERE NOT (" + first + ")", ":1 is missing", true},
		{"an entry stands twice", "INSERT INTO audit_log SELECT * FROM good UNION ALL SELECT * FROM good WHERE " + first + " AND sequence = 3", ":3 stands twice", true},
		{"the very newest is gone", "INSERT INTO audit_log SELECT * FROM good WHERE at < (SELECT max(at) FROM good)", "is missing: the anchors know it", false},
		{"everything is gone", "SELECT 1", "is missing: the anchors know it", false},
		{"two changed places", keep("if(sequence = 2, 3, if(sequence = 3, 2, sequence)) AS sequence"), "was changed", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.exec("TRUNCATE TABLE audit_log")
			w.exec(tt.statement)
			if v := w.verify(w.logs[0]); !strings.Contains(strings.Join(v.Problems, "\n"), tt.want) {
				t.Errorf("problems %q, want %q", v.Problems, tt.want)
			}
			if v := w.verify(w.log(filepath.Join(t.TempDir(), "none"))); (len(v.Problems) > 0) != tt.unanchored {
				t.Errorf("without anchors: %q", v.Problems)
			}
		})
	}
	w.exec("TRUNCATE TABLE audit_log")
	w.exec("INSERT INTO audit_log SELECT * FROM good")
	if v := w.verify(w.logs[0]); len(v.Problems) > 0 {
		t.Errorf("put back as it was: %q", v.Problems)
	}
	w.exec("DROP TABLE good SYNC")
}

func TestEntriesThatAreGoneInTimeAreNotMissing(t *testing.T) {
	w := newWorld(t)
	w.now = w.now.Add(-kept - 72*time.Hour)
	w.fill(4)
	w.now = time.Now()
	w.fill(4)
	w.exec("ALTER TABLE audit_log DELETE WHERE at < now() - INTERVAL 1095 DAY SETTINGS mutations_sync = 2")
	v := w.verify(w.logs[0])
	if len(v.Problems) > 0 || v.Expired != 4 || v.Entries != 4 {
		t.Errorf("%+v", v)
	}
}

func TestAnchorsThatWereChangedAreFound(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(lines []string) []string
	}{
		{"a line is gone", "does not follow", func(l []string) []string { return append(l[:1:1], l[2:]...) }},
		{"a hash was changed", "does not follow", func(l []string) []string { l[1] = strings.Replace(l[1], " 1 ", " 7 ", 1); return l }},
		{"half a line, as after a crash", "cannot be read", func(l []string) []string { l[2] = l[2][:30]; return l }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(4)
			text, err := os.ReadFile(w.anchors)
			if err != nil {
				t.Fatal(err)
			}
			lines := tt.change(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
			if err := os.WriteFile(w.anchors, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if v := w.verify(w.logs[0]); !strings.Contains(strings.Join(v.Problems, "\n"), tt.want) {
				t.Errorf("problems %q, want %q", v.Problems, tt.want)
			}
		})
	}
}

func TestAWriterGoesOnAfterALineThatWasCutOff(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	text, err := os.ReadFile(w.anchors)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.anchors, text[:len(text)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	w.fill(2)
	v := w.verify(w.logs[0])
	if len(v.Problems) != 1 || !strings.Contains(v.Problems[0], "line 2 of the anchors cannot be read") || v.Anchors != 3 {
		t.Errorf("%+v", v)
	}
}

func TestAnEntryThatCannotBeWrittenIsAnErrorAndEndsItsChain(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.exec("RENAME TABLE audit_log TO away")
	if err := w.logs[0].Write(t.Context(), entry(1)); err == nil {
		t.Error("an entry was written into nothing")
	}
	w.exec("RENAME TABLE away TO audit_log")
	w.fill(3)
	if v := w.verify(w.logs[0]); len(v.Problems) > 0 || v.Chains != 4 || v.Entries != 6 {
		t.Errorf("%+v", v)
	}
}

func TestReasonsThatNamePersonsAreRefused(t *testing.T) {
	for why, want := range map[string]bool{
		"erased by E-20261123-7a2qzzzz after the backup was made": true,
		"E-20261123-7a2qzzzz, call 87012345678":                   false,
		"letter 17 of 22.11.2026":                                 true, "по письму № 14/3": true, "сұрау бойынша": true, "": true, "at 12:30 on 2026-11-22, phone call": true,
		"asked by a@b.kz": false, "from 203.0.113.7": false, "from 2001:db8::1": false, "IIN 900101300123": false, "+7 701 123 45 67": false,
		"cookie AQEBAQEBAQEBAQEBAQEBAQ": false, strings.Repeat("x ", 300): false,
	} {
		if err := audit.CheckReason(why); (err == nil) != want {
			t.Errorf("%q: %v", why, err)
		}
	}
}
