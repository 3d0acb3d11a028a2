package spool

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

// errDead is what every operation answers once the machine has stopped.
var errDead = errors.New("machine has stopped")

// block is the unit in which the simulated page cache writes to disk, small so that short files are torn too.
const block = 64

// faultFS is a disk behind a page cache, in memory. A crash loses what was not synced: any of the dirty blocks, and
// any of the directory's changes. A failed sync leaves its blocks in the cache, marked clean: a later sync reports
// success and writes nothing of them, as Linux does.
type faultFS struct {
	mu      sync.Mutex
	rand    *rand.Rand
	cached  map[string]*inode
	durable map[string]*inode
	changes []func(names map[string]*inode)
	faults  map[string]fault // by operation
	dieIn   int              // operations until the machine stops; 0 for never
	dead    bool
}

type fault struct {
	in  int // 1 fails the next
	err error
}

type inode struct {
	cached, durable []byte
	dirty           map[int]bool // by block
}

func newFaultFS(seed uint64) *faultFS {
	return &faultFS{
		rand: rand.New(rand.NewPCG(seed, 1)), cached: map[string]*inode{}, durable: map[string]*inode{},
		faults: map[string]fault{},
	}
}

// put lays down a file as if it had always been there.
func (d *faultFS) put(name string, content []byte) {
	n := &inode{cached: slices.Clone(content), durable: slices.Clone(content), dirty: map[int]bool{}}
	d.cached[name], d.durable[name] = n, n
}

// heal lets everything succeed again.
func (d *faultFS) heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults, d.dieIn = map[string]fault{}, 0
}

// crash restarts the machine with what happened to be on disk.
func (d *faultFS) crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, change := range d.changes {
		if d.rand.IntN(2) == 0 {
			change(d.durable)
		}
	}
	d.changes, d.dead, d.dieIn = nil, false, 0
	d.cached = map[string]*inode{}
	for name, n := range d.durable {
		n.crash(d.rand)
		d.cached[name] = n
	}
}

func (n *inode) crash(r *rand.Rand) {
	size := len(n.durable)
	if len(n.dirty) > 0 {
		low, high := min(size, len(n.cached)), max(size, len(n.cached))
		size = low + r.IntN(high-low+1)
	}
	content := make([]byte, size)
	copy(content, n.durable)
	for b := range n.dirty {
		if from := b * block; r.IntN(2) == 0 && from < min(size, len(n.cached)) {
			copy(content[from:min(size, from+block)], n.cached[from:])
		}
	}
	n.durable, n.cached, n.dirty = content, slices.Clone(content), map[int]bool{}
}

func (n *inode) sync() {
	for b := range n.dirty {
		from := b * block
		if from >= len(n.cached) {
			continue
		}
		to := min(len(n.cached), from+block)
		if len(n.durable) < to {
			n.durable = append(n.durable, make([]byte, to-len(n.durable))...)
		}
		copy(n.durable[from:to], n.cached[from:to])
	}
	if len(n.durable) > len(n.cached) {
		n.durable = n.durable[:len(n.cached)]
	}
	n.dirty = map[int]bool{}
}

func (n *inode) touch(from, to int) {
	for b := from / block; b*block < to || b == from/block; b++ {
		n.dirty[b] = true
	}
}

// step counts an operation and says whether it fails. It expects mu to be held.
func (d *faultFS) step(op string) error {
	if d.dieIn > 0 {
		d.dieIn--
		d.dead = d.dead || d.dieIn == 0
	}
	if d.dead {
		return errDead
	}
	f, ok := d.faults[op]
	if !ok {
		return nil
	}
	if f.in > 1 {
		d.faults[op] = fault{f.in - 1, f.err}
		return nil
	}
	delete(d.faults, op)
	return f.err
}

func (d *faultFS) change(fn func(names map[string]*inode)) {
	fn(d.cached)
	d.changes = append(d.changes, fn)
}

func (d *faultFS) List(string) ([]Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("list"); err != nil {
		return nil, err
	}
	var entries []Entry
	for name, n := range d.cached {
		entries = append(entries, Entry{Name: name, Size: int64(len(n.cached))})
	}
	return entries, nil
}

func (d *faultFS) Create(path string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("create"); err != nil {
		return nil, err
	}
	n := &inode{dirty: map[int]bool{}}
	d.change(func(names map[string]*inode) { names[filepath.Base(path)] = n })
	return &faultFile{d, n}, nil
}

func (d *faultFS) Open(path string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("open"); err != nil {
		return nil, err
	}
	n := d.cached[filepath.Base(path)]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &faultFile{d, n}, nil
}

func (d *faultFS) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("rename"); err != nil {
		return err
	}
	n := d.cached[filepath.Base(from)]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	d.change(func(names map[string]*inode) {
		for name, other := range names {
			if other == n {
				delete(names, name)
			}
		}
		names[filepath.Base(to)] = n
	})
	return nil
}

func (d *faultFS) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("remove"); err != nil {
		return err
	}
	if d.cached[filepath.Base(path)] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	d.change(func(names map[string]*inode) { delete(names, filepath.Base(path)) })
	return nil
}

func (d *faultFS) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("syncdir"); err != nil {
		return err
	}
	for _, change := range d.changes {
		change(d.durable)
	}
	d.changes = nil
	return nil
}

type faultFile struct {
	disk *faultFS
	node *inode
}

func (f *faultFile) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	err := f.disk.step("write")
	if err != nil {
		b = b[:f.disk.rand.IntN(len(b)+1)]
	}
	if len(b) > 0 {
		from := len(f.node.cached)
		f.node.cached = append(f.node.cached, b...)
		f.node.touch(from, from+len(b))
	}
	return len(b), err
}

func (f *faultFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	err := f.disk.step("sync")
	switch {
	case err == nil:
		f.node.sync()
	case !errors.Is(err, errDead):
		f.node.dirty = map[int]bool{} // forgotten, though not on disk
	}
	return err
}

func (f *faultFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.step("truncate"); err != nil {
		return err
	}
	f.node.touch(int(size), len(f.node.cached))
	f.node.cached = f.node.cached[:size]
	return nil
}

func (f *faultFile) ReadAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.step("read"); err != nil {
		return 0, err
	}
	return bytes.NewReader(f.node.cached).ReadAt(b, at)
}

func (f *faultFile) Close() error { return nil }

var diskErrors = []error{syscall.EIO, syscall.ENOSPC}
