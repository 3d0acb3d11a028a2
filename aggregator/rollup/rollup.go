// Package rollup keeps numbers that reports are made of, computed from events and never incremented, so that they are right
// whatever arrives late, twice, or is taken away.
//
//	events ─► counted ─► bases: what each visitor did in a window ─► reports: numbers of the site's closed days
//	             │            5m ─► hour ─► day (who consented only)         │
//	             │            └───────────┬──────────────────────────────────┘
//	             └─ what no window holds ─┴─► a view a report, which takes the cover of its range once
//
// A window is computed when it is closed and again when its changes (window_changes) are not those that were seen. Its rows carry
// a generation; one insert into rollup_windows switches readers over to it, and the newest begun counts, so any number of
// aggregators may work at once and any may die anywhere. What a report counts, and how, stands in sql/*.sql and nowhere else.
package rollup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/sites"
)

// Options are what an Engine works with.
type Options struct {
	Conn       driver.Conn
	Cluster    cluster.Name
	Sites      *sites.Sites // nil: every site that has events, in UTC
	Sources    []Source
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Slack      time.Duration // how much later than the row that tells of a change the change itself may be seen; zero is 15 s
	Slice      uint64        // events that one statement takes in at most; zero is 3 million
}

// Engine computes what the catalogue lists. Safe for concurrent use, also by several processes.
type Engine struct {
	o         Options
	catalogue *catalogue
	metrics   *metrics
	checked   time.Time     // when all windows were last looked at; only Round uses it
	grace     time.Duration // how long rows outlive the switch to newer ones: no query that still reads them takes longer
	rest      float64       // a window that changes all the time is left alone for so many times as long as computing it takes
}

// New reads the catalogue.
func New(o Options) (*Engine, error) {
	if o.Slack == 0 {
		o.Slack = 15 * time.Second
	}
	if o.Slice == 0 {
		o.Slice = 3_000_000
	}
	c, err := load(files, o.Sources)
	if err != nil {
		return nil, err
	}
	return &Engine{o: o, catalogue: c, metrics: newMetrics(o.Registerer), grace: 10 * time.Minute, rest: 20}, nil
}

// Prepare tells the database of the sites, makes the views, and on an upgrade looks once at events that are older than
// window_changes. It may run at any time.
func (e *Engine) Prepare(ctx context.Context) error {
	if err := e.writeSites(ctx); err != nil {
		return err
	}
	// Always anew: the table may have got columns.
	if err := e.o.Conn.Exec(ctx, "CREATE OR REPLACE VIEW "+counted+e.o.Cluster.On()+" AS SELECT * FROM "+once); err != nil {
		return fmt.Errorf("make view %s: %w", counted, err)
	}
	if err := clickhouse.MakeViews(ctx, e.o.Conn, e.o.Cluster.On(), e.Views()); err != nil {
		return err
	}
	return e.adopt(ctx)
}

// Views are those of the reports.
func (e *Engine) Views() (views []clickhouse.View) {
	for _, report := range e.catalogue.reports {
		if e.catalogue.base(report.source) != nil {
			views = append(views, clickhouse.View{Name: report.name, Query: e.catalogue.view(report)})
		}
	}
	return views
}

// adopt enters the windows of events that were there before anything watched them. Doing it twice only makes them computed twice.
func (e *Engine) adopt(ctx context.Context) error {
	err := e.o.Conn.Exec(ctx, `INSERT INTO window_changes (site, window, changes, last_changed)
		SELECT site, toStartOfFiveMinute(ts), count(), now64(3) - 60 FROM events
		WHERE (SELECT count() FROM window_changes) = 0 GROUP BY ALL`)
	if err != nil {
		return fmt.Errorf("enter older events: %w", err)
	}
	return nil
}

func (e *Engine) writeSites(ctx context.Context) error {
	if e.o.Sites == nil {
		return nil
	}
	batch, err := e.o.Conn.PrepareBatch(ctx, "INSERT INTO sites (id, time_zone, week_start, group_names, group_patterns)")
	if err != nil {
		return fmt.Errorf("write sites: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	for _, site := range e.o.Sites.All() {
		names, patterns := []string{}, []string{}
		for i := range site.PageGroups {
			names, patterns = append(names, site.PageGroups[i].Name), append(patterns, site.PageGroups[i].Pattern())
		}
		if err := batch.Append(site.ID, site.TimeZone, uint8(site.WeekStart), names, patterns); err != nil {
			return fmt.Errorf("write sites: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write sites: %w", err)
	}
	return nil
}

// zone is the site's; a site that the file does not know has its days in UTC.
func (e *Engine) zone(site string) *time.Location {
	if e.o.Sites != nil {
		if known := e.o.Sites.Find(site); known != nil {
			return known.Location()
		}
	}
	return time.UTC
}

// Result is what a round did.
type Result struct {
	Windows int
	Rows    uint64

	events uint64
}

func (r *Result) add(other Result) {
	r.Windows += other.Windows
	r.Rows += other.Rows
	r.events += other.events
}

const (
	// glance is how far back in changes a round looks; it is longer than any day, so that no window's closing is missed.
	glance = 26 * time.Hour
	// survey is how often a round looks at all windows, for what an interrupted program or a new rollup has left.
	survey = time.Hour
)

// Round computes every window that needs it, the newest days first. A day that fails does not stop the others.
func (e *Engine) Round(ctx context.Context) (Result, error) {
	now, err := e.now(ctx)
	if err != nil {
		return Result{}, err
	}
	since := now.Add(-glance)
	if now.Sub(e.checked) > survey {
		since = time.Time{}
	}
	days, err := e.touched(ctx, since)
	if err != nil {
		return Result{}, err
	}
	var total Result
	var problems []error
	recent, old := apart(days, now)
	for _, d := range recent {
		if ctx.Err() != nil {
			return total, errors.Join(append(problems, ctx.Err())...)
		}
		result, err := e.compute(ctx, d, e.catalogue, false)
		total.add(result)
		if err != nil {
			problems = append(problems, fmt.Errorf("site %s, day of %s: %w", d.site, d.name(), err))
		}
	}
	for _, of := range old {
		problems = append(problems, e.computeOld(ctx, of, e.catalogue, false, func(_ []siteDay, r Result) { total.add(r) }))
	}
	if err := errors.Join(problems...); err == nil {
		problems = nil
	}
	if len(problems) == 0 && since.IsZero() {
		e.checked = now
		e.o.Log.Debug("all windows looked at", "days", len(days), "windows", total.Windows)
	}
	lag, err := e.Lag(ctx, "")
	if err != nil {
		problems = append(problems, err)
	}
	e.metrics.lag.Set(lag.Seconds())
	return total, errors.Join(problems...)
}
