package risk

import (
	"bufio"
	"bytes"
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
	"strconv"
	"strings"
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
// comment. They are looked at again every few seconds; while one cannot be read, those before it stay in use. Safe for concurrent use.
type Lists struct {
	folder  string
	poll    time.Duration
	log     *slog.Logger
	metrics *listMetrics
	current atomic.Pointer[[]*list]
	seen    map[string]listStamp // owned by Run
}

// list is one file, read; it never changes.
type list struct {
	Listing

	addresses map[netip.Addr]bool
	prefixes  map[netip.Prefix]bool
	lengths4  []int // of the prefixes
	lengths6  []int
	networks  map[uint32]bool
}

type listStamp struct {
	modified time.Time
	size     int64
}

const (
	listPoll    = 5 * time.Second
	mostEntries = 2_000_000 // of one file
)

// NewLists reads the files of a folder, which may be missing. It starts nothing: Run watches them.
func NewLists(folder string, log *slog.Logger, r prometheus.Registerer) (*Lists, error) {
	l := &Lists{folder: folder, poll: listPoll, log: log, metrics: newListMetrics(r)}
	l.seen = l.stamps()
	found, err := l.load()
	if err != nil {
		return nil, err
	}
	l.use(found)
	return l, nil
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
	now := l.stamps()
	if maps.Equal(now, l.seen) {
		return
	}
	l.seen = now
	found, err := l.load()
	if err != nil {
		l.metrics.refused.Inc()
		l.log.Error("risk lists not read again, those before stay in use", "err", err)
		return
	}
	l.use(found)
}

func (l *Lists) use(found []*list) {
	l.current.Store(&found)
	entries := 0
	for _, one := range found {
		n := len(one.addresses) + len(one.prefixes) + len(one.networks)
		entries += n
		l.log.Info("risk list in use", "list", one.Name, "kind", string(one.Kind), "entries", n)
	}
	l.metrics.entries.Set(float64(entries))
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

func (l *list) holds(address netip.Addr, asn uint32) bool {
	if l.addresses[address] || asn != 0 && l.networks[asn] {
		return true
	}
	lengths := l.lengths4
	if address.Is6() {
		lengths = l.lengths6
	}
	return slices.ContainsFunc(lengths, func(bits int) bool {
		prefix, err := address.Prefix(bits)
		return err == nil && l.prefixes[prefix]
	})
}

func (l *Lists) files() []string {
	if l.folder == "" {
		return nil
	}
	entries, err := os.ReadDir(l.folder)
	if err != nil {
		return nil // load says so, where it is worth saying
	}
	var files []string
	for _, e := range entries {
		if end := filepath.Ext(e.Name()); !e.IsDir() && (end == ".txt" || end == ".list") {
			files = append(files, filepath.Join(l.folder, e.Name()))
		}
	}
	return files
}

func (l *Lists) stamps() map[string]listStamp {
	all := map[string]listStamp{}
	for _, file := range l.files() {
		if info, err := os.Stat(file); err == nil {
			all[file] = listStamp{info.ModTime(), info.Size()}
		}
	}
	return all
}

func (l *Lists) load() ([]*list, error) {
	if l.folder != "" {
		if _, err := os.ReadDir(l.folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read risk lists: %w", err)
		}
	}
	var all []*list
	var problems []error
	for _, file := range l.files() {
		text, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("read risk list: %w", err))
			continue
		}
		one, err := parseList(filepath.Base(file), text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(problems...)
}

// parseList reads a file. What is wrong is told by its line, and never quoted: it may be an address.
func parseList(file string, text []byte) (*list, error) {
	l := &list{
		Listing:   Listing{Kind: Bad, Name: strings.TrimSuffix(file, filepath.Ext(file))},
		addresses: map[netip.Addr]bool{}, prefixes: map[netip.Prefix]bool{}, networks: map[uint32]bool{},
	}
	for _, kind := range []ListKind{Tor, Good} {
		if strings.HasPrefix(l.Name, string(kind)) {
			l.Kind = kind
		}
	}
	scanner := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; scanner.Scan(); number++ {
		line, _, _ := strings.Cut(scanner.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if !l.add(line) {
			return nil, fmt.Errorf("risk list %s, line %d: want an address, a prefix like 192.0.2.0/24, or a network like AS64500", file, number)
		}
		if number > mostEntries {
			return nil, fmt.Errorf("risk list %s: more than %d lines", file, mostEntries)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("risk list %s: %w", file, err)
	}
	l.measure()
	return l, nil
}

func (l *list) add(entry string) bool {
	if digits, ok := strings.CutPrefix(strings.ToUpper(entry), "AS"); ok {
		asn, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || asn == 0 {
			return false
		}
		l.networks[uint32(asn)] = true
		return true
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		l.prefixes[prefix.Masked()] = true
		return true
	}
	address, err := netip.ParseAddr(entry)
	if err != nil {
		return false
	}
	l.addresses[address.Unmap().WithZone("")] = true
	return true
}

// measure notes which lengths of prefixes there are.
func (l *list) measure() {
	lengths := map[bool]map[int]bool{true: {}, false: {}}
	for prefix := range l.prefixes {
		lengths[prefix.Addr().Is4()][prefix.Bits()] = true
	}
	l.lengths4, l.lengths6 = slices.Sorted(maps.Keys(lengths[true])), slices.Sorted(maps.Keys(lengths[false]))
}

// ReadLists reads the files of a folder once.
func ReadLists(folder string) (*Lists, error) {
	return NewLists(folder, slog.New(slog.DiscardHandler), nil)
}
