package geoip

import "strings"

// networkIndex finds the first mark of the table that stands in a name, by the byte that the mark begins with.
type networkIndex [256][]networkName

// networkName is one mark and its place in the table's order.
type networkName struct {
	mark, kind string
	order      int
}

// newNetworkIndex takes the table's lists apart. A mark may name another kind behind a colon, where the order asks for it.
func newNetworkIndex() *networkIndex {
	index, order := new(networkIndex), 0
	for _, group := range networkNames {
		for mark := range strings.SplitSeq(group.marks, "|") {
			mark, kind, other := strings.Cut(mark, ":")
			if !other {
				kind = group.kind
			}
			index[mark[0]] = append(index[mark[0]], networkName{mark: mark, kind: kind, order: order})
			order++
		}
	}
	return index
}

// kind tells what an autonomous system is by its organisation's name; a name that says nothing is of no kind.
func (index *networkIndex) kind(organisation string) string {
	plain := plainName(organisation)
	var best networkName
	for at := range len(plain) - 1 {
		if plain[at] != ' ' {
			continue
		}
		word := plain[at+1:]
		for _, n := range index[plain[at+1]] {
			if (best.kind == "" || n.order < best.order) && strings.HasPrefix(word, n.mark) {
				best = n
			}
		}
	}
	if best.kind != "" {
		return best.kind
	}
	for word := range strings.FieldsSeq(plain) {
		for _, e := range networkEnds {
			if strings.HasSuffix(word, e.end) {
				return e.kind
			}
		}
	}
	return ""
}

// plainName writes a name in lower case, its words between single spaces: ` jsc er telecom holding `.
func plainName(name string) string {
	plain := make([]byte, 1, len(name)+2)
	plain[0] = ' '
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c < 0x80 && (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			c = ' '
		}
		if c != ' ' || plain[len(plain)-1] != ' ' {
			plain = append(plain, c)
		}
	}
	if plain[len(plain)-1] != ' ' {
		plain = append(plain, ' ')
	}
	return string(plain)
}
