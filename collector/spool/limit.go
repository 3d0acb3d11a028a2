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
	used  func(dir string) (float64, error)
	full  atomic.Bool
	next  atomic.Int64 // when to look again, as time since epoch
	epoch time.Time
}

const diskInterval = time.Second

// Both are an ErrFull, and say what an operator has to look at.
var (
	errDiskShare = fmt.Errorf("%w: the file system is fuller than its share allows", ErrFull)
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
		used, err := d.used(d.dir)
		// A file system that does not tell is taken as not full: writing will show.
		d.full.Store(err == nil && used > d.share)
	}
	return d.full.Load()
}

// setFull is called when a write has found the disk full, whatever its share says.
func (d *diskGauge) setFull() {
	d.next.Store(int64(time.Since(d.epoch) + diskInterval))
	d.full.Store(true)
}

// usedShare is the part of the file system that an ordinary user cannot write any more.
func usedShare(dir string) (float64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	if st.Blocks == 0 {
		return 0, nil
	}
	return 1 - float64(st.Bavail)/float64(st.Blocks), nil
}
