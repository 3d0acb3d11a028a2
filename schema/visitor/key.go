package visitor

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dchest/siphash"
)

// Key makes lasting ids: of who consented, of a device, and the marks of who was erased. It is a file of 32 random bytes that stands
// beside the database and never in it, so whoever has the database alone can link no row to a browser. All collectors and
// aggregators of an installation need the same file. Safe for concurrent use.
type Key struct {
	consented, device, mark Salt // one for each kind of id, so that no two kinds meet, even of the same bytes

	others [keySize]byte // what keys for other purposes are derived from
}

const keySize = 32

// OpenKey reads the key at path, or makes one there with mode 0600, and its folder. Of processes that make it at the same time, one
// does and the others read what it made.
func OpenKey(path string) (*Key, error) {
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make visitor key: %w", err)
		}
		secret, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("visitor key: %w", err)
	}
	if len(secret) != keySize {
		return nil, fmt.Errorf("visitor key %s: %d bytes, want %d; bring back the right file: with another, who consented becomes somebody else", path, len(secret), keySize)
	}
	k := &Key{}
	for name, part := range map[string]*Salt{"consented": &k.consented, "device": &k.device, "mark": &k.mark} {
		derived, err := hkdf.Key(sha256.New, secret, nil, "mayak visitor key 1 "+name, len(part))
		if err != nil {
			return nil, fmt.Errorf("visitor key: %w", err)
		}
		*part = Salt(derived)
	}
	others, err := hkdf.Key(sha256.New, secret, nil, "mayak visitor key 1 others", keySize)
	if err != nil {
		return nil, fmt.Errorf("visitor key: %w", err)
	}
	k.others = [keySize]byte(others)
	return k, nil
}

// makeKey is durable before its first use, and never replaces a key: an id made with a lost one is nobody's.
func makeKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".visitor-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // its content has another name by then
	var secret [keySize]byte
	_, _ = rand.Read(secret[:]) // never fails
	_, err = file.Write(secret[:])
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Consented is the visitor's id at a site, of the random number in the cookie. It is never 0, which stands for "no visitor".
func (k *Key) Consented(site string, cookie [16]byte) uint64 {
	return keyed(k.consented, site, cookie[:])
}

// Device is the id of an app's device at a site. It is never 0.
func (k *Key) Device(site, device string) uint64 { return keyed(k.device, site, []byte(device)) }

// Mark is what is kept of a visitor who was erased: it tells whether a row that comes later is theirs, and nothing else. It is never 0.
func (k *Key) Mark(site string, visitor uint64) uint64 {
	return keyed(k.mark, site, binary.LittleEndian.AppendUint64(make([]byte, 0, 8), visitor))
}

// keyed begins with the length of the site, so that moving a byte from site to value gives another id.
func keyed(key Salt, site string, value []byte) uint64 {
	text := make([]byte, 0, 128)                                     // on the stack, for all but the longest
	text = binary.LittleEndian.AppendUint32(text, uint32(len(site))) //nolint:gosec // no site has 4 GiB
	text = append(append(text, site...), value...)
	if id := siphash.Hash(binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:]), text); id != 0 {
		return id
	}
	return 1
}
