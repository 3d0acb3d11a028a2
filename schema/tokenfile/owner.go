package tokenfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// keep gives a file that is about to take the place of the one at path the owner and the mode of that one: a service must be able to
// read what an administrator changed. Where there is none, it is the folder's owner's.
func keep(file *os.File, path string) error {
	like, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		adopt(file.Name(), filepath.Dir(path))
		return nil
	}
	if err != nil {
		return err
	}
	adopt(file.Name(), path)
	if now, err := file.Stat(); err != nil || !sameOwner(now, like) {
		return errors.Join(err, fmt.Errorf("%s would no longer be its owner's: run this as that user or as root", path))
	}
	return file.Chmod(like.Mode().Perm())
}

// adopt gives a file or folder to the owner of another one, as far as whoever runs this may.
func adopt(path, like string) {
	from, err := os.Stat(like)
	if err != nil {
		return // whatever is done with it next will tell
	}
	if owner, known := from.Sys().(*syscall.Stat_t); known {
		_ = os.Chown(path, int(owner.Uid), int(owner.Gid)) // only root may, and only for root it matters
	}
}

// sameOwner tells whether both are of one user, and of one group if that may do anything with the second.
func sameOwner(a, b fs.FileInfo) bool {
	mine, known := a.Sys().(*syscall.Stat_t)
	other, both := b.Sys().(*syscall.Stat_t)
	if !known || !both {
		return true
	}
	return mine.Uid == other.Uid && (mine.Gid == other.Gid || b.Mode().Perm()&0o070 == 0)
}

// makeFolder makes the folders that are missing, for the owner of the first one that is there.
func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	adopt(path, filepath.Dir(path))
	return nil
}
