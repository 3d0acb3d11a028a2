package rollup

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// files are the rollups: what is not written there does not exist.
//
//go:embed sql/*.sql
var files embed.FS

// Rollup is one report, as the catalogue shows it.
type Rollup struct {
	Name       string
	About      string
	Source     string // the base whose rows it counts
	View       string // what to select from, with site, since, until and grain
	Dimensions []Column
	Measures   []Column
}

// Catalogue lists the reports by name.
func Catalogue() ([]Rollup, error) {
	all, err := load(files, nil)
	if err != nil {
		return nil, err
	}
	reports := make([]Rollup, 0, len(all.reports))
	for _, d := range all.reports {
		r := Rollup{Name: d.name, About: d.about, Source: d.source, View: d.name, Dimensions: d.dimensions}
		for _, m := range d.measures {
			r.Measures = append(r.Measures, m.Column)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// catalogue is all definitions, bases and reports each by name.
type catalogue struct{ bases, reports []*definition }

// load reads the files. A source of other programs' making stands for a base that no file describes.
func load(from fs.FS, sources []Source) (*catalogue, error) {
	paths, err := fs.Glob(from, "sql/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list rollups: %w", err)
	}
	c := &catalogue{}
	var problems []error
	for _, path := range paths {
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return nil, fmt.Errorf("read rollup: %w", err)
		}
		d, err := parse(strings.TrimPrefix(path, "sql/"), string(text))
		switch {
		case err != nil:
			problems = append(problems, err)
		case d.isBase():
			c.bases = append(c.bases, d)
		default:
			c.reports = append(c.reports, d)
		}
	}
	for _, s := range sources {
		c.bases = append(c.bases, &definition{name: s.Name(), foreign: s, visitor: true, tiers: []Tier{FiveMinutes, Hour, Day}})
	}
	slices.SortFunc(c.bases, byName)
	slices.SortFunc(c.reports, byName)
	problems = append(problems, c.check())
	return c, errors.Join(problems...)
}

func byName(a, b *definition) int { return strings.Compare(a.name, b.name) }

// check looks at what one file alone cannot tell.
func (c *catalogue) check() error {
	var problems []error
	for _, r := range c.reports {
		base := c.base(r.source)
		if base == nil && !slices.Contains(foreignNames(), r.source) {
			problems = append(problems, fmt.Errorf("rollup %s: nobody knows the source %q: there are %s", r.name, r.source, strings.Join(c.baseNames(), ", ")))
		}
		if base != nil && base.visitor != r.visitor {
			problems = append(problems, fmt.Errorf("rollup %s: visitor is not that of its source %s", r.name, r.source))
		}
		if !slices.Equal(r.tiers, []Tier{Day}) {
			problems = append(problems, fmt.Errorf("rollup %s: window: a report is kept by the day, its source %s by 5m and hour", r.name, r.source))
		}
	}
	for _, b := range c.bases {
		if !slices.Equal(b.tiers, []Tier{FiveMinutes, Hour, Day}) {
			problems = append(problems, fmt.Errorf("rollup %s: window: what is counted from events has 5m, hour and day", b.name))
		}
	}
	return errors.Join(problems...)
}

func (c *catalogue) base(name string) *definition {
	if i := slices.IndexFunc(c.bases, func(d *definition) bool { return d.name == name }); i >= 0 {
		return c.bases[i]
	}
	return nil
}

func (c *catalogue) baseNames() []string {
	names := foreignNames()
	for _, b := range c.bases {
		if !slices.Contains(names, b.name) {
			names = append(names, b.name)
		}
	}
	slices.Sort(names)
	return names
}

// reportsOf are the reports of a base that have a table, and so far a source in this process.
func (c *catalogue) reportsOf(base string) []*definition {
	var all []*definition
	for _, r := range c.reports {
		if r.source == base && r.hasTable() {
			all = append(all, r)
		}
	}
	return all
}

// counting are the columns of a base by which its reports tell whether a visitor counts; nil where there are no visitors.
func (c *catalogue) counting(b *definition) []string {
	if !b.visitor {
		return nil
	}
	kept := []string{}
	for _, r := range c.reports {
		if of := r.distinct().of; r.source == b.name && !slices.Contains(kept, of) {
			kept = append(kept, of)
		}
	}
	return kept
}

// only leaves the report of this name with its base and what else is made of that, for computing them alone. The empty name leaves everything.
func (c *catalogue) only(name string) (*catalogue, error) {
	if name == "" {
		return c, nil
	}
	var names []string
	for _, r := range c.reports {
		if r.name == name && c.base(r.source) != nil {
			return &catalogue{bases: []*definition{c.base(r.source)}, reports: c.reportsOf(r.source)}, nil
		}
		names = append(names, r.name)
	}
	if base := c.base(name); base != nil {
		return &catalogue{bases: []*definition{base}, reports: c.reportsOf(name)}, nil
	}
	return nil, fmt.Errorf("no rollup %q; there are: %s; and what they are made from: %s", name, strings.Join(names, ", "), strings.Join(c.baseNames(), ", "))
}
