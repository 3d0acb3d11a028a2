package rollup

import (
	"fmt"
	"strings"
)

// Grains are what a view may put its numbers together by.
func Grains() []string { return []string{"total", "minute", "hour", "day", "week", "month"} }

// view is the query of a report's view. It takes the cover, which windows of which tier at which generation and which gaps
// between them, once, as a scalar: a switch during the query changes nothing of what the query reads.
func (c *catalogue) view(d *definition) string {
	base := c.base(d.source)
	of := func(part int) string {
		return fmt.Sprintf("(tier, window, generation) IN (SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM (SELECT arrayJoin(cover.%d) AS w))", part)
	}
	s := &scope{
		site: paramSite, zone: paramZone, at: paramAt, days: of(1), finer: of(2),
		reported: "(window, generation) IN (SELECT w.2, w.5 FROM (SELECT arrayJoin(cover.1) AS w))",
		gaps:     "toStartOfHour(ts) IN (SELECT toDateTime(arrayJoin(cover.4), 'UTC')) AND arrayExists(g -> ts >= g.1 AND ts < g.2, cover.3)",
	}
	if base.foreign != nil {
		s.live = strings.NewReplacer("{gaps}", "cover.3", "{first}", "cover.5.1", "{last}", "cover.5.2", "{site}", paramSite).Replace(base.foreign.Live())
	}
	return fmt.Sprintf("WITH\n%s AS shift,\n%s AS cover\n%s", shift(), cover(base, d), d.selected(s, base))
}

// paramAt is the start of the grain that a window belongs to, in the site's zone. The database cuts weeks on Mondays only, so a week that
// begins on another day is moved there and back.
func paramAt(window string) string {
	return strings.NewReplacer("{w}", window, "{GRAIN}", paramGrain, "{SINCE}", paramSince, "{ZONE}", paramZone).Replace(
		"if({GRAIN} = 'total', {SINCE}, toTimeZone(toDateTime(subtractDays(dateTrunc(if({GRAIN} = 'total', 'day', {GRAIN}), " +
			"addDays(toTimeZone({w}, {ZONE}), ifNull(shift, 0)), {ZONE}), ifNull(shift, 0)), {ZONE}), 'UTC'))")
}

const (
	paramSite  = "{site:String}"
	paramSince = "{since:DateTime('UTC')}"
	paramUntil = "{until:DateTime('UTC')}"
	paramGrain = "{grain:String}"
	// The zone cannot be looked up: the database wants it constant already when it only looks at a query's types. Whole days and hours serve
	// where it is the site's; in another one the numbers are as right, and take longer.
	paramZone = "{zone:String}"
)

// shift is by how many days the site's weeks begin before Monday; an unknown grain is an error here.
func shift() string {
	return fmt.Sprintf("(SELECT if(%[1]s = 'week', (8 - if(any(week_start) = 0, 1, any(week_start))) %% 7, 0) + throwIf(%[1]s NOT IN ('%[2]s'), 'unknown grain; there are %[3]s') FROM sites FINAL WHERE id = %[4]s)",
		paramGrain, strings.Join(Grains(), "', '"), strings.Join(Grains(), ", "), paramSite)
}

// cover is (days, finer windows, gaps, hours of UTC with gaps, (first, last) moment of gaps), each window as (tier, start, until, generation of
// the base, generation of the report). It is nested, not put together of named expressions: the database would look into each as often as it
// is named, and into cover itself too. Where there is no gap, its moments are far ahead.
func cover(base, report *definition) string {
	names, whole := []string{text(base.name)}, "1"
	if report.visitor {
		names, whole = append(names, text(report.name)), "tier != 'day' OR of_report > 0"
	}
	var kept []string
	for _, tier := range []Tier{FiveMinutes, Hour, Day} {
		kept = append(kept, fmt.Sprintf("tier = '%s' AND start >= now() - %d", tier, int(tier.kept().Seconds())))
	}
	return strings.NewReplacer("{base}", text(base.name), "{report}", text(report.name), "{names}", strings.Join(names, ", "), "{whole}", whole,
		"{kept}", strings.Join(kept, " OR "), "{SITE}", paramSite, "{SINCE}", paramSince, "{UNTIL}", paramUntil, "{GRAIN}", paramGrain, "{ZONE}", paramZone).Replace(`(
    SELECT (days, finer, gaps, arrayFlatten(arrayMap(g -> range(intDiv(toUInt32(g.1), 3600) * 3600, toUInt32(g.2), 3600), gaps)),
            if(empty(gaps), (toDateTime(4102444800, 'UTC'), toDateTime(4102444800, 'UTC')), (arrayMin(g -> g.1, gaps), arrayMax(g -> g.2, gaps))))
    FROM (SELECT days, finer, arrayFilter(g -> g.1 < g.2, arrayZip(arrayConcat([{SINCE}], arrayMap(w -> w.3, chosen)),
                     arrayConcat(arrayMap(w -> w.2, chosen), [least({UNTIL}, toDateTime(now() + 86400, 'UTC'))]))) AS gaps
    FROM (SELECT days, finer, arraySort(w -> w.2, arrayConcat(days, finer)) AS chosen
    FROM (SELECT days, arrayConcat(hours, arrayFilter(w -> NOT arrayExists(c -> w.2 >= c.2 AND w.3 <= c.3, arrayConcat(days, hours)), fives)) AS finer
    FROM (SELECT days, fives, arrayFilter(w -> NOT arrayExists(d -> w.2 >= d.2 AND w.3 <= d.3, days), hours) AS hours
    FROM (SELECT groupArrayIf(w, w.1 = 'day') AS days, groupArrayIf(w, w.1 = 'hour') AS hours, groupArrayIf(w, w.1 = '5m') AS fives
    FROM (SELECT (length_, start, ends, of_base, of_report) AS w
    FROM (SELECT toString(tier) AS length_, start, argMaxIf(until, generation, name = {base}) AS ends,
                 maxIf(generation, name = {base}) AS of_base, maxIf(generation, name = {report}) AS of_report
          FROM rollup_windows
          WHERE site = {SITE} AND name IN ({names}) AND start >= {SINCE} AND until <= {UNTIL}
            AND (tier = '5m' OR zone = {ZONE}) AND ({kept})
            AND {GRAIN} != 'minute' AND (tier != 'day' OR {GRAIN} != 'hour')
          GROUP BY tier, start
          HAVING of_base > 0 AND ({whole})))))))))`)
}
