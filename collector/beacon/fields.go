package beacon

import (
	"math"
	"net/netip"
	"strings"
	"time"
	"unsafe"

	"mayak/collector/hit"
)

// kind is what a key's value may be.
type kind uint8

const (
	text    kind = iota // a string
	number              // a finite number
	flag                // true or false
	moment              // milliseconds since 1970, or RFC 3339
	mark                // a boolean as client hints write it: ?1, ?0
	list                // strings, as client hints write a list of them
	props               // the custom properties
	measure             // a finite number, kept under its key
	section             // an object with keys of its own
	address             // of a client, as text
)

// fields are the keys that one object may have: a table of open addressing, whose hash looks at what keys differ in.
type fields struct{ table [fieldPlaces]*field }

const fieldPlaces = 64 // half as many again as any object has keys

func placeOf(key string) int {
	return (len(key) + 5*int(key[0]) + 17*int(key[len(key)-1])) % fieldPlaces
}

// find is nil for a key that nobody knows.
func (known *fields) find(key string) *field {
	if known == nil || key == "" {
		return nil
	}
	for place := placeOf(key); ; place = (place + 1) % fieldPlaces {
		if f := known.table[place]; f == nil || f.key == key {
			return f
		}
	}
}

// field is one key of the wire. Its name is the dotted path to it, which the query of a pixel uses as well.
type field struct {
	name   string
	key    string // the last part of the name
	kind   kind
	want   string // completes an error that begins with the name
	max    int    // bytes of a text; 0 leaves it to the body's limit
	text   func(*hit.Hit) *string
	number func(*hit.Hit, float64)
	flag   func(*hit.Hit, bool)
	fields *fields
	moment func(*hit.Hit) *time.Time // nil is that of the event
}

// problem is why a hit could not be read, in words for the page's author: a key and what it wants. The zero problem is none.
type problem struct{ name, want string }

func (f *field) problem() problem { return problem{name: f.name, want: f.want} }

func (p problem) reason() hit.Reason {
	if p.name == typeName {
		return hit.UnknownType
	}
	return hit.Malformed
}

const (
	wantText    = "want a string"
	wantURL     = "want a string of at most 8192 bytes"
	wantShort   = "want a string of at most 64 bytes"
	wantNumber  = "want a finite number"
	wantFlag    = "want true or false"
	wantMoment  = "want milliseconds since 1970, or a time like 2026-01-31T12:00:00Z"
	wantSection = "want an object"
	wantProps   = "want an object of at most 30 strings, numbers or booleans, each with a key"
	wantSize    = `want a string like "1920x1080"`
	wantType    = "want pageview, event, engage, vitals or error"
	wantHint    = "want a string, as the request header of that name has it"

	typeName = "type"
	maxShort = 64
	maxURL   = 8 << 10
)

// wireFields is design's list of keys, once: the body of /e and the query of /p.gif are both read by it.
func wireFields() *fields { return index(wireKeys()...) }

func wireKeys() []field {
	return []field{
		{name: "site", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.Site }},
		{name: "url", want: wantURL, max: maxURL, text: func(h *hit.Hit) *string { return &h.URL }},
		{name: typeName, want: wantType, max: maxShort, text: func(h *hit.Hit) *string { return &h.Type }},
		{name: "id", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.ID }},
		{name: "page", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.Page }},
		{name: "referrer", want: wantURL, max: maxURL, text: func(h *hit.Hit) *string { return &h.Referrer }},
		{name: "title", want: wantText, text: func(h *hit.Hit) *string { return &h.Title }},
		{name: "screen", want: wantSize, max: maxShort, text: func(h *hit.Hit) *string { return &h.Screen }},
		{name: "viewport", want: wantSize, max: maxShort, text: func(h *hit.Hit) *string { return &h.Viewport }},
		{name: "dpr", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.DPR = n }},
		{name: "lang", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.Language }},
		{name: "tz", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.TimeZone }},
		{name: "name", want: wantText, text: func(h *hit.Hit) *string { return &h.Name }},
		{name: "props", kind: props, want: wantProps},
		{name: "value", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Value, h.HasValue = n, true }},
		{name: "currency", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.Currency }},
		{name: "engaged_ms", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.EngagedMS = whole(n) }},
		{name: "scroll", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Scroll = whole(n) }},
		{name: "vitals", kind: section, want: wantSection, fields: vitalFields()},
		{name: "error", kind: section, want: wantSection, fields: errorFields()},
		{name: "request", kind: section, want: wantSection, fields: requestFields()},
		{name: "attribution", kind: section, want: wantSection, fields: attributionFields()},
		{name: "weight", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Weight = n }},
		{name: "reference", want: wantShort, max: maxShort, text: func(h *hit.Hit) *string { return &h.Reference }},
		{name: "hints", kind: section, want: wantSection, fields: hintFields()},
		{name: "webdriver", kind: flag, want: wantFlag, flag: func(h *hit.Hit, on bool) { h.Webdriver = on }},
		{name: "ts", kind: moment, want: wantMoment},
	}
}

