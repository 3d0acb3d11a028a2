package browser

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mayak/dashboards"
)

const day = 24 * time.Hour

// rightlyEmpty are panels of the demo in which nothing is what is to be seen.
func rightlyEmpty() []string {
	return []string{
		"Hits dropped, by reason", // of a collector that has only just begun to take hits
	}
}

// rightlyZero are dashboards of which zero is healthy: nothing waits, is lost, or late.
func rightlyZero() []string { return []string{"collector", "privacy"} }

// testFilled asks for each panel of the demo that the person in the tab may see, in the range that its dashboard begins with, until each has
// something to show: jobs of the aggregator have to find it first.
func testFilled(t *testing.T, tab *Tab, role string) {
	t.Helper()
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	var empty []string
	for end := time.Now().Add(8 * time.Minute); time.Now().Before(end); tab.Run(`new Promise(done => setTimeout(done, 10000))`) {
		empty = nil
		for _, d := range set.All() {
			if d.MaySee(role) {
				empty = append(empty, emptyPanels(tab, d, role)...)
			}
		}
		if len(empty) == 0 {
			return
		}
		t.Logf("%s waits for %q", role, empty)
	}
	t.Errorf("the demo has nothing to show to %s in %q", role, empty)
}

func emptyPanels(tab *Tab, d *dashboards.Dashboard, role string) (empty []string) {
	length := map[string]time.Duration{"now-6h": 6 * time.Hour, "now-24h": 24 * time.Hour, "now-7d": 7 * day, "now-30d": 30 * day}[d.Time.From]
	now := time.Now()
	query := fmt.Sprintf("?lang=en&interval=%d&from=%d&to=%d", int(length.Seconds()/300), now.Add(-length).UnixMilli(), now.UnixMilli())
	if d.Variable("site") != nil {
		query += "&var-site=demo"
	}
	for _, p := range d.Panels {
		if p.Type == "row" || p.Type == "text" || !p.MaySee(role) || slices.Contains(rightlyEmpty(), p.Title) {
			continue
		}
		answer := Eval[struct{ Frames []frame }](tab, fmt.Sprintf(`fetch('/api/dashboards/%s/panels/%d%s').then(answer => answer.json())`, d.Name, p.ID, query))
		var hollow []string
		all := 0
		for _, f := range answer.Frames {
			hollow = append(hollow, hollowFields(&f, slices.Contains(rightlyZero(), d.Name))...)
			all += len(f.Fields)
		}
		if slices.Contains(rightlyZero(), d.Name) && len(hollow) < all/2 { // of endpoints, some are never asked
			hollow = nil
		}
		for _, one := range hollow {
			empty = append(empty, d.Name+": "+p.Title+": "+one)
		}
		if len(answer.Frames) == 0 {
			empty = append(empty, d.Name+": "+p.Title)
		}
	}
	return empty
}

// hollowFields are the numbers of an answer that are all missing, or zero; the answer itself if there is nothing in it.
func hollowFields(f *frame, zeroToo bool) (hollow []string) {
	if len(f.Fields) == 0 || len(f.Fields[0].Values) == 0 {
		return []string{"without rows"}
	}
	for _, one := range f.Fields {
		if one.Type == "number" && !slices.ContainsFunc(one.Values, func(value any) bool { return value != nil && (zeroToo || value != 0.0) }) {
			hollow = append(hollow, one.Name)
		}
	}
	return hollow
}
