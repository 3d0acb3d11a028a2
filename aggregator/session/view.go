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

// coverText is (windows, reading): the windows whose parts may be of sessions that began since, each as (tier, start, end, generation), days
// where there are any, and the newest reading of what no window held when it was made. It begins where windows ended, and those that came
// later are not read beside it. Where there is none, windows are all that is read. It is taken once a query.
const coverText = `(
    WITH
        (
            SELECT if(count() = 0, (now(), toUInt64(0)), (argMax(window, generation), max(generation))) FROM open_parts WHERE site = {SITE} AND visitor = 0
        ) AS reading,
        (
            SELECT groupArray((length_, start, ends, newest))
            FROM
            (
                SELECT toString(tier) AS length_, start, argMax(until, generation) AS ends, max(generation) AS newest
                FROM rollup_windows
                WHERE site = {SITE} AND name = 'session_parts' AND start >= {SINCE} - INTERVAL 2 DAY AND startsWith(zone, concat({ZONE}, ' '))
                GROUP BY tier, start
            )
            WHERE ends <= reading.1
        ) AS cut,
        arrayFilter(w -> w.1 = 'day', cut) AS days,
        arrayFilter(w -> w.1 = 'hour' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, days), cut) AS hours,
        arrayFilter(w -> w.1 = '5m' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, arrayConcat(days, hours)), cut) AS fives
    SELECT (arrayConcat(days, hours, fives), reading.2)
)`

// sessions is the query of the sessions that began in a range; the expressions are pieces of SQL. What no window holds it reads from
// open_parts: it would take the database seconds to understand how that is cut.
func (f *Folder) sessions(site, since, until string) string {
	s := &statement{
		Site: site, Since: since, Until: until, Facts: facts, Reached: reachedType, Whole: whole, Open: "generation = held.2",
		Below: "(tier, window, generation) IN (SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM " +
			"(SELECT arrayJoin(arrayFilter(w -> w.3 > " + since + ", held.1)) AS w))",
	}
	return "WITH " + f.cover(site, since) + " AS held\n" + f.text("sessions", s)
}

func (f *Folder) cover(site, since string) string {
	zones := []string{"'UTC'"}
	for _, known := range f.o.Sites.All() {
		zones = append([]string{site + " = " + literal(known.ID), literal(known.TimeZone)}, zones...)
	}
	return strings.NewReplacer("{SITE}", site, "{SINCE}", since, "{ZONE}", chosen(zones)).Replace(coverText)
}

const (
	paramSite  = "{site:String}"
	paramSince = "{since:DateTime('UTC')}"
	paramUntil = "{until:DateTime('UTC')}"
)

// Prepare makes the views. It may run at any time, and has to after each change of the sites file.
func (f *Folder) Prepare(ctx context.Context) error {
	all := append([]view{{"sessions", f.sessions(paramSite, paramSince, paramUntil)}}, f.reports()...)
	views := make([]clickhouse.View, len(all))
	for i, v := range all {
		views[i] = clickhouse.View{Name: v.name, Query: v.query}
	}
	return clickhouse.MakeViews(ctx, f.o.Conn, f.o.Cluster.On(), views)
}

// view is a parameterized view.
type view struct{ name, query string }