func vitalFields() *fields {
	return index(
		field{name: "vitals.ttfb", kind: measure, want: wantNumber}, field{name: "vitals.fcp", kind: measure, want: wantNumber},
		field{name: "vitals.lcp", kind: measure, want: wantNumber}, field{name: "vitals.inp", kind: measure, want: wantNumber},
		field{name: "vitals.cls", kind: measure, want: wantNumber}, field{name: "vitals.dns", kind: measure, want: wantNumber},
		field{name: "vitals.tcp", kind: measure, want: wantNumber}, field{name: "vitals.tls", kind: measure, want: wantNumber},
		field{name: "vitals.status", kind: measure, want: wantNumber}, field{name: "vitals.longtask", kind: measure, want: wantNumber},
	)
}

func errorFields() *fields {
	return index(
		field{name: "error.message", want: wantText, text: func(h *hit.Hit) *string { return &h.Error.Message }},
		field{name: "error.source", want: wantText, text: func(h *hit.Hit) *string { return &h.Error.Source }},
		field{name: "error.stack", want: wantText, text: func(h *hit.Hit) *string { return &h.Error.Stack }},
		field{name: "error.kind", want: wantText, text: func(h *hit.Hit) *string { return &h.Error.Kind }},
		field{name: "error.type", want: wantText, text: func(h *hit.Hit) *string { return &h.Error.Type }},
		field{name: "error.line", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Error.Line = whole(n) }},
		field{name: "error.column", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Error.Column = whole(n) }},
	)
}

// requestFields tell of the request that brought the page, or that failed.
func requestFields() *fields {
	return index(
		field{name: "request.protocol", want: wantText, text: func(h *hit.Hit) *string { return &h.Exchange.Protocol }},
		field{name: "request.method", want: wantText, text: func(h *hit.Hit) *string { return &h.Exchange.Method }},
		field{name: "request.status", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Exchange.Status = whole(n) }},
		field{name: "request.bytes", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Exchange.Bytes = whole(n) }},
		field{name: "request.duration_ms", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Exchange.DurationMS = n }},
	)
}

// attributionFields tell what a measurement came from.
func attributionFields() *fields {
	var all []field
	for _, key := range []string{"lcp_element", "lcp_url", "inp_target", "inp_event", "cls_target", "navigation"} {
		all = append(all, field{name: "attribution." + key, want: wantText, text: func(h *hit.Hit) *string { return source(h, key) }})
	}
	return index(all...)
}

// source is where the value of this key is kept; of a key that stands twice the last counts.
func source(h *hit.Hit, key string) *string {
	for i := range h.Sources {
		if h.Sources[i].Key == key {
			return &h.Sources[i].Value
		}
	}
	h.Sources = append(h.Sources, hit.Prop{Key: key})
	return &h.Sources[len(h.Sources)-1].Value
}

