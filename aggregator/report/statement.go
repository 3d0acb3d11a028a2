package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/aggregator/report/period"
)

// statement is one question to the database under construction. Its texts come from the catalogue, its values are parameters.
type statement struct {
	query      *Query
	view       string // what it reads from: a name with its parameters, or a query in parentheses
	parameters []any
}

// part says which of the groups a statement asks for.
type part struct {
	span  period.Range
	first int        // place of the first row, from 1
	last  int        // and of the last; 0 means all
	keys  [][]string // only the groups with these values, when not nil
}

// parameter adds a parameter and returns its place in the statement.
func (s *statement) parameter(kind string, value any) string {
	name := fmt.Sprintf("p%d", len(s.parameters))
	s.parameters = append(s.parameters, clickhouse.Named(name, value))
	return "{" + name + ":" + kind + "}"
}

// sql makes the statement that reads groups and totals in one pass over the view:
//
//	whole   1 in the row of totals
//	moment  beginning of the step, in seconds
//	keys    values of the dimensions
//	numbers values of the measures, NaN where what does not add up would have been added up
//	groups  how many rows there are beside the one of totals
func (s *statement) sql(p part) string {
	columns := s.query.Definition.columns()
	sums := make([]string, 0, len(columns))
	for _, m := range columns {
		sums = append(sums, strconv.FormatBool(m.Sum))
	}
	together := "1"
	if i := s.query.Definition.dimension(s.query.Definition.Apart); i >= 0 {
		together = fmt.Sprintf("uniqExact(keys[%d]) = 1", i+1)
	}
	grouped := fmt.Sprintf("SELECT toUInt8(grouping(moment)) AS whole, moment, keys, max(folded) AS rest, count() AS members, "+together+" AS together, "+
		"arrayMap((n, adds) -> if(adds AND together OR members = 1, n, nan), arrayResize(sumForEach(numbers), %d), [%s]) AS sums FROM (%s) "+
		"GROUP BY GROUPING SETS ((moment, keys), ()) HAVING members > 0", len(sums), strings.Join(sums, ", "), s.visible())
	placed := fmt.Sprintf("SELECT *, row_number() OVER (PARTITION BY whole ORDER BY %s) AS place, count() OVER (PARTITION BY whole) AS groups FROM (SELECT *, %s AS numbers FROM (%s))",
		s.order(), s.ratios(), grouped)
	return fmt.Sprintf("SELECT whole, moment, keys, numbers, groups FROM (%s)%s ORDER BY whole DESC, place", placed, where(s.chosen(p)))
}

// ratios adds to the columns what is made of two of them.
func (s *statement) ratios() string {
	d := s.query.Definition
	list := []string{}
	for _, m := range d.Measures[len(d.columns()):] {
		list = append(list, fmt.Sprintf("if(sums[%[2]d] = 0, nan, %[3]g * sums[%[1]d] / sums[%[2]d])", d.measure(m.Ratio.Of)+1, d.measure(m.Ratio.By)+1, m.Ratio.Times))
	}
	if len(list) == 0 {
		return "sums"
	}
	return "arrayConcat(sums, [" + strings.Join(list, ", ") + "])"
}

// chosen selects the row of totals and the asked page, or the asked groups.
func (s *statement) chosen(p part) string {
	switch {
	case p.keys != nil:
		return fmt.Sprintf("whole = 1 OR keys IN (SELECT arrayJoin(%s))", s.parameter("Array(Array(String))", p.keys))
	case p.last > 0:
		return fmt.Sprintf("whole = 1 OR place BETWEEN %d AND %d", p.first, p.last)
	default:
		return ""
	}
}

