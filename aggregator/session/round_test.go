package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seen is a session as readers of the view see it.
type seen struct {
	visit

	Duration *uint64
	Bounce   uint8
}

// asSeen is what readers must see of a session.
func asSeen(v visit) seen {
	s := seen{visit: v}
	if v.Last.After(v.Start) {
		s.Duration = new(uint64(v.Last.Sub(v.Start).Milliseconds()))
	} else if v.Engaged != nil && *v.Engaged > 0 {
		s.Duration = new(*v.Engaged)
	}
	if v.Views == 1 && v.Actions == 0 && len(v.Goals) == 0 && (v.Engaged == nil || *v.Engaged < 10_000) {
		s.Bounce = 1
	}
	s.Last = time.Time{} // the view tells the duration instead
	return s
}

func (w *world) prepare(f fataler) {
	f.Helper()
	if err := w.folder.Prepare(w.t.Context()); err != nil {
		f.Fatal(err)
	}
}

func (w *world) round(f fataler) {
	f.Helper()
	if err := w.folder.Round(w.t.Context()); err != nil {
		f.Fatal(err)
	}
}

// sessionsView is the view that answers for a range, with what no window holds read a moment ago.
func (w *world) sessionsView(since, until time.Time) string {
	w.readOpen()
	return fmt.Sprintf("sessions(site = '%s', since = '%s', until = '%s')", w.site, since.UTC().Format(time.DateTime), until.UTC().Format(time.DateTime))
}

func (w *world) readOpen() {
	w.t.Helper()
	if _, err := w.folder.ReadOpen(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// seen is what a reader gets who asks for sessions.
func (w *world) seen(f fataler, from string) []seen {
	f.Helper()
	rows, err := w.conn.Query(w.t.Context(), `SELECT visitor, start, views, actions, engaged_ms, duration_ms, bounce, consent, entry, exit, channel, utm_source, utm_medium, utm_campaign,
		currencies, arrayMap(a -> toInt64(a), amounts), goals, goals_at, arrayMap(v -> toInt64(v), goals_value), goals_currency
		FROM `+from+` ORDER BY visitor, start`)
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []seen
	for rows.Next() {
		var s seen
		var p part
		if err := rows.Scan(&s.Visitor, &s.Start, &s.Views, &s.Actions, &s.Engaged, &s.Duration, &s.Bounce, &s.Consent, &s.Entry, &s.Exit, &s.Channel, &s.Source, &s.Medium, &s.Name,
			&p.currencies, &p.amounts, &p.goals, &p.at, &p.values, &p.units); err != nil {
			f.Fatal(err)
		}
		s.visit = s.visit.worth(&p)
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		f.Fatal(err)
	}
	return all
}

// Whatever comes late and goes, after a round, and what has come since then: readers see what the reference says.
func TestReadersSeeWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0)
	w.prepare(t)
	rapid.Check(t, func(t *rapid.T) { seeTheSame(t, w.anew(t)) })
}

func seeTheSame(t *rapid.T, w *world) {
	now := time.Now().Truncate(time.Millisecond)
	var all []happening
	rounds := rapid.IntRange(1, 3).Draw(t, "rounds")
	for round := range rounds {
		if visitor := uint64(rapid.IntRange(0, 9).Draw(t, "erased")); visitor > 0 && visitor < 4 {
			w.erase(t, visitor)
			all = w.without(t, all, visitor)
		}
		more := genEvents(t, "events", 12)
		for i := range more { // around now, or as late as events may be
			age := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 24, 49, 120}).Draw(t, "hours old")) * time.Hour
			more[i].At = now.Add(more[i].At.Sub(at("23 00:30:00.000")) - age)
		}
		w.insert(t, w.tied(t, more)...)
		all = append(all, more...)
		w.round(t)
		live := genEvents(t, "live", 4)
		for i := range live {
			live[i].At = time.Now().Truncate(time.Millisecond)
		}
		w.insert(t, w.tied(t, live)...)
		all = append(all, live...)
		w.everythingIsCut(t, now.Add(-10*time.Minute))
		w.compare(t, all, now.Add(-10*24*time.Hour), now.Add(time.Hour), false)
		w.compare(t, all, now.Add(-26*time.Hour).Truncate(time.Second), now.Add(-30*time.Minute).Truncate(time.Second), round == rounds-1)
	}
}

// everythingIsCut fails if a reader had to look into older events.
func (w *world) everythingIsCut(t *rapid.T, before time.Time) {
	t.Helper()
	var open []time.Time
	if err := w.conn.QueryRow(w.t.Context(), `SELECT groupArray(window) FROM (SELECT DISTINCT window FROM window_changes WHERE site = ?) AS c
		WHERE window < ? AND NOT arrayExists(w -> window >= w.1 AND window < w.2, (SELECT groupArray((start, until)) FROM rollup_windows WHERE site = ? AND name = 'session_parts'))`,
		w.site, before, w.site).Scan(&open); err != nil {
		t.Fatal(err)
	}
	if len(open) > 0 {
		t.Fatalf("windows %v were not cut", open)
	}
}

// without erases a visitor as who answers a request would: the rows, and a note that their windows changed.
func (w *world) without(f fataler, all []happening, visitor uint64) []happening {
	f.Helper()
	var left []happening
	for _, e := range all {
		if e.Visitor != visitor {
			left = append(left, e)
			continue
		}
		if err := w.conn.Exec(w.t.Context(), "INSERT INTO window_changes (site, window, changes, last_changed) SELECT ?, ?, 1, now64(3)",
			w.site, e.At.UTC().Truncate(5*time.Minute)); err != nil {
			f.Fatal(err)
		}
	}
	return left
}

// compare asks for the sessions of a range, with literals and maybe through the view, and for what the reference says.
func (w *world) compare(f fataler, events []happening, since, until time.Time, view bool) {
	f.Helper()
	var want []seen
	for _, v := range reference(events) {
		if !v.Start.Before(since) && v.Start.Before(until) {
			want = append(want, asSeen(v))
		}
	}
	if diff := cmp.Diff(want, w.seen(f, "("+w.asked(f, since, until)+")"), cmp.AllowUnexported(seen{})); diff != "" {
		f.Fatalf("sessions from %v to %v (-reference +literals):\n%s", since, until, diff)
	}
	if !view {
		return
	}
	if diff := cmp.Diff(want, w.seen(f, w.sessionsView(since, until)), cmp.AllowUnexported(seen{})); diff != "" {
		f.Fatalf("sessions from %v to %v (-reference +view):\n%s", since, until, diff)
	}
}
