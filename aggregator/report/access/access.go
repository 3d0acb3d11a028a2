// Package access knows who may ask the aggregator: programs by bearer tokens, people by passwords, the role and the sites of each.
//
// The file is one of package tokenfile, which holds the SHA-256 of tokens: a token of so much chance needs no slow hash. A password
// gets one, argon2id, and a session in exchange, which lives in memory and ends with the user's entry.
package access

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"mayak/schema/tokenfile"
)

// Role is what a caller's work is. The policy file says for each column which roles may read it.
type Role string

// The roles.
const (
	Analyst  Role = "analyst"
	Ops      Role = "ops"
	Security Role = "security"
	Officer  Role = "officer" // answers persons: requests about their data, and the audit log; no reports
	Risk     Role = "risk"    // a payment step, which asks how much speaks for fraud, and nothing else
)

// Roles lists them.
func Roles() []Role { return []Role{Analyst, Ops, Security, Officer, Risk} }

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
type Tokens struct{ file *tokenfile.File[contents] }

// Open names the file, which need not be there yet: then there is no token.
func Open(file string) *Tokens { return &Tokens{file: open(file)} }

// Caller is who holds the token; false means nobody does.
func (t *Tokens) Caller(token string) (Caller, bool, error) {
	held, err := t.current()
	if err != nil {
		return Caller{}, false, err
	}
	sum := tokenfile.SumOf(token)
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

func (t *Tokens) current() (contents, error) { return t.file.Current() }
