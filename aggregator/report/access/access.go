// Package access knows who may ask the aggregator for reports: bearer tokens, the role and the sites of each.
//
// A token is 32 random bytes as text. The file holds its SHA-256 only, which cannot be turned back: a token of so much chance needs no
// slow hash. The file is YAML, read strictly, looked at again for each question and read again when it has changed, so that revoking
// takes effect at once; while it cannot be read, nobody is let in. It must not be writable by others.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
)

// Role is what a caller's work is. The policy file says for each column which roles may read it.
type Role string

// The roles.
const (
	Analyst  Role = "analyst"
	Ops      Role = "ops"
	Security Role = "security"
)

// Roles lists them.
func Roles() []Role { return []Role{Analyst, Ops, Security} }

// ParseRole reads the name of a role.
func ParseRole(name string) (Role, error) {
	if !slices.Contains(Roles(), Role(name)) {
		return "", fmt.Errorf("role %q does not exist; there are %s", name, strings.Trim(fmt.Sprint(Roles()), "[]"))
	}
	return Role(name), nil
}

// Caller is who asks.
type Caller struct {
	Name  string // of the token
	Role  Role
	Sites []string // that it may see; none means every site
}

// MaySee tells whether the caller may see the site.
func (c Caller) MaySee(site string) bool { return len(c.Sites) == 0 || slices.Contains(c.Sites, site) }

// Tokens are the tokens of a file. It is safe for concurrent use.
type Tokens struct {
	file string

	mu   sync.Mutex
	seen fs.FileInfo
	held []entry
}

// Open names the file, which need not be there yet: then there is no token.
func Open(file string) *Tokens { return &Tokens{file: file} }

// prefix lets people and programs that look for leaked secrets know a token when they see one.
const prefix = "mayak_"

// Caller is who holds the token; false means nobody does.
func (t *Tokens) Caller(token string) (Caller, bool, error) {
	held, err := t.current()
	if err != nil {
		return Caller{}, false, err
	}
	sum := sha256.Sum256([]byte(token))
	var caller Caller
	found := false
	for i := range held { // all of them: how long it takes must not tell which one was nearly right
		if subtle.ConstantTimeCompare(sum[:], held[i].sum[:]) == 1 {
			caller, found = held[i].caller(), true
		}
	}
	return caller, found, nil
}

// Check tells whether the file can be used, and how many tokens it holds.
func (t *Tokens) Check() (int, error) {
	held, err := t.current()
	return len(held), err
}

func (t *Tokens) current() ([]entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := os.Stat(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		t.seen, t.held = nil, nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokens file: %w", err)
	}
	if t.seen != nil && os.SameFile(t.seen, now) && t.seen.ModTime().Equal(now.ModTime()) && t.seen.Size() == now.Size() {
		return t.held, nil
	}
	held, err := load(t.file)
	if err != nil {
		t.seen, t.held = nil, nil
		return nil, err
	}
	t.seen, t.held = now, held
	return held, nil
}

// newToken makes a token and what the file keeps of it.
func newToken() (token, hash string) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token = prefix + base64.RawURLEncoding.EncodeToString(secret[:])
	sum := sha256.Sum256([]byte(token))
	return token, hex.EncodeToString(sum[:])
}
