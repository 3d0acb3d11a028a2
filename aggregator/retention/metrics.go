package retention

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/schema/policy"
)

type metrics struct {
	removed prometheus.Counter
	held    prometheus.Gauge
	overdue *prometheus.GaugeVec
	oldest  *prometheus.GaugeVec
}

// newMetrics has a label for each table of the policy file and each purpose that it serves: a closed set.
func newMetrics(r prometheus.Registerer, rules *policy.Policy) *metrics {
	labels := []string{"table", "purpose"}
	m := &metrics{
		removed: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_retention_removed_total", Help: "Rows and values that the daily round removed because their time was over.",
		}),
		held: promauto.With(r).NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_retention_held_tables", Help: "Tables whose new times wait to be accepted, since most of their rows would go at once. Healthy: 0.",
		}),
		overdue: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "mayak_aggregator_retention_overdue_rows", Help: "Rows past their time that the last round left. Healthy: 0; wake somebody otherwise.",
		}, labels),
		oldest: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "mayak_aggregator_retention_oldest_seconds", Help: "Age of the oldest row that is left for a purpose, at the last round; 0 is none.",
		}, labels),
	}
	for name := range rules.Tables {
		t := table{Table: rules.Tables[name]}
		for purpose := range t.purposes() {
			m.overdue.WithLabelValues(name, purpose)
			m.oldest.WithLabelValues(name, purpose)
		}
	}
	return m
}
