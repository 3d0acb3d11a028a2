package rollup_test

import (
	"fmt"
	"testing"
	"time"

	"mayak/aggregator/rollup"
)

// Hours of old days are deleted as soon as they are written: nothing may be made of them.
func TestOldDaysAreMadeOfEventsAtOnce(t *testing.T) {
	w := newWorld(t)
	site := w.site()
	const old = 20 * 24 * 3600
	for _, offset := range []int{0, 1} { // every event twice: the second time an hour's events have other moments
		w.exec(fmt.Sprintf("INSERT INTO events (site, ts, received, type, id, visitor, consent, path, country, channel) SELECT '%s', toStartOfDay(now(), 'UTC') - %d + number * 4000 + %d, now() + %d, 'pageview', "+
			"toString(number), 1 + number %% 7, if(number %% 3 = 0, 'analytics', 'essential'), if(number %% 2 = 0, '/', '/a'), 'KZ', 'direct' FROM numbers(100)", site.ID, old, offset*300, offset))
	}
	w.settle(w.engine(w.conn))
	for _, base := range []string{"presence", "reading", "arrivals", "tallies"} {
		if rows := w.rows("SELECT DISTINCT tier FROM " + base); len(rows) != 1 || rows[0] != "('day')" {
			t.Errorf("%s has rows of the tiers %v; want days alone", base, rows)
		}
	}
	midnight := time.Now().UTC().Truncate(24 * time.Hour)
	w.agree(question{site: site.ID, zone: "UTC", grain: "day", since: midnight.AddDate(0, 0, -30), until: midnight}, false)
	err := w.engine(w.conn).Rebuild(t.Context(), rollup.RebuildOptions{From: midnight.AddDate(0, 0, -21), To: midnight.AddDate(0, 0, -14), Site: site.ID, Progress: func(p rollup.Progress) {
		if p.Done > p.Days || p.Events == 0 {
			t.Errorf("progress %+v", p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.agree(question{site: site.ID, zone: "UTC", grain: "total", since: midnight.AddDate(0, 0, -30), until: midnight}, false)
}
