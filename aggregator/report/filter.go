package report

import (
	"fmt"
	"slices"
	"strings"
)

// FilterForms says what a filter is, for errors and for the documentation.
const FilterForms = `conditions joined by ";", each a dimension, an operator and values joined by "|": == is one of, != is none of, ` +
	`=~ matches one of, !~ matches none of; in a pattern * stands for any text, and \ takes its meaning from the character after it`

// Filter is one condition on a dimension.
type Filter struct {
	Dimension Dimension
	Not       bool
	Pattern   bool     // values are patterns for LIKE
	Values    []string // of which one has to fit
}

const (
	maxFilters = 20
	maxValues  = 100
	maxFilter  = 4096 // bytes of all conditions
)

// parseFilters reads conditions on the dimensions of the definition.
func parseFilters(text string, d *Definition) ([]Filter, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxFilter {
		return nil, badf("filter is longer than %d bytes", maxFilter)
	}
	var all []Filter
	for _, condition := range split(text, ';') {
		f, err := parseFilter(condition, d)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) > maxFilters {
		return nil, badf("filter has more than %d conditions", maxFilters)
	}
	return all, nil
}

func parseFilter(condition string, d *Definition) (Filter, error) {
	end := strings.IndexAny(condition, "=!")
	if end < 0 || len(condition) < end+2 {
		return Filter{}, badf("filter %.80q has no operator; a filter is %s", condition, FilterForms)
	}
	name, operator, rest := condition[:end], condition[end:end+2], condition[end+2:]
	dimension := d.dimension(name)
	if dimension < 0 {
		return Filter{}, badf("%s", unknown("filter: dimension", name, d.dimensionNames()))
	}
	f := Filter{Dimension: d.Dimensions[dimension]}
	switch operator {
	case "==":
	case "!=":
		f.Not = true
	case "=~":
		f.Pattern = true
	case "!~":
		f.Not, f.Pattern = true, true
	default:
		return Filter{}, badf("filter operator %.80q does not exist; a filter is %s", operator, FilterForms)
	}
	for _, value := range split(rest, '|') {
		f.Values = append(f.Values, unescape(value, f.Pattern))
	}
	if len(f.Values) > maxValues {
		return Filter{}, badf("filter on %s has more than %d values", name, maxValues)
	}
	return f, nil
}

// split cuts text at each separator that no backslash stands before. The backslashes stay.
func split(text string, separator byte) []string {
	var parts []string
	begin := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}

// unescape takes the backslashes away; of a pattern it makes one for LIKE.
func unescape(text string, pattern bool) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		escaped := c == '\\' && i+1 < len(text)
		if escaped {
			i++
			c = text[i]
		}
		switch {
		case pattern && c == '*' && !escaped:
			b.WriteByte('%')
		case pattern && (c == '%' || c == '_' || c == '\\'):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// condition is the filter on an expression of SQL; the values are parameters of the statement.
func (f Filter) condition(s *statement, on string) string {
	var sql string
	if f.Pattern {
		var likes []string
		for _, value := range f.Values {
			likes = append(likes, fmt.Sprintf("%s LIKE %s", on, s.parameter("String", value)))
		}
		sql = strings.Join(likes, " OR ")
	} else {
		sql = fmt.Sprintf("has(%s, %s)", s.parameter("Array(String)", slices.Clone(f.Values)), on)
	}
	if f.Not {
		return "NOT (" + sql + ")"
	}
	return sql
}
