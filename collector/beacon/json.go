package beacon

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a body. Fifty hits with all that the script tells have some 3,000 tokens, a hundred reports up to 6,000.
const (
	maxDepth  = 6
	maxTokens = 8192
)

const notJSON = "not JSON"

// parser reads JSON (RFC 8259, in UTF-8) in one pass, and asks for memory only for texts with escapes. It is as strict as
// encoding/json, and means the same. Whoever uses it walks the values:
//
//	for p.enter(); p.more('}'); {
//		key := p.key()
//		// then one of text, number, literal, skip, or enter again, as peek tells
//	}
//
// The first thing that is wrong ends the input, and with it every loop; wrong says what it was.
type parser struct {
	body    []byte
	at      int
	depth   int
	tokens  int
	fresh   bool // nothing has been read of what was entered last
	wrong   problem
	scratch []byte // texts that do not stand in the body as they are needed
}

func (p *parser) begin(body []byte) {
	*p = parser{body: body, scratch: p.scratch}
}

func (p *parser) fail(want string) {
	if p.wrong == (problem{}) {
		p.wrong = problem{"body", want}
	}
	p.at = len(p.body)
}

// end says what was wrong with the body, all of which has been read if nothing was.
func (p *parser) end() problem {
	if p.peek(); p.at < len(p.body) {
		p.fail(notJSON)
	}
	return p.wrong
}

// peek is the byte that the next token begins with; 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.body) && p.body[p.at] > ' ' {
		return p.body[p.at]
	}
	return p.peekBehindSpace()
}

func (p *parser) peekBehindSpace() byte {
	for p.at < len(p.body) {
		switch c := p.body[p.at]; c {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return c
		}
	}
	return 0
}

// count is called for each token, since what is made of a body takes room for each.
func (p *parser) count() {
	if p.tokens++; p.tokens > maxTokens {
		p.fail("more values than any batch has")
	}
}

// enter goes into the object or array whose bracket is next.
func (p *parser) enter() {
	p.at++
	p.count()
	p.fresh = true
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than any key is")
	}
}

// more tells whether what was entered, and ends with this bracket, has another member; if not, it is left.
func (p *parser) more(bracket byte) bool {
	first := p.fresh
	p.fresh = false
	c := p.peek()
	switch {
	case c == bracket:
		p.at++
		p.count()
		p.depth--
		return false
	case first && c != 0:
		return true
	case c == ',':
		p.at++
		if c = p.peek(); c != bracket && c != 0 {
			return true
		}
	}
	p.fail(notJSON)
	return false
}

// key reads the name of a member, and goes to its value.
func (p *parser) key() string {
	if p.peek() != '"' {
		p.fail(notJSON)
		return ""
	}
	name := p.text()
	if p.peek() != ':' {
		p.fail(notJSON)
		return ""
	}
	p.at++
	return name
}

// literal goes over true, false or null.
func (p *parser) literal(word string) {
	p.count()
	if end := p.at + len(word); end <= len(p.body) && string(p.body[p.at:end]) == word {
		p.at = end
		return
	}
	p.fail(notJSON)
}

// number reads one as it is written; what is none is 0.
func (p *parser) number() string {
	p.count()
	begin := p.at
	p.sign('-', '-')
	first := p.at
	sound := p.digits()
	if sound && p.body[first] == '0' {
		sound = p.at == first+1
	}
	if p.is('.') {
		p.at++
		sound = p.digits() && sound
	}
	if p.is('e') || p.is('E') {
		p.at++
		p.sign('+', '-')
		sound = p.digits() && sound
	}
	if !sound {
		p.fail(notJSON)
		return "0"
	}
	return alias(p.body[begin:p.at])
}

func (p *parser) is(c byte) bool { return p.at < len(p.body) && p.body[p.at] == c }

func (p *parser) sign(plus, minus byte) {
	if p.is(plus) || p.is(minus) {
		p.at++
	}
}

// digits goes over all that are there, and tells whether there were any.
func (p *parser) digits() bool {
	begin := p.at
	for p.at < len(p.body) && p.body[p.at]-'0' <= 9 {
		p.at++
	}
	return p.at > begin
}

