package risk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ListKind is what it means to stand on a list.
type ListKind string

// The kinds. A file whose name begins with "tor" lists exits of Tor, one that begins with "good" addresses that are never to be listed;
// every other one is of what the operator holds to be bad.
const (
	Tor  ListKind = "tor"
	Bad  ListKind = "bad"
	Good ListKind = "good"
)

// Listing is a list that an address stands on.
type Listing struct {
	Kind ListKind
	Name string // of the file, without its end
}

// Lists are the operator's files *.txt and *.list of a folder: an address, a prefix or a number of a network (AS64500) a line, after a # a
// comment. They are looked at again every few seconds, and read when they have been the same twice. What cannot be read, is cut short or has
// gone with all the others stays in use as it was, and that is said once. A file that is removed from among others is out of use. Safe for
// concurrent use.
type Lists struct {
	folder  string
	poll    time.Duration
	log     *slog.Logger
	metrics *listMetrics
	current atomic.Pointer[[]*list]

	// Owned by Run.
	used  map[string]usedList  // by file
	seen  map[string]listStamp // at the last look
	told  map[string]listStamp // what is wrong with which state of a file was said
	alone bool                 // it was said that the folder has no lists any more
}

// usedList is a list with the state of the file that it was read from.
type usedList struct {
	*list

	stamp listStamp
}

type listStamp struct {
	modified time.Time
	size     int64
}

const (
	listPoll  = 5 * time.Second
	mostLists = 100
)

// NewLists reads the files of a folder, which may be missing. It starts nothing: Run watches them.
func NewLists(folder string, log *slog.Logger, r prometheus.Registerer) (*Lists, error) {
	l := &Lists{folder: folder, poll: listPoll, log: log, metrics: newListMetrics(r), used: map[string]usedList{}, told: map[string]listStamp{}}
	var err error
	if l.seen, err = l.stamps(); err != nil {
		return nil, err
	}
	var problems []error
	for file, stamp := range l.seen {
		one, err := readList(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		l.used[file] = usedList{one, stamp}
	}
	l.use()
	return l, errors.Join(problems...)
}

// Run reads the files again whenever one changes, until ctx ends.
func (l *Lists) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			l.reload()
		}
	}
}

func (l *Lists) reload() {
	before := l.seen
	now, err := l.stamps()
	if len(l.used) > 0 && (err != nil || len(now) == 0) {
		l.keepAll(err)
		return
	}
	l.seen, l.alone = now, false
	changed := false
	for file := range l.used {
		if _, ok := now[file]; !ok && !has(before, file) { // gone twice: what replaces a file may remove it first
			l.log.Warn("risk list removed", "list", l.used[file].Name)
			delete(l.used, file)
			changed = true
		}
	}
	for file, stamp := range now {
		if stamp == before[file] && stamp != l.used[file].stamp && stamp != l.told[file] {
			changed = l.renew(file, stamp) || changed
		}
	}
	if changed {
		l.use()
	}
}

func has(all map[string]listStamp, file string) bool {
	_, ok := all[file]
	return ok
}

// keepAll says once that no list is there any more: a folder that was moved or is not mounted takes no list out of use.
func (l *Lists) keepAll(err error) {
	if l.alone {
		return
	}
	l.alone = true
	l.metrics.refused.Inc()
	l.log.Warn("no risk list is in the folder any more, those before stay in use; to take the last one out of use, leave a comment in it", "lists", len(l.used), "err", err)
}

// renew reads a file that changed. What is wrong with it is said once, and the list before stays in use.
func (l *Lists) renew(file string, stamp listStamp) bool {
	one, err := readList(file)
	before, known := l.used[file]
	if err == nil && known && one.isPart(before.list) {
		err = fmt.Errorf("risk list %s: it looks cut short: it had %d entries and has %d; end the last line, or leave a comment in an empty list", filepath.Base(file), before.entries(), one.entries())
	}
	if err != nil {
		l.told[file] = stamp
		l.metrics.refused.Inc()
		l.log.Error("risk list not read again, that before stays in use", "err", err)
		return false
	}
	l.used[file] = usedList{one, stamp}
	return true
}

// use hands the lists to those who look addresses up.
func (l *Lists) use() {
	found := make([]*list, 0, len(l.used))
	l.metrics.entries.Reset()
	l.metrics.modified.Reset()
	for _, file := range slices.Sorted(maps.Keys(l.used)) {
		one := l.used[file]
		found = append(found, one.list)
		l.metrics.entries.WithLabelValues(one.Name).Set(float64(one.entries()))
		l.metrics.modified.WithLabelValues(one.Name).Set(float64(one.stamp.modified.Unix()))
		l.log.Info("risk list in use", "list", one.Name, "kind", string(one.Kind), "entries", one.entries())
	}
	l.current.Store(&found)
}

// Find tells which lists an address, or the network it is in, stands on. A good list wins over all.
func (l *Lists) Find(address netip.Addr, asn uint32) (found []Listing) {
	current := l.current.Load()
	if current == nil {
		return nil
	}
	address = address.Unmap().WithZone("")
	for _, one := range *current {
		if !one.holds(address, asn) {
			continue
		}
		if one.Kind == Good {
			return nil
		}
		found = append(found, one.Listing)
	}
	return found
}

// stamps are the files of the folder as they are now. A folder that is missing has none.
func (l *Lists) stamps() (map[string]listStamp, error) {
	all := map[string]listStamp{}
	if l.folder == "" {
		return all, nil
	}
	entries, err := os.ReadDir(l.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read risk lists: %w", err)
	}
	for _, e := range entries {
		if end := filepath.Ext(e.Name()); e.IsDir() || end != ".txt" && end != ".list" {
			continue
		}
		if len(all) == mostLists {
			return nil, fmt.Errorf("read risk lists: there are more than %d", mostLists)
		}
		if info, err := os.Stat(filepath.Join(l.folder, e.Name())); err == nil {
			all[filepath.Join(l.folder, e.Name())] = listStamp{info.ModTime(), info.Size()}
		}
	}
	return all, nil
}

func readList(file string) (*list, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read risk list: %w", err)
	}
	return parseList(filepath.Base(file), text)
}

// ReadLists reads the files of a folder once.
func ReadLists(folder string) (*Lists, error) {
	return NewLists(folder, slog.New(slog.DiscardHandler), nil)
}
