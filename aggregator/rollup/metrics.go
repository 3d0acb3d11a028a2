package rollup

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	windows *prometheus.CounterVec
	rows    *prometheus.CounterVec
	seconds *prometheus.CounterVec
	swept   prometheus.Counter
	lag     prometheus.Gauge
}

// newMetrics labels by the catalogue's names and the tiers only.
func newMetrics(r prometheus.Registerer) *metrics {
	labels := []string{"rollup", "tier"}
	return &metrics{
		windows: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_rollup_windows_total", Help: "Windows computed.",
		}, labels),
		rows: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_rollup_rows_total", Help: "Rows written for them.",
		}, labels),
		seconds: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_rollup_seconds_total", Help: "Time spent on computing them.",
		}, labels),
		swept: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_rollup_swept_total", Help: "Generations of windows deleted because nobody reads them any more.",
		}),
		lag: promauto.With(r).NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_rollup_lag_seconds", Help: "How long the oldest window that is over and not yet computed has been waiting, over all sites.",
		}),
	}
}

func (m *metrics) window(name string, tier Tier, rows uint64, seconds float64) {
	m.windows.WithLabelValues(name, tier.String()).Inc()
	m.rows.WithLabelValues(name, tier.String()).Add(float64(rows))
	m.seconds.WithLabelValues(name, tier.String()).Add(seconds)
}
