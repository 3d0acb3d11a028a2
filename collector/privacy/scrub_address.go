package privacy

import (
	"bytes"
	"net/netip"
)

// findEmails marks what stands around an @, also one written (at) or [at].
func (s *scrubber) findEmails() {
	f := s.folded
	for i := range f {
		switch {
		case f[i] == '@':
			s.markEmail(i, i+1)
		case (f[i] == '(' || f[i] == '[') && i+4 <= len(f) && f[i+1]|0x20 == 'a' && f[i+2]|0x20 == 't' && (f[i+3] == ')' || f[i+3] == ']'):
			from, to := i, i+4
			for from > 0 && f[from-1] == ' ' {
				from--
			}
			for to < len(f) && f[to] == ' ' {
				to++
			}
			s.markEmail(from, to)
		}
	}
}

// markEmail marks the address whose @ is at [from, to), if there is one.
func (s *scrubber) markEmail(from, to int) {
	f := s.folded
	begin := from
	for begin > 0 && isLocal(f[begin-1]) {
		begin--
	}
	if begin == from && begin > 0 && f[begin-1] == '"' { // "ivan petrov"@example.org
		if quote := bytes.LastIndexByte(f[:from-1], '"'); quote >= 0 {
			begin = quote
		}
	}
	end := to
	if end < len(f) && f[end] == '[' { // ivan@[192.0.2.1]
		if size := bytes.IndexByte(f[end:], ']'); size > 0 {
			s.markIf(begin < from, begin, end+size+1)
			return
		}
	}
	for end < len(f) && (isAlnum(f[end]) || isLetter(f[end]) || f[end] == '-' || f[end] == '.' || f[end] == '_') {
		end++
	}
	for end > to && (f[end-1] == '.' || f[end-1] == '-') {
		end--
	}
	s.markIf(begin < from && isDomain(f[to:end]), begin, end)
}

func (s *scrubber) markIf(is bool, from, to int) {
	if is {
		s.mark(from, to, markEmail)
	}
}

func isLocal(c byte) bool {
	return isAlnum(c) || isLetter(c) || bytes.IndexByte([]byte(".!#$%'*+-^_`{|}~"), c) >= 0
}

// isDomain wants a dot with two letters behind it, or four numbers: react@18.2.0 is none.
func isDomain(d []byte) bool {
	for i := 1; i+2 < len(d); i++ {
		if d[i] == '.' && isLetter(d[i+1]) && isLetter(d[i+2]) {
			return true
		}
	}
	return bytes.Count(d, []byte(".")) == 3 && isIPv4(d)
}

// findAddresses marks IPv4, IPv6 and MAC addresses.
func (s *scrubber) findAddresses() {
	f := s.folded
	for i := 0; i < len(f); i++ {
		if !isHex(f[i]) && f[i] != ':' || i > 0 && (isAlnum(f[i-1]) || isLetter(f[i-1])) {
			continue
		}
		end, colons, digits := i, 0, 0
		for end < len(f) && (isHex(f[end]) || f[end] == ':' || f[end] == '.') {
			if f[end] == ':' {
				colons++
			} else if isDigit(f[end]) {
				digits++
			}
			end++
		}
		if end < len(f) && (isAlnum(f[end]) || isLetter(f[end])) && colons > 0 {
			continue
		}
		if size := addressIn(f[i:end], colons, digits); size > 0 {
			s.mark(i, i+size, markIP)
			i += size
		} else if isMAC(f[i:]) {
			s.mark(i, i+macSize, markToken)
			i += macSize
		}
	}
}

