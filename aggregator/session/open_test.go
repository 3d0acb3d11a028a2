package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/session"
)

// openVisits are the rows that OpenVisitsIn answers with.
func (w *world) openVisits(t *testing.T, gaps []session.Span) []string {
	t.Helper()
	query, err := w.folder.OpenVisitsIn(t.Context(), w.site, gaps)
	if err != nil {
		t.Fatal(err)
	}
	return w.rowsOf(t, query)
}

func TestOpenVisitsAreThoseOfAMomentAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0, ways)
	w.prepare(t)
	now := time.Now().UTC().Truncate(time.Second)
	gaps := []session.Span{{Since: now.Add(-5 * time.Hour), Until: now.Add(-4 * time.Hour)}, {Since: now.Add(-3 * time.Hour), Until: now.Add(24 * time.Hour)}}
	w.insert(t, stir(now, 5*time.Hour, 60)...)

	first := w.openVisits(t, gaps)
	if diff := cmp.Diff(w.visitsIn(t, gaps), first); diff != "" || len(first) < 10 {
		t.Errorf("%d visits (-put together +open):\n%s", len(first), diff)
	}
	w.insert(t, happening{ID: "later", Visitor: 77, At: now, Type: "pageview", Path: "/later", Consent: "analytics"})
	if again := w.openVisits(t, gaps); len(again) != len(first)+1 {
		t.Errorf("%d visits after another one began, want %d: nothing may be kept by who asked for it anew", len(again), len(first)+1)
	}
	if none := w.openVisits(t, nil); len(none) != 0 {
		t.Errorf("no gaps hold %q", none)
	}
}

func TestOldReadingsAreDroppedAndNewOnesAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0, ways)
	w.prepare(t)
	now := time.Now().UTC()
	if err := w.conn.Exec(t.Context(), "INSERT INTO open_visits (site, reading, made) SELECT 'demo', 1, now() - INTERVAL 2 HOUR FROM numbers(7)"); err != nil {
		t.Fatal(err)
	}
	w.insert(t, happening{ID: "one", Visitor: 1, At: now, Type: "pageview", Path: "/", Consent: "analytics"})
	query, err := w.folder.OpenVisitsIn(t.Context(), w.site, []session.Span{{Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	dropped, err := w.folder.SweepOpen(t.Context())
	if err != nil || dropped != 7 {
		t.Errorf("%d rows dropped, error %v, want 7", dropped, err)
	}
	if left := w.rowsOf(t, query); len(left) != 1 || !strings.Contains(left[0], "'/'") {
		t.Errorf("a reading of now holds %q after the sweep", left)
	}
}

// A view reads what was cut a moment ago, and no window that came after that beside it: nothing is seen twice.
func TestViewsReadWhatWasCutAMomentAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0, ways)
	w.prepare(t)
	now := time.Now().UTC()
	reads := func(want uint64, when string) {
		t.Helper()
		o := w.options()
		o.Views = time.Nanosecond
		made, err := session.New(o).ReadOpen(t.Context()) // which has not to rest yet
		if err != nil || made != want {
			t.Errorf("%s: %d readings, error %v, want %d", when, made, err, want)
		}
	}
	sees := func(want int, when string) {
		t.Helper()
		view := fmt.Sprintf("SELECT * FROM sessions(site = '%s', since = '%s', until = '%s')", w.site, now.Add(-time.Hour).Format(time.DateTime), now.Add(time.Hour).Format(time.DateTime))
		if rows := w.rowsOf(t, view); len(rows) != want {
			t.Errorf("%s: %d sessions, want %d: %q", when, len(rows), want, rows)
		}
	}
	sees(0, "before anything")
	reads(1, "at first")
	reads(0, "when nothing has changed")
	w.insert(t, happening{ID: "one", Visitor: 1, At: now.Add(-20 * time.Minute), Type: "pageview", Path: "/", Consent: "analytics"})
	sees(0, "before it is read")
	reads(1, "when somebody came")
	sees(1, "when it was read")
	w.round(t)
	sees(1, "when a window holds it, which the reading does not know")
	reads(1, "when less is open")
	sees(1, "when the window alone holds it")
}
