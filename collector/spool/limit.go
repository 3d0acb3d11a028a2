package spool

import (
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
