// Package report answers questions about a site's traffic from a catalogue of reports: typed parameters in, rows and totals out, as JSON, as
// CSV, or for the terminal.
//
// A report is a description of a view of the database: its dimensions, its measures, and which of them add up. One statement is made of it; what
// a caller writes goes into it only as a parameter of that statement or as a name of the catalogue.
// A reader with a smallest group sees no group of fewer visitors: such groups are folded into one row named Other, together with the next larger ones
// until that row is no small group itself, and a filter selects among the rows that the reader may see, so that no two questions differ by one
// small group. Totals are never folded. What cannot be added up, as visitors, is unknown rather than a wrong sum.
package report

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Other is what the folded row shows in each dimension.
const Other = "(other)"

// Unit says what a measure's number is.
type Unit string

// The units.
const (
	Count   Unit = "count"
	Seconds Unit = "seconds"
	Percent Unit = "percent" // 0 to 100
	Number  Unit = "number"
)

// Dimension is what rows are grouped and filtered by.
type Dimension struct {
	Name   string
	Help   string
	Column string   // of the view
	Roles  []string // that may read it; none means all
	Number bool     // its values are sorted as numbers
}

// Measure is a number of each row, and a column of the view or made of two that are.
type Measure struct {
	Name  string
	Help  string
	Unit  Unit
	Sum   bool     // rows add up
	Ratio *Ratio   // of two measures before it; nil for a column
	Roles []string // that may read it; none means all
}

// Ratio makes a number of two others that add up, so that it is right in totals too. Of nothing it is unknown.
type Ratio struct {
	Of, By string
	Times  float64
}

// Definition describes one report.
type Definition struct {
	Name       string
	Help       string
	View       string // with the parameters site, since, until, grain; it has a row for each step and each values of the dimensions
	Where      string // the rows of the view that the report is made of; empty means all
	Dimensions []Dimension
	Measures   []Measure
	Roles      []string // that may read it; none means all
	People     string   // measure that counts visitors, for small groups; empty when a row tells nothing of people
	Sort       string   // as a caller would write it
	Apart      string   // dimension whose values never add up with each other; each is folded for itself
	// Whole is where the totals of what does not add up come from: rows without dimensions. Without it they are unknown.
	Whole *Whole
}

// Whole is rows that are made of all values of the dimensions at once.
type Whole struct {
	View     string
	Where    string
	Measures []string // of the definition that this view has
}

// Reader is for whom a report is made. The zero Reader sees everything, as who reads the database does.
type Reader struct {
	Role     string
	Smallest int               // groups of fewer visitors are folded; below 2 none is
	MaySee   func(string) bool // sites; nil means all
}

func (r Reader) may(roles []string) bool {
	return r.Role == "" || len(roles) == 0 || slices.Contains(roles, r.Role)
}

func (r Reader) sees(site string) bool { return r.MaySee == nil || r.MaySee(site) }

// of is what of the definition the reader may see, or nil. Rows belong together by all their dimensions, so who may not read one of them may not
// read the report.
func (r Reader) of(d *Definition) *Definition {
	if !r.may(d.Roles) || slices.ContainsFunc(d.Dimensions, func(d Dimension) bool { return !r.may(d.Roles) }) {
		return nil
	}
	seen := *d
	readable := func(name string) bool { i := d.measure(name); return i >= 0 && r.may(d.Measures[i].Roles) }
	seen.Measures = slices.DeleteFunc(slices.Clone(d.Measures), func(m Measure) bool {
		return !r.may(m.Roles) || m.Ratio != nil && (!readable(m.Ratio.Of) || !readable(m.Ratio.By))
	})
	if len(seen.Measures) == 0 || d.People != "" && seen.measure(d.People) < 0 {
		return nil
	}
	if d.Whole != nil {
		whole := *d.Whole
		whole.Measures = slices.DeleteFunc(slices.Clone(whole.Measures), func(name string) bool { return seen.measure(name) < 0 })
		seen.Whole = &whole
	}
	for name := range strings.SplitSeq(seen.Sort, ",") {
		if name = strings.TrimPrefix(name, "-"); seen.measure(name) < 0 && seen.dimension(name) < 0 {
			seen.Sort = "-" + seen.Measures[0].Name
		}
	}
	return &seen
}

// dimension is the place of the dimension with this name, or -1.
func (d *Definition) dimension(name string) int {
	return slices.IndexFunc(d.Dimensions, func(d Dimension) bool { return d.Name == name })
}

// measure is the place of the measure with this name, or -1.
func (d *Definition) measure(name string) int {
	return slices.IndexFunc(d.Measures, func(m Measure) bool { return m.Name == name })
}

func (d *Definition) dimensionNames() []string {
	var names []string
	for _, dimension := range d.Dimensions {
		names = append(names, dimension.Name)
	}
	return names
}

