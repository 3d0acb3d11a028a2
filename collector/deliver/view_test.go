package deliver_test

import (
	"testing"

	"mayak/collector/deliver"
)

// The table has the rows, the view has not: the retry must bring it what it missed, and a third try nothing at all.
func TestAViewThatAnInsertWasCutOffFromGetsItsRowsWithTheRetry(t *testing.T) {
	b := newBench(t)
	run := func(statement string) {
		t.Helper()
		if err := b.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE seen (site String, events UInt64, CONSTRAINT closed CHECK events > 1000) ENGINE = SummingMergeTree ORDER BY site SETTINGS non_replicated_deduplication_window = 100")
	run("CREATE MATERIALIZED VIEW feed TO seen AS SELECT site, count() AS events FROM events GROUP BY site")

	rows := deliver.NewRows(b.conn, 0)
	insert := func() error {
		for _, id := range []string{"id-1", "id-2", "id-3"} {
			r := full()
			r.Event.ID = id
			rows.Add(&r)
		}
		return rows.Insert(t.Context(), "segment-1")
	}
	if insert() == nil {
		t.Fatal("an insert whose view fails was taken")
	}
	if table, view := b.count("SELECT count() FROM events"), b.count("SELECT count() FROM seen"); table != 3 || view != 0 {
		t.Fatalf("%d rows in the table and %d in the view: not the cut that this test is about", table, view)
	}
	run("ALTER TABLE seen DROP CONSTRAINT closed")
	for try := range 2 {
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if table, view := b.count("SELECT count() FROM events"), b.count("SELECT toUInt64(sum(events)) FROM seen"); table != 3 || view != 3 {
			t.Errorf("after retry %d: %d in the table, %d in the view, want 3 and 3", try+1, table, view)
		}
	}
}
