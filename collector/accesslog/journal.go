package accesslog

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Journal remembers what was imported: a file NAME.json for each log, replaced whole. A log is known by its content: the
// beginning finds the entry, the digest of all that was imported proves it. So the same content adds nothing under
// another name, packed or unpacked, and a log that has grown goes on where it ended.
//
// A round of an import is written down before it begins and counts as done when the next is written down, or the end:
//
//	size ─────────────► to          the lines between may be stored or not: do them again, leaving out what is
//	  its check           its check digests of digests: they tell the same content, and open no seal
//	                      and seal  the secret of the import, see Secret
type Journal struct{ dir string }

// Entry is one log of the journal.
type Entry struct {
	Name    string   `json:"name"`  // begins the ids of the log's events
	Heads   []Mark   `json:"heads"` // beginnings that the content is found by
	Done    Mark     `json:"done"`
	Lines   int64    `json:"lines"` // up to Done
	Pending *Pending `json:"pending,omitempty"`
}

// Mark is a length of content and what it is.
type Mark struct {
	Size  int64  `json:"size"`
	Check string `json:"check"`
}

// Pending is a round that has begun.
type Pending struct {
	Mark

	Sealed string    `json:"sealed"`
	Made   time.Time `json:"made"` // when the secret was
}

// Secret is what an import makes its keys of. It has to outlive a process that is killed, or the visitors of a day would
// be counted once before and once after. So it is written down, but sealed with the content of the log that it came from:
// without the log nobody can open it, and who has the log has the addresses. It is used no longer than MaxSecret.
type Secret [sha256.Size]byte

// MaxSecret is how long a secret may be used, as long as the salt of a day.
const MaxSecret = 48 * time.Hour

// NewSecret makes one.
func NewSecret() (s Secret) {
	_, _ = rand.Read(s[:]) // never errs
	return s
}

func (d Digest) check() string { return hex.EncodeToString(d.derive("check")) }

func (d Digest) derive(purpose string) []byte {
	sum := sha256.Sum256(append([]byte("mayak access log "+purpose+" "), d[:]...))
	return sum[:]
}

// sealed is the secret behind a pad that nobody can make without the content.
func (d Digest) sealed(s Secret) []byte {
	pad := d.derive("seal")
	for i := range pad {
		pad[i] ^= s[i]
	}
	return pad
}

// OpenJournal opens the folder, and makes it if it is not there. It removes what a process that was killed had not written to
// its end, so no other may have it open.
func OpenJournal(dir string) (*Journal, error) {
	err := os.MkdirAll(dir, 0o700)
	left, _ := filepath.Glob(filepath.Join(dir, unfinished)) // the pattern is good
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, fmt.Errorf("journal of imports: %w", err)
	}
	return &Journal{dir: dir}, nil
}

const (
	suffix     = ".json"
	unfinished = ".new-*"
	nameLength = 16
)

// newEntry has a name that no other has. It begins with a letter and is hexadecimal, so that an id that is made of it can be
// taken for nobody's number.
func newEntry(head []byte) *Entry {
	var random [nameLength / 2]byte
	_, _ = rand.Read(random[:]) // never errs
	return &Entry{Name: "f" + hex.EncodeToString(random[:])[1:], Heads: markHeads(head)}
}

// markHeads marks beginnings of several lengths, so that a part of the content is known too.
func markHeads(head []byte) []Mark {
	const shortest, times = 1 << 10, 4
	var heads []Mark
	for size := shortest; size < len(head); size *= times {
		heads = append(heads, mark(head[:size]))
	}
	return append(heads, mark(head))
}

func mark(content []byte) Mark {
	return Mark{Size: int64(len(content)), Check: Digest(sha256.Sum256(content)).check()}
}

// beginsLike tells whether all beginnings that are not longer than head are its own.
func (e *Entry) beginsLike(head []byte) bool {
	same := 0
	for _, m := range e.Heads {
		if m.Size > int64(len(head)) {
			continue
		}
		if mark(head[:m.Size]) != m {
			return false
		}
		same++
	}
	return same > 0
}

// Begin writes down that the lines of the block are about to be imported.
func (j *Journal) Begin(e *Entry, b *Block, s Secret, made time.Time) error {
	e.Pending = &Pending{
		Mark: Mark{Size: b.To, Check: b.Ends.check()}, Sealed: hex.EncodeToString(b.Ends.sealed(s)), Made: made.UTC(),
	}
	return j.save(e)
}

