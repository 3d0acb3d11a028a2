package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// archive is a file of the folder.
type archive struct {
	database string
	at       time.Time
	base     time.Time // when the whole one was made that it needs; zero if it is whole itself
	size     uint64
	written  time.Time // when somebody wrote to it last
}

const stamp = "20060102T150405Z"

// filed is the name of a backup: which database, when, and on which other one.
var filed = regexp.MustCompile(`^([A-Za-z0-9_]+)-(\d{8}T\d{6}Z)(?:-on-(\d{8}T\d{6}Z))?\.tar$`)

// named reads the name of a backup.
func named(file string) (a archive, err error) {
	parts := filed.FindStringSubmatch(file)
	if parts == nil {
		return a, fmt.Errorf("%q is no name of a backup: want one like mayak-20261123T050000Z.tar, without a folder", file)
	}
	a.database = parts[1]
	if a.at, err = time.Parse(stamp, parts[2]); err != nil {
		return a, err
	}
	if parts[3] != "" {
		a.base, err = time.Parse(stamp, parts[3])
	}
	return a, err
}

func (a *archive) whole() bool { return a.base.IsZero() }

func (a *archive) name() string {
	if a.whole() {
		return a.database + "-" + a.at.Format(stamp) + ".tar"
	}
	return a.database + "-" + a.at.Format(stamp) + "-on-" + a.base.Format(stamp) + ".tar"
}

// list is what the folder holds of this database, the newest first. Where the folder is not seen here, nothing is known of it.
func (b *Backups) list() (all []archive, err error) {
	all, _, err = b.files()
	return all, err
}

// files are those that were written to their end, the newest first, and the others: one is under way, or was broken off.
func (b *Backups) files() (all, parts []archive, err error) {
	if b.o.Folder == "" {
		return nil, nil, nil
	}
	entries, err := os.ReadDir(b.o.Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("look for backups: %w", err)
	}
	for _, entry := range entries {
		a, err := named(entry.Name())
		if err != nil || a.database != b.o.Name {
			continue // somebody else's
		}
		info, err := entry.Info()
		if err != nil {
			continue // somebody removes it
		}
		a.size, a.written = uint64(max(0, info.Size())), info.ModTime()
		if !ended(filepath.Join(b.o.Folder, a.name())) {
			parts = append(parts, a)
			continue
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b archive) int { return b.at.Compare(a.at) })
	return all, parts, nil
}

// tail is what the format writes behind the last file: nothing but zeros.
const tail = 1024

// ended tells whether a file was written to its end. One that may not be read here is believed to be.
func ended(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil || info.Size() < tail {
		return false
	}
	last := make([]byte, tail)
	_, err = file.ReadAt(last, info.Size()-tail)
	return err == nil && !bytes.ContainsFunc(last, func(r rune) bool { return r != 0 })
}

// complete looks whether a backup, and what it is made on, are there to their ends, before a database is given up for it.
func (b *Backups) complete(a *archive) error {
	if b.o.Folder == "" {
		return nil
	}
	needed := []archive{*a}
	if !a.whole() {
		base := archive{database: a.database, at: a.base}
		if _, err := os.Stat(filepath.Join(b.o.Folder, base.name())); err != nil {
			return fmt.Errorf("%s needs the backup that it is made on: %w", a.name(), err)
		}
		needed = append(needed, base)
	}
	for i := range needed {
		if path := filepath.Join(b.o.Folder, needed[i].name()); present(path) && !ended(path) {
			return fmt.Errorf("%s: %w: it was broken off, or is still under way", needed[i].name(), errPart)
		}
	}
	return nil
}

func present(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// brokenOff is how long nobody has written to a part of a backup that nobody goes on with.
const brokenOff = 6 * time.Hour

// Prune removes backups, where this process sees them, and returns their names: what was broken off, what is older than may be kept, of
// what is not among the newest what is not whole, and the oldest while the disk has too little left, but never the newest nor what that
// is made on.
func (b *Backups) Prune() (removed []string, err error) {
	all, parts, err := b.files()
	for i := range parts {
		if err == nil && b.o.Now().Sub(parts[i].written) > brokenOff {
			_, err = b.remove(nil, &parts[i], &removed)
		}
	}
	if err != nil || len(all) == 0 {
		return removed, err
	}
	kept := slices.Clone(all)
	for i := len(all) - 1; i >= 0 && err == nil; i-- {
		a := &all[i]
		gone := b.o.Kept > 0 && b.o.Now().Sub(a.at) > b.o.Kept || b.o.Recent > 0 && i >= b.o.Recent && !a.whole()
		if gone && slices.Contains(kept, *a) {
			kept, err = b.remove(kept, a, &removed)
		}
	}
	if err == nil {
		err = b.room(kept, &removed)
	}
	return removed, err
}

// room removes the oldest while the disk has too little left.
func (b *Backups) room(kept []archive, removed *[]string) error {
	for i := len(kept) - 1; i > 0; i-- {
		if i >= len(kept) || kept[i].at.Equal(kept[0].base) {
			continue
		}
		full, err := b.full()
		if err != nil || !full {
			return err
		}
		if kept, err = b.remove(kept, &kept[i], removed); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a backup, and before it those that are made on it: nothing is ever there without what it needs.
func (b *Backups) remove(kept []archive, a *archive, removed *[]string) ([]archive, error) {
	gone := append(slices.DeleteFunc(slices.Clone(kept), func(other archive) bool { return other.whole() || !a.whole() || !other.base.Equal(a.at) }), *a)
	for _, one := range gone {
		if err := os.Remove(filepath.Join(b.o.Folder, one.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return kept, fmt.Errorf("remove an old backup: %w", err)
		}
		*removed = append(*removed, one.name())
		kept = slices.DeleteFunc(kept, func(other archive) bool { return other == one })
	}
	return kept, nil
}

// full tells whether the disk has less left than it should.
func (b *Backups) full() (bool, error) {
	if b.o.Spare == 0 {
		return false, nil
	}
	free, err := b.o.Free(b.o.Folder)
	if err != nil {
		return false, fmt.Errorf("ask how much of the disk of backups is left: %w", err)
	}
	return free < b.o.Spare, nil
}

// Free is how much of the disk of a folder is left.
func Free(folder string) (uint64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, err
	}
	return disk.Bavail * uint64(disk.Bsize), nil //nolint:gosec // the size of a block is positive
}

// Due tells whether it is time for the next one: none is younger than that.
func (b *Backups) Due(every time.Duration) (bool, error) {
	all, err := b.list()
	return err == nil && (len(all) == 0 || b.o.Now().Sub(all[0].at) >= every), err
}
