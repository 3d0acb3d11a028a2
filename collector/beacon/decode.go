package beacon

import (
	"github.com/valyala/fastjson"

	"mayak/collector/hit"
)

// request is what reading one request needs; it is pooled.
type request struct {
	parser  fastjson.Parser
	facts   hit.Hit // what the connection and the headers say, the same for each hit
	hits    []hit.Hit
	reasons []hit.Reason
	scratch []byte // texts that stand in no buffer as they are needed
	tokens  int

	forwardedFor, forwarded []string // the lines of these headers

	refusals []hit.Reason // of the hits that could not be read
	first    problem      // what was wrong with the first of them
	at       int          // and its place in the batch, -1 without a batch
	unknown  int          // keys that nobody knows
}

// pooledTokens is how large a body may be to leave its memory to the next one.
const pooledTokens = 1024

// reset forgets everything about the request, and tells whether its memory is worth keeping.
func (r *request) reset() bool {
	for i := range r.hits {
		r.hits[i].Reset()
	}
	clear(r.forwardedFor)
	clear(r.forwarded)
	keep := r.tokens <= pooledTokens
	*r = request{
		parser: r.parser, hits: r.hits[:0], reasons: r.reasons[:0], scratch: r.scratch[:0],
		refusals: r.refusals[:0], forwardedFor: r.forwardedFor[:0], forwarded: r.forwarded[:0],
	}
	return keep
}

// next is a hit that has the facts of the request, to be filled with what the page claims.
func (r *request) next() *hit.Hit {
	if len(r.hits) < cap(r.hits) {
		r.hits = r.hits[:len(r.hits)+1]
	} else {
		r.hits = append(r.hits, hit.Hit{})
	}
	h := &r.hits[len(r.hits)-1]
	properties, measurements := h.Props[:0], h.Vitals[:0]
	*h = r.facts
	h.Props, h.Vitals = properties, measurements
	return h
}

// decode reads a body of one hit or a batch of them. It returns a problem only when the body as a whole cannot be read.
func (r *request) decode(body []byte, known fields) problem {
	r.at = -1
	tokens, p := scan(body)
	if p != (problem{}) {
		return p
	}
	r.tokens = tokens
	value, err := r.parser.ParseBytes(body)
	if err != nil {
		return problem{"body", "not JSON"} // the parser's own words repeat the body
	}
	switch value.Type() {
	case fastjson.TypeObject:
		r.decodeHit(-1, value, known)
	case fastjson.TypeArray:
		items := value.GetArray()
		if len(items) == 0 || len(items) > maxHits {
			return problem{"body", "want 1 to 50 hits in an array"}
		}
		for i, item := range items {
			r.decodeHit(i, item, known)
		}
	default:
		return problem{"body", "want an object, or an array of them"}
	}
	return problem{}
}

// decodeHit appends one hit, or counts it among those that could not be read.
func (r *request) decodeHit(at int, value *fastjson.Value, known fields) {
	h := r.next()
	p := problem{"body", "want an object"}
	if value.Type() == fastjson.TypeObject {
		p = r.decodeObject(h, value, known)
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
func (r *request) decodeObject(h *hit.Hit, value *fastjson.Value, known fields) (p problem) {
	value.GetObject().Visit(func(key []byte, v *fastjson.Value) {
		if p != (problem{}) || v.Type() == fastjson.TypeNull {
			return
		}
		if f, ok := known[string(key)]; ok {
			p = r.decodeValue(h, f, v)
		} else {
			h.Unknown++
		}
	})
	return p
}

func (r *request) decodeValue(h *hit.Hit, f *field, v *fastjson.Value) problem {
	taken := false
	switch v.Type() {
	case fastjson.TypeString:
		taken = f.takeString(h, alias(v.GetStringBytes()))
	case fastjson.TypeNumber:
		taken = f.takeNumber(h, v.GetFloat64())
	case fastjson.TypeTrue, fastjson.TypeFalse:
		taken = f.takeFlag(h, v.GetBool())
	case fastjson.TypeArray:
		taken = f.kind == list && r.decodeList(h, f, v)
	case fastjson.TypeObject:
		if f.kind == section {
			return r.decodeObject(h, v, f.fields)
		}
		taken = f.kind == props && r.decodeProps(h, v)
	default:
	}
	if taken {
		return problem{}
	}
	return f.problem()
}

// decodeProps keeps each property as text.
func (r *request) decodeProps(h *hit.Hit, v *fastjson.Value) bool {
	taken := true
	h.Props = h.Props[:0]
	v.GetObject().Visit(func(key []byte, value *fastjson.Value) {
		switch value.Type() {
		case fastjson.TypeString:
			taken = taken && setProp(h, alias(key), alias(value.GetStringBytes()))
		case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
			begin := len(r.scratch)
			r.scratch = value.MarshalTo(r.scratch)
			taken = taken && setProp(h, alias(key), alias(r.scratch[begin:]))
		case fastjson.TypeNull:
		default:
			taken = false
		}
	})
	return taken
}

// decodeList writes ["a", "b"] as "a", "b" and [{"brand":"a","version":"1"}] or [["a","1"]] as "a";v="1".
func (r *request) decodeList(h *hit.Hit, f *field, v *fastjson.Value) bool {
	begin := len(r.scratch)
	for i, item := range v.GetArray() {
		if i > 0 {
			r.scratch = append(r.scratch, ", "...)
		}
		name, version := item, (*fastjson.Value)(nil)
		switch item.Type() {
		case fastjson.TypeObject:
			name, version = item.Get("brand"), item.Get("version")
		case fastjson.TypeArray:
			name, version = item.Get("0"), item.Get("1")
		default:
		}
		if name == nil || name.Type() != fastjson.TypeString {
			return false
		}
		r.scratch = appendQuoted(r.scratch, name.GetStringBytes())
		if version == nil {
			continue
		}
		if version.Type() != fastjson.TypeString {
			return false
		}
		r.scratch = appendQuoted(append(r.scratch, ";v="...), version.GetStringBytes())
	}
	return f.takeString(h, alias(r.scratch[begin:]))
}

// appendQuoted writes a string as RFC 9651 does.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
