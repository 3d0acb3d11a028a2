package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/analyst"
	"mayak/aggregator/audit"
	"mayak/aggregator/diagnose"
	"mayak/aggregator/retention"
	"mayak/aggregator/risk"
	"mayak/aggregator/rollup"
	"mayak/aggregator/schedule"
	"mayak/aggregator/series"
	"mayak/aggregator/session"
	"mayak/aggregator/subject"
	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/migrate"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/telemetry"
)

// aggregator is the process: its parts, in the order in which data flow.
type aggregator struct {
	config    *Config
	rules     *policy.Policy
	log       *slog.Logger
	registry  *prometheus.Registry
	sites     *sites.Sites // without any where no file is named
	conn      driver.Conn
	sessions  *session.Folder
	engine    *rollup.Engine
	audit     *audit.Log
	keys      *keyring
	subjects  *subject.Desk
	risk      *risk.Desk   // of who serves
	robots    *risk.Robots // the same
	obedience *obedience
	readers   *analyst.Views
	diagnosis *diagnose.Diagnosis
	series    *series.Series
	jobs      *schedule.Scheduler
	reports   *reporting
	admin     *telemetry.Admin
}

// fresh is how old visits that are under way may be in a report. With what it takes to read them, less than the ten seconds that a
// report is behind at most.
const fresh = 4 * time.Second

// freshInViews is how old they may become in what Grafana reads: they are read for it whether or not anybody looks.
const freshInViews = 20 * time.Second

// newAggregator dials nothing.
func newAggregator(c *Config, log *slog.Logger) (*aggregator, error) {
	a := &aggregator{config: c, log: log, registry: telemetry.NewRegistry(), sites: &sites.Sites{}}
	var err error
	if a.rules, err = policy.Load(c.Policy); err != nil {
		return nil, err
	}
	if c.Sites != "" {
		if a.sites, err = sites.Load(c.Sites); err != nil {
			return nil, err
		}
	}
	if a.conn, err = clickhouse.Open(c.database()); err != nil {
		return nil, err
	}
	a.sessions = session.New(session.Options{Conn: a.conn, Cluster: cluster.Name(c.Cluster), Sites: a.sites, Fresh: fresh, Views: freshInViews, Registerer: a.registry})
	a.engine, err = rollup.New(rollup.Options{
		Conn: a.conn, Cluster: cluster.Name(c.Cluster), Sites: a.sites, Sources: []rollup.Source{visits{a.sessions}}, Log: log, Registerer: a.registry,
	})
	if err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	definitions, err := describe(a.rules)
	if err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	a.readers = &analyst.Views{Definitions: definitions, Made: slices.Concat(a.engine.Views(), a.sessions.Views()), Smallest: c.smallest(a.rules)}
	if a.obedience, err = newObedience(a, a.readers); err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	if err := errors.Join(a.newDesk(), a.newDiagnosis()); err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	targets, err := series.Targets(c.Processes)
	if err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	a.series = series.New(series.Options{
		Own: a.registry, Instance: c.AdminListen, Targets: targets, Log: log, Registerer: a.registry, Now: time.Now,
	})
	if c.serving {
		if err := a.newRisk(); err != nil {
			return nil, errors.Join(err, a.conn.Close())
		}
	}
	a.jobs = schedule.New(schedule.Options{Jobs: a.list(), Recorder: schedule.Runs{Conn: a.conn}, Log: log, Registerer: a.registry})
	checks := &telemetry.Checks{}
	checks.Add("database", a.checkDatabase)
	checks.Add("schema", a.checkSchema)
	checks.Add("jobs", a.jobs.Check)
	checks.Add("visitor_key", a.keys.Ready)
	if a.reports, err = a.newReporting(definitions); err != nil {
		return nil, errors.Join(err, a.conn.Close())
	}
	a.admin = &telemetry.Admin{Address: c.AdminListen, Registry: a.registry, Checks: checks, Log: log}
	return a, nil
}

