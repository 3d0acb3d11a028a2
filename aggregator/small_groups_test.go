package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/schema/roles"
)

// trySmallGroups: of a site few saw some pages, and enough of them that nobody can tell how many saw which; of another site only two saw
// another page than the others, which the total would tell.
func (f *fortress) trySmallGroups(t *testing.T) {
	f.trySmallGroupsOf(t, "k", map[string]int{"/many": 7, "/some": 4, "/few": 2}, []string{"/many 7"})
	f.trySmallGroupsOf(t, "l", map[string]int{"/many": 7, "/few": 2}, nil)
}

func (f *fortress) trySmallGroupsOf(t *testing.T, site string, seen map[string]int, want []string) {
	collector := f.as(t, roles.Collector)
	day := time.Now().UTC().Truncate(24 * time.Hour)
	for path, visitors := range seen {
		err := collector.Exec(t.Context(), fmt.Sprintf(`INSERT INTO events (site, ts, received, type, id, visitor, consent, path, country)
			SELECT '%[4]s', toDateTime64('%[1]s', 3, 'UTC'), now(), 'pageview', concat('%[2]s', toString(number)), number + 1, 'essential', '%[2]s', 'KZ' FROM numbers(%[3]d)`,
			day.Format(time.DateTime), path, visitors, site))
		if err != nil {
			t.Fatal(err)
		}
	}
	asked := fmt.Sprintf("(site = '%s', since = '%s', until = '%s', grain = 'total', zone = 'UTC')", site, day.Format(time.DateTime), day.Add(24*time.Hour).Format(time.DateTime))
	var paths []string
	if err := f.as(t, roles.Analyst).QueryRow(t.Context(), "SELECT groupArray(path || ' ' || toString(visitors)) FROM analyst_pages"+asked).Scan(&paths); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, paths, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("an analyst's pages: %s", diff)
	}
	if err := f.made.conn.QueryRow(t.Context(), "SELECT groupArray(path) FROM pages"+asked).Scan(&paths); err != nil || len(paths) != len(seen) {
		t.Errorf("the aggregator's pages: %v, %v", paths, err)
	}
}
