// Package analyst makes the views that people read instead of tables, each role those of its own: for analysts the reports' rows without
// small groups, for ops and security the reports and sums that the policy gives to them alone.
//
// A view analyst_X, ops_X or security_X of a report takes the parameters of the view X (site, since, until, grain, zone), and has its rows
// in the columns that the role may read. Of analysts' views those groups are left out that the report API folds: those that are smaller than
// the policy asks for, and larger ones as long as the totals, which other views have, would tell of those. Whoever may read a view need not
// be able to read what it is made of, so no view has a visitor, an address or the words of a person in it.
package analyst

import (
	"fmt"
	"slices"
	"strings"

	"mayak/aggregator/report"
	"mayak/schema/clickhouse"
)

// The roles, whose names views begin with.
const (
	analyst  = "analyst"
	ops      = "ops"
	security = "security"
)

// Views makes the views of all roles.
type Views struct {
	Definitions []report.Definition
	Made        []clickhouse.View // the reports' views that the database has
	Smallest    int               // analysts see no group of fewer visitors
}

// All lists the views: those of the reports, then the others.
func (v *Views) All() []clickhouse.View {
	var all []clickhouse.View
	for _, role := range []string{analyst, ops, security} {
		for i := range v.Definitions {
			if d := &v.Definitions[i]; v.has(role, d) {
				all = append(all, clickhouse.View{Name: role + "_" + d.Name, Query: v.query(role, d, "("+v.Made[v.made(d)].Query+"\n)"), Open: true})
			}
		}
	}
	return append(all, v.others()...)
}

// Rows is the query of a view's rows, made of others than those of the report's view; false means that no report has this view. The
// first is the name of the view that these rows stand for.
func (v *Views) Rows(name string, rows func(view string) (string, error)) (query string, ok bool, err error) {
	role, of, _ := strings.Cut(name, "_")
	i := slices.IndexFunc(v.Definitions, func(d report.Definition) bool { return d.Name == of })
	if i < 0 || !v.has(role, &v.Definitions[i]) {
		return "", false, nil
	}
	from, err := rows(v.Definitions[i].View)
	if err != nil {
		return "", false, err
	}
	return v.query(role, &v.Definitions[i], "("+from+")"), true, nil
}

// has tells whether a role has a view of the report. Ops and security have those that analysts have not. A general report with a column
// that analysts may not read is none of theirs; then the reports of its single dimensions stand for it.
func (v *Views) has(role string, d *report.Definition) bool {
	if v.made(d) < 0 || !readable(role, d) {
		return false
	}
	if role != analyst {
		return !readable(analyst, d)
	}
	return !single(d) || !slices.ContainsFunc(v.Definitions, func(whole report.Definition) bool {
		return whole.View == d.View && whole.Apart != "" && readable(role, &whole)
	})
}

// single tells whether the report is one value of another's dimension: its only dimensions come from value and detail.
func single(d *report.Definition) bool {
	return len(d.Dimensions) > 0 && d.Dimensions[0].Column == "value"
}

// readable tells whether a role may read all that the rows are grouped by: rows cannot be added up without one of it.
func readable(role string, d *report.Definition) bool {
	return may(role, d.Roles) && !slices.ContainsFunc(d.Dimensions, func(c report.Dimension) bool { return !may(role, c.Roles) })
}

func may(role string, roles []string) bool { return len(roles) == 0 || slices.Contains(roles, role) }

func (v *Views) query(role string, d *report.Definition, from string) string {
	columns := []string{"at"}
	for _, c := range d.Dimensions {
		columns = append(columns, named(c.Column, c.Name))
	}
	for _, m := range d.Measures {
		if m.Ratio == nil && may(role, m.Roles) {
			columns = append(columns, m.Name)
		}
	}
	where := ""
	if d.Where != "" {
		where = "\nWHERE (" + d.Where + ")"
	}
	if role == analyst && d.People != "" && len(d.Dimensions) > 0 && v.Smallest > 1 {
		return fmt.Sprintf("SELECT %s\nFROM (SELECT *, %s\nFROM %s%s)\nWHERE %s", strings.Join(columns, ", "), around(d), from, where, v.large(d))
	}
	return fmt.Sprintf("SELECT %s\nFROM %s%s", strings.Join(columns, ", "), from, where)
}

// around tells of each row how large the smallest group beside it is, and how many people those have together that are smaller than it.
func around(d *report.Definition) string {
	within, order := []string{"at"}, []string{d.People}
	for _, c := range d.Dimensions {
		order = append(order, c.Column)
		if c.Name == d.Apart {
			within = append(within, c.Column)
		}
	}
	return fmt.Sprintf("min(%[1]s) OVER (PARTITION BY %[2]s) AS least_, sum(%[1]s) OVER (PARTITION BY %[2]s ORDER BY %[3]s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS below_",
		d.People, strings.Join(within, ", "), strings.Join(order, ", "))
}

// large is the condition for groups that may be seen, as in the report API: small ones may not, nor larger ones as long as those below are
// too few to hide in. A total of everything, which analysts have elsewhere, would tell of those otherwise.
func (v *Views) large(d *report.Definition) string {
	return fmt.Sprintf("%[1]s >= %[2]d AND NOT (least_ < %[2]d AND below_ < %[2]d)", d.People, v.Smallest)
}

// made is the place of the report's view among those that are made. The views of roles do not read that view, they say the same: the database
// would have to understand it twice, and that is most of what they cost.
func (v *Views) made(d *report.Definition) int {
	return slices.IndexFunc(v.Made, func(one clickhouse.View) bool { return one.Name == d.View })
}

func named(column, name string) string {
	if column == name {
		return column
	}
	return column + " AS " + name
}
