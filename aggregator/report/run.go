package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"mayak/aggregator/report/period"
)

// group is one row as the database gives it.
type group struct {
	moment  int64
	keys    []string
	numbers []float64
}

// name is the same for the groups of two steps that are compared.
func (g group) name(moment int64) string {
	return fmt.Sprint(moment, "\x00", strings.Join(g.keys, "\x00"))
}

// found is what a statement gives.
type found struct {
	groups []group
	totals []float64
	count  int // of all groups, also those of other pages
}

// statementSettings make grouping() tell 1 for the totals.
func statementSettings() clickhouse.Settings {
	return clickhouse.Settings{"force_grouping_standard_compatibility": 1, "max_execution_time": maxSeconds}
}

// maxSeconds ends a statement that nobody waits for any longer.
const maxSeconds = 60

// Run answers the question.
func (r *Reports) Run(ctx context.Context, q *Query) (*Answer, error) {
	a := newAnswer(q)
	p := part{span: q.Range, first: (q.Page-1)*q.Limit + 1, last: q.Page * q.Limit}
	if q.series() {
		p.first, p.last = 0, 0 // steps without traffic are rows too, so pages are cut here
	}
	now, err := r.ask(ctx, q, p)
	if err != nil {
		return nil, err
	}
	if q.series() {
		now = q.fill(now)
	}
	a.take(q, now)
	if q.Compare {
		if err := r.compare(ctx, q, now, a); err != nil {
			return nil, err
		}
	}
	lag, err := r.Lag(ctx, q.Site.ID)
	if err != nil {
		return nil, fmt.Errorf("lag of the reports: %w", err)
	}
	a.LagSeconds = math.Round(lag.Seconds()*10) / 10
	return a, nil
}

// series tells whether each row is a step of time, and nothing else.
func (q *Query) series() bool { return len(q.Definition.Dimensions) == 0 && q.Step != period.None }

// ask finds the groups and the totals.
func (r *Reports) ask(ctx context.Context, q *Query, p part) (*found, error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(statementSettings()))
	var f *found
	var numbers []float64
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) { f, err = r.groups(ctx, q, p); return err })
	both.Go(func() (err error) { numbers, err = r.whole(ctx, q, p.span); return err })
	if err := both.Wait(); err != nil {
		return nil, fmt.Errorf("report %s: %w", q.Definition.Name, err)
	}
	if numbers != nil {
		for i, name := range q.Definition.Whole.Measures {
			f.totals[q.Definition.measure(name)] = numbers[i]
		}
		q.Definition.derive(f.totals)
	}
	return f, nil
}

