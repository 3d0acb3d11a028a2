package privacy

import (
	"math"
	"strconv"
	"strings"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// The most that is stored of what a page says about itself.
const (
	maxProps   = 30
	maxKey     = 64
	maxValue   = 500
	maxName    = 120
	maxMessage = 500
	maxSource  = 300
	maxStack   = 2000
	maxKind    = 64
)

// clearUse keeps how long and how deep the page was read.
func (p *passage) clearUse() {
	const most = int64(24 * time.Hour / time.Millisecond)
	e := &p.into.facts.Event
	e.EngagedMS = uint32(min(max(p.hit.EngagedMS, 0), most))
	e.Scroll = uint8(min(max(p.hit.Scroll, 0), 100))
	if int64(e.EngagedMS) != p.hit.EngagedMS {
		p.noteNumber("engaged_ms", float64(p.hit.EngagedMS), float64(e.EngagedMS))
	}
	if int64(e.Scroll) != p.hit.Scroll {
		p.noteNumber("scroll", float64(p.hit.Scroll), float64(e.Scroll))
	}
}

func (p *passage) noteNumber(column string, raw, stored float64) {
	if p.notes != nil {
		p.notes.add(column, Replaced, strconv.FormatFloat(raw, 'g', -1, 64), strconv.FormatFloat(stored, 'g', -1, 64), "out of its range")
	}
}

// clearCustom keeps the name, the properties and the value of an event.
func (p *passage) clearCustom() {
	e := &p.into.facts.Event
	e.Name = p.text("name", p.collapsed(p.hit.Name), maxName)
	for _, prop := range p.hit.Props {
		key := p.text("props", prop.Key, maxKey)
		switch {
		case key == "":
			p.notes.add("props", Dropped, prop.Key, "", "a property without a name")
		case p.site.DropsSearch(key):
			p.notes.add("props", Dropped, prop.Value, "", "the sites file: search terms are not kept")
		case len(e.Props) == maxProps:
			p.notes.add("props", Dropped, prop.Key, "", "more than 30 properties")
		default:
			e.Props = append(e.Props, event.Pair{Key: key, Value: p.property(prop.Value)})
		}
	}
	p.clearValue()
}

// property is a property's value. A URL in it, as of a link that was followed, loses its query as the page's own does: that of
// another site is on nobody's allow list.
func (p *passage) property(raw string) string {
	if strings.Contains(raw, "://") {
		return p.errorText("props", raw, maxValue, false)
	}
	return p.text("props", p.collapsed(raw), maxValue)
}

func (p *passage) clearValue() {
	if !p.hit.HasValue {
		return
	}
	const most = 1e12
	e := &p.into.facts.Event
	if !(math.Abs(p.hit.Value) <= most) { // nor NaN
		p.noteNumber("value", p.hit.Value, 0)
		return
	}
	start := len(p.into.scratch)
	p.into.scratch = strconv.AppendFloat(p.into.scratch, math.Abs(p.hit.Value), 'f', -1, 64)
	if digits := p.into.kept(start); p.into.text.holdsNumber(digits) {
		p.notes.add("value", Dropped, digits, "", "a number that may be somebody's")
		return
	}
	e.Value = p.hit.Value
	if p.hit.Currency == "" {
		return
	}
	if len(p.hit.Currency) != 3 || letterCount(p.hit.Currency) != 3 {
		p.notes.add("currency", Dropped, p.hit.Currency, "", "not an ISO 4217 code")
		return
	}
	start = len(p.into.scratch)
	for i := range len(p.hit.Currency) {
		p.into.scratch = append(p.into.scratch, p.hit.Currency[i]&^0x20)
	}
	e.Currency = p.into.kept(start)
}

// clearVitals keeps the known measurements, each once.
func (p *passage) clearVitals() {
	e := &p.into.facts.Event
	for _, v := range p.hit.Vitals {
		name, most := vital(v.Name)
		known := name != ""
		for _, have := range e.Vitals {
			known = known && have.Name != name
		}
		if !known || !(v.Value >= 0 && v.Value <= most) {
			p.notes.add("vitals", Dropped, v.Name, "", "unknown, twice, or out of its range")
			continue
		}
		e.Vitals = append(e.Vitals, event.Measure{Name: name, Value: float32(v.Value)})
	}
}

// vital is the name of a known measurement and the most that it can be; no name for another.
func vital(raw string) (name string, most float64) {
	const tenMinutes = 600_000
	switch raw {
	case "ttfb", "fcp", "lcp", "inp", "dns", "tcp", "tls", "longtask":
		return raw, tenMinutes
	case "cls":
		return raw, 1000
	case "status":
		return raw, 599
	}
	return "", 0
}

// clearError keeps a script error without the queries of the URLs in it.
func (p *passage) clearError() {
	raw, e := &p.hit.Error, &p.into.facts.Event.Error
	e.Message = p.errorText("error_message", raw.Message, maxMessage, false)
	if p.hit.Way == hit.Report {
		e.Source, e.Stack = p.sourceFile("error_source", raw.Source), p.sourceFile("error_stack", raw.Stack)
	} else {
		e.Source = p.errorText("error_source", raw.Source, maxSource, false)
		e.Stack = p.errorText("error_stack", raw.Stack, maxStack, true)
	}
	e.Kind = p.text("error_kind", raw.Kind, maxKind)
	e.Type = p.text("error_type", raw.Type, maxErrorType)
	e.Line = uint32(min(max(raw.Line, 0), math.MaxUint32))
	e.Column = uint32(min(max(raw.Column, 0), math.MaxUint32))
}

// sourceFile is the address of a script, a style or a page that a browser's own report names: of the site's as their paths are stored, of
// others the origin alone.
func (p *passage) sourceFile(column, raw string) string {
	stored := raw
	if u := split(raw); u.host != "" {
		if host := p.into.hostname(u.host); host == "" || !p.site.Owns(host) {
			stored = u.scheme + "://" + host
		}
	}
	stored = p.into.scrub(p.collapsed(p.into.withoutQueries(stored)), kind{uuid: markID}, maxSource)
	p.noteText(column, raw, stored, maxSource)
	return stored
}

func (p *passage) errorText(column, raw string, limit int, lines bool) string {
	if raw == "" {
		return ""
	}
	text := p.into.scrub(p.collapsed(p.into.withoutQueries(raw)), kind{uuid: markToken, lines: lines}, limit)
	p.noteText(column, raw, text, limit)
	return text
}

// withoutQueries leaves out the query and the fragment of each URL in the text; the line and column behind it stay.
func (c *Cleared) withoutQueries(text string) string {
	if !strings.ContainsAny(text, "?#") || !strings.Contains(text, "/") {
		return text
	}
	start := len(c.scratch)
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && !endsURL(text[end]) {
			end++
		}
		word := text[i:end]
		if from := strings.IndexAny(word, "?#"); from >= 0 && strings.Contains(word[:from], "/") {
			c.scratch = append(c.scratch, word[:from]...)
			word = word[len(strings.TrimRight(word, ":0123456789")):]
			if word != "" && word[0] != ':' {
				word = word[max(strings.IndexByte(word, ':'), 0):]
			}
			if word != "" && word[0] != ':' {
				word = ""
			}
		}
		c.scratch = append(c.scratch, word...)
		if end < len(text) {
			c.scratch = append(c.scratch, text[end])
			end++
		}
		i = end
	}
	return c.kept(start)
}

func endsURL(c byte) bool { return strings.IndexByte(" \t\r\n()<>\"'`,", c) >= 0 }
