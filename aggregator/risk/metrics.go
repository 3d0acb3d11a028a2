package risk

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type listMetrics struct {
	entries prometheus.Gauge
	refused prometheus.Counter
}

func newListMetrics(r prometheus.Registerer) *listMetrics {
	return &listMetrics{
		entries: promauto.With(r).NewGauge(prometheus.GaugeOpts{
			Name: "mayak_aggregator_risk_list_entries", Help: "Addresses, prefixes and networks on the operator's lists.",
		}),
		refused: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_list_refused_total", Help: "Changes of the lists that could not be read; the lists before stayed in use.",
		}),
	}
}

type metrics struct {
	lag     prometheus.Gauge
	rows    prometheus.Counter
	skipped prometheus.Counter
	groups  prometheus.Gauge
	answers *prometheus.CounterVec
	written *prometheus.CounterVec
	lost    prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(r).NewCounter(prometheus.CounterOpts{Name: "mayak_aggregator_risk_" + name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return promauto.With(r).NewGauge(prometheus.GaugeOpts{Name: "mayak_aggregator_risk_" + name, Help: help})
	}
	m := &metrics{
		lag:     gauge("lag_seconds", "How old the newest reading of events is that questions about risk are answered from."),
		rows:    counter("events_total", "Events read into the window that questions about risk are answered from."),
		skipped: counter("skipped_total", "Events that the window had no room for."),
		groups:  gauge("groups", "Addresses, networks and visitors in the window."),
		lost:    counter("scores_lost_total", "Scores that were answered and not stored, since the database was away for too long."),
		answers: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_answers_total", Help: "Questions about risk that were answered, by level.",
		}, []string{"level"}),
		written: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_scores_total", Help: "Scores that were stored, by what was scored.",
		}, []string{"kind"}),
	}
	for _, level := range []Level{Low, Medium, High} {
		m.answers.WithLabelValues(string(level))
	}
	for _, kind := range []string{scoreQuery, scoreVisitor, scoreNetwork} {
		m.written.WithLabelValues(kind)
	}
	return m
}

type robotMetrics struct {
	robots    prometheus.Counter
	rewritten prometheus.Counter
}

func newRobotMetrics(r prometheus.Registerer) *robotMetrics {
	return &robotMetrics{
		robots: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_robots_total", Help: "Visitors who were found to be robots by what they did.",
		}),
		rewritten: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_reclassified_total", Help: "Events of such visitors that were stored again as a robot's.",
		}),
	}
}
