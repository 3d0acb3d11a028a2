package subject_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mayak/aggregator/subject"
)

// blockedBy blocks the person and carries it out.
func (w *world) blockedBy(d *subject.Desk) *subject.Ticket {
	w.t.Helper()
	t, err := d.Open(w.t.Context(), officer(), subject.Block, wanted())
	if err != nil {
		w.t.Fatal(err)
	}
	if t, err = d.Carry(w.t.Context(), t.ID); err != nil {
		w.t.Fatal(err)
	}
	return t
}

// contents are the rows of the tables that a blocking moves, each as text of all its values.
func (w *world) contents() (rows []string) {
	w.t.Helper()
	for _, table := range []string{"events", "network_log", "consents"} {
		var some []string
		err := w.conn.QueryRow(w.t.Context(), "SELECT arraySort(groupArray(concat('"+table+" ', hex(formatRow('RowBinary', *))))) FROM "+table+" FINAL").Scan(&some)
		if err != nil {
			w.t.Fatal(err)
		}
		rows = append(rows, some...)
	}
	return rows
}

// Any value that a column can hold comes back as it was, of who is blocked and of who is not.
func TestRowsComeBackAsTheyWere(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	rapid.Check(t, func(t *rapid.T) {
		w.exec("TRUNCATE TABLE events")
		w.exec("TRUNCATE TABLE network_log")
		word := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune{0, '\'', '"', '\\', '\n', '\t', '\u2028'})))
		bytes := rapid.SliceOf(rapid.Byte())
		float := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.Float64frombits(0x7FF8 << 48), math.Copysign(0, -1)}))
		batch, err := w.conn.PrepareBatch(w.t.Context(), "INSERT INTO events (site, ts, received, type, id, visitor, consent, path, title, props, vitals, value, pixel_ratio, screen_width, asn, error_stack)")
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 30).Draw(t, "rows") {
			who := w.visitor + uint64(rapid.IntRange(0, 1).Draw(t, "who"))
			at := w.now.Add(-time.Duration(rapid.Int64Range(0, int64(29*24*time.Hour)).Draw(t, "age"))) // addresses expire after 30 days
			err := batch.Append(site, at, at, "pageview", fmt.Sprint("id", i), who, "analytics", word.Draw(t, "path"), string(bytes.Draw(t, "title")),
				rapid.MapOf(word, word).Draw(t, "props"), map[string]float32{"lcp": float32(float.Draw(t, "lcp")), "cls": 0.1}, float.Draw(t, "value"),
				float32(float.Draw(t, "ratio")), rapid.Uint16().Draw(t, "width"), rapid.Uint32().Draw(t, "asn"), word.Draw(t, "stack"))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
		w.exec("INSERT INTO network_log (site, ts, id, address, user_agent) SELECT site, ts, id, toIPv6('2001:db8::' || toString(asn % 9999)), title FROM events")
		before := w.contents()

		ticket := w.blockedBy(d)
		if n := w.count(fmt.Sprintf("SELECT count() FROM events WHERE visitor = %d", w.visitor)); n != 0 {
			t.Fatalf("%d events of who is blocked", n)
		}
		if _, err := d.Unblock(w.t.Context(), officer(), ticket.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Carry(w.t.Context(), ticket.ID); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.contents()); diff != "" {
			t.Fatalf("rows (-before +after):\n%s", diff)
		}
		if n := w.count("SELECT count() FROM blocked_rows FINAL"); n != 0 {
			t.Fatalf("%d rows are left behind", n)
		}
	})
}

