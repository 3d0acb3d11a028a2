package series

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	series, bytes prometheus.Gauge
	refused       prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		series: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_series_kept", Help: "Series of the processes' metrics that dashboards can draw.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_series_bytes", Help: "Memory that their samples take.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_series_refused_total", Help: "Samples of series for which there was no room.",
		}),
	}
	if r != nil {
		r.MustRegister(m.series, m.bytes, m.refused)
	}
	return m
}
