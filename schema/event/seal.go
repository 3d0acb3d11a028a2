package event

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sealer encrypts the restricted network row on its way through the spool (AES-256-GCM, random nonces), so that
// a copy of the spool's files alone tells no address. A nil Sealer drops the row. Safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

const keySize = 32

// OpenSealer reads the key at path, or makes a new one there with mode 0600.
func OpenSealer(path string) (*Sealer, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("network key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("network key %s: %d bytes, want %d; set the file aside to begin with a new key", path, len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("network key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("network key: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// createKey is durable before its first use: a key lost in a crash would lose the rows sealed with it.
func createKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already once it is renamed
	_, err = file.Write(key)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return nil, err
	}
	return key, syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// appendSealed appends the length and the sealed bytes: address (4 or 16 bytes, length first) and user agent. They are
// written where their cipher text will stand, so that sealing asks for no memory.
func (s *Sealer) appendSealed(dst []byte, n Network) []byte {
	address := n.Address.Unmap()
	size := address.BitLen() / 8
	dst = protowire.AppendVarint(dst, uint64(1+size+len(n.UserAgent)+s.aead.Overhead())) //nolint:gosec // a length.
	start := len(dst)
	dst = append(dst, byte(size)) //nolint:gosec // 4 or 16.
	if whole := address.As16(); address.IsValid() {
		dst = append(dst, whole[len(whole)-size:]...)
	}
	dst = append(dst, n.UserAgent...)
	return s.aead.Seal(dst[:start], nil, dst[start:], nil)
}

func (s *Sealer) open(sealed []byte) (Network, bool) {
	if s == nil {
		return Network{}, false
	}
	plain, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil || len(plain) == 0 || 1+int(plain[0]) > len(plain) {
		return Network{}, false
	}
	size := int(plain[0])
	var n Network
	if err := n.Address.UnmarshalBinary(plain[1 : 1+size]); err != nil {
		return Network{}, false
	}
	agent := plain[1+size:]
	n.UserAgent = strings.ToValidUTF8(unsafe.String(unsafe.SliceData(agent), len(agent)), "\uFFFD") //nolint:gosec // nobody else has plain.
	return n, true
}