func TestWhoIsBlockedIsInNoTableThatIsReadUntilUnblocked(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	planted := w.plant(w.visitor, w.now.Add(-time.Hour))
	before := w.contents()
	ticket := w.blockedBy(d)
	if diff := cmp.Diff([]string{"blocked_rows", "consents"}, w.traces(w.visitor)); diff != "" {
		t.Errorf("blocked, and found in (-want +got):\n%s", diff)
	}
	if len(w.rollups.windows) != 1 {
		t.Errorf("reports were told of %v", w.rollups.windows)
	}
	if ticket.State != subject.Blocked {
		t.Errorf("state %s", ticket.State)
	}

	// What comes later is taken out by the next rounds, restricted rows too that come after their events.
	late := w.now.Add(-30 * time.Minute)
	w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, id, visitor) SELECT 'demo', fromUnixTimestamp64Milli(%d), now(), 'late', %d", late.UnixMilli(), w.visitor))
	w.round(d)
	w.exec(fmt.Sprintf("INSERT INTO network_log (site, ts, id, address) SELECT 'demo', fromUnixTimestamp64Milli(%d), 'late', toIPv6('2001:db8::1')", late.UnixMilli()))
	w.round(d)
	if n := w.count("SELECT (SELECT count() FROM events) + (SELECT count() FROM network_log)"); n != 0 {
		t.Errorf("%d later rows are there to be read", n)
	}

	if _, err := d.Unblock(t.Context(), officer(), ticket.ID); err != nil {
		t.Fatal(err)
	}
	w.round(d)
	after := w.contents()
	if len(after) != len(before)+2 {
		t.Errorf("%d rows, want the %d of before and the two later ones", len(after), len(before))
	}
	for _, row := range before {
		if !strings.Contains(strings.Join(after, "\n"), row) {
			t.Errorf("a row did not come back: %.60s", row)
		}
	}
	w.round(d)
	if n := w.count("SELECT count() FROM blocked_rows FINAL"); n != 0 {
		t.Errorf("%d rows are still blocked", n)
	}
	t.Logf("planted in %v", planted)
}

// An aggregator that has not heard that somebody is unblocked may take rows out once more: they come back once more, too.
func TestRowsThatWereTakenOutAgainComeBackAgain(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	before := w.contents()
	ticket := w.blockedBy(d)
	w.exec("CREATE TABLE taken AS blocked_rows ENGINE = Memory")
	w.exec("INSERT INTO taken SELECT * FROM blocked_rows FINAL")
	if _, err := d.Unblock(t.Context(), officer(), ticket.ID); err != nil {
		t.Fatal(err)
	}
	w.round(d)
	if diff := cmp.Diff(before, w.contents()); diff != "" {
		t.Fatalf("unblocked (-before +after):\n%s", diff)
	}
	w.exec("INSERT INTO blocked_rows SELECT * REPLACE (moved + 5 AS moved) FROM taken")
	w.exec("TRUNCATE TABLE events")
	w.exec("TRUNCATE TABLE network_log")
	w.exec("DROP TABLE taken")
	w.round(d)
	if diff := cmp.Diff(before, w.contents()); diff != "" {
		t.Errorf("unblocked again (-before +after):\n%s", diff)
	}
	w.now = w.now.Add(time.Hour)
	w.round(d)
	if n := w.count("SELECT countIf(sealed != '') FROM subject_requests FINAL"); n != 0 {
		t.Error("the ticket still says whom it was about")
	}
	w.round(d)
}

func (w *world) round(d *subject.Desk) {
	w.t.Helper()
	if _, err := d.Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// A person whose data is under examination is not erased on a click of whoever has their browser.
func TestAVisitorsWishWaitsWhileTheyAreBlocked(t *testing.T) {
	w := newWorld(t)
	d := w.desk(w.conn)
	w.plant(w.visitor, w.now.Add(-time.Hour))
	block := w.blockedBy(d)
	w.wish("R-1")
	w.round(d)
	w.round(d)
	held := w.only(d, subject.Erase)
	if held.State != subject.Held {
		t.Fatalf("state %s, want held", held.State)
	}
	if n := w.count("SELECT count() FROM blocked_rows FINAL"); n == 0 {
		t.Error("blocked rows are gone")
	}
	if _, err := d.Unblock(t.Context(), officer(), block.ID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.round(d)
	}
	if got := w.only(d, subject.Erase); got.State != subject.Erased {
		t.Errorf("after unblocking: state %s at step %s, %s", got.State, got.Step, got.Error)
	}
	if found := w.traces(w.visitor); len(found) > 0 {
		t.Errorf("erased, and found in %v", found)
	}
}

// wish is what the visitor's page leaves when somebody asks to be erased.
func (w *world) wish(receipt string) {
	w.t.Helper()
	w.exec(fmt.Sprintf("INSERT INTO consents (site, ts, visitor, receipt, action, level, how) SELECT 'demo', now64(3), %d, '%s', 'erase', 'essential', 'page'", w.visitor, receipt))
}

// only is the one open ticket of a kind.
func (w *world) only(d *subject.Desk, kind subject.Kind) *subject.Ticket {
	w.t.Helper()
	all, err := d.Tickets(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	var found []*subject.Ticket
	for _, t := range all {
		if t.Kind == kind {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d tickets to %s", len(found), kind)
	}
	return found[0]
}
