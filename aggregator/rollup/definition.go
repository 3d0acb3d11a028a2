package rollup

import (
	"fmt"
	"slices"
	"strings"
)

// Column is a dimension or a measure as a reader sees it.
type Column struct{ Name, Type, About string }

// measure is how a column of numbers comes about.
type measure struct {
	Column

	kind kind
	of   string // the column of the source that it is made from
}

// kind is one way to make a number of many.
type kind string

const (
	kindSum      kind = "sum"      // added up
	kindMax      kind = "max"      // the greatest; of a source only
	kindSeconds  kind = "seconds"  // added up in milliseconds, read in seconds
	kindWeight   kind = "weight"   // added up in thousandths, read as a whole number: what rows of a sample stand for
	kindVisitors kind = "visitors" // distinct visitors for whom the column is not zero
	kindMean     kind = "mean"     // a visitor's greatest in a day, on average over those who have any
	kindMedian   kind = "median"   // a visitor's sum in a day in milliseconds, in seconds
	kindP75      kind = "p75"

	kindMap     kind = "summap"  // how often each size was measured, added up; of a source only
	kindTimes50 kind = "times50" // of such sizes: what half exceeds
	kindTimes75 kind = "times75"
	kindTimes95 kind = "times95"
	kindFirst   kind = "first" // the first moment, of a source that keeps its distance from the end of time
)

// definition is one SQL file: what is counted, of what, and the rows that it is counted from.
type definition struct {
	name, about, source string
	tiers               []Tier
	reads               []string // columns of events, where it is counted from these
	visitor             bool     // a row belongs to a visitor
	dimensions          []Column
	measures            []measure
	query               string // the rows, with {carry} and {source} in it

	foreign Source // computes the rows, where they are not plain sums over counted
}

// counted is the source of every base: what may be counted of the table events, each event once.
const counted = "counted"

// once is where each event stands once; plain is the table as it is, read in a fraction of the time, where no id stands twice.
const (
	once  = "events FINAL"
	plain = "events"
)

