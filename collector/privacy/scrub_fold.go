package privacy

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands in the folded text for characters that are not ASCII.
const (
	letter  = 0x80 + iota // a letter of any script
	other                 // anything else
	gone                  // part of a find
	letterO               // a Cyrillic or Greek O, which passes for a zero
	nothing               // never in the text: the character is not to be seen
)

// fold makes the folded text: escapes undone, if they count (%40 and %2540, \u0040, &#64;), digits and signs of other scripts as
// ASCII, invisible characters left out, every dash a hyphen and every space a space, every other letter one placeholder.
func (s *scrubber) fold(text string, escapes bool) {
	s.unescape(text, escapes)
	s.folded, s.at = s.folded[:0], s.at[:0]
	for i := 0; i < len(s.raw); {
		if c := s.raw[i]; c < utf8.RuneSelf {
			if size := atSign(s.raw[i:]); size > 0 {
				s.folded, s.at = append(s.folded, '@'), append(s.at, s.rawAt[i])
				i += size
				continue
			}
			if c = foldASCII(c); c != nothing {
				s.folded, s.at = append(s.folded, c), append(s.at, s.rawAt[i])
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(s.raw[i:])
		if c := foldRune(r); c != nothing {
			s.folded, s.at = append(s.folded, c), append(s.at, s.rawAt[i])
		}
		i += size
	}
	s.at = append(s.at, int32(len(text))) //nolint:gosec // a request is far smaller.
	for i := 1; i+1 < len(s.folded); i++ {
		if c := s.folded[i]; (c == 'O' || c == 'o' || c == letterO) && isDigit(s.folded[i-1]) && isDigit(s.folded[i+1]) {
			s.folded[i] = '0'
		}
	}
}

func foldASCII(c byte) byte {
	switch {
	case c == '\t', c == '\n', c == '\r':
		return ' '
	case c < ' ', c == 0x7f:
		return nothing
	}
	return c
}

func foldRune(r rune) byte {
	const firstCyrillic, lastCyrillic, firstMark, lastMark = 0x400, 0x52F, 0x483, 0x489
	switch {
	case r == 'О', r == 'о', r == 'Ο', r == 'ο':
		return letterO
	case r >= firstCyrillic && r <= lastCyrillic && (r < firstMark || r > lastMark):
		return letter
	case r == utf8.RuneError:
		return other
	case removed(r), unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return nothing
	case r >= 0xFF01 && r <= 0xFF5E:
		return byte(r - 0xFEE0)
	case unicode.IsLetter(r):
		return letter
	case unicode.IsDigit(r), raisedDigit(r) >= 0:
		return digitOf(r)
	case r == 0x3002, r == 0xFF61, r == 0x2024:
		return '.'
	case r == 0xFE6B:
		return '@'
	case unicode.Is(unicode.Pd, r), r == 0x2212, r == 0x2043:
		return '-'
	case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
		return ' '
	}
	return other
}

// atSign is the length of an @ that the text begins with and that is written as a word in brackets: (at), [ at ], {собака}.
func atSign(text []byte) int {
	if c := text[0]; c != '(' && c != '[' && c != '{' {
		return 0
	}
	word := skip(text, 1, isBlank)
	for _, sign := range [...]string{"at", "собака"} {
		if end := word + len(sign); end <= len(text) && strings.EqualFold(string(text[word:end]), sign) {
			if end = skip(text, end, isBlank); end < len(text) && (text[end] == ')' || text[end] == ']' || text[end] == '}') {
				return end + 1
			}
		}
	}
	return 0
}

// raisedDigit reads the digits that are written small or in a circle; -1 for any other character.
func raisedDigit(r rune) rune {
	switch {
	case r == '¹':
		return 1
	case r == '²', r == '³':
		return r - '²' + 2
	case r == 0x2070, r >= 0x2074 && r <= 0x2079:
		return r - 0x2070
	case r >= 0x2080 && r <= 0x2089:
		return r - 0x2080
	case r >= 0x2460 && r <= 0x2468:
		return r - 0x2460 + 1
	case r == 0x24EA:
		return 0
	}
	return -1
}

// digitOf relies on every range of decimal digits beginning with a zero.
func digitOf(r rune) byte {
	if small := raisedDigit(r); small >= 0 {
		return '0' + byte(small) //nolint:gosec // below ten.
	}
	for _, in := range unicode.Nd.R16 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return '0' + byte((r-rune(in.Lo))%10) //nolint:gosec // below ten.
		}
	}
	for _, in := range unicode.Nd.R32 {
		if low, high := rune(in.Lo), rune(in.Hi); low <= r && r <= high { //nolint:gosec // runes.
			return '0' + byte((r-low)%10) //nolint:gosec // below ten.
		}
	}
	return other
}

