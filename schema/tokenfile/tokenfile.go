// Package tokenfile keeps who may ask, in a file of YAML beside the data: bearer tokens of which the file has hashes only.
//
// A token is 32 random bytes as text, and of so much chance that its SHA-256 needs no slow hash. The file is read strictly, looked at
// again for each question and read again when it has changed, so that revoking takes effect at once; while it cannot be read, nobody
// is let in. It must not be writable by others. What stands in it is its owner's: the package knows how it is read and written.
package tokenfile

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/gofrs/flock"
)

// Form is what a file looks like.
type Form[T any] struct {
	Noun     string // what the file is of, for errors: "tokens"
	Header   string // comments that it begins with
	Validate func(*T) error
}

// File is one file, which need not be there: then it is empty. Safe for concurrent use.
type File[T any] struct {
	path string
	form Form[T]

	mu   sync.Mutex
	seen fs.FileInfo
	held T
}

// Open names the file, and does not touch it.
func Open[T any](path string, form Form[T]) *File[T] { return &File[T]{path: path, form: form} }

// Path is where the file is.
func (f *File[T]) Path() string { return f.path }

// Current is what the file holds now. It must not be changed.
func (f *File[T]) Current() (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var none T
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.seen, f.held = nil, none
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("%s file: %w", f.form.Noun, err)
	}
	if f.seen != nil && os.SameFile(f.seen, now) && f.seen.ModTime().Equal(now.ModTime()) && f.seen.Size() == now.Size() && f.seen.Mode() == now.Mode() {
		return f.held, nil
	}
	held, err := f.Load()
	if err != nil {
		f.seen, f.held = nil, none
		return none, err
	}
	f.seen, f.held = now, held
	return held, nil
}

// Load reads the file and checks all of it. A missing file is an error that fs.ErrNotExist matches.
func (f *File[T]) Load() (T, error) {
	var none, held T
	text, err := os.ReadFile(f.path)
	if err != nil {
		return none, fmt.Errorf("read %s: %w", f.form.Noun, err)
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return none, fmt.Errorf("read %s: %w", f.form.Noun, err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return none, fmt.Errorf("%s file %s can be written by others: chmod go-w it", f.form.Noun, f.path)
	}
	if err := yaml.UnmarshalWithOptions(text, &held, yaml.Strict()); err != nil {
		return none, fmt.Errorf("%s file %s: %w", f.form.Noun, f.path, err)
	}
	if err := f.form.Validate(&held); err != nil {
		return none, fmt.Errorf("%s file %s: %w", f.form.Noun, f.path, err)
	}
	return held, nil
}

// Change rewrites the file as a whole. A reader sees it as it was or as it is, and of two writers one waits.
func (f *File[T]) Change(edit func(*T) error) error {
	if err := makeFolder(filepath.Dir(f.path)); err != nil {
		return fmt.Errorf("folder of the %s: %w", f.form.Noun, err)
	}
	lock := flock.New(f.path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", f.form.Noun, err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end would do it too
	adopt(lock.Path(), filepath.Dir(f.path))
	held, err := f.Load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := edit(&held); err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString(f.form.Header)
	if err := yaml.NewEncoder(&text, yaml.IndentSequence(true)).Encode(held); err != nil {
		return fmt.Errorf("write %s: %w", f.form.Noun, err)
	}
	if err := f.replace(text.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", f.form.Noun, err)
	}
	return nil
}

func (f *File[T]) replace(text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(f.path), "."+f.form.Noun+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // it is gone when all went well
	_, err = temporary.Write(text)
	err = errors.Join(err, keep(temporary, f.path))
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), f.path)
}

// Prefix lets people and programs that look for leaked secrets know a token when they see one.
const Prefix = "mayak_"

// Sum is what a token is known by.
type Sum [sha256.Size]byte

// New makes a token and what the file keeps of it.
func New() (token, hash string) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token = Prefix + base64.RawURLEncoding.EncodeToString(secret[:])
	sum := SumOf(token)
	return token, hex.EncodeToString(sum[:])
}

// SumOf is the sum of a token.
func SumOf(token string) Sum { return sha256.Sum256([]byte(token)) }

// ParseSum reads the sum in the file. It never quotes: somebody may have put the token itself there.
func ParseSum(hash string) (sum Sum, err error) {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(sum) {
		return sum, errors.New("sha256 must be 64 hexadecimal digits, those of the token's hash")
	}
	return Sum(raw), nil
}
