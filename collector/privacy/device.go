package privacy

import (
	"maps"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// clearDevice keeps the sizes of screen and window.
func (p *passage) clearDevice() {
	s := &p.into.facts.Event.Screen
	s.Width, s.Height = p.size("screen", p.hit.Screen)
	s.ViewportWidth, s.ViewportHeight = p.size("viewport", p.hit.Viewport)
	s.Touch = uint8(min(max(p.hit.Touch, 0), math.MaxUint8))
	const least, most = 0.1, 20
	if p.hit.DPR >= least && p.hit.DPR <= most {
		s.PixelRatio = float32(p.hit.DPR)
	} else if p.hit.DPR != 0 {
		p.notes.add("pixel_ratio", Dropped, strconv.FormatFloat(p.hit.DPR, 'g', -1, 64), "", "no screen has it")
	}
}

// size reads "1920x1080".
func (p *passage) size(field, text string) (width, height uint16) {
	if text == "" {
		return 0, 0
	}
	w, h, _ := strings.Cut(text, "x")
	width, okWidth := pixels(w)
	height, okHeight := pixels(h)
	if !okWidth || !okHeight {
		p.notes.add(field, Dropped, text, "", "not a size in pixels, like 1920x1080")
		return 0, 0
	}
	return width, height
}

func pixels(text string) (uint16, bool) {
	const most, longest = 16384, 5
	v := 0
	for i := range len(text) {
		if !isDigit(text[i]) || i == longest {
			return 0, false
		}
		v = v*10 + int(text[i]-'0')
	}
	return uint16(v), v > 0 && v <= most
}

// widthClass and heightClass round down to one of few sizes, so that a screen tells which layout suits it and not whose
// it is: 8 widths (small, usual and large phone; tablet; small, usual, full HD and large display) and 6 heights. What is
// smaller than the least counts as the least.
func widthClass(width uint16) uint16 {
	return classOf(width, [...]uint16{320, 375, 414, 768, 1024, 1366, 1920, 2560})
}

func heightClass(height uint16) uint16 {
	return classOf(height, [...]uint16{0, 0, 480, 640, 768, 900, 1080, 1440})
}

func classOf(v uint16, sizes [8]uint16) uint16 {
	if v == 0 {
		return 0
	}
	class := uint16(0)
	for _, size := range sizes {
		if class == 0 || v >= size {
			class = size
		}
	}
	return class
}

// maxLanguage and maxTimeZone are longer than any in use.
const (
	maxLanguage = 35
	maxTimeZone = 40
)

// clearLanguage keeps the first choice of language, and the time zone.
func (p *passage) clearLanguage() {
	raw := p.hit.Language
	if raw == "" {
		raw, _, _ = strings.Cut(p.hit.AcceptLanguage, ",")
		raw, _, _ = strings.Cut(raw, ";")
		raw = strings.TrimSpace(raw)
	}
	e := &p.into.facts.Event
	if raw != "" && raw != "*" {
		e.Language = p.into.language(raw)
		if e.Language == "" {
			p.notes.add("language", Dropped, raw, "", "not a language tag")
		} else if e.Language != raw {
			p.notes.add("language", Shortened, raw, e.Language, "language, script and region only, in the usual capitals")
		}
	}
	if p.hit.TimeZone == "" {
		return
	}
	if p.gate.zones.has(p.hit.TimeZone) {
		e.TimeZone = p.hit.TimeZone
	} else {
		p.notes.add("timezone", Dropped, p.hit.TimeZone, "", "not the name of a time zone")
	}
}

// language is the tag's language, script and region: kk, sr-Latn-RS. Variants and private parts tell people apart and
// nothing of their language.
func (c *Cleared) language(tag string) string {
	if len(tag) > maxLanguage {
		return ""
	}
	start, stage := len(c.scratch), atLanguage
	for part := range strings.FieldsFuncSeq(tag, func(r rune) bool { return r == '-' || r == '_' }) {
		letters, digits := letterCount(part), digitCount(part)
		if letters+digits != len(part) {
			return ""
		}
		stage = nextSubtag(stage, letters, digits)
		if stage == atEnd {
			break
		}
		c.appendSubtag(part, stage)
	}
	return c.kept(start)
}

// subtag is which part of a language tag was read last.
type subtag uint8

const (
	atLanguage subtag = iota // none yet
	afterLanguage
	afterScript
	afterRegion
	atEnd
)

func nextSubtag(last subtag, letters, digits int) subtag {
	switch {
	case last == atLanguage && digits == 0 && (letters == 2 || letters == 3):
		return afterLanguage
	case last == afterLanguage && letters == 4 && digits == 0:
		return afterScript
	case (last == afterLanguage || last == afterScript) && (letters == 2 && digits == 0 || letters == 0 && digits == 3):
		return afterRegion
	}
	return atEnd
}

// appendSubtag writes a part in its usual capitals: kk, Latn, KZ.
func (c *Cleared) appendSubtag(part string, as subtag) {
	if as != afterLanguage {
		c.scratch = append(c.scratch, '-')
	}
	for i := range len(part) {
		b := part[i]
		if isASCII(b) {
			if b |= 0x20; as == afterRegion || as == afterScript && i == 0 {
				b &^= 0x20
			}
		}
		c.scratch = append(c.scratch, b)
	}
}

func letterCount(text string) (n int) {
	for i := range len(text) {
		if isASCII(text[i]) {
			n++
		}
	}
	return n
}

func digitCount(text string) (n int) {
	for i := range len(text) {
		if isDigit(text[i]) {
			n++
		}
	}
	return n
}

// zones are the time zones that there are: those that were asked for, of which there are a few hundred. Safe for concurrent use.
type zones struct {
	known  atomic.Pointer[map[string]struct{}] // never written to
	adding sync.Mutex
}

// has tells whether there is a zone of this name. One that does not exist could say anything.
func (z *zones) has(name string) bool {
	if !isTimeZone(name) {
		return false
	}
	if known := z.known.Load(); known != nil {
		if _, there := (*known)[name]; there {
			return true
		}
	}
	if _, err := time.LoadLocation(name); err != nil {
		return false
	}
	z.adding.Lock()
	defer z.adding.Unlock()
	more := map[string]struct{}{strings.Clone(name): {}}
	if known := z.known.Load(); known != nil {
		maps.Copy(more, *known)
	}
	z.known.Store(&more)
	return true
}

// isTimeZone knows the areas of the IANA names and the shape of the rest.
func isTimeZone(name string) bool {
	if len(name) > maxTimeZone {
		return false
	}
	area, place, found := strings.Cut(name, "/")
	switch area {
	case "UTC", "GMT":
		return !found
	case "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "Etc":
	default:
		return false
	}
	for i := range len(place) {
		if c := place[i]; !isASCII(c) && c != '_' && c != '-' && c != '/' && (area != "Etc" || !isDigit(c) && c != '+') {
			return false
		}
	}
	return place != "" && !strings.Contains(place, "//")
}
