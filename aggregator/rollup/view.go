package rollup

import (
	"fmt"
	"strings"
)

// Grains are what a view may put its numbers together by.
func Grains() []string { return []string{"total", "minute", "hour", "day", "week", "month"} }

// view is the statement that makes a report's view. It takes the cover, which windows of which tier at which generation and which gaps
// between them, once, as a scalar: a switch during the query changes nothing of what the query reads.
func (c *catalogue) view(d *definition, on string) string {
	base := c.base(d.source)
	body := d.plainView(base)
	if d.visitor {
		body = d.visitorView(base)
	}
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s%s AS\nWITH\n%s AS shift,\n%s AS cover\n%s", d.name, on, shift(), cover(base, d), body)
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

// cover is (days, finer windows, gaps, hours of UTC with gaps), each window as (tier, start, until, generation of the base, generation of the
// report). It is nested, not put together of named expressions: the database would look into each as often as it is named.
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
    SELECT (days, finer, gaps, arrayFlatten(arrayMap(g -> range(intDiv(toUInt32(g.1), 3600) * 3600, toUInt32(g.2), 3600), gaps)))
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

// at is the start of the grain that a window belongs to, in the site's zone. The database cuts weeks on Mondays only, so a week that begins
// on another day is moved there and back.
func at(window string) string {
	return strings.NewReplacer("{w}", window, "{GRAIN}", paramGrain, "{SINCE}", paramSince, "{ZONE}", paramZone).Replace(
		"if({GRAIN} = 'total', {SINCE}, toTimeZone(toDateTime(subtractDays(dateTrunc(if({GRAIN} = 'total', 'day', {GRAIN}), " +
			"addDays(toTimeZone({w}, {ZONE}), ifNull(shift, 0)), {ZONE}), ifNull(shift, 0)), {ZONE}), 'UTC'))")
}

// placed gives rows their grain and their day.
func placed(rows string) string {
	return fmt.Sprintf("SELECT %s AS at, toTimeZone(toStartOfDay(window, %s), 'UTC') AS day, * FROM (%s)", at("window"), paramZone, rows)
}

// recorded are the rows of a base that some windows of the cover hold.
func (d *definition) recorded(part int) string {
	return fmt.Sprintf("(SELECT * FROM %s WHERE site = %s AND (tier, window, generation) IN "+
		"(SELECT CAST(w.1 AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2)), w.2, w.4 FROM (SELECT arrayJoin(cover.%d) AS w)))", d.table(), paramSite, part)
}

// columns are those of a base's rows that reports read, under the names that the live rows have too.
func (d *definition) columns() string {
	columns := append([]string{"window"}, d.keys()...)
	for _, m := range d.measures {
		columns = append(columns, m.Name)
	}
	return strings.Join(columns, ", ")
}

// live are the rows of a base that the gaps of the cover hold, made from events as they are asked for.
func (d *definition) live() string {
	gaps := fmt.Sprintf("(SELECT * FROM %s WHERE site = %s AND toStartOfHour(ts) IN (SELECT toDateTime(arrayJoin(cover.4), 'UTC')) AND arrayExists(g -> ts >= g.1 AND ts < g.2, cover.3))",
		counted, paramSite)
	if d.foreign != nil {
		return strings.NewReplacer("{gaps}", "cover.3", "{site}", paramSite).Replace(d.foreign.Live())
	}
	rows := strings.NewReplacer("{carry}", strings.Replace(d.carry(), "toStartOfFiveMinute", "toStartOfMinute", 1), "{source}", gaps).Replace(d.query)
	return fmt.Sprintf("SELECT %s FROM (%s)", d.columns(), rows)
}

// partial are the base's rows of everything but whole days.
func (d *definition) partial() string {
	if d.foreign != nil {
		return fmt.Sprintf("(SELECT * EXCEPT (site, tier, generation) FROM %s\nUNION ALL\n%s)", d.recorded(2), d.live())
	}
	return fmt.Sprintf("(SELECT %s FROM %s\nUNION ALL\n%s)", d.columns(), d.recorded(2), d.live())
}

// plainView adds up rows that belong to no visitor: whole days are rows of the base like all others.
func (d *definition) plainView(base *definition) string {
	source := fmt.Sprintf("(SELECT %s FROM %s\nUNION ALL\nSELECT * FROM %s)", base.columns(), base.recorded(1), base.partial())
	values := append([]string{"at"}, d.names()...)
	for _, m := range d.measures {
		values = append(values, fmt.Sprintf("CAST(sum(rows_.%s) AS %s) AS %s", m.of, m.Type, m.Name))
	}
	return fmt.Sprintf("SELECT %s\nFROM (%s) AS rows_\nGROUP BY %s",
		strings.Join(values, ", "), placed(d.rows(source)), strings.Join(append([]string{"at"}, d.names()...), ", "))
}

// visitorView adds three parts up: the numbers of whole days, the visitors of these days who consented, and everything of partial days.
func (d *definition) visitorView(base *definition) string {
	keys := strings.Join(append([]string{"at"}, d.names()...), ", ")
	return fmt.Sprintf("SELECT %s\nFROM (\nSELECT %s\nFROM (\n%s\nUNION ALL\n%s\nUNION ALL\n%s\n)\nGROUP BY %s)\nWHERE %s",
		d.finals(), d.merges(keys), d.wholeDays(), d.consented(base), d.partialDays(base), keys, d.anything())
}

func (d *definition) finals() string {
	values := append([]string{"at"}, d.names()...)
	for _, m := range d.measures {
		values = append(values, fmt.Sprintf("CAST(%s AS %s) AS %s", m.final(), m.Type, m.Name))
	}
	return strings.Join(values, ", ")
}

func (d *definition) merges(keys string) string {
	values := []string{keys}
	for _, s := range d.stored() {
		expression := s.merge
		if s.Name == d.distinct().Name {
			expression += " + uniqExactMerge(ids)"
		}
		values = append(values, expression+" AS merged_"+s.Name)
	}
	return strings.Join(values, ", ")
}

// anything leaves out rows in which nothing is counted.
func (d *definition) anything() string {
	var conditions []string
	for _, m := range d.measures {
		if m.kind == kindSum || m.kind == kindSeconds || m.kind == kindVisitors {
			conditions = append(conditions, fmt.Sprintf("merged_%s != 0", m.stored()[0].Name))
		}
	}
	return strings.Join(conditions, " OR ")
}

// distinct is the measure of distinct visitors; every report on visitors has one.
func (d *definition) distinct() measure {
	for _, m := range d.measures {
		if m.kind == kindVisitors {
			return m
		}
	}
	return measure{}
}

func (d *definition) wholeDays() string {
	values := append([]string{at("window") + " AS at"}, d.names()...)
	for _, s := range d.stored() {
		values = append(values, s.Name)
	}
	values = append(values, "arrayReduce('uniqExactState', emptyArrayUInt64()) AS ids")
	return fmt.Sprintf("SELECT %s FROM %s WHERE site = %s AND (window, generation) IN (SELECT w.2, w.5 FROM (SELECT arrayJoin(cover.1) AS w))",
		strings.Join(values, ", "), d.table(), paramSite)
}

func (d *definition) consented(base *definition) string {
	values := append([]string{"at"}, d.names()...)
	for _, s := range d.stored() {
		values = append(values, fmt.Sprintf("CAST(defaultValueOfTypeName('%s') AS %s) AS %s", s.Type, s.Type, s.Name))
	}
	values = append(values, "uniqExactState(visitor) AS ids")
	return fmt.Sprintf("SELECT %s FROM (%s) AS of_ WHERE of_.%s > 0 GROUP BY %s",
		strings.Join(values, ", "), placed(d.rows(base.recorded(1))), d.distinct().of, strings.Join(append([]string{"at"}, d.names()...), ", "))
}

func (d *definition) partialDays(base *definition) string {
	names := d.names()
	folded := append([]string{"at", "day"}, names...)
	folded = append(folded, "visitor", d.foldedConsent())
	for _, input := range d.inputs() {
		folded = append(folded, strings.Replace(d.fold(input), "("+input+")", "(of_."+input+")", 1)+" AS "+input)
	}
	values := append([]string{"at"}, names...)
	for _, s := range d.stored() {
		expression := s.make
		if s.Name == d.distinct().Name {
			expression = "toUInt64(0)"
		}
		values = append(values, fmt.Sprintf("CAST(%s AS %s) AS made_%s", expression, s.Type, s.Name))
	}
	values = append(values, fmt.Sprintf("uniqExactStateIf(if(consented > 0, visitor, cityHash64(visitor, day)), %s > 0) AS ids", d.distinct().of))
	return fmt.Sprintf("SELECT %s\nFROM (SELECT %s\nFROM (%s) AS of_\nGROUP BY %s)\nGROUP BY %s",
		strings.Join(values, ", "), strings.Join(folded, ", "), placed(d.rows(base.partial())),
		strings.Join(append([]string{"at", "day"}, append(names, "visitor")...), ", "), strings.Join(append([]string{"at"}, names...), ", "))
}

// foldedConsent is whether a visitor consented in what is counted: an id that is kept from day to day may be compared between days.
func (d *definition) foldedConsent() string {
	return fmt.Sprintf("max(of_.consented > 0 AND of_.%s > 0) AS consented", d.distinct().of)
}
