package visitor

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options say where the salts are kept and whom they are shared with.
type Options struct {
	Path     string
	Zones    []*time.Location // of the sites: whose today and coming tomorrow get a salt ahead of time
	Now      func() time.Time
	Shared   Shared // nil: nothing is shared
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Salts are the salts of the live days. Salt takes no lock for a day that has one. Safe for concurrent use.
type Salts struct {
	o       Options
	live    atomic.Pointer[days]
	metrics *metrics

	mu    sync.Mutex // held by whoever publishes another live
	dirty bool       // the file does not hold what live does
}

// OpenSalts reads the file, destroys the salts in it whose time is over, and makes today's. A damaged file is set
// aside; one that cannot be read or written is an error.
func OpenSalts(o Options) (*Salts, error) {
	s := &Salts{o: o}
	s.o.Path = cmp.Or(o.Path, "salts")
	s.live.Store(&days{})
	s.metrics = newMetrics(o.Registry, s)
	if len(o.Zones) == 0 {
		s.o.Zones = []*time.Location{time.UTC}
	}
	entries, err := readFile(s.o.Path)
	if errors.Is(err, errDamaged) {
		s.metrics.corrupt.Inc()
		s.o.Log.Warn("salt file set aside", "err", err)
		err = os.Rename(s.o.Path, s.o.Path+corrupt)
	}
	if err != nil {
		return nil, fmt.Errorf("read salts: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for _, e := range entries {
		if e.made.After(now) {
			e.made = now // the clock was set back: its age counts from here
		}
	}
	s.live.Store(&days{entries: entries})
	s.sweep(now)
	s.prepare(now)
	s.dirty = true // what was read is not trusted to have the mode and the days that it must
	if err := errors.Join(s.save(), sweepTemporary(s.o.Path)); err != nil {
		return nil, fmt.Errorf("write salts: %w", err)
	}
	return s, nil
}

// Salt is the salt of a day, written "2026-11-22". It never fails: a live day without a salt gets one, kept from then on; a
// day that is over everywhere or far ahead, which only a wrong clock asks for, gets one that nobody keeps.
func (s *Salts) Salt(day string) Salt {
	for {
		d := s.live.Load()
		e := d.find(day)
		if e == nil {
			break
		}
		salt := e.salt()
		if s.live.Load() == d { // else it may have been wiped while it was read
			return salt
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.live.Load().find(day); e != nil {
		return e.salt()
	}
	now := s.o.Now()
	if !possible(day, now) {
		return random()
	}
	salt := random()
	s.add(newEntry(day, salt, now))
	s.metrics.made.Inc()
	if err := s.save(); err != nil {
		s.metrics.fileErrors.Inc() // and Run, which tries again, tells of it
	}
	return salt
}

func random() (s Salt) {
	_, _ = rand.Read(s[:]) // it never fails; a machine without randomness stops the process
	return s
}

// publish makes entries the live ones; s.mu is held. What is no longer live is wiped, after nobody can find it any more.
func (s *Salts) publish(entries []*entry) {
	old := s.live.Swap(&days{entries: entries})
	for _, e := range old.entries {
		if !slices.Contains(entries, e) {
			e.set(Salt{})
		}
	}
	s.dirty = true
}

// add publishes one more day, in the place of the oldest if there are too many; s.mu is held.
func (s *Salts) add(e *entry) {
	entries := append(slices.Clone(s.live.Load().entries), e)
	if len(entries) > maxDays {
		slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.day, b.day) })
		entries = entries[1:]
	}
	s.publish(entries)
}

// sweep destroys the salts whose time is over; s.mu is held.
func (s *Salts) sweep(now time.Time) {
	before := s.live.Load().entries
	after := slices.DeleteFunc(slices.Clone(before), func(e *entry) bool { return !e.alive(now) })
	if len(after) < len(before) {
		s.publish(after)
		s.metrics.destroyed.Add(float64(len(before) - len(after)))
	}
}

// prepare makes the salts that the sites need now and soon; s.mu is held.
func (s *Salts) prepare(now time.Time) {
	for _, day := range s.needed(now) {
		if s.live.Load().find(day) == nil {
			s.add(newEntry(day, random(), now))
			s.metrics.made.Inc()
		}
	}
}

// needed are the days that the sites are in, and those that begin for one of them within ahead.
func (s *Salts) needed(now time.Time) []string {
	var needed []string
	for _, zone := range s.o.Zones {
		for _, t := range [...]time.Time{now, now.Add(ahead)} {
			if day := t.In(zone).Format(dayForm); !slices.Contains(needed, day) {
				needed = append(needed, day)
			}
		}
	}
	return needed
}

// save writes the file if it does not hold the live salts; s.mu is held.
func (s *Salts) save() error {
	if !s.dirty {
		return nil
	}
	if err := writeFile(s.o.Path, s.live.Load().entries); err != nil {
		return err
	}
	s.dirty = false
	return nil
}
