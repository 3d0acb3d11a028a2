package beacon

import (
	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// request is what reading one request needs; it is pooled.
type request struct {
	parser
	facts   hit.Hit // what the connection and the headers say, the same for each hit
	hits    []hit.Hit
	reasons []hit.Reason

	forwardedFor, forwarded []string // the lines of these headers
	fullBrands, referer     string   // and these
	origin                  string

	query *fasthttp.Args // of a pixel
	room  []byte         // for an answer

	refusals []hit.Reason // of the hits that could not be read
	first    problem      // what was wrong with the first of them
	at       int          // and its place in the batch, -1 without a batch
	unknown  int          // keys that nobody knows
}

// pooledTokens is how large a body may be to leave its memory to the next one.
const pooledTokens = 1024

// reset forgets everything about the request, and tells whether its memory is worth keeping.
func (r *request) reset() bool {
	clear(r.forwardedFor)
	clear(r.forwarded)
	keep := r.tokens <= pooledTokens
	r.forget()
	*r = request{
		parser: parser{scratch: r.scratch[:0]}, hits: r.hits, reasons: r.reasons[:0],
		refusals: r.refusals, forwardedFor: r.forwardedFor[:0], forwarded: r.forwarded[:0], query: r.query, room: r.room[:0],
	}
	return keep
}

// forget forgets the hits that have been read.
func (r *request) forget() {
	for i := range r.hits {
		r.hits[i].Reset()
	}
	r.hits, r.refusals, r.first, r.unknown = r.hits[:0], r.refusals[:0], problem{}, 0
}

// next is a hit that has the facts of the request, to be filled with what the page claims.
func (r *request) next() *hit.Hit {
	if len(r.hits) < cap(r.hits) {
		r.hits = r.hits[:len(r.hits)+1]
	} else {
		r.hits = append(r.hits, hit.Hit{})
	}
	h := &r.hits[len(r.hits)-1]
	properties, measurements, sources := h.Props[:0], h.Vitals[:0], h.Sources[:0]
	*h = r.facts
	h.Props, h.Vitals, h.Sources = properties, measurements, sources
	return h
}

// decode reads a body of one hit or a batch of them. It returns a problem only when the body as a whole cannot be read.
func (r *request) decode(body []byte, known *fields) problem {
	r.at = -1
	r.begin(body)
	p := r.decodeBody(known)
	if wrong := r.end(); wrong != (problem{}) {
		p = wrong
	}
	if p != (problem{}) {
		r.forget() // what was read of it before
	}
	return p
}

func (r *request) decodeBody(known *fields) problem {
	switch r.peek() {
	case '{':
		r.decodeHit(-1, known)
	case '[':
		read := 0
		for r.enter(); r.more(']'); read++ {
			if read < maxHits {
				r.decodeHit(read, known)
			} else {
				r.skip()
			}
		}
		if read == 0 || read > maxHits {
			return problem{"body", "want 1 to 50 hits in an array"}
		}
	default:
		r.skip()
		return problem{"body", "want an object, or an array of them"}
	}
	return problem{}
}

// decodeHit appends one hit, or counts it among those that could not be read.
func (r *request) decodeHit(at int, known *fields) {
	h := r.next()
	p := problem{"body", "want an object"}
	if r.peek() == '{' {
		p = r.decodeObject(h, known)
	} else {
		r.skip()
	}
	r.settle(at, h, p)
}

// settle decides about the newest hit, once its keys have been read.
func (r *request) settle(at int, h *hit.Hit, p problem) {
	r.unknown += h.Unknown
	if p == (problem{}) {
		p = missing(h)
	}
	if p == (problem{}) {
		return
	}
	h.Reset()
	r.hits = r.hits[:len(r.hits)-1]
	if r.refusals = append(r.refusals, p.reason()); len(r.refusals) == 1 {
		r.first, r.at = p, at
	}
}

// missing is what a hit lacks that every hit must have.
func missing(h *hit.Hit) problem {
	switch {
	case h.Site == "":
		return problem{"site", "missing"}
	case h.URL == "":
		return problem{"url", "missing"}
	}
	switch h.Type {
	case "", "pageview", "event", "engage", "vitals", "error":
		return problem{}
	default:
		return problem{typeName, wantType}
	}
}

// decodeObject reads the keys of an object; of a key that stands twice the last counts, and null is as good as absent.
// Behind a problem nothing is taken any more, but the rest must still be JSON.
func (r *request) decodeObject(h *hit.Hit, known *fields) (p problem) {
	for r.enter(); r.more('}'); {
		f := known.find(r.key())
		switch {
		case p != (problem{}):
			r.skip()
		case r.peek() == 'n':
			r.literal("null")
		case f == nil:
			r.skip()
			h.Unknown++
		default:
			p = r.decodeValue(h, f)
		}
	}
	return p
}

func (r *request) decodeValue(h *hit.Hit, f *field) problem {
	taken := false
	switch c := r.peek(); {
	case c == '"':
		taken = f.takeString(h, r.text())
	case c == 't':
		r.literal("true")
		taken = f.takeFlag(h, true)
	case c == 'f':
		r.literal("false")
		taken = f.takeFlag(h, false)
	case c == '{' && f.kind == section:
		return r.decodeObject(h, f.fields)
	case c == '{' && f.kind == props:
		taken = r.decodeProps(h)
	case c == '[' && f.kind == list:
		taken = r.decodeList(h, f)
	case c == '{', c == '[':
		r.skip()
	default:
		taken = f.takeNumber(h, decimal(r.number()))
	}
	if taken {
		return problem{}
	}
	return f.problem()
}

// decodeProps keeps each property as text, a number as it is written.
func (r *request) decodeProps(h *hit.Hit) bool {
	taken := true
	h.Props = h.Props[:0]
	for r.enter(); r.more('}'); {
		key, value := r.key(), ""
		switch r.peek() {
		case '"':
			value = r.text()
		case 't':
			value = "true"
			r.literal(value)
		case 'f':
			value = "false"
			r.literal(value)
		case 'n':
			r.literal("null")
			continue
		case '{', '[':
			r.skip()
			taken = false
		default:
			value = r.number()
		}
		taken = taken && setProp(h, key, value)
	}
	return taken
}

// decodeList writes ["a", "b"] as "a", "b" and [{"brand":"a","version":"1"}] or [["a","1"]] as "a";v="1".
func (r *request) decodeList(h *hit.Hit, f *field) bool {
	var room [maxList]byte
	list, taken := room[:0], true
	for r.enter(); r.more(']'); {
		var item brand
		switch r.peek() {
		case '"':
			item.name, item.named = r.text(), true
		case '{':
			item = r.decodeBrand()
		case '[':
			item = r.decodePair()
		default:
			r.skip()
		}
		taken = taken && item.named && !item.odd
		if len(list) > 0 {
			list = append(list, ", "...)
		}
		list = appendQuoted(list, item.name)
		if item.versioned {
			list = appendQuoted(append(list, ";v="...), item.version)
		}
	}
	begin := len(r.scratch)
	r.scratch = append(r.scratch, list...)
	return taken && f.takeString(h, alias(r.scratch[begin:]))
}

// maxList is longer than any browser's list of itself; a longer one costs memory.
const maxList = 512

// brand is one item of a list.
type brand struct {
	name, version    string
	named, versioned bool
	odd              bool // one of them is no string
}

// set takes the next value for the name (0) or the version (1), or goes over it.
func (b *brand) set(p *parser, what int) {
	switch {
	case what > 1:
		p.skip()
	case p.peek() != '"':
		p.skip()
		b.odd = true
	case what == 0:
		b.name, b.named = p.text(), true
	default:
		b.version, b.versioned = p.text(), true
	}
}

func (r *request) decodeBrand() (b brand) {
	for r.enter(); r.more('}'); {
		switch r.key() {
		case "brand":
			b.set(&r.parser, 0)
		case "version":
			b.set(&r.parser, 1)
		default:
			r.skip()
		}
	}
	return b
}

func (r *request) decodePair() (b brand) {
	what := 0
	for r.enter(); r.more(']'); what++ {
		b.set(&r.parser, what)
	}
	return b
}

// appendQuoted writes a string as RFC 9651 does.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
