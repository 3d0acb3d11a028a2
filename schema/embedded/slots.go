package embedded

import (
	"context"
	"time"
)

// slots bound how many statements run at once. A small box is better served by a short queue than by many statements
// that fight for its memory.
type slots struct {
	free    chan struct{}
	wait    time.Duration
	metrics *metrics
}

func newSlots(count int, wait time.Duration, m *metrics) *slots {
	return &slots{free: make(chan struct{}, count), wait: wait, metrics: m}
}

// take waits for a slot, but not for ever; give it back with the function.
func (s *slots) take(ctx context.Context) (giveBack func(), err error) {
	s.metrics.waiting.Inc()
	defer s.metrics.waiting.Dec()
	started := time.Now()
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.free <- struct{}{}:
		s.metrics.waited.Observe(time.Since(started).Seconds())
		s.metrics.running.Inc()
		return func() {
			<-s.free
			s.metrics.running.Dec()
		}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timer.C:
		s.metrics.refused.Inc()
		return nil, refuse(codeTooManyStatements, "TOO_MANY_SIMULTANEOUS_QUERIES",
			"Too many simultaneous queries. Maximum: %d, waited %s", cap(s.free), s.wait)
	}
}
