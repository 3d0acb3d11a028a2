package session

import (
	"context"
	"fmt"
	"strconv"
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

// cover is (windows, tail): the windows whose parts may be of sessions that began since, each as (tier, start, end, generation), days
// where there are any, and where the first events are that are in none: from there on everything is read from events. It is taken once
// a query.
const coverText = `(
    WITH
        (
            SELECT groupArray((length_, start, ends, newest))
            FROM
            (
                SELECT toString(tier) AS length_, start, argMax(until, generation) AS ends, max(generation) AS newest
                FROM rollup_windows
                WHERE site = {SITE} AND name = 'session_parts' AND start >= {SINCE} - INTERVAL 2 DAY AND startsWith(zone, concat({ZONE}, ' '))
                GROUP BY tier, start
            )
        ) AS known,
        (
            SELECT if(count() = 0, greatest(arrayMax(arrayConcat([toDateTime(0, 'UTC')], known.3)), {SINCE} - INTERVAL 1 DAY), min(window))
            FROM window_changes
            WHERE site = {SITE} AND window >= greatest({SINCE} - INTERVAL 1 DAY, now() - {OLDEST})
                AND toUnixTimestamp(window) NOT IN (SELECT arrayJoin(arrayFlatten(arrayMap(w -> range(toUnixTimestamp(w.2), toUnixTimestamp(w.3), 300), known))))
        ) AS tail,
        arrayFilter(w -> w.2 < tail, known) AS cut,
        arrayFilter(w -> w.1 = 'day', cut) AS days,
        arrayFilter(w -> w.1 = 'hour' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, days), cut) AS hours,
        arrayFilter(w -> w.1 = '5m' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, arrayConcat(days, hours)), cut) AS fives
    SELECT (arrayConcat(days, hours, fives), tail)
)`

// sessions is the query of the sessions that began in a range; the expressions are pieces of SQL.
func (f *Folder) sessions(site, since, until string) string {
	windowsOf := func(windows string) string {
		return "(tier, window, generation) IN (SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM (SELECT arrayJoin(" + windows + ") AS w))"
	}
	s := &statement{
		Live: true, Site: site, Since: since, Until: until, Goals: f.anyReached(site), Facts: facts, Reached: reachedType, Whole: whole,
		From: "tail.2", To: fmt.Sprintf("if(%[1]s > tail.2 - INTERVAL 1 DAY, least(now() + INTERVAL 1 HOUR, %[1]s + INTERVAL %[2]d SECOND), tail.2)", until, int(furthest.Seconds())),
		Cover: windowsOf("arrayFilter(w -> w.3 >= tail.2 - INTERVAL 30 MINUTE, tail.1)"),
		Below: windowsOf("arrayFilter(w -> w.3 > " + since + ", tail.1)"),
	}
	s.Parts = f.parts(s)
	return "WITH " + f.cover(site, since) + " AS tail\n" + f.text("sessions", s)
}

func (f *Folder) cover(site, since string) string {
	zones := []string{"'UTC'"}
	for _, known := range f.o.Sites.All() {
		zones = append([]string{site + " = " + literal(known.ID), literal(known.TimeZone)}, zones...)
	}
	return strings.NewReplacer("{SITE}", site, "{SINCE}", since, "{OLDEST}", strconv.Itoa(oldest), "{ZONE}", chosen(zones)).Replace(coverText)
}

// anyReached is reached for whichever site the query is asked for.
func (f *Folder) anyReached(site string) string {
	var cases []string
	for _, known := range f.o.Sites.All() {
		if expression := reached(known); expression != "" {
			cases = append(cases, fmt.Sprintf("%s = %s, %s", site, literal(known.ID), expression))
		}
	}
	if len(cases) == 0 {
		return ""
	}
	return "multiIf(" + strings.Join(append(cases, "CAST([], 'Array(Tuple(String, Decimal(18, 4), String))')"), ", ") + ")"
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
