package subject_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/subject"
)

// erased opens, confirms and carries an erasure out.
func (w *world) erased(d *subject.Desk) *subject.Ticket {
	w.t.Helper()
	t, err := d.Open(w.t.Context(), officer(), subject.Erase, wanted())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := d.Confirm(w.t.Context(), officer(), t.ID, t.Code); err != nil {
		w.t.Fatal(err)
	}
	if t, err = d.Carry(w.t.Context(), t.ID); err != nil {
		w.t.Fatal(err)
	}
	return t
}

// A new table with a column by which somebody could be known, and that the policy says holds nobody, fails here.
func TestAPersonWhoWasInEveryTableIsInNoneAfterwards(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	planted := w.plant(w.visitor, w.now.Add(-time.Hour))
	other := w.visitor + 1
	w.plant(other, w.now.Add(-time.Hour))
	if diff := cmp.Diff(planted, w.traces(w.visitor)); diff != "" || len(planted) < 10 {
		t.Fatalf("planted in %v; found (-want +got):\n%s", planted, diff)
	}
	before := w.traces(other)

	ticket := w.erased(d)
	if ticket.State != subject.Erased {
		t.Errorf("state %s", ticket.State)
	}
	if found := w.traces(w.visitor); len(found) > 0 {
		t.Errorf("erased, and found in %v", found)
	}
	w.now = w.now.Add(time.Hour)
	if _, err := d.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, err := d.Ticket(t.Context(), ticket.ID)
	if err != nil || done.State != subject.Done || done.Receipt.Statement.Rewritten.IsZero() {
		t.Errorf("an hour later: %+v, %v", done, err)
	}
	if found := w.traces(w.visitor); len(found) > 0 || len(done.Found.Visitors) > 0 {
		t.Errorf("done, and found in %v and described as %v", found, done.Found.Visitors)
	}
	if diff := cmp.Diff(before, w.traces(other)); diff != "" {
		t.Errorf("another person (-before +after):\n%s", diff)
	}
	var left []string
	if err := w.conn.QueryRow(t.Context(), "SELECT groupUniqArray(table) FROM system.parts WHERE database = currentDatabase() AND active AND has_lightweight_delete").Scan(&left); err != nil || len(left) > 0 {
		t.Errorf("files still hold deleted rows of %v, %v", left, err)
	}
	if n := w.count(fmt.Sprintf("SELECT count() FROM system.mutations WHERE database = currentDatabase() AND position(command, '%d') > 0", w.visitor)); n > 0 {
		t.Errorf("%d mutations name the person", n)
	}
	if n := w.count("SELECT countIf(sealed != '') FROM subject_requests"); n > 0 {
		t.Errorf("%d states of the ticket still say whom it was about", n)
	}
	t.Logf("planted in %d tables of %d, found in none: %s", len(planted), len(w.columns()), strings.Join(planted, " "))
}
