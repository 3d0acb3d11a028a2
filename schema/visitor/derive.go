package visitor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/dchest/siphash"
)

// Derive is a key for another purpose, as sealing or signing. It tells nothing of ids or of other keys, and the same file gives the same.
func (k *Key) Derive(purpose string) [32]byte {
	mac := hmac.New(sha256.New, k.others[:])
	_, _ = mac.Write([]byte(purpose)) // never fails
	return [32]byte(mac.Sum(nil))
}

// Blind hides an id in the text of a statement: the database's sipHash64Keyed gives the same of a column's value. What a statement says
// stays in the database's files for a while, so none names a person whose rows it is to delete.
func Blind(key Salt, value []byte) uint64 {
	return siphash.Hash(binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:]), value)
}