// text reads a string. It shares memory with the body if it stands there as it is.
func (p *parser) text() string {
	p.at++
	p.count()
	begin := p.at
	wide := p.plain()
	if p.is('"') {
		p.at++
		return p.checked(p.body[begin:p.at-1], wide)
	}
	start := len(p.scratch)
	p.scratch = append(p.scratch, p.body[begin:p.at]...)
	for p.is('\\') {
		p.escape()
		begin = p.at
		wide = p.plain() || wide
		p.scratch = append(p.scratch, p.body[begin:p.at]...)
	}
	switch {
	case p.is('"'):
		p.at++
		return p.checked(p.scratch[start:], wide)
	case p.at < len(p.body):
		p.fail(notJSON) // a control character
	default:
		p.fail("not JSON: a string does not end")
	}
	return ""
}

func (p *parser) checked(text []byte, wide bool) string {
	if wide && !utf8.Valid(text) {
		p.fail("want UTF-8")
		return ""
	}
	return alias(text)
}

// The bytes of a word, for looking at eight at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain goes to the next quote, backslash or control character, and tells whether it went over any character outside
// ASCII. Of each word the lowest byte that is found is a true find: a borrow can only harm the ones above.
func (p *parser) plain() (wide bool) {
	at, body := p.at, p.body
	for ; at+8 <= len(body); at += 8 {
		word := binary.LittleEndian.Uint64(body[at:])
		quotes, slashes := word^ones*'"', word^ones*'\\'
		found := ((quotes-ones)&^quotes | (slashes-ones)&^slashes | (word-ones*' ')&^word) & highs
		if found != 0 {
			size := bits.TrailingZeros64(found) / 8
			p.at = at + size
			return wide || word&highs&(1<<(8*size)-1) != 0
		}
		wide = wide || word&highs != 0
	}
	for at < len(body) && body[at] != '"' && body[at] != '\\' && body[at] >= ' ' {
		wide = wide || body[at] >= utf8.RuneSelf
		at++
	}
	p.at = at
	return wide
}

// escape undoes the one that is next. Half a surrogate stands for no character.
func (p *parser) escape() {
	p.at++
	if p.at == len(p.body) {
		return
	}
	c := p.body[p.at]
	p.at++
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		p.scratch = utf8.AppendRune(p.scratch, p.escaped())
		return
	default:
		p.fail(notJSON)
		return
	}
	p.scratch = append(p.scratch, c)
}

// escaped reads the four digits behind \u, and the second half of a surrogate pair.
func (p *parser) escaped() rune {
	r := p.hex()
	if !utf16.IsSurrogate(r) || !p.is('\\') || p.at+1 >= len(p.body) || p.body[p.at+1] != 'u' {
		return r
	}
	back := p.at
	p.at += 2
	if both := utf16.DecodeRune(r, p.hex()); both != utf8.RuneError || p.wrong != (problem{}) {
		return both
	}
	p.at = back
	return r // which is written as one that stands for no character
}

func (p *parser) hex() rune {
	const size = 4
	if p.at+size > len(p.body) {
		p.fail("not JSON: a string does not end")
		return 0
	}
	digits := p.body[p.at : p.at+size]
	p.at += size
	var r rune
	for _, c := range digits {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			p.fail(notJSON)
			return 0
		}
		r = r<<4 | rune(c)
	}
	return r
}

// skip goes over a value that nobody asked for.
func (p *parser) skip() {
	switch p.peek() {
	case '{':
		for p.enter(); p.more('}'); {
			p.key()
			p.skip()
		}
	case '[':
		for p.enter(); p.more(']'); {
			p.skip()
		}
	case '"':
		p.text()
	case 't':
		p.literal("true")
	case 'f':
		p.literal("false")
	case 'n':
		p.literal("null")
	default:
		p.number()
	}
}

// decimal is a number's value; one beyond all bounds is infinite.
func decimal(number string) float64 {
	const exact = 15 // digits that a float64 holds exactly
	if len(number) <= exact {
		n := 0
		for i := 0; i < len(number) && number[i]-'0' <= 9; i++ {
			if n = n*10 + int(number[i]-'0'); i == len(number)-1 {
				return float64(n)
			}
		}
	}
	value, _ := strconv.ParseFloat(number, 64) // its only error is that of range, with an infinite value
	return value
}
