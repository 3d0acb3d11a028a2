package risk

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type listMetrics struct {
	entries prometheus.Gauge
	refused prometheus.Counter
}

func newListMetrics(r prometheus.Registerer) *listMetrics {
	return &listMetrics{
		entries: promauto.With(r).NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_risk_list_entries", Help: "Addresses, prefixes and networks on the operator's lists.",
		}),
		refused: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_list_refused_total", Help: "Changes of the lists that could not be read; the lists before stayed in use.",
		}),
	}
}