// hintFields take what the script sends, and what navigator.userAgentData.getHighEntropyValues gives.
func hintFields() *fields {
	brands := func(h *hit.Hit) *string { return &h.Hints.Brands }
	return index(
		field{name: "hints.brands", kind: list, want: wantHint, text: brands},
		field{name: "hints.mobile", kind: mark, want: wantFlag, text: func(h *hit.Hit) *string { return &h.Hints.Mobile }},
		field{name: "hints.platform", want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.Platform }},
		field{name: "hints.platformVersion", want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.PlatformVersion }},
		field{name: "hints.model", want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.Model }},
		field{name: "hints.formFactors", kind: list, want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.FormFactors }},
		field{name: "hints.architecture", want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.Architecture }},
		field{name: "hints.bitness", want: wantHint, text: func(h *hit.Hit) *string { return &h.Hints.Bitness }},
		field{name: "hints.touch", kind: number, want: wantNumber, number: func(h *hit.Hit, n float64) { h.Touch = whole(n) }},
	)
}

// index puts each field into the table, under the last part of its name.
func index(list ...field) *fields {
	known := new(fields)
	for _, f := range list {
		f.key = f.name[strings.LastIndexByte(f.name, '.')+1:]
		place := placeOf(f.key)
		for known.table[place] != nil {
			place = (place + 1) % fieldPlaces
		}
		known.table[place] = &f
	}
	return known
}

// takeString takes the empty string for none, so that a hint that the script could not learn leaves the header's.
func (f *field) takeString(h *hit.Hit, value string) bool {
	switch f.kind {
	case text, mark, list:
		if f.max > 0 && len(value) > f.max {
			return false
		}
		if value != "" {
			*f.text(h) = value
		}
		return true
	case moment:
		at, err := time.Parse(time.RFC3339, value)
		f.setMoment(h, at.UTC())
		return err == nil
	case address:
		at, err := netip.ParseAddr(value)
		h.Address = at.Unmap().WithZone("")
		return err == nil
	default:
		return false
	}
}

func (f *field) takeNumber(h *hit.Hit, value float64) bool {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return false
	}
	switch f.kind {
	case number:
		f.number(h, value)
	case measure:
		setVital(h, f.key, value)
	case moment:
		const limit = 8.64e15 // the range of a Date in JavaScript
		f.setMoment(h, time.UnixMilli(int64(min(max(value, -limit), limit))).UTC())
		return math.Abs(value) <= limit
	default:
		return false
	}
	return true
}

func (f *field) setMoment(h *hit.Hit, at time.Time) {
	if f.moment == nil {
		h.Time = at
		return
	}
	*f.moment(h) = at
}

func (f *field) takeFlag(h *hit.Hit, on bool) bool {
	switch {
	case f.kind == flag:
		f.flag(h, on)
	case f.kind == mark && on:
		*f.text(h) = "?1"
	case f.kind == mark:
		*f.text(h) = "?0"
	default:
		return false
	}
	return true
}

// setVital sets one measurement; of a key that stands twice the last counts.
func setVital(h *hit.Hit, name string, value float64) {
	for i := range h.Vitals {
		if h.Vitals[i].Name == name {
			h.Vitals[i].Value = value
			return
		}
	}
	h.Vitals = append(h.Vitals, hit.Vital{Name: name, Value: value})
}

// setProp sets one property; of a key that stands twice the last counts.
func setProp(h *hit.Hit, key, value string) bool {
	if key == "" {
		return false
	}
	for i := range h.Props {
		if h.Props[i].Key == key {
			h.Props[i].Value = value
			return true
		}
	}
	if len(h.Props) == maxProps {
		return false
	}
	h.Props = append(h.Props, hit.Prop{Key: key, Value: value})
	return true
}

// whole rounds, and keeps within what JavaScript can count to.
func whole(n float64) int64 {
	const limit = 1 << 53
	return int64(math.Round(min(max(n, -limit), limit)))
}

// alias is b as a string that shares its memory: it is valid for as long as b is not written to, which for everything
// in a hit is until the handler returns.
//
//nolint:gosec // the one unsafe of this package; what it asks for is said above, and the gate's side in package hit.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
