package subject_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/subject"
	"mayak/schema/visitor"
)

// wishOf is what somebody leaves who asks with a number that they may have made up.
func (w *world) wishOf(visitor uint64, receipt string) {
	w.t.Helper()
	w.exec(fmt.Sprintf("INSERT INTO consents (site, ts, visitor, receipt, action, level, how) SELECT 'demo', fromUnixTimestamp64Milli(toInt64(%d)), %d, '%s', 'erase', 'essential', 'page'",
		w.now.UnixMilli(), visitor, receipt))
}

func TestWishesOfNumbersThatWereMadeUpCostNoTicket(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	for i := range uint64(50) {
		w.wishOf(1000+i, fmt.Sprintf("W-%d", i))
	}
	w.plant(w.visitor, w.now.Add(-time.Hour))
	w.wish("R-1")
	w.round(d)
	if all, err := d.Tickets(t.Context(), true); err != nil || len(all) != 1 {
		t.Fatalf("%d tickets, want the one of who is kept: %v", len(all), err)
	}
	if n := w.count("SELECT count() FROM consents WHERE action = 'erase'"); n != 50 {
		t.Errorf("%d wishes are left: rows of theirs may still be under way", n)
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	w.round(d)
	if n := w.count("SELECT count() FROM consents WHERE action = 'erase'"); n != 0 {
		t.Errorf("%d wishes are left after a week", n)
	}
	if n := w.count("SELECT count() FROM tombstones"); n != 1 {
		t.Errorf("%d tombstones", n)
	}
}

func TestManyWishesAreTakenUpSomeAtATime(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	for i := range uint64(10) {
		w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, id, visitor) SELECT 'demo', now64(3), now(), 'e%d', %d", i, 2000+i))
		w.wishOf(2000+i, fmt.Sprintf("W-%d", i))
	}
	w.round(d)
	if all, err := d.Tickets(t.Context(), true); err != nil || len(all) != 8 {
		t.Errorf("%d tickets after one round, want 8: %v", len(all), err)
	}
	w.round(d)
	if all, err := d.Tickets(t.Context(), true); err != nil || len(all) != 10 {
		t.Errorf("%d tickets after two rounds, want 10: %v", len(all), err)
	}
}

// A ticket that was sealed with a key that is lost stops nobody else's, and can be ended.
func TestATicketOfALostKeyStopsNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	lost, err := w.desk(w.conn).Open(t.Context(), officer(), subject.Block, wanted())
	if err != nil {
		t.Fatal(err)
	}
	if w.key, err = visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key")); err != nil {
		t.Fatal(err)
	}
	d := w.desk(w.conn)
	w.wish("R-1")
	if _, err := d.Round(t.Context()); err == nil {
		t.Error("the round says nothing of the ticket that cannot be opened")
	}
	if got := w.only(d, subject.Erase); got.State != subject.Erased {
		t.Errorf("the wish of another: %s at %s, %s", got.State, got.Step, got.Error)
	}
	if got, err := d.Cancel(t.Context(), officer(), lost.ID); err != nil || got.State != subject.Expired {
		t.Errorf("cancelled: %+v, %v", got, err)
	}
}

// An officer's no to one wish is none to others, and stays.
func TestAWishThatWasCancelledStopsNoOther(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	w.blockedBy(d)
	w.wishOf(w.visitor, "R-1")
	w.round(d)
	held := w.only(d, subject.Erase)
	if _, err := d.Cancel(t.Context(), officer(), held.ID); err != nil {
		t.Fatal(err)
	}
	w.exec("INSERT INTO events (site, ts, received, id, visitor) SELECT 'demo', now64(3), now(), 'another', 77")
	w.wishOf(77, "R-2")
	w.round(d)
	if n := w.count("SELECT count() FROM events WHERE visitor = 77"); n != 0 {
		t.Errorf("%d rows of who asked after that", n)
	}
	w.now = w.now.Add(25 * time.Hour)
	w.round(d)
	if got, err := d.Ticket(t.Context(), held.ID); err != nil || got.State != subject.Expired {
		t.Errorf("the cancelled one is %s, %v", got.State, err)
	}
	if n := w.count("SELECT count() FROM blocked_rows FINAL"); n == 0 {
		t.Error("what is blocked was erased")
	}
}

// Who is blocked under a key that is lost can be unblocked all the same.
func TestWhatIsBlockedComesBackWithoutItsKey(t *testing.T) {
	w := newWorld(t)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	before := w.contents()
	block := w.blockedBy(w.desk(w.conn))
	var err error
	if w.key, err = visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key")); err != nil {
		t.Fatal(err)
	}
	d := w.desk(w.conn)
	if _, err := d.Unblock(t.Context(), officer(), block.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Carry(t.Context(), block.ID); err != nil || got.State != subject.Unblocked {
		t.Errorf("state %s, %v", got.State, err)
	}
	if diff := cmp.Diff(before, w.contents()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

func TestOnlyWhatNobodyHasBegunIsCancelled(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	opened, err := d.Open(t.Context(), officer(), subject.Erase, wanted())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Cancel(t.Context(), officer(), opened.ID); err != nil || got.State != subject.Expired {
		t.Errorf("an opened one: %+v, %v", got, err)
	}
	for name, id := range map[string]string{"one that is over": opened.ID, "one that is begun": w.erased(d).ID} {
		if _, err := d.Cancel(t.Context(), officer(), id); err == nil {
			t.Errorf("%s was cancelled", name)
		}
	}
}

// Of two that change a ticket at the same moment, from the same state, one is told. For a round that is no failure: what is to be done is done.
func TestNobodyOverwritesWhatAnotherHasDecidedMeanwhile(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	for name, goOn := range map[string]func(d *subject.Desk, ticket string) bool{
		"a command": func(d *subject.Desk, ticket string) bool {
			_, err := d.Carry(t.Context(), ticket)
			return errors.Is(err, subject.ErrTaken)
		},
		"a round": func(d *subject.Desk, _ string) bool {
			_, err := d.Round(t.Context())
			return err == nil
		},
	} {
		w.plant(w.visitor, w.now.Add(-time.Hour))
		ticket, err := d.Open(t.Context(), officer(), subject.Erase, wanted())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Confirm(t.Context(), officer(), ticket.ID, ticket.Code); err != nil {
			t.Fatal(err)
		}
		met := false
		between := &interrupting{Conn: w.conn, now: func() {
			met = true
			if _, err := w.desk(w.conn).Carry(t.Context(), ticket.ID); err != nil {
				t.Error(err)
			}
		}}
		if right := goOn(w.desk(between), ticket.ID); !right || !met {
			t.Errorf("%s: right %t, met another %t", name, right, met)
		}
		got, err := d.Ticket(t.Context(), ticket.ID)
		if err != nil || got.State != subject.Erased {
			t.Errorf("%s: state %s, %v", name, got.State, err)
		}
	}
}