// addressIn is the length of the address that the run of hexadecimal digits, colons and dots begins with, or 0.
func addressIn(run []byte, colons, digits int) int {
	const longest = 45
	if colons >= 2 && digits > 0 && len(run) <= longest+1 {
		for _, trimmed := range [...][]byte{run, bytes.TrimRight(run, ".:")} {
			if a, err := netip.ParseAddr(string(trimmed)); err == nil && a.Is6() {
				return len(trimmed)
			}
		}
	}
	size, dots := 0, 0
	for size < len(run) && (isDigit(run[size]) || run[size] == '.') {
		if run[size] == '.' {
			dots++
			if dots > 3 || size+1 == len(run) || !isDigit(run[size+1]) {
				break
			}
		}
		size++
	}
	if size < len(run) && isHex(run[size]) || !isIPv4(run[:size]) {
		return 0
	}
	return size
}

// isIPv4 takes no address whose numbers all have one digit, and none that ends in .0.0: those are versions, sections,
// public resolvers and networks.
func isIPv4(text []byte) bool {
	const shortest = len("1.1.1.10")
	if len(text) < shortest || bytes.HasSuffix(text, []byte(".0.0")) {
		return false
	}
	groups, value, size := 1, 0, 0
	for _, c := range text {
		if c == '.' {
			if size == 0 {
				return false
			}
			groups, value, size = groups+1, 0, 0
			continue
		}
		if !isDigit(c) {
			return false
		}
		value, size = value*10+int(c-'0'), size+1
		if value > 255 || size > 3 {
			return false
		}
	}
	return groups == 4 && size > 0
}

const macSize = len("00:1a:2b:3c:4d:5e")

func isMAC(f []byte) bool {
	if len(f) < macSize || len(f) > macSize && isAlnum(f[macSize]) || f[2] != ':' && f[2] != '-' {
		return false
	}
	for i := range macSize {
		if i%3 == 2 && f[i] != f[2] || i%3 != 2 && !isHex(f[i]) {
			return false
		}
	}
	return true
}

// findIBANs marks account numbers whose country is known and whose check digits are right.
func (s *scrubber) findIBANs() {
	f := s.folded
	for i := 0; i+4 <= len(f); i++ {
		if !isASCII(f[i]) || !isASCII(f[i+1]) || !isDigit(f[i+2]) || !isDigit(f[i+3]) || i > 0 && isAlnum(f[i-1]) {
			continue
		}
		if size := ibanAt(f[i:]); size > 0 {
			s.mark(i, i+size, markIBAN)
			i += size
		}
	}
}

// ibanAt is the length of the account number that f begins with, blanks between its groups of four counted, or 0.
func ibanAt(f []byte) int {
	const longest = 34
	var compact [longest]byte
	want, n, i := ibanLength(f[0]&^0x20, f[1]&^0x20), 0, 0
	for ; i < len(f) && n < want; i++ {
		switch c := f[i]; {
		case isAlnum(c):
			compact[n] = c
			n++
		case (c == ' ' || c == '-') && n%4 == 0:
		default:
			return 0
		}
	}
	if want == 0 || n < want || i < len(f) && isAlnum(f[i]) {
		return 0
	}
	rest := 0
	for k := range n {
		if c := compact[(k+4)%n]; isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c&^0x20-'A') + 10) % 97
		}
	}
	if rest != 1 {
		return 0
	}
	return i
}

func ibanLength(a, b byte) int {
	switch string([]byte{a, b}) {
	case "NO":
		return 15
	case "BE":
		return 16
	case "DK", "FI", "NL":
		return 18
	case "MK", "SI":
		return 19
	case "KZ", "AT", "EE", "LT", "LU", "BA":
		return 20
	case "CH", "LI", "LV", "HR":
		return 21
	case "BG", "DE", "GB", "GE", "IE", "ME", "RS", "BH":
		return 22
	case "AE", "GI", "IL", "IQ", "TL":
		return 23
	case "AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN":
		return 24
	case "PT":
		return 25
	case "IS", "TR":
		return 26
	case "FR", "GR", "IT", "MC", "SM":
		return 27
	case "AL", "AZ", "BY", "CY", "HU", "PL", "LB":
		return 28
	case "UA", "QA":
		return 29
	case "JO", "KW", "MU":
		return 30
	case "MT":
		return 31
	case "RU":
		return 33
	}
	return 0
}
