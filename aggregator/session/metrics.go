package session

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct{ windows prometheus.Counter }

func newMetrics(r prometheus.Registerer) *metrics {
	return &metrics{windows: promauto.With(r).NewCounter(prometheus.CounterOpts{
		Name: "mayak_aggregator_session_windows_total", Help: "Windows of sessions that were cut or put together.",
	})}
}
