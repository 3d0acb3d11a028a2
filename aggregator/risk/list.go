package risk

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// list is one file, read; it never changes.
type list struct {
	Listing

	addresses map[netip.Addr]bool
	prefixes  map[netip.Prefix]bool
	lengths4  []int // of the prefixes
	lengths6  []int
	networks  map[uint32]bool
	open      bool // the last line has no end, as where somebody is still writing
	blank     bool // not a byte
}

const mostEntries = 2_000_000 // of one file

func (l *list) entries() int { return len(l.addresses) + len(l.prefixes) + len(l.networks) }

// isPart tells whether a file looks like a part of what stood there: it ends within a line and holds less, or nothing at all. Who means to
// empty a list leaves a comment in it.
func (l *list) isPart(before *list) bool {
	return l.blank && before.entries() > 0 || l.open && l.entries() < before.entries()
}

// parseList reads a file. What is wrong is told by its line, and never quoted: it may be an address.
func parseList(file string, text []byte) (*list, error) {
	l := &list{
		Listing:   Listing{Kind: Bad, Name: strings.TrimSuffix(file, filepath.Ext(file))},
		addresses: map[netip.Addr]bool{}, prefixes: map[netip.Prefix]bool{}, networks: map[uint32]bool{},
		open: len(text) > 0 && text[len(text)-1] != '\n', blank: len(text) == 0,
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
