package beacon

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// A plain request is one to /e or /p.gif in the form that browsers and proxies give nearly all of them, and that can be
// read in one way only. It is answered from the bytes that were read from the connection: nothing is copied, and its headers
// are looked at once. What is in any way unusual, or wrong, is left to the library as it came, so that no other judgement
// of it exists than the library's; and so is everything while the server stops.
type plain struct {
	asked route
	query []byte // of a pixel
	head  int    // bytes of it until its body begins
	body  int    // and of that
	begun time.Time
	last  bool // the connection closes behind the answer

	cookies int    // lines of that name
	origin  string // of the page, if it may be told of an answer to a request with its cookies
}

// servePlain answers what was read ahead if it is a plain request. An error ends the connection.
func (s *Server) servePlain(c *connection) (answered bool, err error) {
	if s.draining.Load() {
		return false, nil
	}
	r, _ := s.requests.Get().(*request)
	p, ok := r.readPlain(c.ahead.bytes[:c.ahead.to])
	if ok = ok && p.head <= s.options.Limits.HeaderBytes; ok {
		p.begun = s.options.Now()
		ok = c.readOn(p.head+p.body, s.options.Limits.ReadTimeout) && c.ahead.to == p.head+p.body && c.begin()
	}
	if !ok {
		r.reset()
		s.requests.Put(r)
		return false, nil
	}
	return true, s.answerPlain(c, r, &p)
}

// answerPlain takes the hits and writes the answer.
func (s *Server) answerPlain(c *connection, r *request, p *plain) error {
	s.takePlain(c, r, p)
	now := time.Now()
	err := c.SetWriteDeadline(now.Add(s.options.Limits.WriteTimeout))
	if err == nil {
		_, err = c.Conn.Write(r.room)
	}
	c.putBack()
	if r.reset() {
		s.requests.Put(r)
	}
	if ended := c.end(now.Add(s.options.Limits.IdleTimeout)); err == nil {
		err = ended
	}
	if err == nil && p.last {
		err = io.EOF
	}
	return err
}

// takePlain leaves the answer in the request's room.
func (s *Server) takePlain(c *connection, r *request, p *plain) {
	var answer reply
	defer func() {
		if v := recover(); v != nil {
			answer = s.panicked(v)
			*r = request{} // nobody knows what state it was in
		}
		now := s.options.Now()
		p.last = s.draining.Load()
		s.metrics.answered(p.asked, answer.status, now.Sub(p.begun))
		r.room = s.appendReply(r.room[:0], &answer, p, now)
	}()
	if p.asked == routePixel {
		s.settleFacts(r, hit.Pixel, c.peer, p.begun)
		answer = s.takePixel(r, p.query)
		return
	}
	s.settleFacts(r, hit.Beacon, c.peer, p.begun)
	answer = s.takeEvent(r, "", c.ahead.bytes[p.head:p.head+p.body])
	p.origin = r.trusted()
}

// The request lines of plain requests, whose second ends behind the query.
const (
	eventLine = "POST /e HTTP/1.1\r\n"
	pixelLine = "GET /p.gif?"
	lineEnd   = " HTTP/1.1\r\n"
)

// readPlain reads the head of a plain request, and notes its headers.
func (r *request) readPlain(b []byte) (plain, bool) {
	p := plain{asked: routeEvent, body: -1}
	at := len(eventLine)
	switch {
	case len(b) > len(eventLine) && string(b[:len(eventLine)]) == eventLine:
	case len(b) > len(pixelLine) && string(b[:len(pixelLine)]) == pixelLine:
		end := bytes.IndexByte(b, '\n') + 1
		if end < len(pixelLine)+len(lineEnd) || string(b[end-len(lineEnd):end]) != lineEnd {
			return p, false
		}
		p.asked, p.body, p.query, at = routePixel, 0, b[len(pixelLine):end-len(lineEnd)], end
		if !isPlainQuery(p.query) {
			return p, false
		}
	default:
		return p, false
	}
	hosts := 0
	for {
		size := bytes.IndexByte(b[at:], '\n') - 1
		if size < 0 || b[at+size] != '\r' {
			return p, false
		}
		if size == 0 {
			p.head = at + 2
			return p, hosts == 1 && p.body >= 0
		}
		if !r.notePlain(b[at:at+size], &p, &hosts) {
			return p, false
		}
		at += size + 2
	}
}

