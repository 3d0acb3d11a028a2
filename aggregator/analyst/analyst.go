// Package analyst makes the views that analysts read instead of tables: the reports' rows without small groups.
//
// A view analyst_X takes the parameters of the view X (site, since, until, grain, zone), and has its rows of at least as many visitors as
// the policy asks for, in the columns that analysts may read. Rows of smaller groups are left out, not folded as in the report API: a
// view has no place for totals that they could be taken from. Whoever may read it need not be able to read what it is made of.
package analyst

import (
	"fmt"
	"slices"
	"strings"

	"mayak/aggregator/report"
	"mayak/schema/clickhouse"
)

// Prefix is how the views' names begin.
const Prefix = "analyst_"

// role is whose rights decide.
const role = "analyst"

// Views are those of the reports that analysts may read, of those that are views of the database. A general report with a column that they
// may not read has none; then the reports of its single dimensions stand for it.
func Views(definitions []report.Definition, made []string, smallest int) []clickhouse.View {
	whole := map[string]bool{}
	for _, d := range definitions {
		if d.Apart != "" && readable(d) {
			whole[d.View] = true
		}
	}
	var all []clickhouse.View
	for _, d := range definitions {
		if !readable(d) || !slices.Contains(made, d.View) || single(d) && whole[d.View] {
			continue
		}
		all = append(all, clickhouse.View{Name: Prefix + d.Name, Query: query(d, smallest), Open: true})
	}
	return all
}

// single tells whether the report is one value of another's dimension: its only dimensions come from value and detail.
func single(d report.Definition) bool {
	return len(d.Dimensions) > 0 && d.Dimensions[0].Column == "value"
}

// readable tells whether analysts may read all that the rows are grouped by: rows cannot be added up without one of it.
func readable(d report.Definition) bool {
	return may(d.Roles) && !slices.ContainsFunc(d.Dimensions, func(c report.Dimension) bool { return !may(c.Roles) })
}

func may(roles []string) bool { return len(roles) == 0 || slices.Contains(roles, role) }

func query(d report.Definition, smallest int) string {
	columns := []string{"at"}
	for _, c := range d.Dimensions {
		columns = append(columns, named(c.Column, c.Name))
	}
	for _, m := range d.Measures {
		if m.Ratio == nil && may(m.Roles) {
			columns = append(columns, m.Name)
		}
	}
	conditions := []string{}
	if d.Where != "" {
		conditions = append(conditions, "("+d.Where+")")
	}
	if d.People != "" && len(d.Dimensions) > 0 {
		conditions = append(conditions, fmt.Sprintf("%s >= %d", d.People, smallest))
	}
	where := ""
	if len(conditions) > 0 {
		where = "\nWHERE " + strings.Join(conditions, " AND ")
	}
	return fmt.Sprintf("SELECT %s\nFROM %s(site = {site:String}, since = {since:DateTime('UTC')}, until = {until:DateTime('UTC')}, grain = {grain:String}, zone = {zone:String})%s",
		strings.Join(columns, ", "), d.View, where)
}

func named(column, name string) string {
	if column == name {
		return column
	}
	return column + " AS " + name
}
