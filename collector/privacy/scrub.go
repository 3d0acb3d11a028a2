package privacy

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"
)

// The markers that stand where something personal stood. They are short and constant, so that they tell nothing.
const (
	markEmail = "[email]"
	markPhone = "[phone]"
	markIIN   = "[iin]"
	markCard  = "[card]"
	markIBAN  = "[iban]"
	markToken = "[token]"
	markIP    = "[ip]"
	markID    = ":id" // a UUID in a path: the page is the same one for every record
	markText  = "[text]"
)

// maxRounds bounds the work on a text in which each removal uncovers another find.
const maxRounds = 10

// scrubber removes from a text what could tell who the visitor is: e-mail addresses, telephone, identity (IIN, BIN),
// card and account numbers, network addresses, credentials and opaque tokens. A UUID counts as a token: on a health
// site it is as likely a patient's record as a product's number, and nobody can tell which.
//
// A clean text costs one pass and no memory. A suspect one is folded to what a reader would see in it (see fold),
// searched, and rewritten, again and again until nothing more is found; so what comes out is what would come out of it
// once more. Its memory is kept for the next text. Not for concurrent use.
type scrubber struct {
	raw, folded []byte  // folded holds one byte a character of the text ...
	rawAt, at   []int32 // ... and at says where in the text it begins, with the text's length at the end
	spans       []span
	out         [2][]byte
	digits      []digit

	source string
	uuid   string
}

// span is a part of the folded text and the marker that takes its place.
type span struct {
	from, to int
	mark     string
}

// kind is what a text is part of.
type kind struct {
	uuid  string // the marker of a UUID
	lines bool   // line breaks may stay
}

// text is the clean form of s: s itself if it is clean, else in memory that lasts until this scrubber's next text.
func (s *scrubber) text(text string, k kind) string {
	if !suspect(text) {
		return text
	}
	s.uuid = k.uuid
	readings := 1 // %87 may be a character or be followed by a number that begins with 87: both are tried
	if strings.ContainsAny(text, `%\&`) {
		readings = 2
	}
	for round, same := 0, 0; round < maxRounds; round++ {
		out := s.rewrite(s.out[round%2][:0], text, k.lines, round%2 == 0)
		s.out[round%2] = out
		after := unsafe.String(unsafe.SliceData(out), len(out)) //nolint:gosec // read before the buffer is written again.
		if same++; after != text {
			same = 0
		}
		if text = after; same == readings || !suspect(text) {
			return text
		}
	}
	return markText
}

// rewrite appends text to dst with a marker for each find, in valid UTF-8 and without control characters.
func (s *scrubber) rewrite(dst []byte, text string, lines, escapes bool) []byte {
	s.source = text
	s.fold(text, escapes)
	s.spans = s.spans[:0]
	s.find()
	slices.SortFunc(s.spans, func(a, b span) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	done := int32(0)
	for _, found := range s.spans {
		if s.at[found.from] < done { // within a wider find, or lapping over its end
			done = max(done, s.at[found.to])
			continue
		}
		dst = appendPrintable(dst, text[done:s.at[found.from]], lines)
		dst = append(dst, found.mark...)
		done = s.at[found.to]
	}
	return appendPrintable(dst, text[done:], lines)
}

// find runs the searches. What one has found is out of sight for the next, so the order settles what a text is
// that could be two things: the more telling form first, the vague ones (any opaque string) last.
func (s *scrubber) find() {
	s.findEmails()
	s.findJWTs()
	s.findIBANs()
	s.findAddresses()
	s.findUUIDs()
	s.findNumbers()
	s.findCredentials()
	s.findNamedSecrets()
	s.findTokens()
}

// mark notes a find and takes it out of sight.
func (s *scrubber) mark(from, to int, mark string) {
	s.spans = append(s.spans, span{from, to, mark})
	for i := from; i < to; i++ {
		s.folded[i] = gone
	}
}

// isMarker tells whether the folded text at i is a marker that an earlier round left.
func (s *scrubber) isMarker(i int) bool {
	rest := s.folded[i:]
	for _, mark := range [...]string{markEmail, markPhone, markIIN, markCard, markIBAN, markToken, markIP, markText} {
		if len(rest) >= len(mark) && string(rest[:len(mark)]) == mark {
			return true
		}
	}
	return false
}

// cut is text shortened to at most limit bytes at the end of a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xC0 == 0x80 {
		limit--
	}
	return strings.TrimRight(text[:limit], " ")
}
