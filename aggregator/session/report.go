package session

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/schema/sites"
)

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

// reportTexts are the statements of Reports, by their names and in their order, with pieces to be filled in.
func reportTexts() []view {
	return []view{{"funnels", funnelsText}, {"cohorts", cohortsText}, {"loyalty", loyaltyText}, {"attribution", attributionText}}
}

// Grains are the lengths of time that a report may be cut into.
func Grains() []string { return []string{"total", "minute", "hour", "day", "week", "month"} }

// pieces are what the statement of a report is filled with: expressions.
type pieces struct {
	site, since, until, zone string

	at        string // start of the grain that {t} lies in
	weekStart string // first day of a week, from 1, Monday
	funnels   string
	// sessions that began since then and before until
	sessions, touching, all string
}

// fill makes the statement of a report.
func (p *pieces) fill(text string) string {
	return strings.NewReplacer(
		"{AT}", strings.ReplaceAll(p.at, "{t}", "start"), "{WEEK}", p.weekOf("toDate(start, "+p.zone+")"), "{FIRST_WEEK}", p.weekOf("toDate(first, "+p.zone+")"),
		"{UNTIL_WEEK}", p.weekOf("toDate(least("+p.until+", now()) - INTERVAL 1 SECOND, "+p.zone+")"),
		"{SESSIONS}", "("+p.sessions+")", "{ALL_SESSIONS}", "("+p.all+")", "{TOUCHING_SESSIONS}", "("+p.touching+")",
		"{FUNNELS}", p.funnels, "{SITE}", p.site, "{SINCE}", p.since, "{UNTIL}", p.until, "{ZONE}", p.zone,
	).Replace(text)
}

// weekOf is the first day of a date's week.
func (p *pieces) weekOf(date string) string {
	return fmt.Sprintf("%[1]s - ((toDayOfWeek(%[1]s) - %[2]s + 7) %% 7)", date, p.weekStart)
}

// startOf is when the grain begins that the moment {t} lies in.
func (p *pieces) startOf(grain string) string {
	zoned := func(expression string) string { return "toTimeZone(" + expression + ", 'UTC')" }
	switch grain {
	case "total":
		return p.since
	case "minute":
		return zoned("toStartOfMinute(toDateTime({t}, 'UTC'))")
	case "hour":
		return zoned("toStartOfHour(toDateTime({t}, " + p.zone + "))")
	case "day":
		return zoned("toStartOfDay(toDateTime({t}, " + p.zone + "))")
	case "week":
		return zoned("toDateTime(" + p.weekOf("toDate({t}, "+p.zone+")") + ", " + p.zone + ")")
	}
	return zoned("toDateTime(toStartOfMonth(toDate({t}, " + p.zone + ")), " + p.zone + ")")
}

const (
	// remembered is how far back a visitor's first visit is looked for, and touched how far back a source counts: 30 days, and whole ones.
	remembered = 400 * 24 * time.Hour
	touched    = 31 * 24 * time.Hour
)

