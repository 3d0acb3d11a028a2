package access

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// user is one person of the file.
type user struct {
	Name    string   `yaml:"name"`
	Role    Role     `yaml:"role"`
	Sites   []string `yaml:"sites,omitempty,flow"`
	Hash    string   `yaml:"argon2id"`
	Created string   `yaml:"created,omitempty"`

	secret secret
}

func (u *user) caller() Caller { return Caller{Name: u.Name, Role: u.Role, Sites: u.Sites, User: true} }

func (u *user) validate() (err error) {
	problems := u.caller().check()
	if u.secret, err = parseSecret(u.Hash); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Login is who has this name and password; false means nobody has. It takes as long for a name that nobody has. The entry is what a
// session is bound to.
func (t *Tokens) Login(name, password string) (c Caller, entry string, ok bool, err error) {
	held, err := t.current()
	if err != nil {
		return Caller{}, "", false, err
	}
	against, found := nobody(), -1
	for i := range held.Users {
		if held.Users[i].Name == name {
			against, found = held.Users[i].secret, i
		}
	}
	if len(password) > longestPassword || !against.matches(password) || found < 0 {
		return Caller{}, "", false, nil
	}
	return held.Users[found].caller(), held.Users[found].Hash, true, nil
}

// user is who has this name as long as the entry is the one that the session began with.
func (t *Tokens) user(name, entry string) (Caller, bool, error) {
	held, err := t.current()
	if err != nil {
		return Caller{}, false, err
	}
	i := slices.IndexFunc(held.Users, func(u user) bool { return u.Name == name && u.Hash == entry })
	if i < 0 {
		return Caller{}, false, nil
	}
	return held.Users[i].caller(), true, nil
}

// NewPassword is one that nobody can guess.
func NewPassword() string {
	var chance [15]byte
	_, _ = rand.Read(chance[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(chance[:])
}

// AddUser adds a person to the file.
func AddUser(file string, c Caller, password string, now time.Time) error {
	if err := errors.Join(append(c.check(), checkPassword(password))...); err != nil {
		return err
	}
	added := user{Name: c.Name, Role: c.Role, Sites: c.Sites, Hash: hashed(password), Created: now.UTC().Format(time.DateOnly)}
	return open(file).Change(func(held *contents) error {
		if slices.ContainsFunc(held.Users, func(u user) bool { return u.Name == c.Name }) {
			return fmt.Errorf("user %q exists already; remove it first or choose another name", c.Name)
		}
		held.Users = append(held.Users, added)
		return nil
	})
}

// SetPassword gives a user another password, which ends all their sessions.
func SetPassword(file, name, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := hashed(password)
	return changeUser(file, name, func(users []user, i int) []user {
		users[i].Hash = hash
		return users
	})
}

// RemoveUser takes a person out of the file, which ends all their sessions.
func RemoveUser(file, name string) error {
	return changeUser(file, name, func(users []user, i int) []user { return slices.Delete(users, i, i+1) })
}

func changeUser(file, name string, edit func([]user, int) []user) error {
	return open(file).Change(func(held *contents) error {
		var names []string
		for i := range held.Users {
			if held.Users[i].Name == name {
				held.Users = edit(held.Users, i)
				return nil
			}
			names = append(names, held.Users[i].Name)
		}
		return absent("user", name, names, file)
	})
}

// ListUsers is every user of the file.
func ListUsers(file string) ([]Token, error) {
	held, err := open(file).Load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Token
	for i := range held.Users {
		all = append(all, Token{held.Users[i].caller(), held.Users[i].Created})
	}
	return all, err
}
