package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mayak/schema/visitor"
)

// sent remembers the ids that servers and apps gave their events, for at least a day and over restarts: they keep what was not answered and
// send it again hours later, when the day's visitor may be another and the table could not know the twin. It keeps keyed hashes in a
// file a day, and of a day no more than sentEach; what comes beyond is left to the table. A file is written when the event is durable,
// and not synced: after a crash of the machine the table merges what it can.
type sent struct {
	dir string
	key visitor.Salt
	now func() time.Time

	mu   sync.Mutex
	days []*sentDay // today, and the day before
}

// sentDay is what came on one day of UTC.
type sentDay struct {
	name  string
	known map[uint64]struct{}
	file  *os.File // of today
}

const (
	sentDays   = 2
	sentEach   = 1 << 20 // some 20 MB
	sentSuffix = ".ids"
)

// openSent reads the files of the days that count, and removes older ones.
func openSent(dir string, key [32]byte, now func() time.Time) (*sent, error) {
	s := &sent{dir: dir, key: visitor.Salt(key[:len(visitor.Salt{})]), now: now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of ids: %w", err)
	}
	today := now().UTC()
	for back := sentDays - 1; back >= 0; back-- {
		day := &sentDay{name: today.AddDate(0, 0, -back).Format(time.DateOnly), known: map[uint64]struct{}{}}
		if err := s.read(day); err != nil {
			return nil, err
		}
		s.days = append([]*sentDay{day}, s.days...)
	}
	if err := s.sweep(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sent) path(day *sentDay) string { return filepath.Join(s.dir, day.name+sentSuffix) }

func (s *sent) read(day *sentDay) error {
	text, err := os.ReadFile(s.path(day))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read ids: %w", err)
	}
	const size = 8
	for ; len(text) >= size && len(day.known) < sentEach; text = text[size:] { // half an id is what a crash left
		day.known[binary.LittleEndian.Uint64(text)] = struct{}{}
	}
	return nil
}

// sweep removes the files of days that no longer count.
func (s *sent) sweep() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("look for old ids: %w", err)
	}
	oldest := s.days[len(s.days)-1].name
	for _, entry := range entries {
		if day, ours := strings.CutSuffix(entry.Name(), sentSuffix); ours && day < oldest {
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, entry.Name())))
		}
	}
	return err
}

// of is what is remembered of an id.
func (s *sent) of(site, id string) uint64 {
	return visitor.ID(s.key, visitor.Source{Site: site, Network: "sent", UserAgent: id})
}

func (s *sent) has(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, day := range s.days {
		if _, known := day.known[id]; known {
			return true
		}
	}
	return false
}

// add is called when the events are durable.
func (s *sent) add(ids []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	day, err := s.today()
	if err != nil {
		return err
	}
	room := make([]byte, 0, len(ids)*8)
	for _, id := range ids {
		if len(day.known) < sentEach {
			day.known[id] = struct{}{}
			room = binary.LittleEndian.AppendUint64(room, id)
		}
	}
	if _, err := day.file.Write(room); err != nil {
		return fmt.Errorf("write ids: %w", err)
	}
	return nil
}

// today is the day that goes on, with its file; s.mu is held.
func (s *sent) today() (*sentDay, error) {
	name := s.now().UTC().Format(time.DateOnly)
	if s.days[0].name < name { // a clock that was set back goes on with the day that it has
		err := s.days[0].close()
		s.days = append([]*sentDay{{name: name, known: map[uint64]struct{}{}}}, s.days[:sentDays-1]...)
		if err := errors.Join(err, s.sweep()); err != nil {
			return nil, err
		}
	}
	day := s.days[0]
	if day.file == nil {
		file, err := os.OpenFile(s.path(day), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("write ids: %w", err)
		}
		day.file = file
	}
	return day, nil
}

func (d *sentDay) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

func (s *sent) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.days[0].close()
}
