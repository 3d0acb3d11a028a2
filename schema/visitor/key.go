package visitor

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/dchest/siphash"

	"mayak/schema/keyfile"
)

// Key makes lasting ids: of who consented, of a device, of an e-mail, and the marks of who was erased. It is a file of 32 random bytes that stands
// beside the database and never in it, so whoever has the database alone can link no row to a browser. All collectors and
// aggregators of an installation need the same file. Safe for concurrent use.
type Key struct {
	consented, device, mail, mark Salt // one for each kind of id, so that no two kinds meet, even of the same bytes

	others [keyfile.Size]byte // what keys for other purposes are derived from
}

// OpenKey reads the key at path, or makes one there. Only collectors make ids, so only they make the key.
func OpenKey(path string) (*Key, error) { return derived(keyfile.Open(path)) }

// ReadKey reads the key at path, and makes none: with another than the collectors', nobody would be found.
func ReadKey(path string) (*Key, error) { return derived(keyfile.Read(path)) }

func derived(secret [keyfile.Size]byte, err error) (*Key, error) {
	if err != nil {
		return nil, fmt.Errorf("visitor key: %w; all collectors and aggregators need the same file: with another, who consented becomes somebody else", err)
	}
	k := &Key{}
	for name, part := range map[string]*Salt{"consented": &k.consented, "device": &k.device, "mail": &k.mail, "mark": &k.mark} {
		derived, err := hkdf.Key(sha256.New, secret[:], nil, "mayak visitor key 1 "+name, len(part))
		if err != nil {
			return nil, fmt.Errorf("visitor key: %w", err)
		}
		*part = Salt(derived)
	}
	others, err := hkdf.Key(sha256.New, secret[:], nil, "mayak visitor key 1 others", len(k.others))
	if err != nil {
		return nil, fmt.Errorf("visitor key: %w", err)
	}
	copy(k.others[:], others)
	return k, nil
}

// Consented is the visitor's id at a site, of the random number in the cookie. It is never 0, which stands for "no visitor".
func (k *Key) Consented(site string, cookie [16]byte) uint64 {
	return keyed(k.consented, site, cookie[:])
}

// Device is the id of an app's device at a site. It is never 0.
func (k *Key) Device(site, device string) uint64 { return keyed(k.device, site, []byte(device)) }

// Mail is the id of an e-mail's recipient as far as that e-mail goes: the number that its sender gave it. It is never 0.
func (k *Key) Mail(site, message string) uint64 { return keyed(k.mail, site, []byte(message)) }

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
