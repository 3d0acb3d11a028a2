package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/session"
	"mayak/schema/sites"
)

// answer is what a view says, each row as text.
func (w *world) answer(f fataler, query string) []string {
	f.Helper()
	var rows []string
	if err := w.conn.QueryRow(w.t.Context(), "SELECT groupArray(arrayStringConcat(arrayMap(x -> toString(x), r), ' ')) FROM ("+query+")").Scan(&rows); err != nil {
		f.Fatalf("%s: %v", query, err)
	}
	return rows
}

// monday is a Monday long enough ago that all of its week is over.
func monday() time.Time {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -21)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

func (w *world) ask(f fataler, name string, since time.Time, days int, grain string) string {
	f.Helper()
	query, err := w.folder.Report(w.t.Context(), name, w.site, since, since.AddDate(0, 0, days), grain, "UTC")
	if err != nil {
		f.Fatal(err)
	}
	return "(" + query + ")"
}

// sameAsViews fails when a report does not say what its view says.
func (w *world) sameAsViews(t *testing.T, since time.Time, days int) {
	t.Helper()
	grains := session.Grains()
	for i, report := range session.Reports() {
		grain := grains[2+i]
		view := w.rowsOf(t, fmt.Sprintf("SELECT * FROM %s(site = '%s', since = '%s', until = '%s', grain = '%s', zone = 'Asia/Almaty')", report.Name, w.site,
			since.Format(time.DateTime), since.AddDate(0, 0, days).Format(time.DateTime), grain))
		query, err := w.folder.Report(t.Context(), report.Name, w.site, since, since.AddDate(0, 0, days), grain, "Asia/Almaty")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(view, w.rowsOf(t, query)); diff != "" || len(view) == 0 {
			t.Errorf("%s by %s: %d rows (-view +report):\n%s", report.Name, grain, len(view), diff)
		}
	}
}

func TestReportsThatAreNotThereAreToldOf(t *testing.T) {
	t.Parallel()
	known, err := sites.Parse(fmt.Appendf(nil, sitesFile, fmt.Sprintf(siteFile, "s0", "")))
	if err != nil {
		t.Fatal(err)
	}
	folder := session.New(session.Options{Sites: known, Registerer: prometheus.NewRegistry()})
	for _, tt := range []struct{ name, grain, zone, want string }{
		{"sales", "total", "UTC", `no report "sales" is made of sessions; there are: funnels, cohorts, loyalty, attribution`},
		{"loyalty", "year", "UTC", `no grain "year"; there are: total, minute, hour, day, week, month`},
		{"loyalty", "day", "Mars/Olympus", `no time zone "Mars/Olympus"; one is named like Asia/Almaty`},
	} {
		if _, err := folder.Report(t.Context(), tt.name, "s0", monday(), monday(), tt.grain, tt.zone); err == nil || err.Error() != tt.want {
			t.Errorf("%q by %q in %q: %v, want %s", tt.name, tt.grain, tt.zone, err, tt.want)
		}
	}
}

func TestReportsOnSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0, ways)
	w.prepare(t)
	begin := monday()
	moment := func(day int, clock string) time.Time {
		of, err := time.Parse(time.TimeOnly, clock)
		if err != nil {
			t.Fatal(err)
		}
		return begin.AddDate(0, 0, day).Add(of.Sub(of.Truncate(24 * time.Hour)))
	}
	page := func(visitor uint64, day int, clock, path string) happening {
		return happening{Visitor: visitor, At: moment(day, clock), Type: "pageview", Path: path, Channel: "internal", Consent: "essential"}
	}
	from := func(e happening, consent, channel, source string) happening {
		e.Consent, e.Channel, e.Source = consent, channel, source
		return e
	}
	booking := func(e happening, value int64) happening {
		e.Type, e.Path, e.Channel, e.Event, e.Value, e.Currency = "event", "", "", "booking", value, "KZT"
		return e
	}
	w.insert(t, numbered([]happening{
		// Without consent: two visits of one day, linked; the next day another visitor.
		from(page(1, 0, "08:00:00", "/"), "essential", "paid search", "google"),
		page(1, 0, "08:01:00", "/a"),
		from(page(1, 0, "12:00:00", "/"), "essential", "direct", ""),
		page(1, 0, "12:00:10", "/a"),
		page(1, 0, "12:00:40", "/thanks"),
		// With consent to advertising: a campaign, days later a conversion from nowhere, a week later another visit.
		from(page(2, 1, "08:00:00", "/"), "advertising", "social", "instagram"),
		from(page(2, 4, "09:00:00", "/"), "advertising", "email", "letter"),
		from(page(2, 5, "08:00:00", "/"), "advertising", "direct", ""),
		from(booking(page(2, 5, "08:05:00", ""), 7000), "advertising", "", ""),
		from(page(2, 8, "08:00:00", "/"), "advertising", "direct", ""),
		// With consent to analytics only: known again, but no source of another day may count.
		from(page(3, 1, "08:00:00", "/"), "analytics", "social", "instagram"),
		from(page(3, 2, "08:00:00", "/"), "analytics", "direct", ""),
		from(booking(page(3, 2, "08:05:00", ""), 500), "analytics", "", ""),
		// The steps in the wrong order.
		from(page(4, 3, "08:00:00", "/a"), "essential", "direct", ""),
		page(4, 3, "08:01:00", "/"),
	})...)
	for _, cut := range []bool{false, true} { // of those read from events one is enough: sessions are the same either way
		for _, tt := range []struct {
			name  string
			query func() string
			want  []string
		}{
			{
				"a funnel counts steps in their order, in a visit",
				func() string {
					return "SELECT [funnel, toString(step), name, toString(entered), toString(reached), toString(round(drop_off, 2)), toString(median_seconds)] AS r FROM " +
						w.ask(t, "funnels", begin, 14, "total") + " WHERE funnel = 'thanks' ORDER BY step"
				},
				[]string{"thanks 1 home 9 9 0", "thanks 2 /a 9 2 0.78 35", "thanks 3 thanked 2 1 0.5 30"},
			},
			{
				"and over a day, from the first visit on",
				func() string {
					return "SELECT [toString(step), name, toString(entered), toString(reached), toString(visitors), toString(median_seconds)] AS r FROM " +
						w.ask(t, "funnels", begin, 14, "total") + " WHERE funnel = 'in a day' ORDER BY step"
				},
				[]string{"1 / 8 8 4", "2 thanked 8 1 1 14440"},
			},
			{
				"cohorts know who consented, and nobody else",
				func() string {
					return "SELECT [toString(dateDiff('day', toDate('" + begin.Format(time.DateOnly) + "'), cohort)), toString(age), toString(visitors), toString(size), toString(retention)] AS r FROM " +
						w.ask(t, "cohorts", begin, 14, "total") + " ORDER BY cohort, age"
				},
				[]string{"0 0 2 2 1", "0 1 1 2 0.5"},
			},
			{
				"new, returning, unknown",
				func() string {
					return "SELECT [kind, toString(visits), toString(visitors)] AS r FROM " + w.ask(t, "loyalty", begin.AddDate(0, 0, 2), 12, "total") + " ORDER BY kind"
				},
				[]string{"returning 4 2", "unknown 1 1"},
			},
			{
				"and who was new",
				func() string {
					return "SELECT [kind, toString(visits), toString(visitors)] AS r FROM " + w.ask(t, "loyalty", begin, 14, "total") + " ORDER BY kind"
				},
				[]string{"new 2 2", "returning 4 2", "unknown 3 2"},
			},
			{
				"a conversion belongs to what consent lets us know",
				func() string {
					return "SELECT [goal, touch, channel, source, toString(conversions), toString(worth), currency] AS r FROM " +
						w.ask(t, "attribution", begin, 14, "total") + " ORDER BY goal, touch, channel"
				},
				[]string{
					"booked first direct  1 500 KZT", "booked first social instagram 1 7000 KZT",
					"booked last direct  1 500 KZT", "booked last email letter 1 7000 KZT",
					"thanked first paid search google 1 500 KZT", "thanked last paid search google 1 500 KZT",
				},
			},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if diff := cmp.Diff(tt.want, w.answer(t, tt.query())); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
			if !cut {
				break
			}
		}
		if !cut {
			w.round(t)
		}
	}
	w.sameAsViews(t, begin, 14)
}
