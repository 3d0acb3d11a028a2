package report

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/aggregator/report/period"
)

// Query is a question that makes sense, read by Parse.
type Query struct {
	Definition *Definition // what of it the reader may see
	Site       *Site
	Range      period.Range
	Step       period.Step
	Filters    []Filter
	Compare    bool
	Sort       []Order
	Limit      int
	Page       int // from 1
	Reader     Reader

	now time.Time
}

// Order is one column to sort by.
type Order struct {
	Column     string
	Descending bool
}

// The bounds of a page of rows.
const (
	DefaultLimit = 100
	MaxLimit     = 10_000
	maxPage      = 1_000_000
	DefaultRange = "7d"
)

// Parameters lists the names that Parse reads.
func Parameters() []string {
	return []string{"site", "range", "granularity", "filter", "compare", "sort", "limit", "page"}
}

// Parse reads the question of a reader. Its error is a MistakeError, unless the sites cannot be read.
func (r *Reports) Parse(ctx context.Context, name string, given url.Values, reader Reader) (*Query, error) {
	q := &Query{Reader: reader, now: r.Now()}
	if err := r.name(q, name); err != nil {
		return nil, err
	}
	for key, values := range given {
		if !slices.Contains(Parameters(), key) {
			return nil, badf("%s", unknown("parameter", key, Parameters()))
		}
		if len(values) != 1 {
			return nil, badf("parameter %s is given %d times", key, len(values))
		}
	}
	if err := r.readSite(ctx, q, given.Get("site")); err != nil {
		return nil, err
	}
	for _, read := range []func(*Query, url.Values) error{
		readRange, readFilter, readCompare, readSort, readPage,
	} {
		if err := read(q, given); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (r *Reports) name(q *Query, name string) error {
	var names []string
	for i := range r.Definitions {
		seen := q.Reader.of(&r.Definitions[i])
		if seen == nil {
			continue
		}
		if seen.Name == name {
			q.Definition = seen
			return nil
		}
		names = append(names, seen.Name)
	}
	return Missing("report", name, names)
}

func readRange(q *Query, given url.Values) error {
	text := given.Get("range")
	if text == "" {
		text = DefaultRange
	}
	var err error
	if q.Range, err = period.Parse(text, q.now, q.Site.Zone, q.Site.WeekStart); err != nil {
		return badf("%s", err)
	}
	if q.Step, err = period.ParseStep(given.Get("granularity")); err != nil {
		return badf("%s", err)
	}
	if most := stepLimit(q.Step); most > 0 && q.Range.To.Sub(q.Range.From) > most {
		return badf("granularity %s is for ranges of %d days at most", q.Step, most/(24*time.Hour))
	}
	return nil
}

// stepLimit keeps the number of steps in bounds; 0 is no limit.
func stepLimit(step period.Step) time.Duration {
	switch step {
	case period.Minute:
		return 2 * 24 * time.Hour
	case period.Hour:
		return 100 * 24 * time.Hour
	default:
		return 0
	}
}

func readFilter(q *Query, given url.Values) (err error) {
	q.Filters, err = parseFilters(given.Get("filter"), q.Definition)
	return err
}

func readCompare(q *Query, given url.Values) error {
	switch text := given.Get("compare"); text {
	case "", "none":
	case "previous":
		q.Compare = true
	default:
		return badf("%s", unknown("compare", text, []string{"none", "previous"}))
	}
	return nil
}

func readSort(q *Query, given url.Values) error {
	text := given.Get("sort")
	if text == "" {
		text = q.Definition.Sort
		if q.Step != period.None {
			text = "time," + text
		}
	}
	columns := q.columns()
	for name := range strings.SplitSeq(text, ",") {
		column := strings.TrimPrefix(name, "-")
		if !slices.Contains(columns, column) {
			return badf("%s", unknown("sort: column", column, columns))
		}
		if slices.ContainsFunc(q.Sort, func(o Order) bool { return o.Column == column }) {
			return badf("sort: column %s stands twice", column)
		}
		q.Sort = append(q.Sort, Order{Column: column, Descending: name != column})
	}
	return nil
}

// columns are the names of the answer's columns.
func (q *Query) columns() []string {
	var names []string
	if q.Step != period.None {
		names = append(names, "time")
	}
	names = append(names, q.Definition.dimensionNames()...)
	for _, m := range q.Definition.Measures {
		names = append(names, m.Name)
	}
	return names
}

func readPage(q *Query, given url.Values) (err error) {
	if q.Limit, err = number(given, "limit", DefaultLimit, MaxLimit); err != nil {
		return err
	}
	q.Page, err = number(given, "page", 1, maxPage)
	return err
}

func number(given url.Values, name string, otherwise, most int) (int, error) {
	text := given.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, badf("%s %.20q: want a number from 1 to %d", name, text, most)
	}
	return n, nil
}
