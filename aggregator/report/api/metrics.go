package api

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	answers *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	bytes   prometheus.Counter
}

// newMetrics labels by the endpoint (report, reports, export, login, session, persons, audit, incidents, risk, openapi, other) and the status code of HTTP.
func newMetrics(r prometheus.Registerer) *metrics {
	return &metrics{
		answers: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_api_answers_total", Help: "Answers of the report API, by endpoint and status code.",
		}, []string{"endpoint", "code"}),
		seconds: promauto.With(r).NewHistogramVec(prometheus.HistogramOpts{
			Name: "mayak_aggregator_api_answer_seconds", Help: "Time from a known caller's question to the whole answer, by endpoint.",
			Buckets: []float64{.001, .002, .005, .01, .02, .03, .05, .1, .2, .3, .5, 1, 2, 5, 10, 30, 60},
		}, []string{"endpoint"}),
		bytes: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_api_exported_bytes_total", Help: "Bytes of raw rows that were exported.",
		}),
	}
}