// removed are the characters that no clean text has: controls, and what is invisible or turns the direction of a text.
func removed(r rune) bool {
	switch {
	case r >= 0x80 && r < 0xA0, r == 0xAD, r == 0x034F, r == 0x061C, r == 0x180E, r == 0xFEFF:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0x115F && r <= 0x1160, r == 0x3164, r == 0xFFA0, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

// unescape undoes the ways to write a character by its number. A percent sign that was escaped itself, however often,
// is undone to the end: %252540 is an @.
func (s *scrubber) unescape(text string, escapes bool) {
	s.raw, s.rawAt = s.raw[:0], s.rawAt[:0]
	for i := 0; i < len(text); {
		r, size := rune(-1), 0
		switch c := text[i]; {
		case !escapes:
		case c == '%':
			r, size = percent(text[i:])
		case c == '\\':
			r, size = backslash(text[i:])
		case c == '&':
			r, size = entity(text[i:])
		}
		before := len(s.raw)
		switch {
		case size == 0:
			s.raw, size = append(s.raw, text[i]), 1
		case text[i] == '%':
			s.raw = append(s.raw, byte(r)) //nolint:gosec // percent reads one byte.
		default:
			s.raw = utf8.AppendRune(s.raw, r)
		}
		for range len(s.raw) - before {
			s.rawAt = append(s.rawAt, int32(i))
		}
		i += size
	}
}

// percent reads %40, %2540, %252540 and so on.
func percent(text string) (rune, int) {
	i := 1
	for len(text) >= i+2 && text[i:i+2] == "25" {
		i += 2
	}
	if len(text) >= i+2 {
		if v, ok := hexPair(text[i], text[i+1]); ok {
			return rune(v), i + 2
		}
	}
	if i > 1 {
		return '%', i
	}
	return 0, 0
}

// backslash reads \u0040 and \x40.
func backslash(text string) (rune, int) {
	for _, form := range [...]struct {
		prefix string
		digits int
	}{{`\u`, 4}, {`\x`, 2}} {
		end := len(form.prefix) + form.digits
		if len(text) >= end && text[:len(form.prefix)] == form.prefix {
			if v, err := strconv.ParseUint(text[len(form.prefix):end], 16, 16); err == nil {
				return rune(v), end
			}
		}
	}
	return 0, 0
}

// entity reads &#64; and &#x40;
func entity(text string) (rune, int) {
	const longest = 10
	if len(text) < 4 || text[1] != '#' {
		return 0, 0
	}
	digits, base := 2, 10
	if text[2] == 'x' || text[2] == 'X' {
		digits, base = 3, 16
	}
	for end := digits + 1; end < min(len(text), longest); end++ {
		if text[end] == ';' {
			v, err := strconv.ParseUint(text[digits:end], base, 21)
			if err != nil {
				return 0, 0
			}
			return rune(v), end + 1
		}
	}
	return 0, 0
}

func hexPair(a, b byte) (byte, bool) {
	x, okX := hexDigit(a)
	y, okY := hexDigit(b)
	return x<<4 | y, okX && okY
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// appendPrintable appends text without what no clean text has; a line break stays one where lines may stay.
func appendPrintable(dst []byte, text string, lines bool) []byte {
	for _, r := range text {
		switch {
		case r == '\n' && lines:
			dst = append(dst, '\n')
		case r == '\t', r == '\n', r == '\r':
			dst = append(dst, ' ')
		case r < ' ', r == 0x7f, removed(r):
		default:
			dst = utf8.AppendRune(dst, r) // an invalid byte becomes U+FFFD
		}
	}
	return dst
}

// skip is the end of the run of such characters that begins at i, skipBack the beginning of the one that ends there.
func skip(f []byte, i int, is func(byte) bool) int {
	for i < len(f) && is(f[i]) {
		i++
	}
	return i
}

func skipBack(f []byte, i int, is func(byte) bool) int {
	for i > 0 && is(f[i-1]) {
		i--
	}
	return i
}

// inWord tells whether the character before i is of the same word as one at i would be.
func inWord(f []byte, i int) bool { return i > 0 && isAlnum(f[i-1]) }

func isBlank(c byte) bool  { return c == ' ' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isASCII(c byte) bool  { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isLetter(c byte) bool { return isASCII(c) || c == letter || c == letterO }
func isAlnum(c byte) bool  { return isDigit(c) || isASCII(c) }
func isHex(c byte) bool    { _, ok := hexDigit(c); return ok }
