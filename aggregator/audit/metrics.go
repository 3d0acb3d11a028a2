package audit

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct{ written, failed prometheus.Counter }

func newMetrics(r prometheus.Registerer) *metrics {
	return &metrics{
		written: promauto.With(r).NewCounter(prometheus.CounterOpts{Name: "mayak_aggregator_audit_entries_total", Help: "Entries of the audit log written."}),
		failed: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_audit_failures_total", Help: "Entries that could not be written, so that what they tell of was not done.",
		}),
	}
}