// Report is the statement of a report of Reports over [since, until), by a grain in a time zone: what its view answers, in a small
// part of the time. It names what holds the sessions, so it has to be run soon.
func (f *Folder) Report(ctx context.Context, name, site string, since, until time.Time, grain, zone string) (string, error) {
	texts := reportTexts()
	i := slices.IndexFunc(texts, func(v view) bool { return v.name == name })
	if i < 0 {
		names := make([]string, len(texts))
		for i, v := range texts {
			names[i] = v.name
		}
		return "", fmt.Errorf("no report %q is made of sessions; there are: %s", name, strings.Join(names, ", "))
	}
	if !slices.Contains(Grains(), grain) {
		return "", fmt.Errorf("no grain %q; there are: %s", grain, strings.Join(Grains(), ", "))
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" {
		return "", fmt.Errorf("no time zone %q; one is named like Asia/Almaty", zone)
	}
	p := &pieces{site: literal(site), since: stamp(since), until: stamp(until), zone: literal(zone), weekStart: "1", funnels: noFunnels}
	if known := f.o.Sites.Find(site); known != nil {
		p.weekStart = strconv.Itoa(int(known.WeekStart))
		if all := funnelsOf(known); all != "" {
			p.funnels = all
		}
	}
	p.at = p.startOf(grain)
	for _, part := range []struct {
		mark  string
		into  *string
		since time.Time
	}{
		{"{SESSIONS}", &p.sessions, since}, {"{TOUCHING_SESSIONS}", &p.touching, since.Add(-touched)}, {"{ALL_SESSIONS}", &p.all, until.Add(-remembered)},
	} {
		if !strings.Contains(texts[i].query, part.mark) {
			continue
		}
		var err error
		if *part.into, err = f.Select(ctx, site, part.since, until); err != nil {
			return "", err
		}
	}
	return p.fill(texts[i].query), nil
}

// reports are the views of Reports.
func (f *Folder) reports() []view {
	before := func(moment string, span time.Duration) string {
		return fmt.Sprintf("(%s - INTERVAL %d DAY)", moment, int(span.Hours())/24)
	}
	p := &pieces{
		site: paramSite, since: paramSince, until: paramUntil, zone: paramZone, weekStart: f.weekStarts(), funnels: f.funnels(),
		sessions: f.sessions(paramSite, paramSince, paramUntil),
		touching: f.sessions(paramSite, before(paramSince, touched), paramUntil),
		all:      f.sessions(paramSite, before(paramUntil, remembered), paramUntil),
	}
	cases := make([]string, 0, 2*len(Grains()))
	for _, grain := range Grains() {
		cases = append(cases, paramGrain+" = "+literal(grain), p.startOf(grain))
	}
	p.at = "multiIf(" + strings.Join(slices.Delete(cases, len(cases)-2, len(cases)-1), ", ") + ")"
	all := reportTexts()
	for i := range all {
		all[i].query = p.fill(all[i].query)
	}
	return all
}

// weekStarts is an expression for the first day of a week of the site that is asked for.
func (f *Folder) weekStarts() string {
	starts := []string{"1"}
	for _, known := range f.o.Sites.All() {
		starts = append([]string{paramSite + " = " + literal(known.ID), strconv.Itoa(int(known.WeekStart))}, starts...)
	}
	return chosen(starts)
}

// chosen is a multiIf of conditions and values, or the only value.
func chosen(cases []string) string {
	if len(cases) == 1 {
		return cases[0]
	}
	return "multiIf(" + strings.Join(cases, ", ") + ")"
}

// noFunnels are the funnels of a site that has none.
const noFunnels = "CAST([], 'Array(Tuple(String, Bool, Array(String), Array(String)))')"

// funnels is an expression for the funnels of the site that is asked for.
func (f *Folder) funnels() string {
	cases := []string{}
	for _, known := range f.o.Sites.All() {
		if all := funnelsOf(known); all != "" {
			cases = append(cases, paramSite+" = "+literal(known.ID), all)
		}
	}
	return chosen(append(cases, noFunnels))
}

// funnelsOf is an array of a site's funnels, empty text if it has none: (name, within a day, keys of the steps, names of the steps).
func funnelsOf(known *sites.Site) string {
	var all []string
	for i := range known.Funnels {
		funnel := &known.Funnels[i]
		var keys, names []string
		for n := range funnel.Steps {
			keys, names = append(keys, literal(stepKey(funnel.Name, n))), append(names, literal(funnel.Steps[n].Name))
		}
		all = append(all, fmt.Sprintf("(%s, %t, [%s], [%s])", literal(funnel.Name), funnel.Within == "day", strings.Join(keys, ", "), strings.Join(names, ", ")))
	}
	if len(all) == 0 {
		return ""
	}
	return "[" + strings.Join(all, ", ") + "]"
}
