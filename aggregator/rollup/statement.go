package rollup

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// consentedLevels are the levels at which an id stays the same from day to day.
const consentedLevels = "('analytics', 'advertising')"

// carry is what every row has beside a file's own columns.
func (d *definition) carry() string {
	switch {
	case d.isBase() && d.visitor:
		return "toStartOfFiveMinute(ts) AS window, visitor, consent IN " + consentedLevels + " AS consented"
	case d.isBase():
		return "toStartOfFiveMinute(ts) AS window"
	case d.visitor:
		return "window, visitor, consented"
	}
	return "window"
}

func (d *definition) rows(source string) string {
	return strings.NewReplacer("{carry}", d.carry(), "{source}", source, "{group}", pageGroup).Replace(d.query)
}

// pageGroup is the group that a page belongs to: the first of its site's whose pattern it matches, else the first segment of its path. What
// the sites file says is in the database, so that a view knows it of every site.
const pageGroup = "arrayFirst(one -> match(toString(path), one.2), arrayConcat(" +
	"(SELECT mapFromArrays(groupArray(id), groupArray(arrayZip(group_names, group_patterns))) FROM sites FINAL)[toString(site)], " +
	"[(concat('/', splitByChar('/', toString(path))[2]), '')])).1"

// keys are the columns that rows of a base are kept apart by, beside the window.
func (d *definition) keys() []string {
	if d.visitor {
		return append([]string{"visitor", "consented"}, d.names()...)
	}
	return d.names()
}

// separator stands between values that are grouped as one text, and in no value.
const separator = `\x1F`

// grouped folds rows into one a window and set of keys. Many dimensions are grouped as one text: that takes a third of the time.
func (d *definition) grouped(rows, window string) string {
	var sums []string
	for _, m := range d.measures {
		sums = append(sums, fmt.Sprintf("%s(%s) AS folded_%s", m.function(), m.of, m.Name))
	}
	keys := d.keys()
	if len(d.dimensions) < 4 {
		list := strings.Join(append([]string{"at"}, keys...), ", ")
		return fmt.Sprintf("SELECT %s, %s\nFROM (SELECT %s AS at, * FROM (%s))\nGROUP BY %s", list, strings.Join(sums, ", "), window, rows, list)
	}
	return d.groupedAsText(rows, window, sums)
}

func (d *definition) groupedAsText(rows, window string, sums []string) string {
	var joined, split []string
	for i, column := range d.dimensions {
		part := fmt.Sprintf("replaceAll(%s, '%s', '')", column.Name, separator)
		back := fmt.Sprintf("parts[%d] AS %s", i+1, column.Name)
		if !strings.Contains(column.Type, "String") {
			part = fmt.Sprintf("toString(%s)", column.Name)
			back = fmt.Sprintf("CAST(parts[%d] AS %s) AS %s", i+1, column.Type, column.Name)
		}
		joined = append(joined, part)
		split = append(split, back)
	}
	outer := []string{"at"}
	if d.visitor {
		outer = append(outer, "visitor", "consented")
	}
	var folded []string
	for _, m := range d.measures {
		folded = append(folded, "folded_"+m.Name)
	}
	head := strings.Join(outer, ", ")
	return fmt.Sprintf(`SELECT %s, %s, %s
FROM (SELECT %s, splitByChar('%s', joined) AS parts, %s
FROM (SELECT %s, joined, %s
FROM (SELECT %s AS at, *, concatWithSeparator('%s', %s) AS joined FROM (%s))
GROUP BY %s, joined))`,
		head, strings.Join(split, ", "), strings.Join(folded, ", "),
		head, separator, strings.Join(folded, ", "),
		head, strings.Join(sums, ", "),
		window, separator, strings.Join(joined, ", "), rows, head)
}

// span is the part of counted that lies in some windows. The first condition is the one that the table is ordered by; the second is
// hidden from pruning where an id may stand twice with two times of one hour: all of the hour has to be seen to know which counts.
type span struct {
	site       string
	start, end time.Time
	windows    []Window // not all between start and end, when given
	twice      bool     // ids may stand twice
	part, of   uint64   // only this part of the visitors, when of is above 1
}

func (s span) source(of *definition) string {
	from, column := plain, "ts"
	if s.twice {
		from, column = once, "materialize(ts)"
	}
	conditions := []string{
		"site = " + text(s.site),
		fmt.Sprintf("toStartOfHour(ts) >= %s AND toStartOfHour(ts) <= %s", moment(s.start.Truncate(time.Hour)), moment(s.end.Add(-1).Truncate(time.Hour))),
		fmt.Sprintf("%s >= %s AND %s < %s", column, moment(s.start), column, moment(s.end)),
	}
	if len(s.windows) > 0 {
		starts := make([]string, 0, len(s.windows))
		for _, w := range s.windows {
			starts = append(starts, moment(w.Start))
		}
		conditions = append(conditions, fmt.Sprintf("toStartOfFiveMinute(%s) IN (%s)", column, strings.Join(starts, ", ")))
	}
	if s.of > 1 {
		conditions = append(conditions, fmt.Sprintf("visitor %% %d = %d", s.of, s.part))
	}
	return of.events(from, strings.Join(conditions, " AND "))
}

