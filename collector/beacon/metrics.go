package beacon

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// classes are the label values of a status, by its first digit.
const classes = 6

type metrics struct {
	requests [routes][classes]prometheus.Counter
	seconds  [routes]prometheus.Observer

	unknownKeys, panics, connectionErrors prometheus.Counter
	refusedTotal, refusedClient           prometheus.Counter
	certificateExpiry                     prometheus.Gauge
	reportsOf                             [reportKinds]prometheus.Counter
	certificateErrors                     prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Server) *metrics {
	f := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "mayak_collector_beacon_" + name, Help: help})
	}
	gauge := func(name, help string, value func() float64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Name: "mayak_collector_beacon_" + name, Help: help}, value)
	}
	m := &metrics{
		unknownKeys:       counter("unknown_keys_total", "Keys of hits that the wire format does not know; they are ignored."),
		panics:            counter("panics_total", "Requests whose handler panicked; each is a bug."),
		connectionErrors:  counter("connection_errors_total", "Connections that ended in an error, as when a client goes away."),
		certificateErrors: counter("certificate_errors_total", "Times that a changed certificate could not be used."),
		certificateExpiry: f.NewGauge(prometheus.GaugeOpts{
			Name: "mayak_collector_beacon_certificate_expiry_seconds", Help: "When the certificate in use expires, since 1970; 0 without TLS.",
		}),
	}
	requests := f.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_beacon_requests_total", Help: "Requests answered, by what was asked for and the class of the status.",
	}, []string{"route", "code"})
	seconds := f.NewHistogramVec(prometheus.HistogramOpts{
		Name: "mayak_collector_beacon_request_seconds", Help: "Time from the end of a request to its answer; for hits it includes the spool's fsync.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9), // to 6.5 s
	}, []string{"route"})
	for at := range routes {
		m.seconds[at] = seconds.WithLabelValues(at.String())
		for class, code := range [classes]string{2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"} {
			if code != "" {
				m.requests[at][class] = requests.WithLabelValues(at.String(), code)
			}
		}
	}
	reports := f.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_beacon_reports_total", Help: "Reports of browsers that could be read, by what they are of; other ones are ignored.",
	}, []string{"type"})
	for kind := range reportKinds {
		m.reportsOf[kind] = reports.WithLabelValues(kind.String())
	}
	refused := f.NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_beacon_refused_connections_total", Help: "Connections refused at a limit: of all, or of one client.",
	}, []string{"limit"})
	m.refusedTotal, m.refusedClient = refused.WithLabelValues("total"), refused.WithLabelValues("client")
	gauge("connections", "Connections open.", func() float64 { return float64(s.connections.open()) })
	gauge("limited_clients", "Clients whose recent rate is remembered.", func() float64 {
		return float64(s.limiter.known(s.options.Now()))
	})
	return m
}

func (m *metrics) answered(asked route, status int, took time.Duration) {
	if counter := m.requests[asked][status/100%classes]; counter != nil {
		counter.Inc()
	}
	m.seconds[asked].Observe(took.Seconds())
}

func (m *metrics) reports(kind reportKind) { m.reportsOf[kind].Inc() }

func (m *metrics) unknown(keys int) {
	if keys > 0 {
		m.unknownKeys.Add(float64(keys))
	}
}

// silent takes the HTTP library's log, whose lines name addresses, and counts them instead.
type silent struct{ lines prometheus.Counter }

// Printf implements fasthttp.Logger.
func (s silent) Printf(string, ...any) { s.lines.Inc() }
