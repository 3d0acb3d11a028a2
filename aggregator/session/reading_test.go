package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/session"
)

// asked is the query that Folder.Select answers with.
func (w *world) asked(f fataler, since, until time.Time) string {
	f.Helper()
	query, err := w.folder.Select(w.t.Context(), w.site, since, until)
	if err != nil {
		f.Fatal(err)
	}
	return query
}

// rowsOf are the rows of a query as text, in an order of their own.
func (w *world) rowsOf(f fataler, query string) []string {
	f.Helper()
	var all []string
	if err := w.conn.QueryRow(w.t.Context(), "SELECT arraySort(groupArray(toString(tuple(*)))) FROM ("+query+")").Scan(&all); err != nil {
		f.Fatalf("%s: %v", query, err)
	}
	return all
}

func TestLiteralsSayWhatTheViewSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0, ways)
	w.prepare(t)
	now := time.Now().UTC().Truncate(time.Second)
	w.insert(t, stir(now, 9*24*time.Hour, 400)...)
	w.round(t)
	w.insert(t, happening{ID: "live", Visitor: 1, At: now, Type: "pageview", Path: "/", Consent: "analytics"})
	for _, tt := range []struct {
		name         string
		since, until time.Time
		least        int
		live         bool // whether it has to look at events
	}{
		{"old", now.Add(-8 * 24 * time.Hour), now.Add(-4 * 24 * time.Hour), 100, false},
		{"old, part of a day", now.Add(-6 * 24 * time.Hour), now.Add(-6*24*time.Hour + 9*time.Hour), 2, false},
		{"up to now", now.Add(-100 * 24 * time.Hour), now.Add(time.Minute), 200, true},
		{"before anything", now.Add(-100 * 24 * time.Hour), now.Add(-90 * 24 * time.Hour), 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view := w.rowsOf(t, "SELECT * FROM "+w.sessionsView(tt.since, tt.until))
			query := w.asked(t, tt.since, tt.until)
			if diff := cmp.Diff(view, w.rowsOf(t, query)); diff != "" {
				t.Errorf("Select (-view +literals):\n%s", diff)
			}
			if len(view) < tt.least {
				t.Errorf("%d sessions are too few to prove anything", len(view))
			}
			if live := strings.Contains(query, "counted"); live != tt.live {
				t.Errorf("looks at events: %t, want %t", live, tt.live)
			}
			if !tt.live {
				w.sameVisits(t, tt.since, tt.until)
			}
		})
	}
	w.sameGaps(t, now)
}

// sameVisits compares the two ways to ask for visits that ended.
func (w *world) sameVisits(t *testing.T, since, until time.Time) {
	t.Helper()
	ended, err := w.folder.EndedVisits(t.Context(), w.site, since, until)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.visitsIn(t, []session.Span{{Since: since, Until: until}}), w.rowsOf(t, ended)); diff != "" {
		t.Errorf("EndedVisits (-LiveVisitsIn +EndedVisits):\n%s", diff)
	}
}

// sameGaps compares what is read of gaps with expressions and with literals.
func (w *world) sameGaps(t *testing.T, now time.Time) {
	t.Helper()
	day := 24 * time.Hour
	gaps := []session.Span{{now.Add(-7 * day), now.Add(-6 * day)}, {now.Add(-50 * time.Hour), now.Add(-30 * time.Hour)}, {now.Add(-10 * time.Hour), now.Add(time.Minute)}}
	array := make([]string, len(gaps))
	for i, gap := range gaps {
		array[i] = fmt.Sprintf("(toDateTime(%d, 'UTC'), toDateTime(%d, 'UTC'))", gap.Since.Unix(), gap.Until.Unix())
	}
	w.readOpen()
	all := "[" + strings.Join(array, ", ") + "]"
	want := w.rowsOf(t, w.folder.LiveVisits("'"+w.site+"'", all, "arrayMin(g -> g.1, "+all+")", "arrayMax(g -> g.2, "+all+")"))
	if diff := cmp.Diff(want, w.visitsIn(t, gaps)); diff != "" || len(want) == 0 {
		t.Errorf("%d rows (-LiveVisits +literals):\n%s", len(want), diff)
	}
	if rows := w.visitsIn(t, nil); len(rows) > 0 {
		t.Errorf("no gaps have visits: %q", rows)
	}
}

func (w *world) visitsIn(t *testing.T, gaps []session.Span) []string {
	t.Helper()
	live, err := w.folder.LiveVisitsIn(t.Context(), w.site, gaps)
	if err != nil {
		t.Fatal(err)
	}
	return w.rowsOf(t, live)
}

// What is loaded behind newer windows, or between them, is seen before anybody has cut it; and a history that is cut in many steps is
// told of as a whole.
func TestNothingIsOutOfSight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 30) // few events a step
	w.prepare(t)
	now := time.Now().UTC().Truncate(time.Second)
	since, until := now.Add(-40*24*time.Hour), now.Add(time.Hour)
	all := w.tied(t, stir(now, 5*time.Hour, 30))
	w.insert(t, all...)
	w.round(t)
	old := w.tied(t, stir(now.Add(-3*24*time.Hour), 20*24*time.Hour, 150))
	w.insert(t, old...)
	all = append(all, old...)
	w.compare(t, all, since, until, true)
	w.compare(t, all, now.Add(-10*24*time.Hour), now.Add(-5*24*time.Hour), false)
	w.round(t)
	if live := strings.Contains(w.asked(t, since, now.Add(-24*time.Hour)), "counted"); live {
		t.Error("what was cut is still read from events")
	}
	w.compare(t, all, since, until, false)
	var untold uint64
	if err := w.conn.QueryRow(t.Context(), "SELECT uniqExact(window) FROM ("+w.asked(t, since, now.Add(-24*time.Hour))+") WHERE window NOT IN (SELECT window FROM visit_changes)").Scan(&untold); err != nil || untold > 0 {
		t.Errorf("visits of %d windows were not told of, %v", untold, err)
	}
	late := w.tied(t, []happening{{Visitor: 77, At: now.Add(-2 * 24 * time.Hour).Truncate(time.Hour), Type: "pageview", Path: "/", Consent: "essential"}})
	w.insert(t, late...)
	w.compare(t, append(all, late...), since, until, false)
}
