package subject_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/subject"
)

// failing is a connection whose statements fail from one on, until it is mended.
type failing struct {
	driver.Conn

	left int
}

var errCut = errors.New("the connection was cut")

func (f *failing) spend() error {
	if f.left--; f.left < 0 {
		return errCut
	}
	return nil
}

func (f *failing) Exec(ctx context.Context, query string, args ...any) error {
	if err := f.spend(); err != nil {
		return err
	}
	return f.Conn.Exec(ctx, query, args...)
}

func (f *failing) PrepareBatch(ctx context.Context, query string, options ...driver.PrepareBatchOption) (driver.Batch, error) {
	if err := f.spend(); err != nil {
		return nil, err
	}
	return f.Conn.PrepareBatch(ctx, query, options...)
}

// interrupting is a connection before whose first batch something else happens.
type interrupting struct {
	driver.Conn

	now func()
}

func (i *interrupting) PrepareBatch(ctx context.Context, query string, options ...driver.PrepareBatchOption) (driver.Batch, error) {
	if now := i.now; now != nil {
		i.now = nil
		now()
	}
	return i.Conn.PrepareBatch(ctx, query, options...)
}

// Whatever write of an erasure is the last that goes through, the ticket says at which step it stopped, and going on ends it.
func TestAnErasureThatStoppedAnywhereGoesOn(t *testing.T) {
	w := newWorld(t)
	w.plant(w.visitor+1, w.now.Add(-time.Hour))
	steps := map[string]int{}
	const stride = 5 // from write to write it does much the same
	for cut := 1; ; cut += stride {
		w.plant(w.visitor, w.now.Add(-time.Hour))
		healthy := w.desk(w.conn)
		ticket, err := healthy.Open(t.Context(), officer(), subject.Erase, wanted())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := healthy.Confirm(t.Context(), officer(), ticket.ID, ticket.Code); err != nil {
			t.Fatal(err)
		}
		conn := &failing{Conn: w.conn, left: cut}
		_, err = w.desk(conn).Carry(t.Context(), ticket.ID)
		if err == nil {
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		stopped, err := healthy.Ticket(t.Context(), ticket.ID)
		if err != nil || stopped.State != subject.Confirmed {
			t.Fatalf("after %d writes: %+v, %v", cut, stopped, err)
		}
		steps[stopped.Step]++
		w.round(healthy)
		done, err := healthy.Ticket(t.Context(), ticket.ID)
		if err != nil || done.State != subject.Erased || done.Error != "" {
			t.Fatalf("after %d writes and another try: %+v, %v", cut, done, err)
		}
		if found := w.traces(w.visitor); len(found) > 0 {
			t.Fatalf("after %d writes and another try: found in %v", cut, found)
		}
		if diff := cmp.Diff(rowsOf(done.Found.Tables), rowsOf(done.Receipt.Statement.Rows)); diff != "" {
			t.Fatalf("after %d writes and another try the receipt states other rows than there were (-were +stated):\n%s", cut, diff)
		}
	}
	for _, step := range []string{"tombstones", "rows"} {
		if steps[step] == 0 {
			t.Errorf("no erasure stopped at the step %s: %v", step, steps)
		}
	}
	if found := w.traces(w.visitor + 1); len(found) < 10 {
		t.Errorf("another person is left in %v only", found)
	}
	t.Logf("stopped at %v", steps)
}

// rowsOf are the tables that had rows.
func rowsOf(tables []subject.TableRows) map[string]uint64 {
	all := map[string]uint64{}
	for _, t := range tables {
		if t.Rows > 0 {
			all[t.Table] = t.Rows
		}
	}
	return all
}

// What is not written down is not done.
func TestNothingIsShownOrErasedWithoutAnEntryInTheAuditLog(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	ticket, err := d.Open(t.Context(), officer(), subject.Erase, wanted())
	if err != nil {
		t.Fatal(err)
	}
	export, err := d.Open(t.Context(), officer(), subject.Export, wanted())
	if err != nil {
		t.Fatal(err)
	}
	before := w.traces(w.visitor)
	w.exec("RENAME TABLE audit_log TO away")
	defer w.exec("RENAME TABLE away TO audit_log")
	var out strings.Builder
	for name, do := range map[string]func() error{
		"find":    func() error { _, err := d.Find(t.Context(), officer(), wanted()); return err },
		"open":    func() error { _, err := d.Open(t.Context(), officer(), subject.Block, wanted()); return err },
		"confirm": func() error { _, err := d.Confirm(t.Context(), officer(), ticket.ID, ticket.Code); return err },
		"export":  func() error { return d.Export(t.Context(), officer(), export.ID, &out) },
	} {
		if err := do(); err == nil {
			t.Errorf("%s: done", name)
		}
	}
	if out.Len() > 0 {
		t.Errorf("%d bytes were exported", out.Len())
	}
	if after := w.traces(w.visitor); len(after) != len(before) {
		t.Errorf("rows went: %v, before %v", after, before)
	}
}

func TestRowsThatWereUnderWayAreErasedToo(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	ticket := w.erased(d)
	m := w.marks(w.visitor)
	w.exec(fmt.Sprintf("INSERT INTO network_log (site, ts, id, address, user_agent) SELECT 'demo', now64(3), '%s', toIPv6('%s'), '%s'", m.id, m.address, m.agent)) // its event came before
	w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, id, visitor) SELECT 'demo', now64(3), now(), 'under way', %d", w.visitor))
	w.round(d)
	if found := w.traces(w.visitor); len(found) > 0 {
		t.Errorf("found in %v", found)
	}
	w.rollups.settled = false
	w.now = w.now.Add(time.Hour)
	w.round(d)
	if got, err := d.Ticket(t.Context(), ticket.ID); err != nil || got.State != subject.Erased {
		t.Errorf("while reports are not computed again: %s, %v", got.State, err)
	}
	w.rollups.settled = true
	w.round(d)
	got, err := d.Ticket(t.Context(), ticket.ID)
	if err != nil || got.State != subject.Done {
		t.Fatalf("state %s, %v", got.State, err)
	}
	if n := w.count("SELECT count() FROM tombstones FINAL WHERE mark = " + fmt.Sprint(w.key.Mark(site, w.visitor))); n != 1 {
		t.Errorf("%d tombstones", n)
	}
	if err := d.CheckReceipt(got.Receipt); err != nil {
		t.Errorf("receipt: %v", err)
	}
	s := got.Receipt.Statement
	if s.Backups.Sub(s.Erased) != 30*24*time.Hour || s.Ticket != ticket.ID || len(s.Rows) < 10 {
		t.Errorf("receipt %+v", s)
	}
	got.Receipt.Statement.Rows[0].Rows++
	if err := d.CheckReceipt(got.Receipt); err == nil {
		t.Error("a receipt that was changed is taken")
	}
}
