package accesslog

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"mayak/schema/proxies"
)

// Parse reads a line, without its end, into l. What it cannot read is Unreadable or has NoAddress; then l says nothing.
func (f *Format) Parse(line string, l *Line) Reason {
	*l = Line{RequestTime: -1, UpstreamTime: -1}
	if len(line) > MaxLine {
		return TooLong
	}
	if f.json != nil {
		return f.parseCaddy(line, l)
	}
	rest, ok := strings.CutPrefix(line, f.steps[0].before)
	if !ok {
		return Unreadable
	}
	read := reading{line: l, clock: f.clock, peers: f.peers}
	for i := range f.steps {
		s := &f.steps[i]
		var value string
		value, rest, ok = s.cut(rest, f.loose && i == len(f.steps)-1)
		if !ok || !read.take(s.field, value) {
			return Unreadable
		}
	}
	if rest != "" && !f.loose {
		return Unreadable
	}
	return read.finish()
}

// cut takes the field's value off the rest of a line. The last field of a loose format ends at a blank or with its quote.
func (s *step) cut(rest string, loose bool) (value, after string, ok bool) {
	end := len(rest)
	switch {
	case s.quoted:
		end = closingQuote(rest)
	case s.end != "":
		end = strings.Index(rest, s.end)
	case loose:
		if blank := strings.IndexByte(rest, ' '); blank >= 0 {
			return rest[:blank], "", true
		}
	}
	if end < 0 || !strings.HasPrefix(rest[end:], s.end) {
		return "", "", false
	}
	value, after = rest[:end], rest[end+len(s.end):]
	if loose {
		after = ""
	}
	if s.quoted && strings.IndexByte(value, '\\') >= 0 {
		value = unescape(value)
	}
	return value, after, true
}

// closingQuote is where the first quote without a backslash before it stands; -1 if there is none.
func closingQuote(text string) int {
	for from := 0; ; {
		quote := strings.IndexByte(text[from:], '"')
		if quote < 0 {
			return -1
		}
		at := from + quote
		slashes := 0
		for at-slashes > 0 && text[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
		from = at + 1
	}
}

// unescape undoes what servers write for quotes, backslashes and bytes that would break a line: \", \\, \x22, \u0022, \t.
func unescape(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case 't', 'n', 'r', 'b', 'v', 'f':
			b.WriteByte(' ')
		case 'x', 'u':
			digits := 2
			if c == 'u' {
				digits = 4
			}
			if code, err := strconv.ParseUint(text[i+1:min(i+1+digits, len(text))], 16, 16); err == nil && i+digits < len(text) {
				if c == 'x' {
					b.WriteByte(byte(code)) //nolint:gosec // two digits
				} else {
					b.WriteRune(rune(code))
				}
				i += digits
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// reading gathers what the fields of a line say.
type reading struct {
	line      *Line
	clock     clock
	peers     proxies.Trusted
	path      string
	query     string
	forwarded string
	address   string
}

// take tells whether the value can be one of this field.
//
//nolint:cyclop // a table, one line each.
func (r *reading) take(f field, value string) (ok bool) {
	l := r.line
	switch f {
	case fieldAddress:
		r.address = value
	case fieldForwarded:
		r.forwarded = value
	case fieldCommonTime:
		l.Time, ok = r.clock.common(value)
		return ok
	case fieldISOTime:
		l.Time, ok = r.clock.iso(value)
		return ok
	case fieldSeconds:
		l.Time, ok = r.clock.seconds(value)
		return ok
	case fieldRequest:
		r.request(value)
	case fieldMethod:
		l.Method = value
	case fieldTarget:
		l.Target = value
	case fieldPath:
		r.path = value
	case fieldQuery:
		r.query = known(value)
	case fieldScheme:
		l.Scheme = known(value)
	case fieldHost:
		l.Host = known(value)
	case fieldReferrer:
		l.Referrer = known(value)
	case fieldAgent:
		l.UserAgent = known(value)
	case fieldLanguage:
		l.Language = known(value)
	case fieldGPC:
		l.GPC = value == "1"
	case fieldDNT:
		l.DNT = value == "1"
	case fieldPurpose:
		l.Purpose = known(value)
	case fieldStatus:
		l.Status, ok = status(value)
		return ok
	case fieldBytes:
		l.Bytes, ok = size(value)
		return ok
	case fieldRequestSeconds:
		l.RequestTime = lasted(value, time.Second)
	case fieldRequestMicros:
		l.RequestTime = lasted(value, time.Microsecond)
	case fieldUpstreamSeconds:
		l.UpstreamTime = lasted(value[strings.LastIndexAny(value, " ,:")+1:], time.Second)
	case fieldProtocol:
		l.Protocol = known(value)
	case fieldIgnored:
	}
	return true
}

// request takes GET /path HTTP/1.1 apart. What a client sent that is no request has neither method nor target.
func (r *reading) request(value string) {
	method, rest, found := strings.Cut(value, " ")
	if !found {
		return
	}
	target := rest
	if last := strings.LastIndexByte(rest, ' '); last >= 0 && strings.HasPrefix(rest[last+1:], "HTTP/") {
		target, r.line.Protocol = rest[:last], rest[last+1:]
	}
	r.line.Method, r.line.Target = method, target
}

// finish puts together what came in several fields.
func (r *reading) finish() Reason {
	l := r.line
	if l.Target == "" && r.path != "" {
		l.Target = r.path
		if r.query != "" {
			l.Target += "?" + strings.TrimPrefix(r.query, "?")
		}
	}
	l.Address = client(r.peers, r.address, known(r.forwarded))
	switch {
	case !l.Address.IsValid():
		return NoAddress
	case l.Method == "" || l.Target == "":
		return NotGet // what the client sent was no request
	}
	return Page
}

// client is the one that spoke to the first proxy that is believed. A format that holds no address of the connection, only
// the header, is taken for that of a server behind one proxy: what stands last in the header, the proxy itself has seen.
func client(peers proxies.Trusted, connection, forwarded string) netip.Addr {
	client, believed := hop(connection), connection == ""
	for forwarded != "" && (believed || peers.Has(client)) {
		comma := strings.LastIndexByte(forwarded, ',')
		next := hop(strings.TrimSpace(forwarded[comma+1:]))
		if !next.IsValid() {
			return client
		}
		client, believed, forwarded = next, false, forwarded[:max(comma, 0)]
	}
	return client
}

// hop reads an address; an invalid one is none.
func hop(text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}
	}
	return address.Unmap()
}

// known is a value, if it is not the hyphen that servers write for none.
func known(value string) string {
	if value == "-" {
		return ""
	}
	return value
}

func status(value string) (int, bool) {
	if len(value) != len("200") || value == "000" { // nginx: the client went before there was one
		return 0, value == "000" || value == "-"
	}
	d := date{ok: true}
	code := d.number(value)
	return code, d.ok
}

func size(value string) (int64, bool) {
	if value == "-" {
		return 0, true
	}
	bytes, err := strconv.ParseInt(value, 10, 64)
	return bytes, err == nil && bytes >= 0
}

// lasted is a duration in units of unit; negative if it is none.
func lasted(value string, unit time.Duration) time.Duration {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || !(number >= 0 && number < 1e12) { // which leaves out what is no number
		return -1
	}
	return time.Duration(number * float64(unit))
}
