package enrich

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	agentsParsed prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	return &metrics{
		agentsParsed: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_collector_enrich_agents_parsed_total",
			Help: "User agents that were parsed because no cache entry answered.",
		}),
	}
}
