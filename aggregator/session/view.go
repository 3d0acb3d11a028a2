package session

import (
	"context"
	"fmt"
	"strings"
)

// facts are what is known of a session from its first page view.
const facts = "(toString(channel), toString(referrer_host), toString(utm_source), toString(utm_medium), toString(utm_campaign), toString(utm_term), " +
	"toString(utm_content), toString(country), toString(device), toString(browser), toString(os))"

// reachedType is the type of goals: names, moments, values, currencies.
const reachedType = "Tuple(Array(String), Array(DateTime64(3, 'UTC')), Array(Decimal(18, 4)), Array(String))"

// whole is true for a part that is a session by itself: it began in its day and ended so long before the next that it could not go
// on. The shortest day has 23 hours.
const whole = "(tier = 'day' AND start >= window AND last < window + INTERVAL 1350 MINUTE)"

// cover is (windows, edge): the windows whose parts may be of sessions that began since, each as (tier, start, end, generation),
// days where there are any, and where the newest ends. It is taken once a query.
const coverText = `(
    WITH
        arrayFilter(w -> w.1 = 'day', known) AS days,
        arrayFilter(w -> w.1 = 'hour' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, days), known) AS hours,
        arrayFilter(w -> w.1 = '5m' AND NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, arrayConcat(days, hours)), known) AS fives
    SELECT (arrayConcat(days, hours, fives), greatest(arrayMax(arrayConcat([toDateTime(0, 'UTC')], known.3)), {SINCE} - INTERVAL 1 DAY))
    FROM
    (
        SELECT groupArray((length_, start, ends, newest)) AS known
        FROM
        (
            SELECT toString(tier) AS length_, start, argMax(until, generation) AS ends, max(generation) AS newest
            FROM rollup_windows
            WHERE site = {SITE} AND name = 'session_parts' AND start >= {SINCE} - INTERVAL 2 DAY
                AND startsWith(zone, concat({ZONE}, ' '))
            GROUP BY tier, start
        )
    )
)`

// sessions is the query of the sessions that began in a range; the expressions are pieces of SQL. Without what is live it takes the
// database a fifth of the time to understand.
func (f *Folder) sessions(site, since, until string, live bool) string {
	windowsOf := func(windows string) string {
		return "(tier, window, generation) IN (SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM (SELECT arrayJoin(" + windows + ") AS w))"
	}
	s := &statement{
		Live: live, Site: site, Since: since, Until: until, Goals: f.anyReached(site), Facts: facts, Reached: reachedType, Whole: whole,
		From: "tail.2", To: fmt.Sprintf("if(%s > tail.2 - INTERVAL 1 DAY, now() + INTERVAL 1 HOUR, tail.2)", until),
		Cover: windowsOf("arrayFilter(w -> w.3 >= tail.2 - INTERVAL 30 MINUTE, tail.1)"),
		Below: windowsOf("arrayFilter(w -> w.3 > " + since + ", tail.1)"),
	}
	if live {
		s.Parts = f.parts(s)
	}
	return "WITH " + f.cover(site, since) + " AS tail\n" + f.text("sessions", s)
}

func (f *Folder) cover(site, since string) string {
	zones := []string{"'UTC'"}
	for _, known := range f.o.Sites.All() {
		zones = append([]string{site + " = " + literal(known.ID), literal(known.TimeZone)}, zones...)
	}
	return strings.NewReplacer("{SITE}", site, "{SINCE}", since, "{ZONE}", "multiIf("+strings.Join(zones, ", ")+")").Replace(coverText)
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
	views := append([]view{{"sessions", f.sessions(paramSite, paramSince, paramUntil, true)}}, f.reports()...)
	for _, v := range views {
		if err := f.o.Conn.Exec(ctx, "CREATE OR REPLACE VIEW "+v.name+f.o.Cluster.On()+" AS\n"+v.query); err != nil {
			return fmt.Errorf("make view %s: %w", v.name, err)
		}
	}
	return nil
}

// view is a parameterized view.
type view struct{ name, query string }
