package subject

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	open, overdue             *prometheus.GaugeVec
	stopped, idle             prometheus.Counter
	erased, blocked, exported prometheus.Counter
}

// newMetrics labels by the kind of request: export, block or erase.
func newMetrics(r prometheus.Registerer) *metrics {
	factory := promauto.With(r)
	gauge := func(name, help string) *prometheus.GaugeVec {
		return factory.NewGaugeVec(prometheus.GaugeOpts{Name: "mayak_aggregator_subject_" + name, Help: help}, []string{"kind"})
	}
	counter := func(name, help string) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: "mayak_aggregator_subject_" + name, Help: help})
	}
	m := &metrics{
		open:     gauge("waiting_requests", "Requests of persons that wait to be carried out, by kind."),
		overdue:  gauge("overdue_requests", "Requests of persons that wait although their deadline is over, by kind."),
		stopped:  counter("stopped_total", "Times that a request stopped at a step and has to be gone on with."),
		idle:     counter("idle_wishes_total", "Wishes of visitors to be erased of whom nothing is kept."),
		erased:   counter("erased_rows_total", "Rows that were erased for persons."),
		blocked:  counter("blocked_rows_total", "Rows that were taken out of their tables for persons."),
		exported: counter("exports_total", "Exports of what is kept of a person."),
	}
	m.show(nil)
	return m
}

// show counts the tickets that wait.
func (m *metrics) show(tickets []*Ticket) {
	for _, kind := range []Kind{Export, Block, Erase} {
		open, overdue := 0, 0
		for _, t := range tickets {
			if t.Kind == kind && t.waits() {
				open++
				if t.Overdue {
					overdue++
				}
			}
		}
		m.open.WithLabelValues(string(kind)).Set(float64(open))
		m.overdue.WithLabelValues(string(kind)).Set(float64(overdue))
	}
}
