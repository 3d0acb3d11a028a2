// Package series remembers a day of the processes' metrics, so that dashboards about them have lines where no Prometheus runs.
//
// Every few seconds it reads /metrics of the processes that it was told of, and its own process's registry, and keeps the samples packed
// in memory. Questions are asked in PromQL, of Prometheus's own engine. It is gone with the process, and no replacement for a
// Prometheus that watches from outside.
package series

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Options say what is read, and how much of it is kept.
type Options struct {
	Own        prometheus.Gatherer // this process
	Instance   string              // how this process is called in the label instance
	Targets    []string            // addresses of others' /metrics
	Every      time.Duration       // between two readings; zero is 15 s
	Kept       time.Duration       // zero is a day
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Series is what was read. Safe for concurrent use.
type Series struct {
	o       Options
	store   *store
	engine  *promql.Engine
	client  *http.Client
	metrics *metrics
	silent  map[string]bool // targets that did not answer the last time, of which the log knows
}

const (
	every = 15 * time.Second
	kept  = 24 * time.Hour

	// most is how many series are kept. All processes of a cluster have a tenth of it.
	most = 20_000
	// mostSamples is how many one question may look at.
	mostSamples = 20_000_000
	// longest is how long an answer may take.
	longest = 10 * time.Second
	// gap is how long a series without a new sample still has its last value.
	gap = 4
)

// New reads nothing.
func New(o Options) *Series {
	if o.Every == 0 {
		o.Every = every
	}
	if o.Kept == 0 {
		o.Kept = kept
	}
	return &Series{
		o: o, store: newStore(most, o.Kept), metrics: newMetrics(o.Registerer), silent: map[string]bool{},
		client: &http.Client{Timeout: o.Every * 2 / 3},
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples: mostSamples, Timeout: longest, LookbackDelta: gap * o.Every, Parser: parser.NewParser(parser.Options{}),
			NoStepSubqueryIntervalFn: func(int64) int64 { return o.Every.Milliseconds() },
		}),
	}
}

// Run reads again and again until ctx ends.
func (s *Series) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.o.Every)
	defer ticker.Stop()
	for {
		s.Read(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Line is one series of an answer.
type Line struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Range evaluates an expression at every step of a range.
func (s *Series) Range(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]Line, error) {
	query, err := s.engine.NewRangeQuery(ctx, s.store, nil, expression, from, to, max(step, time.Second))
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return answer(ctx, query)
}

// Instant evaluates an expression at one moment.
func (s *Series) Instant(ctx context.Context, expression string, at time.Time) ([]Line, error) {
	query, err := s.engine.NewInstantQuery(ctx, s.store, nil, expression, at)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return answer(ctx, query)
}

// answer takes a result out of the engine's memory, which the engine uses again.
func answer(ctx context.Context, query promql.Query) ([]Line, error) {
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return nil, fmt.Errorf("metrics: %w", result.Err)
	}
	lines := []Line{}
	switch value := result.Value.(type) {
	case promql.Matrix:
		for _, one := range value {
			line := Line{Labels: one.Metric.Map(), Points: make([]Point, 0, len(one.Floats))}
			for _, p := range one.Floats {
				line.Points = append(line.Points, Point{time.UnixMilli(p.T).UTC(), p.F})
			}
			lines = append(lines, line)
		}
	case promql.Vector:
		for _, one := range value {
			lines = append(lines, Line{Labels: one.Metric.Map(), Points: []Point{{time.UnixMilli(one.T).UTC(), one.F}}})
		}
	case promql.Scalar:
		lines = append(lines, Line{Labels: map[string]string{}, Points: []Point{{time.UnixMilli(value.T).UTC(), value.V}}})
	default:
		return nil, fmt.Errorf("metrics: the expression gives a %s", result.Value.Type())
	}
	return lines, nil
}