// Did notes that they are. It is written down with what follows, by Begin or End.
func (e *Entry) Did(b *Block) {
	e.Done, e.Lines = Mark{Size: b.To, Check: b.Ends.check()}, b.Line+b.Lines
}

// End writes down that the import of the log is at its end, and forgets its secret.
func (j *Journal) End(e *Entry) error {
	e.Pending = nil
	if e.Done.Size == 0 {
		return nil // nothing was ever read
	}
	return j.save(e)
}

// Open is the secret with which the block was begun before, if it is the same block and the secret may still be used.
func (p *Pending) Open(b *Block, now time.Time) (s Secret, ok bool) {
	sealed, err := hex.DecodeString(p.Sealed)
	if err != nil || len(sealed) != len(s) || b.Ends.check() != p.Check || now.Sub(p.Made) > MaxSecret || p.Made.After(now) {
		return s, false
	}
	copy(s[:], sealed)
	copy(s[:], b.Ends.sealed(s))
	return s, true
}

func (j *Journal) save(e *Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	path := filepath.Join(j.dir, e.Name+suffix)
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("journal of imports: %w", err)
	}
	return nil
}

// replace makes a new file durable before it takes the place of the old.
func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), unfinished) // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already once it is renamed
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// entries are those of the journal that begin as the content does, the shortest first.
func (j *Journal) entries(head []byte) ([]*Entry, error) {
	files, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, fmt.Errorf("journal of imports: %w", err)
	}
	var found []*Entry
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), suffix) {
			continue
		}
		path := filepath.Join(j.dir, file.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("journal of imports: %w", err)
		}
		e := new(Entry)
		if err := json.Unmarshal(text, e); err != nil || len(e.Name) != nameLength {
			return nil, fmt.Errorf("journal of imports: %s is damaged; move it away to import its log again from the start", path)
		}
		if e.beginsLike(head) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *Entry) int {
		if c := cmp.Compare(a.Done.Size, b.Done.Size); c != 0 {
			return c
		}
		return cmp.Compare(rank(a), rank(b))
	})
	return found, nil
}

// rank lets an import that was cut off win over one that ended at the same place.
func rank(e *Entry) int {
	if e.Pending != nil {
		return 1
	}
	return 0
}

// Log is a log that is open where its import goes on.
type Log struct {
	*Source
	*Reader

	Entry *Entry
}

// Continue opens a log and reads on to where an earlier import of the same content ended. again takes no notice of those.
func (j *Journal) Continue(ctx context.Context, name string, stdin io.Reader, again bool) (*Log, error) {
	source, err := Open(ctx, name, stdin)
	if err != nil {
		return nil, err
	}
	head := slices.Clone(source.Head())
	l := &Log{Source: source, Reader: NewReader(source), Entry: newEntry(head)}
	if again {
		return l, nil
	}
	if err := l.find(ctx, j, head, stdin); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Log) find(ctx context.Context, j *Journal, head []byte, stdin io.Reader) error {
	known, err := j.entries(head)
	if err != nil {
		return err
	}
	for _, e := range known {
		digest, err := l.Skip(e.Done.Size)
		if errors.Is(err, io.EOF) {
			if l.Entry.Done.Size > 0 {
				break
			}
			return fmt.Errorf("%s begins like a log of which %d bytes were imported, and ends before that: nothing new can be in it", l.Name, e.Done.Size)
		}
		if err != nil {
			return err
		}
		if e.Done.Size == 0 || digest.check() == e.Done.Check {
			l.Entry = e
		}
	}
	l.Entry.Heads = markHeads(head)
	if l.offset == l.Entry.Done.Size {
		return nil
	}
	return l.reopen(ctx, stdin)
}

// reopen goes back to where the import has to go on.
func (l *Log) reopen(ctx context.Context, stdin io.Reader) error {
	if l.Size == 0 {
		return fmt.Errorf("%s begins like a log that was imported and goes on differently: give it as a file, which can be read twice", l.Name)
	}
	name := l.Name
	if err := l.Close(); err != nil {
		return err
	}
	source, err := Open(ctx, name, stdin)
	if err != nil {
		return err
	}
	l.Source, l.Reader = source, NewReader(source)
	_, err = l.Skip(l.Entry.Done.Size)
	return err
}
