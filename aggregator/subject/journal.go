package subject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Journal remembers outside of the database who was erased, as keyed hashes, so that a backup of before brings nobody back. A nil one
// remembers nothing.
type Journal struct {
	Path string        // of its file; the folder is made
	Kept time.Duration // as long as backups are
}

// mark is a line of it: a row of tombstones.
type mark struct {
	Site   string    `json:"site"`
	Mark   uint64    `json:"mark,string"`
	Made   time.Time `json:"made"`
	Ticket string    `json:"ticket"`
}

// add is durable when it returns. Processes wait for each other here.
func (j *Journal) add(all []mark) error {
	if j == nil {
		return nil
	}
	return j.locked(func() error {
		file, err := os.OpenFile(j.Path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		_, err = file.WriteString("\n" + lines(all)) // what a crash left of a line before ends here
		return errors.Join(err, file.Sync(), j.hand(j.Path), file.Close())
	})
}

func lines(all []mark) string {
	var text strings.Builder
	for _, m := range all {
		line, _ := json.Marshal(m) // it always can be
		_, _ = text.Write(append(line, '\n'))
	}
	return text.String()
}

// read gives all that were erased. Lines that are none, as a crash leaves them, tell of nobody whose erasure had begun.
func (j *Journal) read() (all []mark, err error) {
	if j == nil {
		return nil, nil
	}
	text, err := os.ReadFile(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal of the erased: %w", err)
	}
	for line := range bytes.Lines(text) {
		var m mark
		if json.Unmarshal(line, &m) == nil && m.Mark != 0 {
			all = append(all, m)
		}
	}
	return all, nil
}

// Forget removes who was erased before any backup that is kept was made.
func (j *Journal) Forget(now time.Time) error {
	if j == nil {
		return nil
	}
	return j.locked(func() error {
		all, err := j.read()
		if err != nil {
			return err
		}
		oldest := now.Add(-j.Kept - 24*time.Hour)
		kept := slices.DeleteFunc(slices.Clone(all), func(m mark) bool { return m.Made.Before(oldest) })
		if len(kept) == len(all) {
			return nil
		}
		file, err := os.CreateTemp(filepath.Dir(j.Path), filepath.Base(j.Path)+".*")
		if err != nil {
			return err
		}
		_, err = file.WriteString(lines(kept))
		if err = errors.Join(err, file.Sync(), j.hand(file.Name()), file.Close()); err == nil {
			err = os.Rename(file.Name(), j.Path)
		}
		if err != nil {
			return errors.Join(err, os.Remove(file.Name()))
		}
		return nil
	})
}

// hand gives a file that the superuser made to whoever the folder is of: the service has to go on with it.
func (j *Journal) hand(name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(j.Path))
	if err != nil {
		return fmt.Errorf("journal of the erased: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(name, int(owner.Uid), int(owner.Gid))
}

// Exists tells whether there is a journal: without one nobody knows who was erased.
func (j *Journal) Exists() bool {
	_, err := os.Stat(j.Path)
	return err == nil
}

// Begin makes the file, so that one that is missing later was lost.
func (j *Journal) Begin() error {
	if j == nil || j.Exists() {
		return nil
	}
	return j.add(nil)
}

func (j *Journal) locked(do func() error) error {
	if err := os.MkdirAll(filepath.Dir(j.Path), 0o700); err != nil {
		return fmt.Errorf("folder of the journal of the erased: %w", err)
	}
	lock := flock.New(j.Path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the journal of the erased: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end would do it too
	if err := j.hand(j.Path + ".lock"); err != nil {
		return err
	}
	if err := do(); err != nil {
		return fmt.Errorf("journal of the erased: %w", err)
	}
	return nil
}
