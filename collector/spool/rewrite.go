package spool

import (
	"bufio"
	"errors"
	"fmt"
	"time"
)

// prepare reads through a segment that this process has not written to its end, and writes it anew if it is not whole.
// It says false without an error when nothing is left to hand out.
func (s *Spool) prepare(g *Segment) (bool, error) {
	s.mu.Lock()
	verified := g.verified
	s.mu.Unlock()
	if verified {
		return true, nil
	}
	if g.rewriting != nil {
		return g.rewriting.goOn()
	}
	v, err := s.scanFile(g.id, g.state, g.size, nil)
	if err != nil {
		return false, err
	}
	if g.state == stateSealed && v.whole() && v.records == g.records {
		s.mu.Lock()
		g.verified = true
		s.mu.Unlock()
		return true, nil
	}
	return s.rewrite(g, v)
}

// rewrite makes a sealed segment of the groups that are whole, under the same name. An .open segment gives way to its
// copy; a damaged file, a sealed one that is not whole among them, is kept as .corrupt. After each step a crash leaves
// names from which adopt goes on:
//
//	torn:    X.open │ X.open X.copy │ X.open X.sealed │ X.sealed
//	damaged: X.open │ X.open X.copy │ X.corrupt X.copy │ X.corrupt X.sealed     (or from X.sealed)
func (s *Spool) rewrite(g *Segment, v verdict) (bool, error) {
	source, damaged := s.path(g.id, g.state), v.damaged || g.state == stateSealed
	if v.torn > 0 {
		s.log.Warn("torn tail of a segment cut off", "segment", g.Name(), "bytes", v.torn)
	}
	if v.records == 0 && !damaged {
		if err := s.fs.Remove(source); err != nil {
			return false, fmt.Errorf("remove empty segment: %w", err)
		}
		return s.rewritten(g, 0, 0, false), nil
	}
	var size int64
	if v.records > 0 {
		var err error
		if size, err = s.writeCopy(g, v); err != nil {
			return false, fmt.Errorf("write segment anew: %w", err)
		}
	}
	rename := func(from, to string) func() error { return func() error { return s.fs.Rename(from, to) } }
	lasting := func() error { return s.fs.SyncDir(s.dir) }
	fromCopy := rename(s.path(g.id, suffixCopy), s.path(g.id, stateSealed))
	r := &rewriting{finish: func() bool { return s.rewritten(g, v.records, size, damaged) }}
	switch {
	case !damaged:
		r.steps = []func() error{fromCopy, lasting, func() error { return s.fs.Remove(source) }, lasting}
	case v.records > 0:
		r.steps = []func() error{lasting, rename(source, s.path(g.id, stateCorrupt)), lasting, fromCopy, lasting}
	default:
		r.steps = []func() error{rename(source, s.path(g.id, stateCorrupt)), lasting}
	}
	g.rewriting = r
	return r.goOn()
}

// rewriting is what remains to be done once the copy is on disk. A step that fails is tried again, not those before.
type rewriting struct {
	steps  []func() error
	finish func() bool
}

func (r *rewriting) goOn() (bool, error) {
	for len(r.steps) > 0 {
		if err := r.steps[0](); err != nil {
			return false, fmt.Errorf("write segment anew: %w", err)
		}
		r.steps = r.steps[1:]
	}
	return r.finish(), nil
}

// writeCopy leaves a complete, synced X.copy and returns its size.
func (s *Spool) writeCopy(g *Segment, v verdict) (int64, error) {
	f, err := s.fs.Create(s.path(g.id, suffixCopy))
	if err != nil {
		return 0, err
	}
	created := v.header.created
	if !v.headerOK {
		created = time.Now()
	}
	w := bufio.NewWriterSize(f, 256<<10)
	head := make([]byte, headerSize, headroom)
	putHeader(head, g.id, created)
	_, err = w.Write(head) // a bufio.Writer keeps its first error
	size, sum := int64(headerSize), uint32(0)
	if err == nil {
		_, err = s.scanFile(g.id, g.state, g.size, func(group []byte, records int) error {
			b := head[:markSize]
			sum = chain(sum, groupMark(group, records).put(b, g.id, size))
			size += markSize + int64(len(group))
			_, _ = w.Write(b)
			_, err := w.Write(group)
			return err
		})
	}
	if err == nil {
		_, _ = w.Write(footer(g.id, size, v.records, sum))
		err = w.Flush()
	}
	if err == nil {
		err = s.sync(f)
	}
	return size + markSize, errors.Join(err, f.Close())
}

// rewritten brings the books in line with what rewrite has done, and says whether anything is left to hand out.
func (s *Spool) rewritten(g *Segment, records, size int64, damaged bool) bool {
	s.mu.Lock()
	g.rewriting = nil
	lost, oldSize := g.records-records, g.size
	s.move(g, stateGone)
	g.records, g.size = records, size
	if records > 0 {
		s.move(g, stateSealed)
		g.verified = true
	}
	if damaged {
		s.stock.add(stateCorrupt, 1, 0, oldSize)
	}
	s.mu.Unlock()
	s.metrics.damagedRecords.Add(float64(max(0, lost)))
	if damaged {
		s.metrics.corruptSegments.Inc()
		s.log.Error("damaged segment set aside, what is whole is delivered", "segment", g.Name(),
			"records", records, "records_lost", lost)
	}
	return records > 0
}
