package diagnose_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/diagnose"
)

func TestAReferenceLeadsToItsVisitAndToNothingElse(t *testing.T) {
	w := newEmptyWorld(t)
	w.exec("CREATE OR REPLACE VIEW counted AS SELECT * FROM events FINAL")
	for i, row := range []struct {
		before  time.Duration
		visitor int
		page    string
		what    string // type, path, status, error_message, reference, vitals
	}{
		{3 * time.Hour, 7, "p0", "'pageview', '/morning', 0, '', '', map()"},
		{40 * time.Minute, 7, "p1", "'pageview', '/', 0, '', '', map()"},
		{20 * time.Minute, 7, "p2", "'pageview', '/booking', 0, '', '', map()"},
		{19 * time.Minute, 7, "p2", "'error', '/booking', 503, 'x is not a function', '', map()"},
		{18 * time.Minute, 7, "p2", "'vitals', '/booking', 0, '', 'K7QF9D2M', map()"},
		{10 * time.Minute, 7, "p3", "'vitals', '/thanks', 0, '', '', map('ttfb', 90.)"},
		{17 * time.Minute, 8, "p4", "'pageview', '/somebody-else', 0, '', '', map()"},
		{16 * time.Minute, 9, "p5", "'vitals', '/ward', 0, '', 'K7QF9D2P', map()"},
		{15 * time.Minute, 9, "p6", "'pageview', '/of-another-with-this-browser', 0, '', '', map()"},
	} {
		consent := "analytics"
		if row.visitor == 9 {
			consent = "essential"
		}
		w.exec(fmt.Sprintf(`INSERT INTO events (site, ts, received, id, visitor, page, consent, type, path, status, error_message, reference, vitals)
			SELECT 'demo', toDateTime(%d, 'UTC'), now(), '%d', %d, '%s', '%s', %s`, w.now.Add(-row.before).Unix(), i, row.visitor, row.page, consent, row.what))
	}
	d := w.with(diagnose.Options{})
	const given, essential = " k7qf-9d2m", "K7QF9D2P"
	for _, tt := range []struct {
		name    string
		code    string
		without []string
		want    []string
	}{
		{"of who did not consent, whose id others have too", essential, nil, []string{"* /ward"}},
		{"all that ops may read", given, nil, []string{"/", "* /booking", "* /booking 503 x is not a function", "* /booking", "/thanks"}},
		{"without visitors", given, []string{"visitor"}, []string{"* /booking", "* /booking 503 x is not a function", "* /booking"}},
		{"without messages", given, []string{"visitor", "error_message"}, []string{"* /booking", "* /booking 503", "* /booking"}},
	} {
		visit, err := d.Referred(t.Context(), tt.code, func(column string) bool { return !slices.Contains(tt.without, column) })
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range visit.Events {
			line := strings.TrimRight(strings.Join([]string{e.Values["path"], e.Values["status"], e.Values["error_message"]}, " "), " ")
			if e.Here {
				line = "* " + line
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || visit.Site != "demo" || tt.code == given && !visit.Given.Equal(w.now.Add(-18*time.Minute)) {
			t.Errorf("%s: of %s at %s (-want +got):\n%s", tt.name, visit.Site, visit.Given, diff)
		}
	}
	for code, want := range map[string]error{"K7QF9D2N": diagnose.ErrNoReference, "K7QF9D2": diagnose.ErrNotAReference, "' OR 1 = 1": diagnose.ErrNotAReference} {
		if _, err := d.Referred(t.Context(), code, func(string) bool { return true }); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", code, err, want)
		}
	}
}
