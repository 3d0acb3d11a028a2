package diagnose

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	sites  prometheus.Gauge
	open   prometheus.Gauge
	opened *prometheus.CounterVec
	closed *prometheus.CounterVec
	posts  *prometheus.CounterVec
}

// newMetrics labels by the signal, the kind of a webhook (json, slack, telegram) and what became of a message (sent, failed, given_up).
func newMetrics(r prometheus.Registerer, hooks []Hook) *metrics {
	factory := promauto.With(r)
	m := &metrics{
		sites: factory.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_diagnose_sites_total", Help: "Sites whose signals are watched.",
		}),
		open: factory.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_diagnose_open_incidents_total", Help: "Incidents that are open now.",
		}),
		opened: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_diagnose_opened_total", Help: "Incidents that this aggregator opened, by signal.",
		}, []string{"signal"}),
		closed: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_diagnose_closed_total", Help: "Incidents that this aggregator closed, by signal.",
		}, []string{"signal"}),
		posts: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_diagnose_posts_total", Help: "Messages to webhooks, by the hook's kind and by what became of them.",
		}, []string{"kind", "outcome"}),
	}
	for _, s := range Signals() {
		m.opened.WithLabelValues(s.String())
		m.closed.WithLabelValues(s.String())
	}
	for _, h := range hooks {
		for _, outcome := range []string{outcomeSent, outcomeFailed, outcomeGivenUp} {
			m.posts.WithLabelValues(h.Kind, outcome)
		}
	}
	return m
}
