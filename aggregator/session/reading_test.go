package session_test

import (
	"fmt"
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
		events       bool // whether it has to look at them
	}{
		{"old", now.Add(-8 * 24 * time.Hour), now.Add(-4 * 24 * time.Hour), 100, false},
		{"old, part of a day", now.Add(-6 * 24 * time.Hour), now.Add(-6*24*time.Hour + 9*time.Hour), 2, false},
		{"up to now", now.Add(-3 * 24 * time.Hour), now.Add(time.Minute), 50, true},
		{"all", now.Add(-100 * 24 * time.Hour), now.Add(time.Minute), 200, true},
		{"before anything", now.Add(-100 * 24 * time.Hour), now.Add(-90 * 24 * time.Hour), 0, false},
		{"after everything", now.Add(24 * time.Hour), now.Add(48 * time.Hour), 0, true},
		{"no time", now, now, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			span := fmt.Sprintf("since = '%s', until = '%s'", tt.since.Format(time.DateTime), tt.until.Format(time.DateTime))
			view := w.rowsOf(t, fmt.Sprintf("SELECT * FROM sessions(site = '%s', %s)", w.site, span))
			query := w.asked(t, tt.since, tt.until)
			if diff := cmp.Diff(view, w.rowsOf(t, query)); diff != "" {
				t.Errorf("Select (-view +literals):\n%s", diff)
			}
			if len(view) < tt.least {
				t.Errorf("%d sessions are too few to prove anything", len(view))
			}
			if looks := containsEvents(query); looks != tt.events {
				t.Errorf("looks at events: %t, want %t", looks, tt.events)
			}
			gaps := []session.Span{{Since: tt.since, Until: tt.since.Add(tt.until.Sub(tt.since) / 3)}, {Since: tt.until.Add(-tt.until.Sub(tt.since) / 3), Until: tt.until}}
			array := fmt.Sprintf("[(%s, %s), (%s, %s)]", second(gaps[0].Since), second(gaps[0].Until), second(gaps[1].Since), second(gaps[1].Until))
			live, err := w.folder.LiveVisitsIn(t.Context(), w.site, gaps)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(w.rowsOf(t, w.folder.LiveVisits("'"+w.site+"'", array)), w.rowsOf(t, live)); diff != "" {
				t.Errorf("LiveVisitsIn (-LiveVisits +literals):\n%s", diff)
			}
			if tt.events {
				return
			}
			ended, err := w.folder.EndedVisits(t.Context(), w.site, tt.since, tt.until)
			if err != nil {
				t.Fatal(err)
			}
			array = fmt.Sprintf("[(%s, %s)]", second(tt.since), second(tt.until))
			if diff := cmp.Diff(w.rowsOf(t, w.folder.LiveVisits("'"+w.site+"'", array)), w.rowsOf(t, ended)); diff != "" {
				t.Errorf("EndedVisits (-LiveVisits +literals):\n%s", diff)
			}
		})
	}
}
