package visitor

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Derive is a key for another purpose, as sealing or signing. It tells nothing of ids or of other keys, and the same file gives the same.
func (k *Key) Derive(purpose string) [32]byte {
	mac := hmac.New(sha256.New, k.others[:])
	_, _ = mac.Write([]byte(purpose)) // never fails
	return [32]byte(mac.Sum(nil))
}
