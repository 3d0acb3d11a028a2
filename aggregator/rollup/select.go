package rollup

import (
	"fmt"
	"strings"
)

// scope is what a statement is asked for, as pieces of SQL. An empty condition holds for no row, and what would be made of it is left out.
type scope struct {
	site, zone string              // expressions
	at         func(string) string // the start of the grain that a window belongs to
	days       string              // condition for the rows of the base in whole days
	reported   string              // condition for the rows of the report's table
	finer      string              // condition for the rows of the base in hours and five minutes
	gaps       string              // condition for events that no window holds
	live       string              // rows of a base that is not counted from events, in the gaps
}

// placed gives rows their grain and their day.
func (s *scope) placed(rows string) string {
	return fmt.Sprintf("SELECT %s AS at, toTimeZone(toStartOfDay(window, %s), 'UTC') AS day, * FROM (%s)", s.at("window"), s.zone, rows)
}

// recorded are the rows of a base that a condition holds for.
func (d *definition) recorded(s *scope, condition string) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE site = %s AND %s", d.shown(), d.table(), s.site, condition)
}

// shown are the columns of a base's table that rows which are not recorded have too.
func (d *definition) shown() string {
	if d.foreign != nil {
		return "* EXCEPT (site, tier, generation)"
	}
	return d.columns()
}

// columns are those of a base's rows that reports read, under the names that the live rows have too.
func (d *definition) columns() string {
	columns := append([]string{"window"}, d.keys()...)
	for _, m := range d.measures {
		columns = append(columns, m.Name)
	}
	return strings.Join(columns, ", ")
}

// unrecorded are the rows of a base that the gaps hold, made from events as they are asked for.
func (d *definition) unrecorded(s *scope) string {
	if d.foreign != nil {
		return s.live
	}
	gaps := d.events(once, "site = "+s.site+" AND "+s.gaps)
	rows := strings.NewReplacer("{carry}", strings.Replace(d.carry(), "toStartOfFiveMinute", "toStartOfMinute", 1), "{source}", gaps, "{group}", pageGroup).Replace(d.query)
	return fmt.Sprintf("SELECT %s FROM (%s)", d.columns(), rows)
}

// partial are the base's rows of everything but whole days; empty if there are none.
func (d *definition) partial(s *scope) string {
	var parts []string
	if s.finer != "" {
		parts = append(parts, d.recorded(s, s.finer))
	}
	if s.gaps != "" || s.live != "" {
		parts = append(parts, d.unrecorded(s))
	}
	return together(parts)
}

func together(parts []string) string { return strings.Join(parts, "\nUNION ALL\n") }

// selected is the statement of a report's numbers in a scope.
func (d *definition) selected(s *scope, base *definition) string {
	if d.visitor {
		return d.ofVisitors(s, base)
	}
	return d.plain(s, base)
}

// nothing has the columns of a base and no row, where a scope holds nothing at all.
func (d *definition) nothing() string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE 0", d.shown(), d.table())
}

// plain adds up rows that belong to no visitor: whole days are rows of the base like all others.
func (d *definition) plain(s *scope, base *definition) string {
	var parts []string
	if s.days != "" {
		parts = append(parts, base.recorded(s, s.days))
	}
	if partial := base.partial(s); partial != "" {
		parts = append(parts, partial)
	}
	if len(parts) == 0 {
		parts = append(parts, base.nothing())
	}
	values := append([]string{"at"}, d.names()...)
	for _, m := range d.measures {
		values = append(values, fmt.Sprintf("CAST(%s AS %s) AS %s", m.plain(), m.Type, m.Name))
	}
	return fmt.Sprintf("SELECT %s\nFROM (%s) AS rows_\nGROUP BY %s",
		strings.Join(values, ", "), s.placed(d.rows("("+together(parts)+")")), strings.Join(append([]string{"at"}, d.names()...), ", "))
}

