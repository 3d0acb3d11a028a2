package deliver

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	rows, segments, retries, setAside, setAsideRows, unopened, leftOut prometheus.Counter

	seconds prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	factory := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: "mayak_collector_deliver_" + name, Help: help})
	}
	return &metrics{
		rows:         counter("rows_total", "Events that ClickHouse has confirmed."),
		segments:     counter("segments_total", "Segments that ClickHouse has confirmed."),
		retries:      counter("retries_total", "Deliveries that did not go through and are tried again."),
		setAside:     counter("set_aside_segments_total", "Segments that ClickHouse will never take."),
		setAsideRows: counter("set_aside_rows_total", "Events in the segments that were set aside."),
		unopened:     counter("unopened_network_rows_total", "Restricted rows whose key is gone; their events were delivered without them."),
		leftOut:      counter("erased_rows_total", "Rows that were left out because their visitor was erased; beside those that were delivered."),
		seconds: factory.NewHistogram(prometheus.HistogramOpts{
			Name: "mayak_collector_deliver_seconds", Help: "Time to deliver a segment.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 14),
		}),
	}
}
