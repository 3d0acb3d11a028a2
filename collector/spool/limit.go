package spool

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
)

// diskGauge tells whether the file system is too full to take more. It looks about once a second, when asked.
type diskGauge struct {
	dir   string
	share float64
	ample int64 // bytes free that are enough whatever the share says: all that the spool may ever take
	look  func(dir string) (diskSpace, error)
	full  atomic.Bool
	next  atomic.Int64 // when to look again, as time since epoch
	epoch time.Time
}

const diskInterval = time.Second

// Both are an ErrFull, and say what an operator has to look at.
var (
	errDiskShare = fmt.Errorf("%w: the file system is fuller than its share allows, and has less free than the limit of the spool", ErrFull)
	errLimit     = fmt.Errorf("%w: its files have reached the limit", ErrFull)
)

// reserve is the room that a spool must have to be called ready: enough for any one request, but of a small spool only
// a hundredth.
const reserve = 64 << 10

// Room returns an ErrFull that tells why the spool takes no more, without waiting for somebody to try. What is set aside
// or damaged takes room too.
func (s *Spool) Room() error {
	diskFull := s.disk.isFull()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room(diskFull, min(reserve, s.opts.Limit/100))
}

// room tells whether size more bytes of records may be written. It expects mu to be held.
func (s *Spool) room(diskFull bool, size int64) error {
	switch {
	case diskFull:
		return errDiskShare
	case s.stock.bytes+s.gathered+size+markSize > s.opts.Limit:
		return errLimit
	default:
		return nil
	}
}

func (d *diskGauge) isFull() bool {
	now := int64(time.Since(d.epoch)) // monotonic: a clock that is set back must not stop the looking
	next := d.next.Load()
	if now >= next && d.next.CompareAndSwap(next, now+int64(diskInterval)) {
		space, err := d.look(d.dir)
		// A file system that does not tell is taken as not full: writing will show.
		d.full.Store(err == nil && space.used > d.share && space.free < d.ample)
	}
	return d.full.Load()
}

// setFull is called when a write has found the disk full, whatever its share says.
func (d *diskGauge) setFull() {
	d.next.Store(int64(time.Since(d.epoch) + diskInterval))
	d.full.Store(true)
}

// diskSpace is what a file system has for an ordinary user.
type diskSpace struct {
	used float64 // the share that is in use, as df tells it
	free int64   // bytes
}

// spaceOf asks the file system. What it keeps for the superuser alone counts neither as used nor as free: on a disk of
// which two thirds are kept, nothing else would ever be left.
func spaceOf(dir string) (diskSpace, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return diskSpace{}, err
	}
	used, free := float64(st.Blocks)-float64(st.Bfree), float64(st.Bavail)
	if used+free == 0 {
		return diskSpace{}, nil
	}
	return diskSpace{used: used / (used + free), free: int64(free * float64(st.Bsize))}, nil
}
