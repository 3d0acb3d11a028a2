// Package spool is a durable queue of opaque records. What Append has answered is on disk and reaches the reader
// exactly once by name: records wait in segments, and a segment that was handed out never changes its content, so
// its name serves as a deduplication token. The spool never looks into a record, never drops one, and never repairs
// by deleting: what cannot be read is set aside, counted and kept.
//
// A segment's state is in its file's name, 42-5f3a9c1e being its number (rising for ever) and a random part:
//
//	append ──► N-R.open ──seal──► N-R.sealed ──delivered──► gone
//	               │                 │    ▲
//	               │                 │    └──replay── N-R.refused (+ N-R.reason)
//	               │                 ├─────set aside────▲
//	               │ torn tail       │ damaged
//	               ▼                 ▼
//	           N-R.copy: the groups that are whole, written anew, becomes N-R.sealed;
//	           then the .open is removed if only its tail was torn; a damaged file is kept as N-R.corrupt
//
//	N.last: the highest number given so far     spool.lock: held by the process that has the spool open
//
// A file is a header, groups, and a footer once it is sealed; numbers are little-endian, checksums CRC-32C:
//
//	header   "mayakseg" | version u32 | random u32 | number u64 | created u64 (ns) | 0 u32 | checksum u32
//	group    length u32 | records u32 | checksum of what follows u32 | checksum u32 | (size uvarint | record)*
//	footer   0xffffffff | records u32 | checksum of all marks    u32 | checksum u32
//
// The second checksum of a group's or footer's mark covers the mark, and begins from the segment's identity and the
// mark's place in the file: what was left over or moved is no mark. One group is what one fsync made durable, and the next is written only after that: so an invalid group
// at the end is a torn tail, never answered, and an invalid group before a valid one is damage to answered records.
// Damaged segments keep their name for what is left of them, because they may have been sent whole before: the
// receiver then ignores the rest, and otherwise takes it.
//
// Records whose Append failed may be delivered all the same after a crash; they are never delivered in part.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	// ErrFull means that the spool is at its limit or the disk is full. It passes by itself.
	ErrFull = errors.New("spool is full")
	// ErrTooLarge means that the records of one call do not fit into a segment.
	ErrTooLarge = errors.New("records do not fit into a segment")
	// ErrClosed means that nothing is taken any more, and to a reader that nothing is left.
	ErrClosed = errors.New("spool is closed")
)

// Options tune a spool; the zero value of each field stands for its default.
type Options struct {
	SegmentSize    int64         // a segment is sealed before its file would exceed this; 32 MiB
	SegmentRecords int           // or hold more than this; 100,000
	SegmentAge     time.Duration // how long the oldest record waits before a waiting reader gets its segment; 500 ms
	Limit          int64         // bytes of all files on disk at which Append answers ErrFull; 10 GiB
	DiskShare      float64       // or when the file system is fuller than this, with less than Limit free; 0.8
	FS             FS            // default: the operating system's
	Log            *slog.Logger  // default: none
	Registerer     prometheus.Registerer
}

