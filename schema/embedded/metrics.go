package embedded

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	statements *prometheus.CounterVec
	exceptions *prometheus.CounterVec
	running    prometheus.Gauge
	waiting    prometheus.Gauge
	refused    prometheus.Counter
	cancelled  prometheus.Counter
	received   prometheus.Counter
	sent       prometheus.Counter
	waited     prometheus.Histogram
	duration   *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	with := promauto.With(r)
	return &metrics{
		statements: with.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_statements_total", Help: "Statements begun, by kind.",
		}, []string{"kind"}),
		exceptions: with.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_exceptions_total", Help: "Statements that ended in an exception, by kind.",
		}, []string{"kind"}),
		running: with.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_engine_embedded_running", Help: "Statements running now.",
		}),
		waiting: with.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_engine_embedded_waiting", Help: "Statements waiting for others to end.",
		}),
		refused: with.NewCounter(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_refused_total", Help: "Statements refused because too many were running.",
		}),
		cancelled: with.NewCounter(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_cancelled_total", Help: "Statements stopped because their client went away.",
		}),
		received: with.NewCounter(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_received_bytes_total", Help: "Bytes of inserts taken from clients, after decoding.",
		}),
		sent: with.NewCounter(prometheus.CounterOpts{
			Name: "mayak_engine_embedded_sent_bytes_total", Help: "Bytes of answers sent to clients, as they travel.",
		}),
		waited: with.NewHistogram(prometheus.HistogramOpts{
			Name: "mayak_engine_embedded_wait_seconds", Help: "How long statements waited for others to end.",
			Buckets: []float64{0.001, 0.01, 0.1, 1, 5, 10, 30},
		}),
		duration: with.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mayak_engine_embedded_statement_seconds", Help: "How long statements ran, by kind.",
			Buckets: []float64{0.001, 0.01, 0.1, 1, 10, 100},
		}, []string{"kind"}),
	}
}
