package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// The states of a segment, each the suffix of its file.
const (
	stateOpen    = "open"
	stateSealed  = "sealed"
	stateRefused = "refused"
	stateCorrupt = "corrupt"
	stateGone    = "" // delivered
)

// The other suffixes in a spool's directory.
const (
	suffixCopy   = "copy"
	suffixReason = "reason"
	suffixLast   = "last"
)

// maxReason bounds the text that is kept with a refused segment.
const maxReason = 8 << 10

// ErrCorrupt means that a segment is not as it was written. Release it: Next hands out what is left of it.
var ErrCorrupt = errors.New("segment is corrupt")

// Segment is what a reader gets from Next and ends with one of Delivered, SetAside and Release. Its content and its
// name never change once it is handed out. It is not safe for concurrent use.
type Segment struct {
	spool *Spool
	id    ident
	began time.Time // when its first record was written, for age

	rewriting *rewriting // begun by the reader and not finished

	// Guarded by the spool's mu; records and size are fixed from sealing on.
	state     string
	records   int64
	size      int64
	handed    bool
	verified  bool      // sealed by this process, or read through since
	notBefore time.Time // do not try again earlier
}

// Name is the number and the random part, as in "42-5f3a9c1e".
func (g *Segment) Name() string { return g.id.String() }

// Len is the number of records.
func (g *Segment) Len() int { return int(g.records) }

// Size is the size of its file in bytes.
func (g *Segment) Size() int64 { return g.size }

// Each calls fn with each record in the order of appending; a record's memory is only lent. The records count only
// if Each returns nil: damage shows as ErrCorrupt, perhaps after some of them. An error of fn's is returned as it is.
func (g *Segment) Each(fn func(record []byte) error) error {
	s := g.spool
	s.mu.Lock()
	state := g.state
	s.mu.Unlock()
	v, err := s.scanFile(g.id, state, g.size, func(group []byte, records int) error {
		return eachRecord(group, records, fn)
	})
	if err != nil {
		return err
	}
	if !v.whole() || v.records != g.records {
		s.mu.Lock()
		g.verified = false
		s.mu.Unlock()
		return fmt.Errorf("read segment %s: %w", g.Name(), ErrCorrupt)
	}
	return nil
}

// Delivered removes the segment, whose records are safe elsewhere. After an error it may be called again.
func (g *Segment) Delivered() error {
	s := g.spool
	if err := s.fs.Remove(s.path(g.id, stateSealed)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove delivered segment: %w", err)
	}
	s.mu.Lock()
	if g.state == stateSealed {
		s.move(g, stateGone)
		s.metrics.delivered.Add(float64(g.records))
	}
	s.mu.Unlock()
	if err := s.fs.SyncDir(s.dir); err != nil {
		return fmt.Errorf("remove delivered segment %s: %w", g.Name(), err)
	}
	return nil
}

// SetAside keeps the segment as refused until it is replayed, with the reason beside it for the operator. The reason
// must not hold anything of a record's content. After an error it may be called again.
func (g *Segment) SetAside(reason string) error {
	s := g.spool
	// The reason is a help, the renaming is what counts: a disk too full for the one must not prevent the other.
	noted := s.writeReason(g.id, reason)
	if err := s.fs.Rename(s.path(g.id, stateSealed), s.path(g.id, stateRefused)); err != nil {
		return errors.Join(fmt.Errorf("set aside segment: %w", err), noted)
	}
	s.mu.Lock()
	s.move(g, stateRefused)
	s.refused = append(s.refused, g)
	s.mu.Unlock()
	s.metrics.refusedSegments.Inc()
	if err := s.fs.SyncDir(s.dir); err != nil {
		s.log.Warn("renaming of a refused segment may not last", "segment", g.Name(), "err", err)
	}
	if noted != nil {
		s.log.Warn("reason of a refused segment not kept", "segment", g.Name(), "err", noted)
	}
	return nil
}

func (s *Spool) writeReason(id ident, reason string) error {
	f, err := s.fs.Create(s.path(id, suffixReason))
	if err != nil {
		return err
	}
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	if _, err := f.Write([]byte(reason + "\n")); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// Release gives the segment back: Next hands it out again after all that was never tried. When the receiver is away
// for every segment alike, rather keep this one and try again: each Next may seal the open segment early.
func (g *Segment) Release() {
	s := g.spool
	s.mu.Lock()
	if g.handed && g.state == stateSealed {
		g.handed = false
		s.returned = append(s.returned, g)
	}
	s.mu.Unlock()
	s.notify()
}

// scanFile reads the segment's file of the given state.
func (s *Spool) scanFile(id ident, state string, size int64, fn visit) (verdict, error) {
	f, err := s.fs.Open(s.path(id, state))
	if err != nil {
		return verdict{}, fmt.Errorf("read segment: %w", err)
	}
	v, err := scan(f, size, id, fn)
	if err != nil {
		err = fmt.Errorf("read segment %s: %w", id, err)
	}
	return v, errors.Join(err, f.Close())
}
