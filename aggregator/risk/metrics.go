package risk

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type listMetrics struct {
	entries  *prometheus.GaugeVec
	modified *prometheus.GaugeVec
	refused  prometheus.Counter
}

// newListMetrics labels by list: files that the operator put into one folder, a hundred at most.
func newListMetrics(r prometheus.Registerer) *listMetrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{Name: "mayak_aggregator_risk_list_" + name, Help: help}, []string{"list"})
	}
	return &listMetrics{
		entries:  gauge("entries", "Addresses, prefixes and networks on each of the operator's lists that are in use."),
		modified: gauge("modified_timestamp_seconds", "When the file was written that a list in use was read from."),
		refused: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_risk_list_refused_total", Help: "Changes of the lists that could not be read, were cut short or left no list; the lists before stayed in use.",
		}),
	}
}

type metrics struct {
	rows       prometheus.Counter
	skipped    *prometheus.CounterVec
	held       *prometheus.GaugeVec
	answers    *prometheus.CounterVec
	incomplete prometheus.Counter
	stale      prometheus.Counter
	written    *prometheus.CounterVec
	lost       prometheus.Counter
}

// newMetrics asks lag whenever somebody looks.
func newMetrics(r prometheus.Registerer, lag func() float64) *metrics {
	of := promauto.With(r)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return of.NewCounterVec(prometheus.CounterOpts{Name: "mayak_aggregator_risk_" + name, Help: help}, labels)
	}
	of.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "mayak_aggregator_risk_lag_seconds", Help: "How old the newest reading of events is that questions about risk are answered from. Above 10 answers say so, above 60 there are none.",
	}, lag)
	m := &metrics{
		rows:       counter("events_total", "Events read into the window that questions about risk are answered from.").WithLabelValues(),
		skipped:    counter("skipped_total", "What the window had no room for, by kind. Answers say for an hour that they are not complete.", "kind"),
		lost:       counter("scores_lost_total", "Scores that were answered and not stored, since the database was away for too long.").WithLabelValues(),
		answers:    counter("answers_total", "Questions about risk that were answered, by level.", "level"),
		incomplete: counter("incomplete_total", "Questions about risk that were answered from less than all that happened.").WithLabelValues(),
		stale:      counter("stale_total", "Questions about risk that were answered from events read more than 10 s ago.").WithLabelValues(),
		written:    counter("scores_total", "Scores that were stored, by what was scored.", "kind"),
		held:       of.NewGaugeVec(prometheus.GaugeOpts{Name: "mayak_aggregator_risk_held", Help: "What the window holds, by kind."}, []string{"kind"}),
	}
	for _, level := range []Level{Low, Medium, High} {
		m.answers.WithLabelValues(string(level))
	}
	for _, kind := range []string{scoreQuery, scoreSession, scoreAddress, scoreNetwork} {
		m.written.WithLabelValues(kind)
	}
	for _, k := range kinds() {
		m.skipped.WithLabelValues(k.String())
		m.held.WithLabelValues(k.String())
	}
	return m
}

func (m *metrics) answered(a *Answer) {
	m.answers.WithLabelValues(string(a.Level)).Inc()
	if !a.Complete {
		m.incomplete.Inc()
	}
	if a.Stale {
		m.stale.Inc()
	}
}

func (m *metrics) swept(left Held, cut map[kind]int64) {
	for name, n := range left {
		m.held.WithLabelValues(name).Set(float64(n))
	}
	for k, n := range cut {
		m.skipped.WithLabelValues(k.String()).Add(float64(n))
	}
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
