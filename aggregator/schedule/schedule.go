// Package schedule runs the aggregator's jobs, each by itself: one that fails is tried again, ever more patiently, and stops no other.
//
// What a job did is told in metrics, in the detail of readiness and, where it did or failed at something, as a row of job_runs.
package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// Job is something that is done again and again.
type Job struct {
	Name  string
	Every time.Duration                                      // from the end of a run to the next
	Run   func(ctx context.Context) (rows uint64, err error) // rows it wrote or removed
}

// Run is one run of a job.
type Run struct {
	Job            string
	Started, Ended time.Time
	Rows           uint64
	Err            error
}

// Recorder keeps runs where people can look them up.
type Recorder interface {
	Record(ctx context.Context, run Run) error
}

// Options are what a Scheduler works with.
type Options struct {
	Jobs       []Job
	Recorder   Recorder // nil keeps nothing
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Patience   time.Duration // longest wait after failures; zero is five minutes
}

// Scheduler runs jobs.
type Scheduler struct {
	o       Options
	metrics *metrics

	mu   sync.Mutex
	last map[string]state
}

// state is how a job is doing.
type state struct {
	run      Run
	failures int
	running  bool
}

// New only remembers.
func New(o Options) *Scheduler {
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	return &Scheduler{o: o, metrics: newMetrics(o.Registerer, o.Jobs), last: map[string]state{}}
}

// Run runs every job at once and then again and again, until the context ends and the last run with it.
func (s *Scheduler) Run(ctx context.Context) {
	var jobs sync.WaitGroup
	for _, job := range s.o.Jobs {
		jobs.Go(func() { s.repeat(ctx, job) })
	}
	jobs.Wait()
}

func (s *Scheduler) repeat(ctx context.Context, job Job) {
	retry := &backoff.ExponentialBackOff{InitialInterval: min(time.Second, s.o.Patience), RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: s.o.Patience}
	retry.Reset()
	for {
		wait := job.Every
		if s.once(ctx, job) {
			retry.Reset()
		} else {
			wait = retry.NextBackOff()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// once runs a job and tells of it.
func (s *Scheduler) once(ctx context.Context, job Job) bool {
	s.mu.Lock()
	before := s.last[job.Name]
	before.running = true
	s.last[job.Name] = before
	s.mu.Unlock()

	run := Run{Job: job.Name, Started: time.Now()}
	run.Rows, run.Err = guarded(ctx, job)
	run.Ended = time.Now()
	if ctx.Err() != nil && run.Err != nil {
		return true // stopped, not failed
	}
	s.note(run, before.failures)
	if run.Rows > 0 || run.Err != nil {
		s.record(ctx, run)
	}
	return run.Err == nil
}

// guarded makes an error of a panic: a mistake in one job is no reason to stop the others.
func guarded(ctx context.Context, job Job) (rows uint64, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v at %s", cause, place(debug.Stack()))
		}
	}()
	return job.Run(ctx)
}

// place is the line that a panic came from.
func place(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && i+3 < len(lines) {
			where, _, _ := strings.Cut(strings.TrimSpace(lines[i+3]), " ")
			return where[strings.LastIndex(where, "/")+1:]
		}
	}
	return "an unknown place"
}

func (s *Scheduler) note(run Run, failures int) {
	if run.Err != nil {
		failures++
	} else {
		failures = 0
	}
	s.mu.Lock()
	s.last[run.Job] = state{run: run, failures: failures}
	s.mu.Unlock()
	s.metrics.ran(run)
	switch {
	case run.Err != nil && failures == 1:
		s.o.Log.Error("job failed, trying again", "job", run.Job, "err", run.Err)
	case run.Err == nil && failures == 0 && run.Rows > 0:
		s.o.Log.Debug("job done", "job", run.Job, "rows", run.Rows, "took", run.Ended.Sub(run.Started))
	}
}

func (s *Scheduler) record(ctx context.Context, run Run) {
	if s.o.Recorder == nil {
		return
	}
	if err := s.o.Recorder.Record(ctx, run); err != nil && ctx.Err() == nil {
		s.metrics.unrecorded.Inc()
		s.o.Log.Debug("run not recorded", "job", run.Job, "err", err)
	}
}

// Check is for readiness: its detail tells how each job is doing. A job that fails does not make the process unready, since what reads
// the database can go on.
func (s *Scheduler) Check(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := make([]string, 0, len(s.o.Jobs))
	for _, job := range s.o.Jobs {
		parts = append(parts, job.Name+" "+s.last[job.Name].tell())
	}
	slices.Sort(parts)
	return strings.Join(parts, "; "), nil
}

func (s state) tell() string {
	switch {
	case s.failures > 0:
		return fmt.Sprintf("failed %d times, last at %s: %v", s.failures, s.run.Ended.UTC().Format(time.TimeOnly), s.run.Err)
	case s.run.Ended.IsZero() && s.running:
		return "runs for the first time"
	case s.run.Ended.IsZero():
		return "has not run yet"
	}
	return "done at " + s.run.Ended.UTC().Format(time.TimeOnly)
}
