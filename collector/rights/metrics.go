package rights

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/schema/event"
)

type metrics struct {
	decisions                     *prometheus.CounterVec
	failed                        prometheus.Counter
	found, empty, unread, tooBusy prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	reads := f.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_rights_reads_total", Help: "Times that somebody's rows were looked up for them, by outcome.",
	}, []string{"outcome"})
	m := &metrics{
		decisions: f.NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_collector_rights_decisions_total", Help: "Decisions of visitors, by action and the level from then on.",
		}, []string{"action", "level"}),
		failed: f.NewCounter(prometheus.CounterOpts{
			Name: "mayak_collector_rights_failed_decisions_total", Help: "Decisions that could not be saved; the visitor was told.",
		}),
		found: reads.WithLabelValues("found"), empty: reads.WithLabelValues("empty"),
		unread: reads.WithLabelValues("failed"), tooBusy: reads.WithLabelValues("busy"),
	}
	for _, action := range event.Actions() {
		for _, level := range event.Levels() {
			m.decisions.WithLabelValues(action, level)
		}
	}
	return m
}

func (m *metrics) decided(action event.Action, level event.Level) {
	m.decisions.WithLabelValues(action.String(), level.String()).Inc()
}
