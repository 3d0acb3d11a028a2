package beacon

import (
	"errors"
	"net"
	"net/netip"
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
	server  Server
	request request
	context fasthttp.RequestCtx
}

// NewReader makes a Reader whose hits are all received at now.
func NewReader(now time.Time) *Reader {
	return &Reader{server: Server{options: Options{Now: func() time.Time { return now }}, fields: wireFields()}}
}

// Read reads one claim. The hit is valid until the next Read; an error is what the page's author would be told.
func (r *Reader) Read(c Claim) (*hit.Hit, error) {
	r.request.reset()
	header := fasthttp.Request{}
	for name, value := range c.Headers {
		header.Header.Set(name, value)
	}
	r.context.Init(&header, net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.Address, 0)), nil)
	r.server.readFacts(&r.context, &r.request, hit.Beacon)
	if p := r.request.decode(c.Body, r.server.fields); p != (problem{}) {
		return nil, errors.New(p.name + ": " + p.want)
	}
	if len(r.request.hits) != 1 {
		return nil, errors.New(string(r.request.appendProblem(nil)))
	}
	return &r.request.hits[0], nil
}