func (r *Reports) groups(ctx context.Context, q *Query, p part) (*found, error) {
	view, err := r.view(ctx, q, q.Definition.View, p.span, q.Step)
	if err != nil {
		return nil, err
	}
	s := statement{query: q, view: view}
	text := s.sql(p)
	rows, err := r.Conn.Query(ctx, text, s.parameters...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells
	f := &found{totals: q.nothing()}
	for rows.Next() {
		var g group
		var whole uint8
		var moment uint32
		var count uint64
		if err := rows.Scan(&whole, &moment, &g.keys, &g.numbers, &count); err != nil {
			return nil, err
		}
		if whole == 1 {
			if g.numbers != nil {
				f.totals = g.numbers
			}
			continue
		}
		g.moment = int64(moment)
		f.groups, f.count = append(f.groups, g), int(count)
	}
	return f, rows.Err()
}

// view is what to select from, as a table.
func (r *Reports) view(ctx context.Context, q *Query, name string, span period.Range, step period.Step) (string, error) {
	grain := string(step)
	if step == period.None {
		grain = "total"
	}
	text, err := r.Select(ctx, View{Name: name, Site: q.Site.ID, Since: span.From, Until: span.To, Grain: grain, Zone: q.Site.Zone.String()})
	if err != nil {
		return "", err
	}
	return "(" + text + ")", nil
}

// whole finds the totals of what does not add up; nil where there are none. Those of a filter's rows are nowhere.
func (r *Reports) whole(ctx context.Context, q *Query, span period.Range) (numbers []float64, err error) {
	w := q.Definition.Whole
	if w == nil || len(q.Filters) > 0 {
		return nil, nil
	}
	view, err := r.view(ctx, q, w.View, span, period.None)
	if err != nil {
		return nil, err
	}
	s := statement{query: q, view: view}
	text := s.whole()
	rows, err := r.Conn.Query(ctx, text, s.parameters...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		if err := rows.Scan(&numbers); err != nil {
			return nil, err
		}
	}
	return numbers, rows.Err()
}

// fill puts a row into the place of each step without traffic, sorts, and cuts the page out.
func (q *Query) fill(f *found) *found {
	have := map[int64]group{}
	for _, g := range f.groups {
		have[g.moment] = g
	}
	buckets := q.Range.Buckets(q.Step, q.Site.WeekStart, q.now)
	all := make([]group, 0, len(buckets))
	for _, begin := range buckets {
		g, ok := have[begin.Unix()]
		if !ok {
			g = group{moment: begin.Unix(), numbers: q.nothing()}
		}
		all = append(all, g)
	}
	slices.SortStableFunc(all, q.compareGroups)
	first := min((q.Page-1)*q.Limit, len(all))
	return &found{groups: all[first:min(first+q.Limit, len(all))], totals: f.totals, count: len(all)}
}

// nothing is the numbers of a time without traffic: counts are 0, and what is made of counts is unknown.
func (q *Query) nothing() []float64 {
	var numbers []float64
	for _, m := range q.Definition.Measures {
		n := math.NaN()
		if m.Unit == Count || m.Sum {
			n = 0
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// compareGroups orders the steps of a series as the caller asked; unknown numbers come last.
func (q *Query) compareGroups(a, b group) int {
	for _, o := range q.Sort {
		var order int
		if o.Column == "time" {
			order = cmp.Compare(a.moment, b.moment)
		} else {
			i := q.Definition.measure(o.Column)
			x, y := a.numbers[i], b.numbers[i]
			if math.IsNaN(x) != math.IsNaN(y) {
				return cmp.Compare(y, x) // NaN is the least of all to cmp
			}
			order = cmp.Compare(x, y)
		}
		if o.Descending {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// compare adds the numbers of the period before to the rows.
func (r *Reports) compare(ctx context.Context, q *Query, now *found, a *Answer) error {
	span := q.Range.Before(q.now)
	p := part{span: span}
	if len(q.Definition.Dimensions) > 0 {
		p.keys = [][]string{}
		for _, g := range now.groups {
			p.keys = append(p.keys, g.keys)
		}
	}
	before, err := r.ask(ctx, q, p)
	if err != nil {
		return err
	}
	have := map[string][]float64{}
	for _, g := range before.groups {
		have[g.name(g.moment)] = g.numbers
	}
	earlier := q.earlier(span)
	for i, g := range now.groups {
		then, exists := earlier[g.moment]
		if numbers, ok := have[g.name(then)]; exists && ok {
			a.Rows[i].Previous = numbers
		} else if exists && len(q.Definition.Dimensions) == 0 {
			a.Rows[i].Previous = q.nothing()
		}
	}
	a.Compare = &Comparison{Range: newSpan(span), Totals: before.totals}
	return nil
}

// earlier gives for each step of the range the one that it is compared with: the first with the first, the second with the second.
func (q *Query) earlier(span period.Range) map[int64]int64 {
	if q.Step == period.None {
		return map[int64]int64{q.Range.From.Unix(): span.From.Unix()}
	}
	all := map[int64]int64{}
	first := q.Site.WeekStart
	then := span.Buckets(q.Step, first, q.now)
	for i, begin := range q.Range.Buckets(q.Step, first, q.now) {
		if i < len(then) {
			all[begin.Unix()] = then[i].Unix()
		}
	}
	return all
}
