package privacy

import "strings"

// collapsed puts what the sites file says in the place of paths of the site that stand in a text: in a property, in a parameter, in
// the message, source and stack of an error. Scripts and styles keep theirs, which are the same for everybody.
func (p *passage) collapsed(text string) string {
	if len(p.site.Paths) == 0 || strings.IndexByte(text, '/') < 0 {
		return text
	}
	var out []byte
	done := 0
	for i := 0; i < len(text); i++ {
		end := i
		for end < len(text) && !endsURL(text[end]) {
			end++
		}
		if from, to := p.ownPath(text[i:end]); to > from {
			path := p.canonical(text[i+from : i+to])
			if rule, matched := p.site.Collapse(path, p.level); matched && !isAsset(path) {
				out = append(append(out, text[done:i+from]...), rule.As...)
				done = i + to
			}
		}
		i = end
	}
	if out == nil {
		return text
	}
	return string(append(out, text[done:]...))
}

// canonical is the form of a path that the rules of the sites file are about.
func (p *passage) canonical(path string) string {
	if plainPath(path) {
		return path
	}
	start := len(p.into.scratch)
	p.into.scratch = appendPath(p.into.scratch, path)
	return p.into.kept(start)
}

// ownPath is where in a word the path of a page of the site begins and ends, without query, line and column. Nowhere is 0, 0.
func (p *passage) ownPath(word string) (from, to int) {
	if at := strings.Index(word, "://"); at >= 0 {
		begin := at
		for begin > 0 && isASCII(word[begin-1]) {
			begin--
		}
		host := p.into.hostname(split(word[begin:]).host)
		if host == "" || !p.site.Owns(host) {
			return 0, 0
		}
		from = at + len("://")
		for from < len(word) && !isSlash(word[from]) {
			from++
		}
	} else if word == "" || word[0] != '/' {
		return 0, 0
	}
	return from, from + pathSize(word[from:])
}

// pathSize is how much of a text that begins with a path belongs to it: no query, no fragment but a route, no line and column.
func pathSize(text string) int {
	size := len(text)
	if query := strings.IndexByte(text, '?'); query >= 0 {
		size = query
	}
	if fragment := strings.IndexByte(text[:size], '#'); fragment >= 0 && !strings.HasPrefix(text[fragment:], "#/") {
		size = fragment
	}
	for range 2 { // a line and a column
		digits := size
		for digits > 0 && isDigit(text[digits-1]) {
			digits--
		}
		if digits == size || digits == 0 || text[digits-1] != ':' {
			break
		}
		size = digits - 1
	}
	return size
}

// isAsset knows the files that pages are made of.
func isAsset(path string) bool {
	for _, ending := range [...]string{".js", ".mjs", ".css", ".wasm"} {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}
