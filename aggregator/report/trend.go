package report

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/aggregator/report/period"
)

// Trend is how the first measure of each row of an answer went over the range.
type Trend struct {
	Measure Measure
	Step    period.Step
	Lines   [][]float64 // a number for each step, for each row
}

// trendStep is fine enough to show a course and coarse enough to fit onto a line.
func trendStep(r period.Range) period.Step {
	switch length := r.To.Sub(r.From); {
	case length <= 49*time.Hour:
		return period.Hour
	case length <= 93*24*time.Hour:
		return period.Day
	case length <= 2*366*24*time.Hour:
		return period.Week
	default:
		return period.Month
	}
}

// Trend asks for the course of the rows of an answer that has no granularity itself.
func (r *Reports) Trend(ctx context.Context, q *Query, a *Answer) (*Trend, error) {
	course := *q
	course.Step = trendStep(q.Range)
	t := &Trend{Measure: a.Measures[0], Step: course.Step}
	p := part{span: q.Range, keys: [][]string{}}
	for _, row := range a.Rows {
		p.keys = append(p.keys, append([]string{}, row.Keys...))
	}
	f, err := r.groups(clickhouse.Context(ctx, clickhouse.WithSettings(statementSettings())), &course, p)
	if err != nil {
		return nil, err
	}
	have := map[string]float64{}
	for _, g := range f.groups {
		have[g.name(g.moment)] = g.numbers[0]
	}
	steps := q.Range.Buckets(course.Step, q.Site.WeekStart, q.now)
	for _, row := range a.Rows {
		line := make([]float64, len(steps))
		for i, begin := range steps {
			line[i] = have[group{keys: row.Keys}.name(begin.Unix())]
		}
		t.Lines = append(t.Lines, line)
	}
	return t, nil
}
