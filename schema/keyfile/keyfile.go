// Package keyfile keeps a secret key of random bytes in a file of its own, which nobody but its owner may read.
//
// A key is durable before its first use and is never replaced: what was made with a lost one cannot be read again, nor found.
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Size is how long a key is, in bytes.
const Size = 32

// Open reads the key at path, or makes one there, and its folder. Of processes that make it at the same time, one does and the
// others read what it made.
func Open(path string) ([Size]byte, error) {
	key, err := Read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return key, fmt.Errorf("make key: %w", err)
	}
	return Read(path)
}

// Read reads the key at path, and makes none.
func Read(path string) ([Size]byte, error) {
	secret, err := os.ReadFile(path)
	if err != nil {
		return [Size]byte{}, err
	}
	if len(secret) != Size {
		return [Size]byte{}, fmt.Errorf("%s: %d bytes, want %d", path, len(secret), Size)
	}
	return [Size]byte(secret), nil
}

// create links a whole file to its name, which fails where there is one.
func create(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // its content has another name by then
	var secret [Size]byte
	_, _ = rand.Read(secret[:]) // never fails
	_, err = file.Write(secret[:])
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil {
		return err
	}
	return SyncFolder(folder)
}

// SyncFolder makes the names of files in the folder durable.
func SyncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