func (o Options) withDefaults() Options {
	set := func(field *int64, value int64) {
		if *field == 0 {
			*field = value
		}
	}
	set(&o.SegmentSize, 32<<20)
	set(&o.Limit, 10<<30)
	set((*int64)(&o.SegmentAge), int64(500*time.Millisecond))
	if o.SegmentRecords == 0 {
		o.SegmentRecords = 100_000
	}
	if o.DiskShare == 0 {
		o.DiskShare = 0.8
	}
	if o.FS == nil {
		o.FS = realFS{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Spool is safe for concurrent use, but only one goroutine at a time may call Next. It starts no goroutine of its own.
type Spool struct {
	dir     string
	opts    Options
	fs      FS
	log     *slog.Logger
	metrics *metrics
	lock    *flock.Flock
	disk    diskGauge

	// writing is held by the one goroutine that changes the open segment; mu is held shortly, never across I/O,
	// and is taken after writing if both are.
	writing sync.Mutex
	file    File   // of the open segment
	chain   uint32 // checksum of its marks
	number  uint64 // the highest given

	mu        sync.Mutex
	gathering *group   // takes records until its leader begins to write it
	spare     []*group // written, their buffers to be used again
	gathered  int64    // bytes in groups that are not yet written
	closed    bool     // no more appends
	sealed    bool     // and no more segments
	open      *Segment
	fresh     []*Segment // to hand out, oldest first
	returned  []*Segment // to hand out again, after the fresh ones
	refused   []*Segment
	handed    []*Segment // among them those that a reader has
	stock     stock
	leaders   sync.WaitGroup // groups whose leader has not finished
	wake      chan struct{}  // tells a waiting reader to look again
}

// Open takes the directory for this process, creating it if it is missing, and finds what an earlier process left.
func Open(dir string, o Options) (*Spool, error) {
	o = o.withDefaults()
	if o.SegmentSize > maxSegment {
		return nil, fmt.Errorf("open spool %s: segment size %d is above %d", dir, o.SegmentSize, maxSegment)
	}
	if err := makeDir(o.FS, dir); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "spool.lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("open spool: lock %s: %w", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("open spool: %s is in use by another process", dir)
	}
	s := &Spool{
		dir: dir, opts: o, fs: o.FS, log: o.Log, lock: lock, wake: make(chan struct{}, 1),
		disk: diskGauge{dir: dir, share: o.DiskShare, ample: o.Limit, look: spaceOf, epoch: time.Now()},
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool: %w", err), lock.Unlock())
	}
	s.metrics = newMetrics(o.Registerer, s)
	return s, nil
}

// makeDir creates the directory if it is missing, and makes its name last: records in a directory that a power cut
// takes away are as lost as unsynced ones.
func makeDir(files FS, dir string) error {
	if _, err := os.Stat(dir); err == nil { //nolint:gosec // as below
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the directory is the operator's own setting
		return err
	}
	return files.SyncDir(filepath.Dir(dir))
}

// Seal ends appending: appends under way finish, later ones get ErrClosed, the open segment is sealed. The reader
// gets what is left and then ErrClosed. Seal stops waiting for a slow disk when ctx ends.
func (s *Spool) Seal(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		s.leaders.Wait()
		s.writing.Lock()
		err := s.sealOpen()
		s.writing.Unlock()
		s.mu.Lock()
		s.sealed = true
		s.mu.Unlock()
		s.notify()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("seal spool: %w", ctx.Err())
	}
}

// Close seals the spool and gives up the directory. What is not delivered waits for the next Open.
func (s *Spool) Close(ctx context.Context) error {
	err := s.Seal(ctx)
	if err != nil && ctx.Err() != nil {
		return err // something may still be written: the directory is given up with the process
	}
	return errors.Join(err, s.lock.Unlock())
}

// Pending counts what was acknowledged or recovered and is neither delivered nor set aside.
func (s *Spool) Pending() (segments int, records, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.stock.pending()
	return int(c.segments), c.records, c.bytes
}

// Replay makes the segments that were set aside deliverable again, under their old names.
func (s *Spool) Replay() (int, error) {
	s.mu.Lock()
	refused := s.refused
	s.refused = nil
	s.mu.Unlock()
	for i, g := range refused {
		err := s.fs.Rename(s.path(g.id, stateRefused), s.path(g.id, stateSealed))
		if err != nil {
			s.mu.Lock()
			s.refused = append(s.refused, refused[i:]...)
			s.mu.Unlock()
			return i, fmt.Errorf("replay segment %s: %w", g.Name(), err)
		}
		s.mu.Lock()
		s.move(g, stateSealed)
		g.handed = false
		s.returned = append(s.returned, g)
		s.mu.Unlock()
		if err := s.fs.Remove(s.path(g.id, suffixReason)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("reason of a replayed segment not removed", "segment", g.Name(), "err", err)
		}
	}
	s.notify()
	if err := s.fs.SyncDir(s.dir); err != nil {
		return len(refused), fmt.Errorf("replay: %w", err)
	}
	return len(refused), nil
}

func (s *Spool) path(id ident, suffix string) string {
	return filepath.Join(s.dir, id.String()+"."+suffix)
}

func (s *Spool) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
