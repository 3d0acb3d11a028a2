package privacy

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// The most that is stored for diagnostics.
const (
	maxErrorType = 64
	maxOrigin    = 200
	maxBytes     = 1 << 50
	maxWeight    = 1000
)

// clearExchange keeps what is known of a request. Each text is one of a closed set, and each number has its range.
func (p *passage) clearExchange() {
	raw, e := &p.hit.Exchange, &p.into.facts.Event.Exchange
	if *raw == (hit.Exchange{}) {
		return
	}
	e.Protocol = p.oneOf("protocol", raw.Protocol, protocol(raw.Protocol))
	e.Method = p.oneOf("method", raw.Method, method(raw.Method))
	e.Phase = p.oneOf("phase", raw.Phase, phase(raw.Phase))
	if raw.Status >= 100 && raw.Status <= 599 {
		e.Status = uint16(raw.Status)
	}
	e.Bytes = uint64(min(max(raw.Bytes, 0), maxBytes))
	e.ServerMS, e.DurationMS = millis(raw.ServerMS), millis(raw.DurationMS)
}

// millis is a duration of at most a day; what cannot be one is not known.
func millis(raw float64) float32 {
	const day = float64(24 * time.Hour / time.Millisecond)
	if !(raw > 0 && raw <= day) {
		return 0
	}
	return float32(raw)
}

func (p *passage) oneOf(column, raw, stored string) string {
	if raw != stored {
		p.notes.add(column, Replaced, raw, stored, "not a value that is known, or another way to write one")
	}
	return stored
}

// protocol is the one name of a protocol's many: those of ALPN, of request lines and of environments.
func protocol(raw string) string {
	switch strings.ToLower(raw) {
	case "http/1.1":
		return "http/1.1"
	case "http/1.0":
		return "http/1.0"
	case "h2", "h2c", "http/2", "http/2.0":
		return "h2"
	case "h3", "http/3", "http/3.0", "quic", "h3-29", "hq":
		return "h3"
	}
	return ""
}

func method(raw string) string {
	switch raw {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return raw
	}
	return ""
}

func phase(raw string) string {
	switch raw {
	case "dns", "connection", "application":
		return raw
	}
	return ""
}

// clearDiagnostics keeps how much a row counts for, what its measurements came from, and the reference.
func (p *passage) clearDiagnostics() {
	e := &p.into.facts.Event
	if w := p.hit.Weight; w > 1 { // nor NaN
		e.Weight = float32(math.Min(w, maxWeight))
	}
	for _, source := range p.hit.Sources {
		key := attribution(source.Key)
		for _, have := range e.Attribution {
			if have.Key == key {
				key = ""
			}
		}
		if key == "" || source.Value == "" {
			p.notes.add("attribution", Dropped, source.Key, "", "unknown, twice, or empty")
			continue
		}
		e.Attribution = append(e.Attribution, event.Pair{Key: key, Value: p.errorText("attribution", source.Value, maxOrigin, false)})
	}
	e.Reference = p.reference(p.hit.Reference)
	e.Error.Fingerprint = Fingerprint(e)
	if p.hit.Way == hit.Report && p.hit.ID == "" && e.Error.Kind == "csp-violation" {
		e.ID = p.policyID()
	}
}

// policyID is the same for what a content policy kept from a visitor's page within a minute: a page with fifty forbidden styles is
// reported fifty times, and counts once.
func (p *passage) policyID() string {
	e := &p.into.facts.Event
	h := fnvStart
	h.number(e.Visitor)
	h.number(e.Error.Fingerprint)
	h.number(uint64(e.Time.Unix() / int64(time.Minute/time.Second))) //nolint:gosec // its bits only
	h.text(e.Path)
	h.text(e.Error.Stack)
	start := len(p.into.scratch)
	p.into.scratch = base64.RawURLEncoding.AppendEncode(p.into.scratch, binary.BigEndian.AppendUint64(nil, uint64(h)))
	return p.into.kept(start)
}

// attribution is the name of a known source of a measurement; no name for another.
func attribution(raw string) string {
	switch raw {
	case "lcp_element", "lcp_url", "inp_target", "inp_event", "cls_target", "navigation":
		return raw
	}
	return ""
}

// Reference codes have eight of these characters, none of which is taken for another when it is read aloud or written down.
const (
	referenceLength  = 8
	referenceLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

func (p *passage) reference(raw string) string {
	code := raw
	if len(raw) != referenceLength || strings.Trim(raw, referenceLetters) != "" {
		code = ""
	}
	return p.oneOf("reference", raw, code)
}
