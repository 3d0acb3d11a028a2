package session

import (
	"context"
	"strings"

	"mayak/schema/clickhouse"
)

// facts are what is known of a session from its first page view.
const facts = "(toString(channel), toString(referrer_host), toString(utm_source), toString(utm_medium), toString(utm_campaign), toString(utm_term), " +
	"toString(utm_content), toString(country), toString(device), toString(browser), toString(os))"

// reachedType is the type of goals: names, moments, values, currencies.
const reachedType = "Tuple(Array(String), Array(DateTime64(3, 'UTC')), Array(Decimal(18, 4)), Array(String))"

// whole is true for a part that is a session by itself: it began in its day and ended so long before the next that it could not go
// on. The shortest day has 23 hours.
const whole = "(tier = 'day' AND start >= window AND last < window + INTERVAL 1350 MINUTE)"

// heldText is (windows, reading, since, until): the windows whose parts may be of sessions that began since, each as (tier, start, end,
// generation), days where there are any, and the newest reading of what no window held when it was made. It begins where windows ended, and
// those that came later are not read beside it. Where there is none, windows are all that is read. It is taken once a query, and nested, not
// put together of named expressions: the database would look into each as often as it is named.
const heldText = `(
    SELECT (arrayConcat(days, hours, arrayFilter(w -> w.1 = '5m' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, arrayConcat(days, hours)), cut)), newest_, since_, until_)
    FROM (SELECT *, arrayFilter(w -> w.1 = 'hour' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, days), cut) AS hours
    FROM (SELECT *, arrayFilter(w -> w.1 = 'day', cut) AS days
    FROM (SELECT newest_, since_, until_, arrayFilter(w -> w.2 >= since_ - INTERVAL 2 DAY AND w.3 > since_ AND w.3 <= from_, known) AS cut
    FROM (SELECT max(generation) AS newest_, if(newest_ = 0, now(), argMax(window, generation)) AS from_, any(since) AS since_, any(until) AS until_, any(windows) AS known
    FROM
    (
        SELECT {SINCE} AS since, {UNTIL} AS until,
            (
                SELECT groupArray((length_, start, ends, newest))
                FROM (SELECT toString(tier) AS length_, start, argMax(until, generation) AS ends, max(generation) AS newest FROM rollup_windows
                      WHERE site = {SITE} AND name = 'session_parts' AND startsWith(zone, concat({ZONE}, ' ')) GROUP BY tier, start)
            ) AS windows
    ) AS asked
    LEFT JOIN (SELECT window, generation FROM open_parts WHERE site = {SITE} AND visitor = 0) AS marks ON 1)))))`

// sessions is the query of the sessions that began in a range; the expressions are pieces of SQL. What no window holds it reads from
// open_parts: it would take the database seconds to understand how that is cut.
func (f *Folder) sessions(site, since, until string) string {
	zones := []string{"'UTC'"}
	for _, known := range f.o.Sites.All() {
		zones = append([]string{site + " = " + literal(known.ID), literal(known.TimeZone)}, zones...)
	}
	held := strings.NewReplacer("{SITE}", site, "{SINCE}", since, "{UNTIL}", until, "{ZONE}", chosen(zones)).Replace(heldText)
	return "WITH " + held + " AS held\n" + f.text("sessions", &statement{
		Site: site, Since: "held.3", Until: "held.4", Facts: facts, Reached: reachedType, Whole: whole, Open: "generation = held.2",
		Below: "(tier, window, generation) IN (SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM (SELECT arrayJoin(held.1) AS w))",
	})
}

const (
	paramSite  = "{site:String}"
	paramSince = "{since:DateTime('UTC')}"
	paramUntil = "{until:DateTime('UTC')}"
)

// Prepare makes the views. It may run at any time, and has to after each change of the sites file.
func (f *Folder) Prepare(ctx context.Context) error {
	return clickhouse.MakeViews(ctx, f.o.Conn, f.o.Cluster.On(), f.Views())
}

// Views are that of the sessions and those of the reports.
func (f *Folder) Views() []clickhouse.View {
	all := append([]view{{"sessions", f.sessions(paramSite, paramSince, paramUntil)}}, f.reports()...)
	views := make([]clickhouse.View, len(all))
	for i, v := range all {
		views[i] = clickhouse.View{Name: v.name, Query: v.query}
	}
	return views
}

// view is a parameterized view.
type view struct{ name, query string }
