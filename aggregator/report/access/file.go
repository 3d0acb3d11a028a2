package access

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"mayak/schema/tokenfile"
)

// entry is one token of the file.
type entry struct {
	Name    string   `yaml:"name"`
	Role    Role     `yaml:"role"`
	Sites   []string `yaml:"sites,omitempty,flow"`
	Hash    string   `yaml:"sha256"`
	Created string   `yaml:"created,omitempty"`

	sum tokenfile.Sum
}

func (e *entry) caller() Caller { return Caller{Name: e.Name, Role: e.Role, Sites: e.Sites} }

type contents struct {
	Tokens []entry `yaml:"tokens"`
	Users  []user  `yaml:"users,omitempty"`
}

const header = `# Who may ask the aggregator. "aggregator token" and "aggregator user" write this file; changes take effect at once.
# Only hashes stand here (SHA-256 of tokens, argon2id of passwords): what is lost can be replaced, not found again.
`

var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)
	siteForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`) // as in the sites file
)

func open(file string) *tokenfile.File[contents] {
	return tokenfile.Open(file, tokenfile.Form[contents]{Noun: "tokens", Header: header, Validate: (*contents).validate})
}

func (c *contents) validate() error {
	var problems []error
	names := map[string]bool{}
	one := func(what string, i int, name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s %d: %w", what, i+1, err))
		}
		if names[what+name] {
			problems = append(problems, fmt.Errorf("%s %d: name %q stands twice", what, i+1, name))
		}
		names[what+name] = true
	}
	for i := range c.Tokens {
		one("token", i, c.Tokens[i].Name, c.Tokens[i].validate())
	}
	for i := range c.Users {
		one("user", i, c.Users[i].Name, c.Users[i].validate())
	}
	return errors.Join(problems...)
}

// check refuses a caller that cannot be.
func (c Caller) check() (problems []error) {
	if !nameForm.MatchString(c.Name) {
		problems = append(problems, fmt.Errorf("name %.80q: want 1 to 64 letters, digits or . _ @ -", c.Name))
	}
	if _, err := ParseRole(string(c.Role)); err != nil {
		problems = append(problems, err)
	}
	for _, site := range c.Sites {
		if !siteForm.MatchString(site) {
			problems = append(problems, fmt.Errorf("site %.80q is no site's id", site))
		}
	}
	return problems
}

func (e *entry) validate() error {
	sum, err := tokenfile.ParseSum(e.Hash)
	e.sum = sum
	return errors.Join(append(e.caller().check(), err)...)
}

// Token describes one token of the file, without its secret.
type Token struct {
	Caller

	Created string
}

// List is every token of the file.
func List(file string) ([]Token, error) {
	held, err := open(file).Load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Token
	for i := range held.Tokens {
		all = append(all, Token{held.Tokens[i].caller(), held.Tokens[i].Created})
	}
	return all, err
}

// Create adds a token for the caller to the file and returns it. It cannot be had again.
func Create(file string, c Caller, now time.Time) (string, error) {
	token, hash := tokenfile.New()
	added := entry{Name: c.Name, Role: c.Role, Sites: c.Sites, Hash: hash, Created: now.UTC().Format(time.DateOnly)}
	if err := added.validate(); err != nil {
		return "", err
	}
	return token, open(file).Change(func(held *contents) error {
		if slices.ContainsFunc(held.Tokens, func(e entry) bool { return e.Name == c.Name }) {
			return fmt.Errorf("token %q exists already; revoke it first or choose another name", c.Name)
		}
		held.Tokens = append(held.Tokens, added)
		return nil
	})
}

// Revoke takes the token with this name out of the file.
func Revoke(file, name string) error {
	return open(file).Change(func(held *contents) error {
		var names []string
		for i := range held.Tokens {
			if held.Tokens[i].Name == name {
				held.Tokens = slices.Delete(held.Tokens, i, i+1)
				return nil
			}
			names = append(names, held.Tokens[i].Name)
		}
		return absent("token", name, names, file)
	})
}

func absent(what, name string, names []string, file string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s %.80q does not exist; there is none in %s", what, name, file)
	}
	return fmt.Errorf("%s %.80q does not exist; there are %s", what, name, strings.Join(names, ", "))
}