func (d *Definition) measureNames() []string {
	var names []string
	for _, m := range d.Measures {
		names = append(names, m.Name)
	}
	return names
}

// Options say what reports are made of.
type Options struct {
	Conn        driver.Conn
	Sites       func(context.Context) ([]Site, error)
	Definitions []Definition
	// Select makes the query whose rows a definition's view stands for: at, the dimensions, the measures.
	Select func(context.Context, View) (string, error)
	// Lag is for how long the oldest window of a site that is over has been waiting to be computed, or an error.
	Lag func(ctx context.Context, site string) (time.Duration, error)
	Now func() time.Time
}

// View is what is asked of a view.
type View struct {
	Name         string
	Site         string
	Since, Until time.Time
	Grain        string // total, minute, hour, day, week or month
	Zone         string // that the steps begin in
}

// Reports answers questions. It is safe for concurrent use.
type Reports struct{ Options }

// New checks that the catalogue makes sense.
func New(o Options) (*Reports, error) {
	names := map[string]bool{}
	o.Definitions = slices.Clone(o.Definitions)
	for i := range o.Definitions {
		d := &o.Definitions[i]
		if names[d.Name] {
			return nil, fmt.Errorf("report %s stands twice", d.Name)
		}
		names[d.Name] = true
		if len(d.Dimensions) == 0 && d.Whole == nil { // its own row of all steps
			d.Whole = &Whole{View: d.View, Where: d.Where}
			for _, m := range d.Measures {
				if m.Ratio == nil {
					d.Whole.Measures = append(d.Whole.Measures, m.Name)
				}
			}
		}
		if err := d.validate(); err != nil {
			return nil, fmt.Errorf("report %s: %w", d.Name, err)
		}
	}
	return &Reports{o}, nil
}

func (d *Definition) validate() error {
	taken := map[string]bool{"time": true, "previous": true}
	for _, name := range append(d.dimensionNames(), d.measureNames()...) {
		if taken[name] {
			return fmt.Errorf("column %s stands twice", name)
		}
		taken[name] = true
	}
	for i, m := range d.Measures {
		if err := d.validateRatio(i); err != nil {
			return err
		}
		if !slices.Contains([]Unit{Count, Seconds, Percent, Number}, m.Unit) {
			return fmt.Errorf("measure %s: unit %q does not exist", m.Name, m.Unit)
		}
	}
	measures := []string{}
	if d.People != "" {
		measures = append(measures, d.People)
	}
	if d.Whole != nil {
		measures = append(measures, d.Whole.Measures...)
	}
	for _, name := range measures {
		if d.measure(name) < 0 {
			return fmt.Errorf("there is no measure %s", name)
		}
	}
	if d.Apart != "" && d.dimension(d.Apart) < 0 {
		return fmt.Errorf("apart: no dimension %s", d.Apart)
	}
	for name := range strings.SplitSeq(d.Sort, ",") {
		if name = strings.TrimPrefix(name, "-"); !taken[name] {
			return fmt.Errorf("sort: no column %s", name)
		}
	}
	return nil
}

// validateRatio holds ratios to stand behind all columns, and to be made of columns.
func (d *Definition) validateRatio(i int) error {
	m := d.Measures[i]
	if m.Ratio == nil {
		if i > 0 && d.Measures[i-1].Ratio != nil {
			return fmt.Errorf("measure %s stands behind a ratio", m.Name)
		}
		return nil
	}
	for _, name := range []string{m.Ratio.Of, m.Ratio.By} {
		if j := d.measure(name); j < 0 || d.Measures[j].Ratio != nil {
			return fmt.Errorf("measure %s: %s is no column", m.Name, name)
		}
	}
	return nil
}

// derive makes the ratios of the columns' numbers anew.
func (d *Definition) derive(numbers []float64) {
	for i, m := range d.Measures {
		if m.Ratio == nil {
			continue
		}
		numbers[i] = math.NaN()
		if by := numbers[d.measure(m.Ratio.By)]; by != 0 {
			numbers[i] = m.Ratio.Times * numbers[d.measure(m.Ratio.Of)] / by
		}
	}
}

// columns are the measures that the view has.
func (d *Definition) columns() []Measure {
	i := slices.IndexFunc(d.Measures, func(m Measure) bool { return m.Ratio != nil })
	if i < 0 {
		return d.Measures
	}
	return d.Measures[:i]
}

// Catalogue is the reports that the reader may see.
func (r *Reports) Catalogue(reader Reader) []Definition {
	var all []Definition
	for i := range r.Definitions {
		if seen := reader.of(&r.Definitions[i]); seen != nil {
			all = append(all, *seen)
		}
	}
	return all
}
