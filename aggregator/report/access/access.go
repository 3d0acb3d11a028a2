// Package access knows who may ask the aggregator: programs by bearer tokens, people by passwords, the role and the sites of each.
//
// A token is 32 random bytes as text. The file holds its SHA-256 only, which cannot be turned back: a token of so much chance needs no
// slow hash. A password gets one, argon2id, and a session in exchange, which lives in memory and ends with the user's entry. The file is
// YAML, read strictly, looked at again for each question and read again when it has changed, so that revoking
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
	Officer  Role = "officer" // answers persons: requests about their data, and the audit log; no reports
)

// Roles lists them.
func Roles() []Role { return []Role{Analyst, Ops, Security, Officer} }

// ParseRole reads the name of a role.
func ParseRole(name string) (Role, error) {
	if !slices.Contains(Roles(), Role(name)) {
		return "", fmt.Errorf("role %q does not exist; there are %s", name, strings.Trim(fmt.Sprint(Roles()), "[]"))
	}
	return Role(name), nil
}

// Caller is who asks.
type Caller struct {
	Name  string // of the token or user
	Role  Role
	Sites []string // that it may see; none means every site
	User  bool     // it is a person, who has logged in
}

// Who is the caller in the audit log. A user and a token may have the same name.
func (c Caller) Who() string {
	if c.User {
		return "user " + c.Name
	}
	return "token " + c.Name
}

// MaySee tells whether the caller may see the site.
func (c Caller) MaySee(site string) bool { return len(c.Sites) == 0 || slices.Contains(c.Sites, site) }

// Tokens are the tokens and users of a file. It is safe for concurrent use.
type Tokens struct {
	file string

	mu   sync.Mutex
	seen fs.FileInfo
	held contents
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
	for i := range held.Tokens { // all of them: how long it takes must not tell which one was nearly right
		if subtle.ConstantTimeCompare(sum[:], held.Tokens[i].sum[:]) == 1 {
			caller, found = held.Tokens[i].caller(), true
		}
	}
	return caller, found, nil
}

// Check tells whether the file can be used, and how many tokens it holds.
func (t *Tokens) Check() (int, error) {
	held, err := t.current()
	return len(held.Tokens), err
}

func (t *Tokens) current() (contents, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := os.Stat(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		t.seen, t.held = nil, contents{}
		return t.held, nil
	}
	if err != nil {
		return contents{}, fmt.Errorf("tokens file: %w", err)
	}
	if t.seen != nil && os.SameFile(t.seen, now) && t.seen.ModTime().Equal(now.ModTime()) && t.seen.Size() == now.Size() {
		return t.held, nil
	}
	held, err := load(t.file)
	if err != nil {
		t.seen, t.held = nil, contents{}
		return contents{}, err
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
