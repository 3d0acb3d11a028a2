package event

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"strings"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"mayak/schema/keyfile"
)

// Sealer encrypts the restricted network row on its way through the spool (AES-256-GCM, random nonces), so that
// a copy of the spool's files alone tells no address. A nil Sealer drops the row. Safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// OpenSealer reads the key at path, or makes a new one there.
func OpenSealer(path string) (*Sealer, error) {
	key, err := keyfile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("network key: %w; set a damaged file aside to begin with a new key", err)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("network key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("network key: %w", err)
	}
	return &Sealer{aead: aead}, nil
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
