package privacy

import (
	"strings"
	"unsafe"
)

// kept is what was appended to the scratch from start on, as a string. A scratch that grows moves; the
// strings made before keep the old memory alive.
func (c *Cleared) kept(start int) string {
	b := c.scratch[start:]
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the scratch only grows until the next Clear.
}

func (c *Cleared) keep(text string) string {
	start := len(c.scratch)
	c.scratch = append(c.scratch, text...)
	return c.kept(start)
}

// lower is text with its ASCII letters in lower case.
func (c *Cleared) lower(text string) string {
	capital := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	if !strings.ContainsFunc(text, capital) {
		return text
	}
	start := len(c.scratch)
	for i := range len(text) {
		b := text[i]
		if capital(rune(b)) {
			b |= 0x20
		}
		c.scratch = append(c.scratch, b)
	}
	return c.kept(start)
}

// unescaped is a part of a query in the clear: %XX undone once, a plus is a space.
func (c *Cleared) unescaped(text string) string {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text
	}
	start := len(c.scratch)
	for i := 0; i < len(text); {
		b, size := byteAt(text[i:])
		if size == 1 && b == '+' {
			b = ' '
		}
		c.scratch = append(c.scratch, b)
		i += size
	}
	return c.kept(start)
}

// scrub is text without what is personal, at most limit bytes of it. It is scrubbed before it is cut, for half an
// e-mail address would not be known for one.
func (c *Cleared) scrub(text string, k kind, limit int) string {
	clean := c.text.text(text, k)
	if clean != text {
		return c.keep(cut(strings.TrimSpace(clean), limit))
	}
	return cut(strings.TrimSpace(text), limit)
}

// text scrubs the value of a column.
func (p *passage) text(column, raw string, limit int) string {
	if raw == "" {
		return ""
	}
	stored := p.into.scrub(raw, kind{uuid: markToken}, limit)
	p.noteText(column, raw, stored, limit)
	return stored
}

func (p *passage) noteText(column, raw, stored string, limit int) {
	switch {
	case p.notes == nil || stored == raw:
	case len(stored) > limit-4 && len(raw) > limit:
		p.notes.add(column, Shortened, raw, stored, "longer than is kept")
	case stored == "":
		p.notes.add(column, Dropped, raw, "", "nothing of it may be kept")
	default:
		p.notes.add(column, Replaced, raw, stored, "in its canonical form, without what could tell who the visitor is")
	}
}

// noteParameter names a parameter that was dropped only if the name itself tells nothing.
func (p *passage) noteParameter(name, value, why string) {
	if p.notes == nil {
		return
	}
	p.notes.add("query parameter "+p.into.scrub(name, kind{uuid: markToken}, maxKey), Dropped, value, "", why)
}