// visible selects the groups as the reader may see them, each with what it is called.
func (s *statement) visible() string {
	d, least := s.query.Definition, s.query.Reader.Smallest
	if least < 2 || d.People == "" || len(d.Dimensions) == 0 {
		return s.rows(s.filters(func(d Dimension) string { return "toString(" + d.Column + ")" })...)
	}
	people := fmt.Sprintf("ifNotFinite(numbers[%d], 0)", d.measure(d.People)+1)
	within := "moment"
	if i := d.dimension(d.Apart); i >= 0 {
		within += fmt.Sprintf(", keys[%d]", i+1)
	}
	// Folded is a small group, and a larger one as long as those below it are too few to hide in.
	judged := fmt.Sprintf("SELECT moment, keys, numbers, %[1]s AS people, min(people) OVER (PARTITION BY %[4]s) AS least, "+
		"sum(people) OVER (PARTITION BY %[4]s ORDER BY people, keys ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS below, "+
		"people < %[2]d OR least < %[2]d AND below < %[2]d AS folded FROM (%[3]s)", people, least, s.rows(), within)
	if len(s.query.Filters) > 0 {
		conditions := s.filters(func(dimension Dimension) string { return fmt.Sprintf("keys[%d]", d.dimension(dimension.Name)+1) })
		return fmt.Sprintf("SELECT moment, keys, numbers, folded FROM (%s)%s", judged, where(append(conditions, "NOT folded")...))
	}
	others := make([]string, len(d.Dimensions))
	for i := range others {
		others[i] = "'" + Other + "'"
		if d.Dimensions[i].Name == d.Apart {
			others[i] = fmt.Sprintf("keys[%d]", i+1)
		}
	}
	return fmt.Sprintf("SELECT moment, if(folded, [%s], keys) AS keys, numbers, folded FROM (%s)", strings.Join(others, ", "), judged)
}

// rows selects the groups of the view.
func (s *statement) rows(conditions ...string) string {
	d := s.query.Definition
	keys := "emptyArrayString()"
	if len(d.Dimensions) > 0 {
		var list []string
		for _, dimension := range d.Dimensions {
			list = append(list, "toString("+dimension.Column+")")
		}
		keys = "[" + strings.Join(list, ", ") + "]"
	}
	var names []string
	for _, m := range d.columns() {
		names = append(names, m.Name)
	}
	return fmt.Sprintf("SELECT toUnixTimestamp(at) AS moment, %s AS keys, %s AS numbers, 0 AS folded FROM %s%s",
		keys, numbers(names), s.view, where(append(conditions, d.Where)...))
}

// whole makes the statement for the totals of what does not add up.
func (s *statement) whole() string {
	w := s.query.Definition.Whole
	return fmt.Sprintf("SELECT %s AS numbers FROM %s%s", numbers(w.Measures), s.view, where(w.Where))
}

func numbers(names []string) string {
	list := make([]string, 0, len(names))
	for _, name := range names {
		list = append(list, fmt.Sprintf("toFloat64(ifNull(%s, nan))", name))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (s *statement) filters(of func(Dimension) string) []string {
	var all []string
	for _, f := range s.query.Filters {
		all = append(all, f.condition(s, of(f.Dimension)))
	}
	return all
}

// order sorts the folded row behind all others, and what is equal by its names, so that pages do not overlap.
func (s *statement) order() string {
	terms := []string{"rest"}
	for _, o := range s.query.Sort {
		var term string
		d := s.query.Definition
		switch i := d.dimension(o.Column); {
		case o.Column == "time":
			term = "moment"
		case i >= 0 && d.Dimensions[i].Number:
			term = fmt.Sprintf("toUInt64OrZero(keys[%d])", i+1)
		case i >= 0:
			term = fmt.Sprintf("keys[%d]", i+1)
		default:
			term = fmt.Sprintf("numbers[%d]", d.measure(o.Column)+1)
		}
		if o.Descending {
			term += " DESC"
		}
		terms = append(terms, term+" NULLS LAST")
	}
	return strings.Join(append(terms, "moment", "keys"), ", ")
}

func where(conditions ...string) string {
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE (" + strings.Join(conditions, ") AND (") + ")"
}
