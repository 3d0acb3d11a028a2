package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What a password's hash costs: RFC 9106's second choice with one lane. 64 MiB are held while it is computed.
const (
	passes     = 3
	memoryKiB  = 64 << 10
	lanes      = 1
	saltBytes  = 16
	hashBytes  = 32
	mostPasses = 10
	mostKiB    = 256 << 10
)

const (
	shortestPassword = 12
	longestPassword  = 1024
)

// checkPassword refuses one that is easily guessed by its length alone. Rules about kinds of characters make people choose worse ones.
func checkPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < shortestPassword || len(password) > longestPassword {
		return fmt.Errorf("the password has %d characters: want at least %d", n, shortestPassword)
	}
	return nil
}

// hashed is the hash of a password, in the form that is usual for argon2.
func hashed(password string) string {
	var salt [saltBytes]byte
	_, _ = rand.Read(salt[:]) // never fails
	sum := argon2.IDKey([]byte(password), salt[:], passes, memoryKiB, lanes, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(sum))
}

// secret is what is kept of a password.
type secret struct {
	passes, memoryKiB uint32
	lanes             uint8
	salt, sum         []byte
}

var errSecret = errors.New("argon2id must be the hash of a password, like $argon2id$v=19$m=65536,t=3,p=1$…$…") // it is never quoted

func parseSecret(text string) (s secret, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return s, errSecret
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.memoryKiB, &s.passes, &s.lanes); n != 3 || err != nil {
		return s, errSecret
	}
	if s.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return s, errSecret
	}
	if s.sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return s, errSecret
	}
	if !s.isAffordable() || len(s.salt) < 8 || len(s.sum) < 16 || len(s.sum) > 64 {
		return s, errSecret
	}
	return s, nil
}

func (s *secret) isAffordable() bool {
	return s.passes >= 1 && s.passes <= mostPasses && s.memoryKiB >= 8 && s.memoryKiB <= mostKiB && s.lanes >= 1
}

// matches tells whether this is the password.
func (s *secret) matches(password string) bool {
	sum := argon2.IDKey([]byte(password), s.salt, s.passes, s.memoryKiB, s.lanes, uint32(len(s.sum))) //nolint:gosec // at most 64
	return subtle.ConstantTimeCompare(sum, s.sum) == 1
}

// nobody is compared with when there is no such user, so that it takes as long.
func nobody() secret {
	return secret{passes: passes, memoryKiB: memoryKiB, lanes: lanes, salt: make([]byte, saltBytes), sum: make([]byte, hashBytes)}
}
