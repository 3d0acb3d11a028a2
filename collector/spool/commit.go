package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// headroom is kept before a group's records, so that the header of a segment and the group's mark join them in one
// write without copying.
const headroom = headerSize + markSize

// Buffers are kept from one group to the next: three are in use at a time, one written, one answered and one
// gathering. What a burst has made larger is let go.
const (
	keepBuffer = 4 << 20
	keepGroups = 3
)

// group is what one fsync makes durable: the records of all calls that waited for the one before it. The call that
// began it is its leader and writes it; the others wait for the outcome.
type group struct {
	buf     []byte
	records int
	outcome *outcome // nil while the leader is alone
}

type outcome struct {
	done chan struct{}
	err  error // to be read after done
}

func (g *group) size() int64 { return int64(len(g.buf) - headroom) }

// Append returns nil once all the records are on disk. The records of one call stay together: all or none of them
// are kept, in one segment. The caller may reuse their memory afterwards.
func (s *Spool) Append(records ...[]byte) error {
	joined, err := s.Join(records...)
	if err != nil {
		return err
	}
	return joined.Wait()
}

// Joined are records that wait with others to be written. The zero Joined has none.
type Joined struct {
	spool   *Spool
	group   *group   // to be led by whoever holds this; else nil
	outcome *outcome // of a group that another leads
}

// Join takes the records as Append does, whose memory is the caller's again when it returns. Whoever has joined must
// Wait, and soon: the first of a group writes it for all. Apart from that the two together are Append.
func (s *Spool) Join(records ...[]byte) (Joined, error) {
	if len(records) == 0 {
		return Joined{}, nil
	}
	size := encodedSize(records)
	if !s.fits(0, 0, size, len(records)) {
		s.metrics.rejectedTooLarge.Add(float64(len(records)))
		return Joined{}, ErrTooLarge
	}
	diskFull := s.disk.isFull()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.metrics.rejectedClosed.Add(float64(len(records)))
		return Joined{}, ErrClosed
	}
	if err := s.room(diskFull, size); err != nil {
		s.metrics.rejectedFull.Add(float64(len(records)))
		return Joined{}, err
	}
	g := s.gathering
	leads := g == nil || !s.fits(0, 0, g.size()+size, g.records+len(records))
	if leads {
		g = s.newGroup()
		s.gathering = g
		s.leaders.Add(1)
	}
	g.buf = appendRecords(g.buf, records)
	g.records += len(records)
	s.gathered += size
	if leads {
		return Joined{spool: s, group: g}, nil
	}
	if g.outcome == nil {
		g.outcome = &outcome{done: make(chan struct{})}
	}
	return Joined{outcome: g.outcome}, nil
}

// Wait returns nil once the records are on disk. It is called once.
func (j Joined) Wait() error {
	switch {
	case j.group != nil:
		return j.spool.lead(j.group)
	case j.outcome != nil:
		<-j.outcome.done
		return j.outcome.err
	default:
		return nil
	}
}

// fits says whether a group of so many bytes and records fits behind what a segment already has.
func (s *Spool) fits(before, recordsBefore int64, size int64, records int) bool {
	return max(before, headerSize)+markSize+size+markSize <= s.opts.SegmentSize &&
		recordsBefore+int64(records) <= int64(s.opts.SegmentRecords)
}

// newGroup expects mu to be held.
func (s *Spool) newGroup() *group {
	if n := len(s.spare); n > 0 {
		g := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return g
	}
	return &group{buf: make([]byte, headroom, 64<<10)}
}

// lead waits for its turn, while others join the group, and writes it.
func (s *Spool) lead(g *group) error {
	defer s.leaders.Done()
	s.writing.Lock()
	s.mu.Lock()
	if s.gathering == g {
		s.gathering = nil
	}
	s.mu.Unlock()
	err := s.commit(g)
	s.writing.Unlock()

	o, records, size := g.outcome, g.records, g.size()
	s.mu.Lock()
	s.gathered -= size
	if cap(g.buf) <= keepBuffer && len(s.spare) < keepGroups {
		*g = group{buf: g.buf[:headroom]}
		s.spare = append(s.spare, g)
	}
	s.mu.Unlock()
	s.metrics.committed(records, size, err)
	if o != nil {
		o.err = err
		close(o.done)
	}
	return err
}