// target says which rows an insert writes.
type target struct {
	site       string
	tier       Tier
	generation uint64
	window     string // the window of a row, made of its own 5 minutes
}

// insertBase fills a base's table from rows of its own form. If kept is given, only who consented is written, and of the numbers only these:
// whole days are asked for nothing but distinct visitors.
func (d *definition) insertBase(to target, rows string, kept []string) string {
	columns := append([]string{"site", "tier", "window", "generation"}, d.keys()...)
	values := append([]string{text(to.site), text(to.tier.String()), "at", number(to.generation)}, d.keys()...)
	for _, m := range d.measures {
		columns = append(columns, m.Name)
		if kept != nil && !slices.Contains(kept, m.Name) {
			values = append(values, "0")
			continue
		}
		values = append(values, "folded_"+m.Name)
	}
	if kept != nil {
		rows = fmt.Sprintf("SELECT * FROM (%s) WHERE consented = 1 AND (%s > 0)", rows, strings.Join(kept, " > 0 OR "))
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT %s\nFROM (%s)",
		d.table(), strings.Join(columns, ", "), strings.Join(values, ", "), d.grouped(rows, to.window))
}

// below are rows of a base's table at one tier, in the form that reports and coarser tiers read.
func below(table, site string, tier Tier, from []Computed) string {
	return fmt.Sprintf("(SELECT * FROM %s WHERE site = %s AND tier = %s AND (window, generation) IN (%s))", table, text(site), text(tier.String()), pairs(from))
}

// selectBelow are a base's rows of a finer tier, to be grouped again.
func (d *definition) selectBelow(site string, tier Tier, from []Computed) string {
	return fmt.Sprintf("SELECT %s FROM %s", d.columns(), below(d.table(), site, tier, from))
}

// insertDays fills a report's table with days, from rows of its base.
func (d *definition) insertDays(to target, source string) string {
	dimensions := d.names()
	columns := append([]string{"site", "window", "generation"}, dimensions...)
	values := append([]string{text(to.site), "at", number(to.generation)}, dimensions...)
	folded := d.isFolded()
	for _, s := range d.stored() {
		columns = append(columns, s.Name)
		made := s.make
		if !folded {
			made = d.madeAtOnce(s)
		}
		values = append(values, made)
	}
	rows := fmt.Sprintf("SELECT %s AS at, * FROM (%s)", to.window, d.rows(source))
	if folded {
		rows = d.foldVisitors(rows)
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT %s\nFROM (%s) AS of_\nGROUP BY %s",
		d.table(), strings.Join(columns, ", "), strings.Join(values, ", "), rows, strings.Join(append([]string{"at"}, dimensions...), ", "))
}

// isFolded tells whether a report has to know what each visitor did in all of a day. Sums and counts of visitors need not: without the fold
// they take a fifth of the time.
func (d *definition) isFolded() bool {
	return slices.ContainsFunc(d.measures, func(m measure) bool {
		return m.kind != kindSum && m.kind != kindSeconds && m.kind != kindWeight && m.kind != kindVisitors
	})
}

// madeAtOnce makes a stored column of rows that are not folded by visitor. Who consented in what is counted is no visitor of one day.
func (d *definition) madeAtOnce(s stored) string {
	if distinct := d.distinct(); s.Name == distinct.Name {
		return fmt.Sprintf("uniqExactIf(visitor, of_.%[1]s > 0) - uniqExactIf(visitor, of_.%[1]s > 0 AND consented > 0)", distinct.of)
	}
	return strings.Replace(s.make, "(", "(of_.", 1)
}

// foldVisitors makes one row of all that a visitor has of each value in a day.
func (d *definition) foldVisitors(rows string) string {
	folds := []string{d.foldedConsent()}
	for _, input := range d.inputs() {
		folds = append(folds, strings.Replace(d.fold(input), "("+input+")", "(of_."+input+")", 1)+" AS "+input)
	}
	keys := strings.Join(slices.Concat([]string{"at"}, d.names(), []string{"visitor"}), ", ")
	return fmt.Sprintf("SELECT %s, %s\nFROM (%s) AS of_\nGROUP BY %s", keys, strings.Join(folds, ", "), rows, keys)
}
