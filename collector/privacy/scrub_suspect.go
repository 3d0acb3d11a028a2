package privacy

import (
	"strings"
	"unicode/utf8"
)

// Classes of bytes that the first look at a text counts.
const (
	classDigit uint16 = 1 << iota
	classRun          // may be part of a token
	classUpper
	classAlways // suspect by itself: @ % \ & and control characters
	classNamed  // = : may stand between the name of a secret and the secret
	classDot
	classParen
	classBlank
	classWide // first byte of a character outside ASCII
	classRare // first byte of characters that can imitate or hide ASCII
)

//nolint:gochecknoglobals // a constant that the language cannot write down
var classes = func() (table [256]uint16) {
	for c := range table {
		switch {
		case c >= '0' && c <= '9':
			table[c] = classDigit | classRun
		case c >= 'A' && c <= 'Z':
			table[c] = classRun | classUpper
		case c >= 'a' && c <= 'z', c == '-', c == '_':
			table[c] = classRun
		case c < ' ', c == 0x7f, c == '@', c == '%', c == '\\', c == '&':
			table[c] = classAlways
		case c == '=', c == ':':
			table[c] = classNamed
		case c == '.':
			table[c] = classDot
		case c == ' ':
			table[c] = classBlank
		case c == ')', c == ']', c == '}':
			table[c] = classParen
		case c >= 0x80:
			table[c] = classWide
		}
	}
	// C2: spaces, controls. D9 DB DF E0 E1 EA: digits of other scripts. CC CD: marks that combine. E2: spaces, dashes,
	// invisible characters. EF: full-width forms. F0: mathematical digits.
	for _, c := range []byte{0xC2, 0xCC, 0xCD, 0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xEA, 0xEF, 0xF0, 0xF3} {
		table[c] |= classRare
	}
	return table
}()

const (
	fewDigits = 6  // fewer are no number that tells of a person, but for a network address
	shortRun  = 20 // fewer characters are no opaque token
)

// suspect tells whether a closer look is needed. A text that it clears holds nothing that the scrubber looks for.
func suspect(text string) bool {
	var seen uint16
	digits, dots, from, longest := 0, 0, 0, 0
	for i := 0; i < len(text); i++ {
		class := classes[text[i]]
		seen |= class
		digits += int(class & classDigit)
		if class&classRun == 0 {
			longest = max(longest, i-from)
			from = i + 1
			dots += int(class & classDot / classDot)
		}
	}
	longest = max(longest, len(text)-from)
	return seen&(classAlways|classNamed) != 0 ||
		digits >= fewDigits || digits >= 4 && dots >= 3 ||
		longest >= shortRun && (digits > 0 || seen&classUpper != 0) ||
		seen&classRare != 0 && hidesASCII(text) || seen&classWide != 0 && !utf8.ValidString(text) ||
		suspectWords(text, seen, longest)
}

// suspectWords looks for the beginnings of what has neither digits nor length to be known by.
func suspectWords(text string, seen uint16, longest int) bool {
	switch {
	case seen&classParen != 0 && hasAtSign(text):
		return true
	case longest < shortCredential:
		return false
	case seen&classDot != 0 && seen&classUpper != 0 && strings.Contains(text, "eyJ"):
		return true
	}
	return seen&classBlank != 0 && (hasWord(text, "bearer ") || hasWord(text, "basic "))
}

// hasAtSign tells whether an @ may be written as a word in brackets.
func hasAtSign(text string) bool {
	for _, word := range [...]string{"at)", "at]", "at}", "( at", "[ at", "{ at"} {
		if hasWord(text, word) {
			return true
		}
	}
	return strings.Contains(text, "обака") || strings.Contains(text, "ОБАКА")
}

// hidesASCII looks for characters that fold to an ASCII one or to nothing. The usual punctuation is none of them.
func hidesASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if classes[text[i]]&classRare == 0 {
			continue
		}
		r, _ := utf8.DecodeRuneInString(text[i:])
		switch r {
		case '\u00a0', '«', '»', '—', '–', '…', '“', '”', '’', '№', '•', '·':
			continue
		}
		switch foldRune(r) {
		case letter, letterO, other, '-', ' ':
		default:
			return true
		}
	}
	return false
}
