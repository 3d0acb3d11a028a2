package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"mayak/schema/clickhouse"
	"mayak/schema/migrate"
	"mayak/schema/telemetry"
)

// aggregator is the process.
type aggregator struct {
	config *Config
	log    *slog.Logger
	admin  *telemetry.Admin
}

func newAggregator(c *Config, log *slog.Logger) *aggregator {
	a := &aggregator{config: c, log: log}
	checks := &telemetry.Checks{}
	checks.Add("database", a.checkDatabase)
	checks.Add("schema", a.checkSchema)
	a.admin = &telemetry.Admin{Address: c.AdminListen, Registry: telemetry.NewRegistry(), Checks: checks, Log: log}
	return a
}

// run migrates as soon as the database answers, and tells of its health until ctx ends.
func (a *aggregator) run(ctx context.Context) error {
	if _, err := a.admin.Listen(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	served := make(chan error, 1)
	go func() { served <- a.admin.Run(ctx) }()
	err := a.migrate(ctx)
	if err != nil && ctx.Err() == nil {
		stop(err)
		return errors.Join(err, <-served)
	}
	err = <-served
	a.log.Info("aggregator stopped")
	return err
}

// migrate tries again while the database is away; what another try cannot mend ends the process.
func (a *aggregator) migrate(ctx context.Context) error {
	told := false
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		_, err := migrate.Up(ctx, a.config.database(), a.log)
		switch {
		case err == nil:
			return struct{}{}, nil
		case migrate.IsFinal(err):
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

func (a *aggregator) checkDatabase(ctx context.Context) (string, error) {
	conn, err := clickhouse.Open(a.config.database())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }() // nothing is left unsent
	if err := conn.Ping(ctx); err != nil {
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
