package accesslog

import (
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"
)

// caddy is the name of the format of Caddy's access log: an object of JSON a line.
const caddy = "caddy"

// newCaddy makes the format, which needs no description.
func newCaddy(m Meaning) *Format {
	return &Format{name: caddy, clock: clock{zone: m.Zone}, peers: m.Proxies, agents: true, hosts: true, json: new(fastjson.ParserPool)}
}

// parseCaddy reads a line of Caddy's. Its other fields are nobody's concern: request headers among them may hold cookies.
func (f *Format) parseCaddy(line string, l *Line) Reason {
	parser := f.json.Get()
	defer f.json.Put(parser)
	v, err := parser.Parse(line)
	if err != nil {
		return Unreadable
	}
	request := v.Get("request")
	if request == nil || v.Get("status") == nil {
		return Unreadable
	}
	r := reading{line: l, clock: f.clock, peers: f.peers}
	at, ok := f.caddyTime(v.Get("ts"))
	if !ok {
		return Unreadable
	}
	const mostStatus = 999
	if status := v.GetInt("status"); status < 0 || status > mostStatus {
		return Unreadable
	}
	l.Time, l.Status, l.Bytes = at, v.GetInt("status"), max(v.GetInt64("size"), 0)
	l.RequestTime = caddyDuration(v.Get("duration"))
	l.Method, l.Target, l.Host = own(request, "method"), own(request, "uri"), own(request, "host")
	l.Protocol = own(request, "proto")
	l.Scheme = "http"
	if request.Exists("tls") {
		l.Scheme = "https"
	}
	r.address = own(request, "remote_ip")
	if headers := request.Get("headers"); headers != nil {
		r.caddyHeaders(headers)
	}
	return r.finish()
}

// own copies a text out of the parser's memory.
func own(v *fastjson.Value, keys ...string) string {
	return string(v.GetStringBytes(keys...))
}

func (r *reading) caddyHeaders(headers *fastjson.Value) {
	l := r.line
	first := func(name string) string { return own(headers, name, "0") }
	l.Referrer, l.UserAgent, l.Language = first("Referer"), first("User-Agent"), first("Accept-Language")
	l.GPC, l.DNT = first("Sec-Gpc") == "1", first("Dnt") == "1"
	l.Purpose, r.forwarded = first("Sec-Purpose"), first("X-Forwarded-For")
}

// caddyTime is a number of seconds, as Caddy writes without being told, or one of the texts that it may be told to write.
func (f *Format) caddyTime(v *fastjson.Value) (time.Time, bool) {
	if v == nil {
		return time.Time{}, false
	}
	if text, err := v.StringBytes(); err == nil {
		return f.clock.iso(strings.Replace(string(text), "/", "-", 2))
	}
	number, err := v.Float64()
	if err != nil || !(number >= 0) {
		return time.Time{}, false
	}
	return f.clock.seconds(strconv.FormatFloat(number, 'f', 3, 64))
}

// caddyDuration is seconds, or a text like 1.5ms.
func caddyDuration(v *fastjson.Value) time.Duration {
	if v == nil {
		return -1
	}
	if text, err := v.StringBytes(); err == nil {
		if d, err := time.ParseDuration(string(text)); err == nil && d >= 0 {
			return d
		}
		return -1
	}
	return lasted(v.String(), time.Second)
}
