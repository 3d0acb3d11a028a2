package visitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const (
	// ahead is how long before midnight the next day's salt is made: time enough to agree on it before it is used.
	ahead = time.Hour
	// period is how often Run looks after the salts when nothing is due.
	period = time.Minute
	// patience is how long one agreement may take.
	patience = 10 * time.Second
)

// Run makes the coming days' salts, agrees on them with other collectors, and destroys what is over, until ctx is done.
func (s *Salts) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	alone := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := s.tend(); err != nil {
			s.metrics.fileErrors.Inc()
			s.o.Log.Error("salt file not up to date", "err", err)
		}
		err := s.agree(ctx)
		if ctx.Err() != nil {
			return
		}
		s.tell(alone, err)
		alone = err != nil
		timer.Reset(s.pause())
	}
}

// tell logs that the agreeing stopped to succeed or succeeds again, not each try of a long outage.
func (s *Salts) tell(alone bool, err error) {
	if err != nil {
		s.metrics.sharedErrors.Inc()
	}
	switch {
	case err != nil && !alone:
		s.o.Log.Warn("salts not shared", "err", err)
	case err == nil && alone:
		s.o.Log.Info("salts shared again")
	}
}

// pause is the time until something is due: a minute, or less when a salt ends before.
func (s *Salts) pause() time.Duration {
	now, pause := s.o.Now(), period
	for _, e := range s.live.Load().entries {
		pause = min(pause, e.ends().Sub(now))
	}
	return max(pause, time.Millisecond)
}

func (s *Salts) tend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	s.sweep(now)
	s.prepare(now)
	return errors.Join(s.save(), s.forgetCorrupt(now))
}

// forgetCorrupt wipes a file that was set aside once no salt in it can be in force.
func (s *Salts) forgetCorrupt(now time.Time) error {
	info, err := os.Stat(s.o.Path + corrupt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if now.Sub(info.ModTime()) < maxAge {
		return nil
	}
	return wipeFile(s.o.Path + corrupt)
}

// agree offers each salt to the other collectors and adopts the one that was offered first.
func (s *Salts) agree(ctx context.Context) error {
	if s.o.Shared == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, e := range s.live.Load().entries {
		mine := e.salt()
		if s.live.Load().find(e.day) != e {
			continue // destroyed meanwhile, so what was read may be zeros
		}
		winner, err := s.o.Shared.Agree(ctx, e.day, mine)
		if err != nil {
			return fmt.Errorf("agree on the salt of %s: %w", e.day, err)
		}
		if winner != mine {
			s.adopt(e, winner)
		}
	}
	if err := s.o.Shared.Forget(ctx, s.oldest()); err != nil {
		return fmt.Errorf("forget old salts: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save()
}

// adopt puts the winner in the place of e. It counts as made when e was: here nothing older is known of it.
func (s *Salts) adopt(e *entry, winner Salt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := s.live.Load().entries
	next := make([]*entry, 0, len(entries))
	for _, other := range entries {
		if other != e {
			next = append(next, other)
		}
	}
	if len(next) == len(entries) {
		return // destroyed meanwhile
	}
	s.publish(append(next, newEntry(e.day, winner, e.made)))
	s.metrics.adopted.Inc()
}

// oldest is the oldest day that is still today somewhere: the shared salts before it go.
func (s *Salts) oldest() string {
	return s.o.Now().UTC().Add(-lastZone).Format(dayForm)
}
