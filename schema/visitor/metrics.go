package visitor

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	made, adopted, destroyed, corrupt prometheus.Counter
	fileErrors, sharedErrors          prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Salts) *metrics {
	const prefix = "mayak_collector_visitor_"
	f := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: prefix + "salts_live", Help: "Days whose salt exists now.",
	}, func() float64 { return float64(len(s.live.Load().entries)) })
	return &metrics{
		made:         counter("salts_made_total", "Salts that this collector made."),
		adopted:      counter("salts_adopted_total", "Salts taken over from another collector in the place of an own one."),
		destroyed:    counter("salts_destroyed_total", "Salts destroyed because their time was over."),
		corrupt:      counter("salts_corrupt_total", "Damaged salt files set aside; visitors of that day count twice."),
		fileErrors:   counter("file_errors_total", "Attempts to read, write or wipe the salt file that did not succeed."),
		sharedErrors: counter("shared_errors_total", "Attempts to agree on a salt with other collectors that did not succeed."),
	}
}
