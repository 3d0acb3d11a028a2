package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/collector/spool"
	"mayak/schema/policy"
)

// aside keeps the spool to the policy file's times: what was set aside is removed in time, and what waits for too long is told.
type aside struct {
	spool *spool.Spool
	dir   string
	kept  policy.Spool
	now   func() time.Time
	log   *slog.Logger

	removed prometheus.Counter
	overdue prometheus.Gauge
}

// asideEvery is short enough for times in days, and long enough for a look at each file.
const asideEvery = time.Hour

func newAside(s *spool.Spool, dir string, kept policy.Spool, log *slog.Logger, r prometheus.Registerer) *aside {
	return &aside{
		spool: s, dir: dir, kept: kept, now: time.Now, log: log,
		removed: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_collector_retention_removed_total", Help: "Segments that had been set aside and were removed because their time was over.",
		}),
		overdue: promauto.With(r).NewGauge(prometheus.GaugeOpts{
			Name: "mayak_collector_retention_overdue_segments", Help: "Segments that wait for the database for longer than the policy lets them. Healthy: 0; wake somebody otherwise.",
		}),
	}
}

// Run looks at once and then every hour, until ctx ends.
func (a *aside) Run(ctx context.Context) {
	ticks := time.NewTicker(asideEvery)
	defer ticks.Stop()
	for {
		a.round()
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (a *aside) round() {
	n, err := a.spool.Forget(a.now().Add(-time.Duration(a.kept.Aside)))
	if n > 0 {
		a.removed.Add(float64(n))
		a.log.Warn("segments that had been set aside were removed, their time was over", "segments", n)
	}
	if err != nil {
		a.log.Error("segments that had been set aside were not removed", "err", err)
	}
	all, err := spool.Inspect(a.dir)
	if err != nil {
		a.log.Error("spool not looked at", "err", err)
		return
	}
	overdue := 0
	for _, segment := range all {
		waits := segment.State == "open" || segment.State == "sealed"
		if waits && segment.Created.Before(a.now().Add(-time.Duration(a.kept.Waiting))) {
			overdue++
		}
	}
	a.overdue.Set(float64(overdue))
}