// list is what is done again and again. The pauses are short, since a job that finds nothing to do asks one question.
func (a *aggregator) list() []schedule.Job {
	return slices.Concat(a.riskJobs(), a.webhookJobs(), a.backupJobs(), []schedule.Job{
		{Name: "schema", Every: 10 * time.Second, Run: a.restore},
		{Name: "sessions", Every: 10 * time.Second, Run: func(ctx context.Context) (uint64, error) { return 0, a.sessions.Round(ctx) }},
		{Name: "rollups", Every: 5 * time.Second, Run: func(ctx context.Context) (uint64, error) {
			result, err := a.engine.Round(ctx)
			return result.Rows, err
		}},
		{Name: "open_visits", Every: time.Second, Run: a.sessions.Refresh},
		{Name: "open_parts", Every: 5 * time.Second, Run: a.sessions.ReadOpen},
		{Name: "subjects", Every: 2 * time.Second, Run: a.subjects.Round},
		{Name: "signal_windows", Every: time.Minute, Run: a.diagnosis.Windows},
		{Name: "incidents", Every: 10 * time.Second, Run: a.diagnosis.Round},
		{Name: "sweep", Every: 10 * time.Minute, Run: a.engine.Sweep},
		{Name: "retention", Every: 24 * time.Hour, Run: a.obedience.keeper.Round},
		{Name: "sweep_open", Every: 10 * time.Minute, Run: a.sessions.SweepOpen},
	})
}

// run migrates as soon as the database answers, and works until ctx ends.
func (a *aggregator) run(ctx context.Context) error {
	defer func() { _ = a.conn.Close() }() // nothing is left unsent
	if _, err := a.admin.Listen(ctx); err != nil {
		return err
	}
	if _, err := a.reports.Listen(ctx); err != nil {
		return err
	}
	defer a.reports.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	serving := []func(context.Context) error{a.admin.Run, a.reports.Run, a.series.Run}
	if a.risk != nil {
		serving = append(serving, a.risk.Run)
	}
	served := make(chan error, len(serving))
	for _, serve := range serving { // reports say that the database is away, as long as it is
		go func() {
			err := serve(ctx)
			stop(err) // one that breaks down ends the process
			served <- err
		}()
	}
	err := a.migrate(ctx)
	if err != nil && ctx.Err() == nil {
		stop(err)
		return errors.Join(append(ended(served, len(serving)), err)...)
	}
	if err == nil {
		a.jobs.Run(ctx)
	}
	err = errors.Join(ended(served, len(serving))...)
	a.log.Info("aggregator stopped")
	return err
}

// ended waits for what serves.
func ended(served <-chan error, n int) (all []error) {
	for range n {
		all = append(all, <-served)
	}
	return all
}

// migrate tries again while the database is away; what another try cannot mend ends the process.
func (a *aggregator) migrate(ctx context.Context) error {
	told := false
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := a.prepare(ctx)
		switch {
		case err == nil:
			return struct{}{}, nil
		case migrate.IsFinal(err), errors.Is(err, errUnnamed), errors.Is(err, retention.ErrUnfit):
			return struct{}{}, backoff.Permanent(err)
		}
		if !told {
			told = true
			a.log.Warn("database not migrated, trying again", "err", err)
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 200 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: 10 * time.Second,
	}))
	if err != nil {
		return err
	}
	a.log.Info("database is up to date")
	return nil
}

// prepare makes tables and views, and brings them to what the policy file says.
func (a *aggregator) prepare(ctx context.Context) error {
	if _, err := migrate.Up(ctx, a.config.database(), a.log); err != nil {
		return err
	}
	if err := a.obedience.prepare(ctx, a.log); err != nil {
		return err
	}
	return errors.Join(a.engine.Prepare(ctx), a.sessions.Prepare(ctx), a.obedience.views(ctx))
}

// restore prepares again when another database, an empty one, has come to stand behind the address.
func (a *aggregator) restore(ctx context.Context) (uint64, error) {
	missing, err := migrate.Pending(ctx, a.config.database())
	if err != nil || missing == 0 {
		return 0, err
	}
	a.log.Warn("the database lacks migrations, migrating again", "missing", missing)
	return uint64(missing), a.prepare(ctx) //nolint:gosec // a number of files
}

func (a *aggregator) checkDatabase(ctx context.Context) (string, error) {
	if err := a.conn.Ping(ctx); err != nil {
		return "", fmt.Errorf("ping: %w", err)
	}
	return "answers", nil
}

// checkSchema asks the database each time: another one may stand behind the same address by now.
func (a *aggregator) checkSchema(ctx context.Context) (string, error) {
	missing, err := migrate.Pending(ctx, a.config.database())
	if err != nil {
		return "", err
	}
	if missing > 0 {
		return "", fmt.Errorf("%d migrations are missing", missing)
	}
	return "up to date", nil
}