// notePlain takes a header's line, and tells whether the request is a plain one still.
func (r *request) notePlain(line []byte, p *plain, hosts *int) bool {
	var room [longestName]byte
	size := plainName(&room, line)
	if size == 0 {
		return false
	}
	value := bytes.Trim(line[size+1:], " ")
	if hasControls(value) {
		return false
	}
	if size > len(room) {
		return true // of no interest
	}
	switch name := room[:size]; string(name) {
	case "host":
		*hosts++
		return isPlainHost(value)
	case "content-length":
		if p.asked == routePixel || p.body >= 0 {
			return false
		}
		p.body = decimalSize(value)
		return p.body >= 0
	case "connection":
		return len(value) == len("keep-alive") && bytes.EqualFold(value, []byte("keep-alive"))
	case "transfer-encoding", "content-encoding", "expect", "trailer", "upgrade":
		return false
	case "cookie":
		r.facts.Cookie = alias(value)
		p.cookies++
		return p.cookies == 1
	default:
		r.note(name, alias(value))
		return true
	}
}

// plainName writes the name that a header's line begins with in lower case, as much as there is room for, and returns its
// length; 0 for none.
func plainName(room *[longestName]byte, line []byte) int {
	for size, b := range line {
		c := nameBytes[b]
		if c == 0 {
			if b == ':' {
				return size
			}
			return 0
		}
		if size < len(room) {
			room[size] = c
		}
	}
	return 0
}

// nameBytes are the bytes of which names of headers are made, in lower case; 0 is none of them.
//
//nolint:gochecknoglobals // a constant that the language cannot write down
var nameBytes = func() (table [256]byte) {
	for c := range table {
		switch b := byte(c); {
		case b >= 'A' && b <= 'Z':
			table[c] = b | 0x20
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '-', b == '_':
			table[c] = b
		}
	}
	return table
}()

// hasControls tells whether a byte is a control character, eight at a time.
func hasControls(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		del := x ^ ones*0x7f
		if ((x-ones*0x20)&^x|(del-ones)&^del)&highs != 0 {
			return true
		}
	}
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// isPlainHost knows a name or an IPv4 address, with or without a port.
func isPlainHost(host []byte) bool {
	name, port, found := bytes.Cut(host, []byte{':'})
	if found && decimalSize(port) < 0 {
		return false
	}
	for _, c := range name {
		if nameBytes[c] == 0 && c != '.' || c == '_' {
			return false
		}
	}
	return len(name) > 0
}

// decimalSize is a number of up to five digits, -1 for anything else.
func decimalSize(text []byte) int {
	const longest = 5
	if len(text) == 0 || len(text) > longest {
		return -1
	}
	size := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		size = size*10 + int(c-'0')
	}
	return size
}

// isPlainQuery tells whether a query ends where its line does, and is not part of a whole URL.
func isPlainQuery(query []byte) bool {
	for _, c := range query {
		if c <= ' ' || c == '#' || c >= 0x7f {
			return false
		}
	}
	return !bytes.Contains(query, []byte("://"))
}

// dateLine is the header of a second's answers.
type dateLine struct {
	second int64
	text   []byte
}

func (s *Server) appendDate(dst []byte, now time.Time) []byte {
	line := s.date.Load()
	if line == nil || line.second != now.Unix() {
		line = &dateLine{now.Unix(), append(fasthttp.AppendHTTPDate([]byte("Date: "), now), "\r\n"...)}
		s.date.Store(line)
	}
	return append(dst, line.text...)
}

// appendReply writes the answer as the library would.
func (s *Server) appendReply(dst []byte, answer *reply, p *plain, now time.Time) []byte {
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(answer.status), 10)
	dst = append(append(append(dst, ' '), http.StatusText(answer.status)...), "\r\n"...)
	dst = s.appendDate(dst, now)
	if p.origin == "" {
		dst = append(dst, "Access-Control-Allow-Origin: "+allowAnyone...)
	} else {
		dst = append(append(dst, "Access-Control-Allow-Origin: "...), p.origin...)
		dst = append(dst, "\r\nAccess-Control-Allow-Credentials: true"...)
	}
	dst = append(dst, "\r\nAccess-Control-Expose-Headers: "+exposed+"\r\nCross-Origin-Resource-Policy: "+usableBy+"\r\n"+headerOutcome+": "...)
	dst = append(append(dst, answer.outcome...), "\r\n"...)
	if answer.retry != "" {
		dst = append(append(append(dst, "Retry-After: "...), answer.retry...), "\r\n"...)
	}
	if p.last {
		dst = append(dst, "Connection: close\r\n"...)
	}
	switch {
	case answer.message != "":
		body := `{"error":` + strconv.Quote(answer.message) + "}\n"
		dst = append(dst, "Content-Type: "+errorType+"\r\nX-Content-Type-Options: "+errorSniffing+"\r\n"...)
		return append(appendSize(dst, len(body)), body...)
	case p.asked == routePixel:
		dst = append(dst, "Content-Type: "+pixelType+"\r\nCache-Control: "+pixelCaching+"\r\n"...)
		return append(appendSize(dst, len(transparent)), transparent...)
	default:
		return appendSize(dst, 0)
	}
}

// appendSize ends the head of an answer.
func appendSize(dst []byte, body int) []byte {
	return append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(body), 10), "\r\n\r\n"...)
}
