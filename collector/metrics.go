package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/collector/hit"
)

// newMetrics makes one counter for each way in and each reason, so that none is missing from the sums: received is
// dropped plus what the spool counts as stored.
func newMetrics(r prometheus.Registerer) (map[hit.Way]prometheus.Counter, map[hit.Reason]prometheus.Counter) {
	factory := promauto.With(r)
	byWay := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_received_total", Help: "Hits received, by way in.",
	}, []string{"way"})
	byReason := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_dropped_total", Help: "Hits dropped, by reason.",
	}, []string{"reason"})
	received, dropped := map[hit.Way]prometheus.Counter{}, map[hit.Reason]prometheus.Counter{}
	for _, way := range hit.Ways() {
		received[way] = byWay.WithLabelValues(string(way))
	}
	for _, reason := range hit.Reasons() {
		dropped[reason] = byReason.WithLabelValues(string(reason))
	}
	return received, dropped
}
