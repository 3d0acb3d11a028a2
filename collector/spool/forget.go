package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Forget removes for good what was set aside, refused or damaged, and was begun before: nobody has looked at it in time. What waits for
// delivery is not touched, however old. A damaged file that cannot tell its time is as old as the segments after it at least.
func (s *Spool) Forget(before time.Time) (segments int, err error) {
	entries, err := s.fs.List(s.dir)
	if err != nil {
		return 0, fmt.Errorf("look for what was set aside: %w", err)
	}
	var aside []Segment
	last := uint64(0) // every segment up to here was begun before
	for _, e := range entries {
		id, state, ok := parseFile(e.Name)
		if !ok || !slices.Contains([]string{stateOpen, stateSealed, stateRefused, stateCorrupt}, state) {
			continue
		}
		v, err := survey(s.fs, s.path(id, state), id, e.Size)
		if errors.Is(err, fs.ErrNotExist) {
			continue // delivered meanwhile
		}
		if err != nil {
			return 0, fmt.Errorf("look for what was set aside: %w", err)
		}
		if v.headerOK && v.header.created.Before(before) {
			last = max(last, id.number)
		}
		if state == stateRefused || state == stateCorrupt {
			aside = append(aside, Segment{id: id, state: state, size: e.Size})
		}
	}
	var problems []error
	for i := range aside {
		if g := &aside[i]; g.id.number <= last {
			if err := s.forget(g); err != nil {
				problems = append(problems, err)
				continue
			}
			segments++
		}
	}
	if segments > 0 {
		problems = append(problems, s.fs.SyncDir(s.dir))
	}
	return segments, errors.Join(problems...)
}

// forget takes a refused segment out of the list first: what is being replayed is in it no more.
func (s *Spool) forget(g *Segment) error {
	var refused *Segment
	if g.state == stateRefused {
		s.mu.Lock()
		i := slices.IndexFunc(s.refused, func(r *Segment) bool { return r.id == g.id })
		if i < 0 {
			s.mu.Unlock()
			return nil
		}
		refused = s.refused[i]
		s.refused = slices.Delete(s.refused, i, i+1)
		s.mu.Unlock()
	}
	err := s.fs.Remove(s.path(g.id, g.state))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		if refused != nil {
			s.refused = append(s.refused, refused)
		}
		return fmt.Errorf("remove segment %s: %w", g.Name(), err)
	case refused != nil:
		s.metrics.forgotten.Add(float64(refused.records))
		s.move(refused, stateGone)
	default:
		s.stock.add(stateCorrupt, -1, 0, -g.size)
	}
	if err := s.fs.Remove(s.path(g.id, suffixReason)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the reason of segment %s: %w", g.Name(), err)
	}
	return nil
}
