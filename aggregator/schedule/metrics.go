package schedule

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	runs       *prometheus.CounterVec
	seconds    *prometheus.CounterVec
	rows       *prometheus.CounterVec
	success    *prometheus.GaugeVec
	unrecorded prometheus.Counter
}

func newMetrics(r prometheus.Registerer, jobs []Job) *metrics {
	m := &metrics{
		runs: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_schedule_runs_total", Help: "Runs of jobs, by how they ended.",
		}, []string{"job", "outcome"}),
		seconds: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_schedule_seconds_total", Help: "Time that jobs ran.",
		}, []string{"job"}),
		rows: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "mayak_aggregator_schedule_rows_total", Help: "Rows that jobs wrote or removed.",
		}, []string{"job"}),
		success: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "mayak_aggregator_schedule_success_timestamp_seconds", Help: "When a job was last done without failing.",
		}, []string{"job"}),
		unrecorded: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "mayak_aggregator_schedule_unrecorded_total", Help: "Runs that could not be written into job_runs.",
		}),
	}
	for _, job := range jobs { // so that a job that never failed shows 0
		m.runs.WithLabelValues(job.Name, done)
		m.runs.WithLabelValues(job.Name, failed)
		m.seconds.WithLabelValues(job.Name)
		m.rows.WithLabelValues(job.Name)
	}
	return m
}

// The outcomes of a run.
const (
	done   = "done"
	failed = "failed"
)

func outcome(err error) string {
	if err != nil {
		return failed
	}
	return done
}

func (m *metrics) ran(run Run) {
	m.runs.WithLabelValues(run.Job, outcome(run.Err)).Inc()
	m.seconds.WithLabelValues(run.Job).Add(run.Ended.Sub(run.Started).Seconds())
	m.rows.WithLabelValues(run.Job).Add(float64(run.Rows))
	if run.Err == nil {
		m.success.WithLabelValues(run.Job).Set(float64(run.Ended.Unix()))
	}
}
