// Package keys knows which servers and apps may send events, and for which site: by bearer keys, several at once for a site.
//
// The file is one of package tokenfile: it holds SHA-256 sums and no key, and revoking one takes effect with the next request.
package keys

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"mayak/schema/tokenfile"
)

// Key describes a key, without its secret.
type Key struct {
	Name    string `yaml:"name"`
	Site    string `yaml:"site"`
	Hash    string `yaml:"sha256"`
	Created string `yaml:"created,omitempty"`

	sum tokenfile.Sum
}

type contents struct {
	Keys []Key `yaml:"keys"`
}

const header = `# The keys of servers and apps that send events. "collector keys" writes this file; changes take effect at once.
# Only hashes stand here (SHA-256): a key that is lost can be replaced, not found again.
`

var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)
	siteForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`) // as in the sites file
)

// Keys are the keys of a file. Safe for concurrent use.
type Keys struct{ file *tokenfile.File[contents] }

// Open names the file, which need not be there yet: then there is no key.
func Open(file string) *Keys {
	return &Keys{tokenfile.Open(file, tokenfile.Form[contents]{Noun: "keys", Header: header, Validate: (*contents).validate})}
}

// Find is the site whose events the holder of the key may send, empty for nobody's key, and the sender: the key's name up to an @. A key that
// replaces another has the same name before it, as backend@2027 has after backend@2026; so what is sent again with the new one is known.
func (k *Keys) Find(key string) (site, sender string, err error) {
	held, err := k.file.Current()
	if err != nil {
		return "", "", err
	}
	sum := tokenfile.SumOf(key)
	for i := range held.Keys { // all of them: how long it takes must not tell which one was nearly right
		if subtle.ConstantTimeCompare(sum[:], held.Keys[i].sum[:]) == 1 {
			site = held.Keys[i].Site
			sender, _, _ = strings.Cut(held.Keys[i].Name, "@")
		}
	}
	return site, sender, nil
}

// List is every key of the file.
func (k *Keys) List() ([]Key, error) {
	held, err := k.file.Load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return held.Keys, err
}

// Create adds a key of the site to the file and returns it. It cannot be had again.
func (k *Keys) Create(site, name string, now time.Time) (string, error) {
	key, hash := tokenfile.New()
	added := Key{Name: name, Site: site, Hash: hash, Created: now.UTC().Format(time.DateOnly)}
	if err := added.validate(); err != nil {
		return "", err
	}
	return key, k.file.Change(func(held *contents) error {
		if slices.ContainsFunc(held.Keys, func(other Key) bool { return other.Name == name }) {
			return fmt.Errorf("key %q exists already; revoke it first or choose another name", name)
		}
		held.Keys = append(held.Keys, added)
		return nil
	})
}

// Revoke takes the key with this name out of the file.
func (k *Keys) Revoke(name string) error {
	return k.file.Change(func(held *contents) error {
		var names []string
		for i := range held.Keys {
			if held.Keys[i].Name == name {
				held.Keys = slices.Delete(held.Keys, i, i+1)
				return nil
			}
			names = append(names, held.Keys[i].Name)
		}
		if len(names) == 0 {
			return fmt.Errorf("key %.80q does not exist; there is none in %s", name, k.file.Path())
		}
		return fmt.Errorf("key %.80q does not exist; there are %s", name, strings.Join(names, ", "))
	})
}

func (c *contents) validate() error {
	var problems []error
	names := map[string]bool{}
	for i := range c.Keys {
		key := &c.Keys[i]
		if err := key.validate(); err != nil {
			problems = append(problems, fmt.Errorf("key %d: %w", i+1, err))
		}
		if names[key.Name] {
			problems = append(problems, fmt.Errorf("key %d: name %q stands twice", i+1, key.Name))
		}
		names[key.Name] = true
	}
	return errors.Join(problems...)
}

func (k *Key) validate() error {
	var problems []error
	if !nameForm.MatchString(k.Name) {
		problems = append(problems, fmt.Errorf("name %.80q: want 1 to 64 letters, digits or . _ @ -", k.Name))
	}
	if !siteForm.MatchString(k.Site) {
		problems = append(problems, fmt.Errorf("site %.80q is no site's id", k.Site))
	}
	sum, err := tokenfile.ParseSum(k.Hash)
	k.sum = sum
	return errors.Join(append(problems, err)...)
}