// events are the rows of events that a condition holds for, with the columns that the base reads: a table of many columns takes the
// database long to understand.
func (d *definition) events(from, condition string) string {
	columns := []string{"ts", "visitor", "consent"}
	for _, name := range d.reads {
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return fmt.Sprintf("(SELECT %s FROM %s WHERE %s)", strings.Join(columns, ", "), from, condition)
}

func (d *definition) isBase() bool { return d.source == counted || d.foreign != nil }

// table is where the rows are kept; a report on rows without visitors needs none of its own.
func (d *definition) table() string {
	if d.isBase() {
		return d.name
	}
	return d.name + "_days"
}

func (d *definition) hasTable() bool { return d.isBase() || d.visitor }

func (d *definition) names() []string {
	names := make([]string, 0, len(d.dimensions))
	for _, column := range d.dimensions {
		names = append(names, column.Name)
	}
	return names
}

// inputs are the columns of the source's rows that the measures are made from, each once, in order.
func (d *definition) inputs() []string {
	var names []string
	for _, m := range d.measures {
		if !slices.Contains(names, m.of) {
			names = append(names, m.of)
		}
	}
	return names
}

// fold is how an input is put together for one visitor.
func (d *definition) fold(input string) string {
	for _, m := range d.measures {
		if m.of == input && (m.kind == kindMax || m.kind == kindMean || m.kind == kindFirst) {
			return "max(" + input + ")"
		}
	}
	return "sum(" + input + ")"
}

// stored is one column of numbers in a report's table of days.
type stored struct {
	Column

	make  string // from the inputs of many visitors of one day
	merge string // from rows of the table
}

// stored are the columns that the measures need, each once.
func (d *definition) stored() []stored {
	var columns []stored
	add := func(s stored) {
		if !slices.ContainsFunc(columns, func(have stored) bool { return have.Name == s.Name }) {
			columns = append(columns, s)
		}
	}
	for _, m := range d.measures {
		for _, s := range m.stored() {
			add(s)
		}
	}
	return columns
}

func (m measure) stored() []stored {
	column := func(name, kind, about, made, merge string) stored {
		return stored{Column{name, kind, about}, made, merge}
	}
	switch m.kind {
	case kindVisitors:
		return []stored{column(m.Name, "UInt64", m.About+"; without those who consented, who are counted over all days at once",
			fmt.Sprintf("countIf(%s > 0 AND consented = 0)", m.of), fmt.Sprintf("sum(%s)", m.Name))}
	case kindMean:
		return []stored{
			column(m.Name+"_sum", "UInt64", "each visitor's greatest "+m.of+", added up", fmt.Sprintf("sum(%s)", m.of), fmt.Sprintf("sum(%s_sum)", m.Name)),
			column(m.Name+"_count", "UInt64", "visitors whose "+m.of+" is known", fmt.Sprintf("countIf(%s > 0)", m.of), fmt.Sprintf("sum(%s_count)", m.Name)),
		}
	case kindMedian, kindP75:
		buckets := m.of + "_buckets"
		return []stored{column(buckets, "Map(UInt8, UInt64)", "visitors whose "+m.of+" is known, by its size: eight classes double it",
			fmt.Sprintf("sumMapIf(map(%s, toUInt64(1)), %s > 0)", bucket(m.of), m.of), fmt.Sprintf("sumMap(%s)", buckets))}
	case kindSeconds:
		return []stored{column(m.of, "UInt64", m.About+", milliseconds", fmt.Sprintf("sum(%s)", m.of), fmt.Sprintf("sum(%s)", m.of))}
	case kindWeight:
		return []stored{column(m.of, "UInt64", m.About+", thousandths", fmt.Sprintf("sum(%s)", m.of), fmt.Sprintf("sum(%s)", m.of))}
	case kindFirst:
		return []stored{column(m.Name, m.Type, m.About, fmt.Sprintf("max(%s)", m.of), fmt.Sprintf("max(%s)", m.Name))}
	case kindSum, kindMax, kindMap, kindTimes50, kindTimes75, kindTimes95:
	}
	return []stored{column(m.Name, m.Type, m.About, fmt.Sprintf("%s(%s)", m.kind, m.of), fmt.Sprintf("%s(%s)", m.kind, m.Name))}
}

// final is the number that a reader gets from the merged columns.
func (m measure) final() string {
	switch m.kind {
	case kindSeconds:
		return fmt.Sprintf("merged_%s / 1000", m.of)
	case kindWeight:
		return fmt.Sprintf("round(merged_%s / 1000)", m.of)
	case kindVisitors:
		return fmt.Sprintf("merged_%s", m.Name)
	case kindMean:
		return fmt.Sprintf("if(merged_%[1]s_count = 0, NULL, merged_%[1]s_sum / merged_%[1]s_count)", m.Name)
	case kindMedian:
		return quantile("merged_"+m.of+"_buckets", "0.5")
	case kindP75:
		return quantile("merged_"+m.of+"_buckets", "0.75")
	case kindFirst:
		return fmt.Sprintf("%d - merged_%s", endOfTime, m.Name)
	case kindSum, kindMax, kindMap, kindTimes50, kindTimes75, kindTimes95:
	}
	return fmt.Sprintf("merged_%s", m.Name)
}

// endOfTime is the last second that a moment can have. The first of many moments is kept as the greatest distance from it, so that
// 0 is none.
const endOfTime = 1<<32 - 1

// function is what adds the column up.
func (m measure) function() string {
	if m.kind == kindMap {
		return "sumMap"
	}
	return string(m.kind)
}

// plain is the number of rows that belong to no visitor.
func (m measure) plain() string {
	if m.kind == kindWeight {
		return fmt.Sprintf("round(sum(rows_.%s) / 1000)", m.of)
	}
	share, ok := map[kind]string{kindTimes50: "0.5", kindTimes75: "0.75", kindTimes95: "0.95"}[m.kind]
	if !ok {
		return fmt.Sprintf("sum(rows_.%s)", m.of)
	}
	return strings.NewReplacer("{m}", "sumMap(rows_."+m.of+")", "{q}", share).Replace(
		"if(empty({m}), NULL, exp2((arrayReduce('quantileExactWeighted({q})', mapKeys({m}), mapValues({m})) + 0.5) / 8))")
}

// bucket is the class of an amount of milliseconds: eight classes to each doubling from 64 ms on, so a class is 9 % wide.
func bucket(column string) string {
	return fmt.Sprintf("toUInt8(least(255, greatest(0, floor(8 * log2(%s / 64)))))", column)
}

// quantile is the middle, in seconds, of the class that holds the share; NULL where nothing is known.
func quantile(buckets, share string) string {
	return strings.NewReplacer("{m}", buckets, "{q}", share).Replace("if(empty({m}), NULL, 0.064 * exp2((arrayReduce('quantileExactWeighted({q})', mapKeys({m}), mapValues({m})) + 0.5) / 8))")
}
