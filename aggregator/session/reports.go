package session

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Report is a report that is read from the sessions themselves, through a parameterized view with site, since, until, grain and zone.
type Report struct {
	Name, About          string
	Dimensions, Measures []Column
}

// Column is a dimension or a measure of a report.
type Column struct{ Name, Type, About string }

// Reports lists what the views answer beside `sessions`. What is counted by the day stands in the catalogue of the rollups.
func Reports() []Report {
	text := func(name, about string) Column { return Column{name, "String", about} }
	number := func(name, about string) Column { return Column{name, "UInt64", about} }
	return []Report{
		{
			"funnels", "Ways through the site, step by step: how many got how far, within a visit or a day of the site, as the sites file says.",
			[]Column{text("funnel", "name of the funnel"), number("step", "number of the step, from 1"), text("name", "what the step is called")},
			[]Column{
				number("visitors", "distinct visitors of those who reached it, of whom those without consent count once a day"), number("entered", "visits (or days of a visitor) that reached the step before; for the first step those that reached it"), number("reached", "of these, those that reached the step"),
				{"drop_off", "Nullable(Float64)", "share of those who entered and did not reach it"},
				{"median_seconds", "Nullable(Float64)", "seconds from the step before that half of them exceeded"},
			},
		},
		{
			"cohorts", "Visitors who consented, by the week in which they first came, and how many of them came again in each week after.",
			[]Column{{"cohort", "Date", "first day of the week of the first visit"}, number("age", "weeks since then")},
			[]Column{
				number("visitors", "visitors of the cohort who came in that week"), number("size", "visitors of the cohort"),
				{"retention", "Float64", "share of the cohort that came"},
			},
		},
		{
			"loyalty", "New and returning visitors, as far as it may be known: without consent nobody is known on another day.",
			[]Column{text("kind", "new, returning or unknown")},
			[]Column{number("visits", "visits"), number("visitors", "distinct visitors, of whom those without consent count once a day"), number("bounces", "bounces")},
		},
		{
			"attribution", "Visits that reached a goal, by the first and by the last source that may be known of: all visits of 30 days with consent to advertising, those of the same day of the site without.",
			[]Column{text("goal", "name of the goal"), text("touch", "first or last"), text("channel", "kind of source"), text("source", "campaign source"), text("campaign", "campaign name"), text("currency", "of the worth")},
			[]Column{number("conversions", "visits that reached the goal"), number("visitors", "distinct visitors of these"), {"worth", "Decimal(38, 4)", "what it was worth"}},
		},
	}
}

const (
	paramGrain = "{grain:String}"
	paramZone  = "{zone:String}"
)

var (
	//go:embed sql/funnels.sql
	funnelsText string
	//go:embed sql/cohorts.sql
	cohortsText string
	//go:embed sql/loyalty.sql
	loyaltyText string
	//go:embed sql/attribution.sql
	attributionText string
)

// reports are the views of Reports.
func (f *Folder) reports() []view {
	at := func(moment string) string {
		zoned := func(expression string) string { return "toTimeZone(" + expression + ", 'UTC')" }
		return strings.ReplaceAll("multiIf("+strings.Join([]string{
			paramGrain + " = 'total'", paramSince,
			paramGrain + " = 'minute'", zoned("toStartOfMinute(toDateTime({t}, 'UTC'))"),
			paramGrain + " = 'hour'", zoned("toStartOfHour(toDateTime({t}, " + paramZone + "))"),
			paramGrain + " = 'day'", zoned("toStartOfDay(toDateTime({t}, " + paramZone + "))"),
			paramGrain + " = 'week'", zoned("toDateTime(" + f.weekOf("toDate({t}, "+paramZone+")") + ", " + paramZone + ")"),
			zoned("toDateTime(toStartOfMonth(toDate({t}, " + paramZone + ")), " + paramZone + ")"),
		}, ", ")+")", "{t}", moment)
	}
	sessions := func(since string) string {
		return "(" + f.sessions(paramSite, since, paramUntil) + ")"
	}
	replace := strings.NewReplacer(
		"{AT}", at("start"), "{WEEK}", f.weekOf("toDate(start, "+paramZone+")"), "{FIRST_WEEK}", f.weekOf("toDate(first, "+paramZone+")"),
		"{UNTIL_WEEK}", f.weekOf("toDate(least("+paramUntil+", now()) - INTERVAL 1 SECOND, "+paramZone+")"),
		"{SESSIONS}", sessions(paramSince), "{ALL_SESSIONS}", sessions("("+paramUntil+" - INTERVAL 400 DAY)"),
		"{TOUCHING_SESSIONS}", sessions("("+paramSince+" - INTERVAL 31 DAY)"),
		"{FUNNELS}", f.funnels(), "{SITE}", paramSite, "{SINCE}", paramSince, "{UNTIL}", paramUntil, "{ZONE}", paramZone,
	)
	var all []view
	for _, v := range []view{{"funnels", funnelsText}, {"cohorts", cohortsText}, {"loyalty", loyaltyText}, {"attribution", attributionText}} {
		all = append(all, view{v.name, replace.Replace(v.query)})
	}
	return all
}

// weekOf is the first day of a date's week, which begins when the site says.
func (f *Folder) weekOf(date string) string {
	starts := []string{"1"}
	for _, known := range f.o.Sites.All() {
		starts = append([]string{paramSite + " = " + literal(known.ID), strconv.Itoa(int(known.WeekStart))}, starts...)
	}
	return fmt.Sprintf("%[1]s - ((toDayOfWeek(%[1]s) - multiIf(%[2]s) + 7) %% 7)", date, strings.Join(starts, ", "))
}

// funnels is an expression for the funnels of the site that is asked for: (name, within a day, keys of the steps, names of the steps).
func (f *Folder) funnels() string {
	cases := []string{}
	for _, known := range f.o.Sites.All() {
		var all []string
		for i := range known.Funnels {
			funnel := &known.Funnels[i]
			var keys, names []string
			for n := range funnel.Steps {
				keys, names = append(keys, literal(stepKey(funnel.Name, n))), append(names, literal(funnel.Steps[n].Name))
			}
			all = append(all, fmt.Sprintf("(%s, %t, [%s], [%s])", literal(funnel.Name), funnel.Within == "day", strings.Join(keys, ", "), strings.Join(names, ", ")))
		}
		if len(all) > 0 {
			cases = append(cases, paramSite+" = "+literal(known.ID), "["+strings.Join(all, ", ")+"]")
		}
	}
	none := "CAST([], 'Array(Tuple(String, Bool, Array(String), Array(String)))')"
	if len(cases) == 0 {
		return none
	}
	return "multiIf(" + strings.Join(append(cases, none), ", ") + ")"
}
