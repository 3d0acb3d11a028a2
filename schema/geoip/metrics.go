package geoip

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	databases *prometheus.GaugeVec
	built     *prometheus.GaugeVec
	reloads   *prometheus.CounterVec
	errors    prometheus.Counter
}

func newMetrics(r prometheus.Registerer, name string) *metrics {
	name = cmp.Or(name, "mayak_geoip")
	m := &metrics{
		databases: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: name + "_databases",
			Help: "GeoIP databases in use, by kind; 0 leaves the kind's columns empty.",
		}, []string{"kind"}),
		built: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: name + "_built_timestamp_seconds",
			Help: "When the GeoIP database in use was built, by kind; 0 when there is none.",
		}, []string{"kind"}),
		reloads: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: name + "_reloads_total",
			Help: "Changes of the GeoIP files noticed, by outcome; after a refused one the databases before it stay in use.",
		}, []string{"outcome"}),
		errors: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: name + "_errors_total",
			Help: "Addresses that a GeoIP database could not look up because its file is damaged.",
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
