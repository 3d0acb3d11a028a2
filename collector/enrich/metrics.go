package enrich

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	databases    *prometheus.GaugeVec
	built        *prometheus.GaugeVec
	reloads      *prometheus.CounterVec
	placeErrors  prometheus.Counter
	agentsParsed prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		databases: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "mayak_collector_enrich_geoip_databases",
			Help: "GeoIP databases in use, by kind; 0 leaves the kind's columns empty.",
		}, []string{"kind"}),
		built: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "mayak_collector_enrich_geoip_built_timestamp_seconds",
			Help: "When the GeoIP database in use was built, by kind; 0 when there is none.",
		}, []string{"kind"}),
		reloads: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_collector_enrich_geoip_reloads_total",
			Help: "Changes of the GeoIP files noticed, by outcome; after a refused one the databases before it stay in use.",
		}, []string{"outcome"}),
		placeErrors: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_collector_enrich_geoip_errors_total",
			Help: "Addresses that a GeoIP database could not look up because its file is damaged.",
		}),
		agentsParsed: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_collector_enrich_agents_parsed_total",
			Help: "User agents that were parsed because no cache entry answered.",
		}),
	}
	for _, k := range kinds() {
		m.databases.WithLabelValues(string(k))
		m.built.WithLabelValues(string(k))
	}
	m.reloads.WithLabelValues(reloadTaken)
	m.reloads.WithLabelValues(reloadRefused)
	return m
}

const (
	reloadTaken   = "taken"
	reloadRefused = "refused"
)