// commit makes the group durable in the open segment, or in a new one if it does not fit. It expects writing to be
// held, which is why it may read the open segment's counts without mu.
func (s *Spool) commit(g *group) error {
	if s.open != nil && !s.fits(s.open.size, s.open.records, g.size(), g.records) {
		if err := s.sealOpen(); err != nil {
			return s.explain(err)
		}
	}
	if s.open == nil {
		return s.explain(s.begin(g))
	}
	id := s.open.id
	check := groupMark(g.buf[headroom:], g.records).put(g.buf[headerSize:], id, s.open.size)
	if err := s.write(g.buf[headerSize:]); err != nil {
		return s.explain(fmt.Errorf("append to segment %s: %w", id, err))
	}
	if err := s.sync(s.file); err != nil {
		s.abandonOpen()
		return s.explain(fmt.Errorf("sync segment %s: %w", id, err))
	}
	s.chain = chain(s.chain, check)
	s.mu.Lock()
	s.grow(s.open, int64(g.records), markSize+g.size())
	s.mu.Unlock()
	return nil
}

// begin starts a segment with the group as its first. Until that is durable the segment does not exist for anyone.
func (s *Spool) begin(g *group) error {
	next := ident{number: s.number + 1, random: rand.Uint32()}
	// The number lasts with the directory sync below.
	err := s.fs.Rename(s.lastPath(s.number), s.lastPath(next.number))
	if errors.Is(err, fs.ErrNotExist) {
		err = s.createLast(next.number) // somebody has tidied up
	}
	if err != nil {
		return fmt.Errorf("begin segment %s: %w", next, err)
	}
	s.number = next.number
	path := s.path(next, stateOpen)
	f, err := s.fs.Create(path)
	if err != nil {
		return fmt.Errorf("begin segment %s: %w", next, err)
	}
	putHeader(g.buf, next, time.Now())
	check := groupMark(g.buf[headroom:], g.records).put(g.buf[headerSize:], next, headerSize)
	_, err = f.Write(g.buf)
	if err == nil {
		err = s.sync(f)
	}
	if err == nil {
		err = s.fs.SyncDir(s.dir)
	}
	if err != nil {
		err = fmt.Errorf("begin segment %s: %w", next, err)
		return errors.Join(err, f.Close(), s.fs.Remove(path))
	}
	s.file, s.chain = f, chain(0, check)
	s.mu.Lock()
	s.open = &Segment{spool: s, id: next, state: stateOpen, began: time.Now(), verified: true}
	s.stock.add(stateOpen, 1, 0, 0)
	s.grow(s.open, int64(g.records), headroom+g.size())
	s.mu.Unlock()
	s.notify()
	return nil
}

// write appends to the open segment's file. What a failed write leaves behind is cut off; if even that fails, the
// segment is abandoned.
func (s *Spool) write(b []byte) error {
	_, err := s.file.Write(b)
	if err == nil {
		return nil
	}
	if cut := s.file.Truncate(s.open.size); cut != nil {
		s.abandonOpen()
		return errors.Join(err, cut)
	}
	return err
}

// sealOpen closes the open segment for good and queues it. The directory is not synced: should the rename be lost,
// recovery finds the footer in the .open file and seals it again under the same name and with the same content.
func (s *Spool) sealOpen() error {
	g := s.open
	if g == nil {
		return nil
	}
	if err := s.write(footer(g.id, g.size, g.records, s.chain)); err != nil {
		return fmt.Errorf("seal segment %s: %w", g.Name(), err)
	}
	err := s.sync(s.file)
	if err == nil {
		err = s.fs.Rename(s.path(g.id, stateOpen), s.path(g.id, stateSealed))
	}
	if err != nil {
		// Not an error of the caller's: what the segment holds is durable, and Next will write it anew.
		s.log.Error("segment not sealed, its content will be written anew", "segment", g.Name(), "err", err)
		s.abandonOpen()
		return nil
	}
	if err := s.file.Close(); err != nil {
		s.log.Warn("sealed segment not closed", "segment", g.Name(), "err", err)
	}
	s.mu.Lock()
	s.grow(g, 0, markSize)
	s.move(g, stateSealed)
	s.fresh = append(s.fresh, g)
	s.open = nil
	s.mu.Unlock()
	s.notify()
	return nil
}

// abandonOpen gives up the open segment's file, whose cached pages can no longer be trusted to be what is on disk.
// Everything up to its size was durable before; Next copies that into a new file before handing it out.
func (s *Spool) abandonOpen() {
	if err := s.file.Close(); err != nil {
		s.log.Warn("abandoned segment not closed", "segment", s.open.Name(), "err", err)
	}
	s.mu.Lock()
	s.open.verified = false
	s.fresh = append(s.fresh, s.open)
	s.open = nil
	s.mu.Unlock()
	s.notify()
}

func (s *Spool) sync(f File) error {
	begin := time.Now()
	err := f.Sync()
	s.metrics.fsyncSeconds.Observe(time.Since(begin).Seconds())
	return err
}

// explain makes a full disk an ErrFull, and lets appends be refused until the disk is looked at again.
func (s *Spool) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		s.disk.setFull()
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

func (s *Spool) lastPath(number uint64) string {
	return filepath.Join(s.dir, strconv.FormatUint(number, 10)+"."+suffixLast)
}
