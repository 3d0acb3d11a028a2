package beacon

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// Claim is a request told in words: who sent it, with which headers and which body.
type Claim struct {
	Address netip.Addr
	Headers map[string]string
	Body    []byte // one hit, as /e takes it
}

// Reader reads claims as /e reads requests, for explaining what becomes of them. Not for concurrent use.
type Reader struct {
	now     time.Time
	server  Server
	request request
	context fasthttp.RequestCtx
}

// NewReader makes a Reader whose hits are all received at now.
func NewReader(now time.Time) *Reader {
	return &Reader{now: now, server: Server{fields: wireFields()}}
}

// Read reads one claim. The hit is valid until the next Read; an error is what the page's author would be told.
func (r *Reader) Read(c Claim) (*hit.Hit, error) {
	r.request.reset()
	// Headers are read as they stood on the wire, so they are put there first.
	var wire strings.Builder
	wire.WriteString("POST /e HTTP/1.1\r\nHost: collector\r\n")
	for name, value := range c.Headers {
		switch strings.ToLower(name) {
		case "host", "content-length", "transfer-encoding", "connection":
			continue // of the connection, not of the hit
		}
		wire.WriteString(oneLine(name) + ": " + oneLine(value) + "\r\n")
	}
	wire.WriteString("\r\n")
	var sent fasthttp.Request
	if err := sent.Header.Read(bufio.NewReaderSize(strings.NewReader(wire.String()), wire.Len()+1)); err != nil {
		return nil, errors.New("headers: no request can have these")
	}
	r.context.Init(&sent, net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.Address, 0)), nil)
	r.server.readFacts(&r.context, &r.request, hit.Beacon, r.now)
	if p := r.request.decode(c.Body, r.server.fields); p != (problem{}) {
		return nil, errors.New(p.name + ": " + p.want)
	}
	if len(r.request.refusals) > 0 {
		return nil, errors.New(r.request.told())
	}
	if len(r.request.hits) != 1 {
		return nil, errors.New("body: want one hit")
	}
	return &r.request.hits[0], nil
}

// oneLine keeps a header's text from becoming another header.
func oneLine(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text)
}
