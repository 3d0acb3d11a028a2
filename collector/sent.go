package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/schema/visitor"
)

// sent remembers the ids that servers and apps gave their events, for at least a day and over restarts: they keep what was not answered and
// send it again hours later, when the day's visitor may be another and the table could not know the twin. An id is known of who sent it (see
// sender): what another key of the site calls the same is another event. It keeps keyed hashes, in a file a day and in memory, up to the
// memory that it is given, of which one sender may take three quarters: a key that somebody floods us with leaves room for the others. What
// comes beyond is counted, told and left to the table. A file is written when the event is durable, and not synced: after a crash of the
// machine the table merges what it can.
type sent struct {
	sentOptions
	salt visitor.Salt

	forgotten prometheus.Counter

	mu   sync.Mutex
	left int        // bytes of memory
	days []*sentDay // today, and the day before
}

// sentOptions are what it works with.
type sentOptions struct {
	dir      string
	key      [32]byte
	memory   int // bytes
	now      func() time.Time
	log      *slog.Logger
	registry prometheus.Registerer
}

// sentDay is what came on one day of UTC.
type sentDay struct {
	name  string
	known ids
	by    [sentShares]int // how many are of senders that share a place, as far as they came since the start
	file  *os.File        // of today
	size  int64           // of what is whole in it
	full  bool            // and this has been told
}

const (
	sentDays   = 2
	sentSuffix = ".ids"
	sentShares = 1 << 12
	// sentShare is how many times as many ids as there is room for a sender may have.
	sentShare = 3
	// idMemory is what an id takes in a set, on average.
	idMemory = 22
)

// sentID is what is remembered of an id, and the place of its sender.
type sentID struct {
	hash uint64
	by   uint16
}

// openSent reads the files of the days that count, and removes older ones.
func openSent(o sentOptions) (*sent, error) {
	s := &sent{sentOptions: o, salt: visitor.Salt(o.key[:len(visitor.Salt{})]), left: o.memory}
	f := promauto.With(o.registry)
	s.forgotten = f.NewCounter(prometheus.CounterOpts{
		Name: "mayak_collector_ids_forgotten_total", Help: "Ids of servers' and apps' events that there was no memory to remember: one that is sent again may count twice.",
	})
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "mayak_collector_ids_memory_bytes", Help: "Memory of the ids of servers' and apps' events of two days.",
	}, func() float64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return float64(s.memory - s.left)
	})
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of ids: %w", err)
	}
	today := o.now().UTC()
	for back := range sentDays { // what came last counts most
		day := &sentDay{name: today.AddDate(0, 0, -back).Format(time.DateOnly)}
		if err := s.read(day); err != nil {
			return nil, err
		}
		s.days = append(s.days, day)
	}
	if err := s.sweep(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sent) path(day *sentDay) string { return filepath.Join(s.dir, day.name+sentSuffix) }

// read reads the whole ids of a day's file. What a crash left of another one is written over.
func (s *sent) read(day *sentDay) error {
	file, err := os.Open(s.path(day))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read ids: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	from := bufio.NewReaderSize(file, 64<<10)
	for {
		var id [idBytes]byte
		_, err := io.ReadFull(from, id[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read ids: %w", err)
		}
		s.remember(day, binary.LittleEndian.Uint64(id[:]))
		day.size += idBytes
	}
}

// remember keeps an id as far as there is memory; s.mu is held, or nobody else knows s yet.
func (s *sent) remember(day *sentDay, id uint64) (kept bool) {
	grown, kept := day.known.add(id, s.left)
	s.left -= grown
	if !kept {
		s.forget(day)
	}
	return kept
}

// greedy tells whether a sender has so many of all ids that others would find no room.
func (s *sent) greedy(by uint16) bool {
	theirs, all := 0, 0
	for _, day := range s.days {
		theirs += day.by[by]
		all += day.known.count
	}
	return theirs > sentShare*(s.memory/idMemory-all)
}

func (s *sent) forget(day *sentDay) {
	s.forgotten.Inc()
	if !day.full {
		day.full = true
		s.log.Warn("no memory for further ids of servers' and apps' events: one that is sent again may count twice", "day", day.name, "memory_bytes", s.memory)
	}
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
func (s *sent) of(site, sender, id string) sentID {
	from := visitor.Source{Site: site, Network: "sent by " + sender}
	by := uint16(visitor.ID(s.salt, from) % sentShares)
	from.UserAgent = id
	return sentID{visitor.ID(s.salt, from), by}
}

func (s *sent) has(id sentID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, day := range s.days {
		if day.known.has(id.hash) {
			return true
		}
	}
	return false
}

// add is called when the events are durable.
func (s *sent) add(all []sentID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	day, err := s.today()
	if err != nil {
		return err
	}
	room := make([]byte, 0, len(all)*idBytes)
	for _, id := range all {
		if s.greedy(id.by) {
			s.forget(day)
			continue
		}
		if s.remember(day, id.hash) {
			day.by[id.by]++
			room = binary.LittleEndian.AppendUint64(room, id.hash)
		}
	}
	if _, err := day.file.WriteAt(room, day.size); err != nil { // what was written of it is written over
		return fmt.Errorf("write ids: %w", err)
	}
	day.size += int64(len(room))
	return nil
}

// today is the day that goes on, with its file; s.mu is held.
func (s *sent) today() (*sentDay, error) {
	name := s.now().UTC().Format(time.DateOnly)
	if s.days[0].name < name { // a clock that was set back goes on with the day that it has
		err := s.days[0].close()
		s.left += s.days[sentDays-1].known.bytes()
		s.days = append([]*sentDay{{name: name}}, s.days[:sentDays-1]...)
		if err := errors.Join(err, s.sweep()); err != nil {
			return nil, err
		}
	}
	day := s.days[0]
	if day.file == nil {
		file, err := os.OpenFile(s.path(day), os.O_WRONLY|os.O_CREATE, 0o600)
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
