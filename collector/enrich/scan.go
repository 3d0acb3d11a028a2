package enrich

import "strings"

// scanned is one agent taken apart, without a copy. Everything that looks for a mark in an agent looks here.
type scanned struct {
	text    string
	lower   string                  // text in lower case, ASCII only
	heads   [botBuckets / 64]uint64 // which three bytes stand anywhere in lower, by bucket
	comment string                  // what the first parentheses hold, where the platform stands
	store   [maxProducts]product
	found   int  // products in store
	browses bool // a browser or an application of the tables is among them
	phone   bool // it is a phone with buttons, as its agent tells and no system does
}

const maxProducts = 40

// product is a NAME/VERSION, or a NAME VERSION for the names of spacedNames, wherever it stands.
type product struct {
	name    string // lower case
	version string
}

// scan fills s, which must be zero. It is a method so that s can stay on the caller's stack.
func (s *scanned) scan(text string) {
	s.text, s.lower, s.comment = text, lowerASCII(text), firstComment(text)
	for i := range len(text) - (botHead - 1) {
		at := bucket(s.lower[i:])
		s.heads[at/64] |= 1 << (at % 64)
	}
	for i := 0; i < len(text) && s.found < maxProducts; i++ {
		if text[i] != '/' && text[i] != ' ' {
			continue
		}
		start := i
		for start > 0 && isNameByte(text[start-1]) {
			start--
		}
		name := s.lower[start:i]
		if name == "" || text[i] == ' ' && !spacedNames[name] {
			continue
		}
		s.store[s.found] = product{name: name, version: versionAt(text, i+1)}
		s.found++
	}
}

// products are what was found, in order. (A slice kept in s would point into s and move it to the heap.)
func (s *scanned) products() []product { return s.store[:s.found] }

// has tells whether the agent contains the mark, which is in lower case. Most marks of the tables are in no agent, and
// their first and last three bytes tell that without a search.
func (s *scanned) has(mark string) bool {
	if len(mark) >= botHead && (!s.mayHave(mark) || !s.mayHave(mark[len(mark)-botHead:])) {
		return false
	}
	return strings.Contains(s.lower, mark)
}

func (s *scanned) mayHave(head string) bool {
	at := bucket(head)
	return s.heads[at/64]&(1<<(at%64)) != 0
}

// product finds the first product of that name.
func (s *scanned) product(name string) (product, bool) {
	for _, p := range s.products() {
		if p.name == name {
			return p, true
		}
	}
	return product{}, false
}

// hasWord tells whether a word of the agent starts with the mark: "cros" is in no Microsoft, "ios/" in no CriOS.
func (s *scanned) hasWord(mark string) bool {
	if !s.has(mark) {
		return false
	}
	for from := 0; ; from++ {
		at := strings.Index(s.lower[from:], mark)
		if at < 0 {
			return false
		}
		from += at
		if from == 0 || !isAlphanumeric(mark[0]) || !isAlphanumeric(s.lower[from-1]) {
			return true
		}
	}
}

// after is the version that follows the mark, past one separator: "android 13", "android/13", "cpu os 16_5".
func (s *scanned) after(mark string) string {
	at := strings.Index(s.lower, mark)
	if at < 0 {
		return ""
	}
	rest := s.text[at+len(mark):]
	if rest != "" && (rest[0] == ' ' || rest[0] == '/' || rest[0] == '-') {
		rest = rest[1:]
	}
	return versionAt(rest, 0)
}

// firstComment is the text between the first parenthesis and the one that closes it.
func firstComment(text string) string {
	open := strings.IndexByte(text, '(')
	if open < 0 {
		_, bare, _ := strings.Cut(text, " ") // something on the way took the parentheses: "Mozilla/5.0 Linux; Android 9; X AppleWebKit/…"
		bare, _, _ = strings.Cut(bare, " AppleWebKit")
		return bare
	}
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[open+1 : i]
			}
		}
	}
	return text[open+1:]
}

const maxVersion = 16

// versionAt is the version that starts at i: digits and dots, underscores turned into dots, at most four parts.
func versionAt(text string, i int) string {
	if i < len(text) && (text[i] == 'v' || text[i] == 'V') {
		i++
	}
	end, underscores, dots := i, false, 0
	for ; end < len(text) && end-i < maxVersion; end++ {
		c := text[end]
		if c == '_' || c == '.' {
			underscores = underscores || c == '_'
			if dots++; dots == 4 {
				break
			}
		} else if c < '0' || c > '9' {
			break
		}
	}
	version := strings.Trim(text[min(i, end):end], "._")
	if underscores {
		version = strings.ReplaceAll(version, "_", ".")
	}
	return version
}

func isNameByte(c byte) bool {
	return isAlphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '+'
}

func isAlphanumeric(c byte) bool { return alphanumeric[c] }

//nolint:gochecknoglobals // a table, which nothing writes to.
var alphanumeric = func() (is [256]bool) {
	for c := range is {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	return is
}()

// lowerASCII lowers A to Z and leaves all other bytes, so that positions stay the same.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

const maxName = 40

// cleaned cuts a name or a model that does not come from a table to harmless characters and a sane length.
func cleaned(name string) string {
	name = strings.TrimSpace(name)
	end := 0
	for end < len(name) && end < maxName && (isNameByte(name[end]) || name[end] == ' ' || name[end] == '!') {
		end++
	}
	return strings.TrimSpace(name[:end])
}