// ofVisitors adds three parts up: the numbers of whole days, the visitors of these days who consented, and everything of partial days.
func (d *definition) ofVisitors(s *scope, base *definition) string {
	keys := strings.Join(append([]string{"at"}, d.names()...), ", ")
	var parts []string
	if s.reported != "" {
		parts = append(parts, d.wholeDays(s), d.consented(s, base))
	}
	if partial := base.partial(s); partial != "" {
		parts = append(parts, d.partialDays(s, partial))
	}
	if len(parts) == 0 {
		parts = append(parts, d.partialDays(s, base.nothing()))
	}
	return fmt.Sprintf("SELECT %s\nFROM (\nSELECT %s\nFROM (\n%s\n)\nGROUP BY %s)\nWHERE %s", d.finals(), d.merges(keys), together(parts), keys, d.anything())
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
		if m.kind == kindSum || m.kind == kindSeconds || m.kind == kindWeight || m.kind == kindVisitors {
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

func (d *definition) wholeDays(s *scope) string {
	values := append([]string{s.at("window") + " AS at"}, d.names()...)
	for _, column := range d.stored() {
		values = append(values, column.Name)
	}
	values = append(values, "arrayReduce('uniqExactState', emptyArrayUInt64()) AS ids")
	return fmt.Sprintf("SELECT %s FROM %s WHERE site = %s AND %s", strings.Join(values, ", "), d.table(), s.site, s.reported)
}

func (d *definition) consented(s *scope, base *definition) string {
	values := append([]string{"at"}, d.names()...)
	for _, column := range d.stored() {
		values = append(values, fmt.Sprintf("CAST(defaultValueOfTypeName('%s') AS %s) AS %s", column.Type, column.Type, column.Name))
	}
	values = append(values, "uniqExactState(visitor) AS ids")
	return fmt.Sprintf("SELECT %s FROM (%s) AS of_ WHERE of_.%s > 0 GROUP BY %s",
		strings.Join(values, ", "), s.placed(d.rows("("+base.recorded(s, s.days)+")")), d.distinct().of, strings.Join(append([]string{"at"}, d.names()...), ", "))
}

func (d *definition) partialDays(s *scope, partial string) string {
	names := d.names()
	folded := append([]string{"at", "day"}, names...)
	folded = append(folded, "visitor", d.foldedConsent())
	for _, input := range d.inputs() {
		folded = append(folded, strings.Replace(d.fold(input), "("+input+")", "(of_."+input+")", 1)+" AS "+input)
	}
	values := append([]string{"at"}, names...)
	renamed := append([]string{"at"}, names...)
	for _, column := range d.stored() {
		expression := column.make
		if column.Name == d.distinct().Name {
			expression = "toUInt64(0)"
		}
		values = append(values, fmt.Sprintf("CAST(%s AS %s) AS made_%s", expression, column.Type, column.Name))
		renamed = append(renamed, fmt.Sprintf("made_%[1]s AS %[1]s", column.Name))
	}
	values = append(values, fmt.Sprintf("uniqExactStateIf(if(consented > 0, visitor, cityHash64(visitor, day)), %s > 0) AS ids", d.distinct().of))
	return fmt.Sprintf("SELECT %s, ids FROM (SELECT %s\nFROM (SELECT %s\nFROM (%s) AS of_\nGROUP BY %s)\nGROUP BY %s)",
		strings.Join(renamed, ", "), strings.Join(values, ", "), strings.Join(folded, ", "), s.placed(d.rows("("+partial+")")),
		strings.Join(append([]string{"at", "day"}, append(names, "visitor")...), ", "), strings.Join(append([]string{"at"}, names...), ", "))
}

// foldedConsent is whether a visitor consented in what is counted: an id that is kept from day to day may be compared between days.
func (d *definition) foldedConsent() string {
	return fmt.Sprintf("max(of_.consented > 0 AND of_.%s > 0) AS consented", d.distinct().of)
}
