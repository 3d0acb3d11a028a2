package spool

import (
	"context"
	"slices"
	"time"
)

// retryAfter is how long a segment rests that could not be sealed or read because of an error of the disk.
const retryAfter = time.Second

// Next hands out the oldest sealed segment that is not handed out. If there is none, it seals the open one as soon as
// its oldest record has waited SegmentAge, so a lone record is not late, and a reader that is busy elsewhere makes no
// small segments. It waits for as long as there is nothing, and returns ErrClosed after Seal when nothing is left.
func (s *Spool) Next(ctx context.Context) (*Segment, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch found := s.pick(time.Now()); {
		case found.segment != nil:
			ready, err := s.prepare(found.segment)
			if ready {
				return found.segment, nil
			}
			if err != nil {
				s.log.Error("segment left for later", "segment", found.segment.Name(), "err", err)
				s.postpone(found.segment)
			}
		case found.due != nil:
			s.sealDue(found.due)
		case found.none:
			return nil, ErrClosed
		default:
			s.rest(ctx, found.wait)
		}
	}
}

// choice is what a reader does next: take the segment, seal the due one, end, or wait.
type choice struct {
	segment, due *Segment
	none         bool
	wait         time.Duration
}

func (s *Spool) pick(now time.Time) choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := takeFirst(&s.fresh, now); g != nil {
		s.hand(g)
		return choice{segment: g}
	}
	wait := time.Duration(1<<63 - 1)
	if s.open != nil {
		due := s.open.began.Add(s.opts.SegmentAge)
		if s.open.notBefore.After(due) {
			due = s.open.notBefore
		}
		if !now.Before(due) {
			return choice{due: s.open}
		}
		wait = due.Sub(now)
	}
	if g := takeFirst(&s.returned, now); g != nil {
		s.hand(g)
		return choice{segment: g}
	}
	if s.sealed && s.open == nil && len(s.returned) == 0 {
		return choice{none: true}
	}
	for _, g := range s.returned {
		wait = min(wait, g.notBefore.Sub(now))
	}
	return choice{wait: wait}
}

// hand remembers what is handed out, as long as it is. It expects mu to be held.
func (s *Spool) hand(g *Segment) {
	s.handed = append(slices.DeleteFunc(s.handed, func(g *Segment) bool { return !g.waits() }), g)
}

// waits tells of a segment that was handed out whether it still waits for delivery in a reader's hands.
func (g *Segment) waits() bool { return g.handed && g.state == stateSealed }

// oldest is when the event that has waited longest was written, or the zero time. It expects mu to be held.
func (s *Spool) oldest() time.Time {
	var first time.Time
	look := func(g *Segment) {
		if !g.began.IsZero() && (first.IsZero() || g.began.Before(first)) { // a damaged header does not tell
			first = g.began
		}
	}
	for _, g := range s.handed {
		if g.waits() {
			look(g)
		}
	}
	for _, g := range s.fresh {
		look(g)
	}
	for _, g := range s.returned {
		look(g)
	}
	if s.open != nil {
		look(s.open)
	}
	return first
}

// takeFirst hands out the first segment of the queue that may be tried now.
func takeFirst(queue *[]*Segment, now time.Time) *Segment {
	i := slices.IndexFunc(*queue, func(g *Segment) bool { return !g.notBefore.After(now) })
	if i < 0 {
		return nil
	}
	g := (*queue)[i]
	*queue = slices.Delete(*queue, i, i+1)
	g.handed = true
	return g
}

func (s *Spool) sealDue(g *Segment) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.open != g {
		return // sealed meanwhile, for its size
	}
	if err := s.sealOpen(); err != nil {
		s.log.Error("segment not sealed yet", "err", err)
		s.mu.Lock()
		g.notBefore = time.Now().Add(retryAfter)
		s.mu.Unlock()
	}
}

func (s *Spool) postpone(g *Segment) {
	s.mu.Lock()
	g.handed = false
	g.notBefore = time.Now().Add(retryAfter)
	s.returned = append(s.returned, g)
	s.mu.Unlock()
}

func (s *Spool) rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-timer.C:
	}
}

// Recovered calls fn with each record that is on disk and not delivered, the refused ones included, as Open has found
// them: call it before the first Append and Next. A record's memory is only lent.
func (s *Spool) Recovered(fn func(record []byte)) error {
	s.mu.Lock()
	all := slices.Concat(s.fresh, s.returned, s.refused)
	s.mu.Unlock()
	for _, g := range all {
		_, err := s.scanFile(g.id, g.state, g.size, func(group []byte, records int) error {
			return eachRecord(group, records, func(record []byte) error {
				fn(record)
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
