package privacy

import (
	"bytes"
	"net/netip"
	"unicode"
)

// findEmails marks what stands around an @, with blanks beside it or not.
func (s *scrubber) findEmails() {
	f := s.folded
	for i := range f {
		if f[i] == '@' {
			s.markEmail(skipBack(f, i, isBlank), skip(f, i+1, isBlank))
		}
	}
}

// markEmail marks the address whose @ is at [from, to), if there is one.
func (s *scrubber) markEmail(from, to int) {
	f := s.folded
	begin := skipBack(f, from, isLocal)
	if begin == from && begin > 0 && f[begin-1] == '"' { // "ivan petrov"@example.org
		if quote := bytes.LastIndexByte(f[:from-1], '"'); quote >= 0 {
			begin = quote
		}
	}
	if to < len(f) && f[to] == '[' { // ivan@[192.0.2.1]
		if size := bytes.IndexByte(f[to:], ']'); size > 0 {
			s.markIf(begin < from, begin, to+size+1)
			return
		}
	}
	domain := bytes.TrimRight(f[to:skip(f, to, isDomainByte)], ".-")
	s.markIf(begin < from && isDomain(domain), begin, to+len(domain))
}

func (s *scrubber) markIf(is bool, from, to int) {
	if is {
		s.mark(from, to, markEmail)
	}
}

func isLocal(c byte) bool {
	return isAlnum(c) || isLetter(c) || bytes.IndexByte([]byte(".!#$%'*+-^_`{|}~"), c) >= 0
}

func isDomainByte(c byte) bool {
	return isAlnum(c) || isLetter(c) || c == '-' || c == '.' || c == '_'
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
		run := f[i:skip(f[:min(len(f), i+longestRun)], i, isAddressByte)]
		next := i + len(run)
		if isMAC(f[i:]) {
			s.mark(i, i+macSize, markToken)
			i += macSize
			continue
		}
		size := ipv4In(run)
		if word := next < len(f) && (isAlnum(f[next]) || isLetter(f[next])); size == 0 && !word {
			size = ipv6In(run)
		}
		if size > 0 {
			s.mark(i, i+size, markIP)
			i += size
		}
	}
}

// longestRun is more than an address and what may end a sentence behind it.
const longestRun = 48

func isAddressByte(c byte) bool { return isHex(c) || c == ':' || c == '.' }

// ipv6In is the length of the address that the run of hexadecimal digits, colons and dots is, or 0. Words such as
// dead::beef have no digit.
func ipv6In(run []byte) int {
	if len(run) == longestRun || bytes.Count(run, []byte(":")) < 2 || !bytes.ContainsAny(run, "0123456789") {
		return 0
	}
	for _, trimmed := range [...][]byte{run, bytes.TrimRight(run, ".:")} {
		if a, err := netip.ParseAddr(string(trimmed)); err == nil && a.Is6() {
			return len(trimmed)
		}
	}
	return 0
}

// ipv4In is the length of the address that the run begins with, or 0.
func ipv4In(run []byte) int {
	size := 0
	for group := range 4 {
		end := skip(run, size, isDigit)
		if end == size {
			return 0
		}
		size = end
		if group < 3 {
			if size == len(run) || run[size] != '.' {
				return 0
			}
			size++
		}
	}
	more := size+1 < len(run) && run[size] == '.' && isDigit(run[size+1])
	if more || size < len(run) && isHex(run[size]) || !isIPv4(run[:size]) {
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
		if !isLetter(f[i]) || !isLetter(f[i+1]) || !isDigit(f[i+2]) || !isDigit(f[i+3]) || inWord(f, i) {
			continue
		}
		var room [longestIBAN]byte
		if size := ibanAt(s.latin(room[:0], i)); size > 0 {
			s.mark(i, i+size, markIBAN)
			i += size
		}
	}
}

// longestIBAN is more than an account number with a blank between any two groups of four, and one character behind it.
const longestIBAN = 48

// latin appends the folded text from i on, with the letters of other scripts that look like Latin ones as those: КZ begins an account number
// as KZ does.
func (s *scrubber) latin(dst []byte, i int) []byte {
	for ; i < len(s.folded) && len(dst) < cap(dst); i++ {
		c := s.folded[i]
		if c == letter || c == letterO {
			r, _ := decodeChar(s.source[s.at[i]:])
			c = lookalike(r, c)
		}
		dst = append(dst, c)
	}
	return dst
}

// lookalike is the Latin capital that a Cyrillic or Greek one passes for.
func lookalike(r rune, otherwise byte) byte {
	r = unicode.ToUpper(r)
	const latin, others = "ABEKMHOPCTXYIZNSJ", "АВЕКМНОРСТХУІZNЅЈ"
	at := 0
	for _, o := range others {
		if r == o {
			return latin[at]
		}
		at++
	}
	at = 0
	for _, o := range "ΑΒΕΚΜΗΟΡϹΤΧΥΙΖΝ" {
		if r == o {
			return latin[at]
		}
		at++
	}
	return otherwise
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
	const lengths = "NO15 BE16 DK18 FI18 NL18 MK19 SI19 KZ20 AT20 EE20 LT20 LU20 BA20 CH21 LI21 LV21 HR21 BG22 DE22 GB22 GE22 IE22 ME22 " +
		"RS22 BH22 AE23 GI23 IL23 IQ23 TL23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 PT25 IS26 TR26 FR27 GR27 IT27 MC27 SM27 " +
		"AL28 AZ28 BY28 CY28 HU28 PL28 LB28 UA29 QA29 JO30 KW30 MU30 MT31 RU33 "
	for i := 0; i < len(lengths); i += len("KZ20 ") {
		if lengths[i] == a && lengths[i+1] == b {
			return int(lengths[i+2]-'0')*10 + int(lengths[i+3]-'0')
		}
	}
	return 0
}
