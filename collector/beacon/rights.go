package beacon

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"mayak/collector/hit"
)

// slowerLimiters are what one client may ask about itself. Nobody reads the page or decides as often as hits come, and each question costs the
// database, and the aggregator, more than a hit does. Many visitors may share an address, and all of them may answer a banner.
func slowerLimiters(now time.Time) map[string]*limiter {
	limiting := func(rate float64, burst int) *limiter {
		return newLimiter(Limits{Rate: rate, Burst: burst, Clients: slowerClients}, now)
	}
	return map[string]*limiter{
		"/privacy": limiting(1, 20), "/privacy/consent": limiting(5, 50), "/privacy/data": limiting(0.1, 3), "/privacy/erase": limiting(0.1, 3),
	}
}

// slowerClients are remembered of each of these paths.
const slowerClients = 1 << 13

// handleRights lets Options.Rights answer. Each such request counts as a hit of its client, and by its path.
func (s *Server) handleRights(ctx *fasthttp.RequestCtx, now time.Time) {
	if s.options.Rights == nil {
		fail(ctx, fasthttp.StatusNotFound, "no such path")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.readFacts(ctx, r, hit.Choice, now)
	client := r.facts.Address
	r.reset()
	s.requests.Put(r)
	if wait := s.limiter.allow(client, now); wait > 0 {
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
		fail(ctx, fasthttp.StatusTooManyRequests, "too many requests from one client")
		return
	}
	answer := s.options.Rights
	if slower := s.slower[string(ctx.Path())]; slower != nil {
		if wait := slower.allow(client, now); wait > 0 {
			ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
			answer = s.options.TooOften
		}
	}
	var request http.Request
	if err := fasthttpadaptor.ConvertRequest(ctx, &request, true); err != nil {
		fail(ctx, fasthttp.StatusBadRequest, "not an address that can be asked for")
		return
	}
	answer.ServeHTTP(&response{ctx: ctx, header: http.Header{}, patience: s.options.Limits.WriteTimeout}, request.WithContext(ctx))
}

// Stream sends what is read of the body, in pieces, and closes it. A client has the time of an answer for each piece, and is cut off when it
// takes longer.
func (r *response) Stream(body io.ReadCloser) {
	r.WriteHeader(http.StatusOK)
	r.ctx.SetBodyStream(&paced{ReadCloser: body, conn: r.ctx.Conn(), patience: r.patience}, -1)
}

// paced puts off the end of an answer while pieces of it are taken.
type paced struct {
	io.ReadCloser
	conn     net.Conn
	patience time.Duration
}

// Read is called for the next piece when the one before is on its way.
func (p *paced) Read(into []byte) (int, error) {
	n, err := p.ReadCloser.Read(into)
	if err != nil {
		return n, err // io.EOF as it is: the library compares
	}
	return n, p.conn.SetWriteDeadline(time.Now().Add(p.patience))
}

// response is the answer to a request for net/http. It is complete when the handler returns.
type response struct {
	ctx      *fasthttp.RequestCtx
	header   http.Header
	patience time.Duration
	begun    bool
}

// Header is what WriteHeader will send.
func (r *response) Header() http.Header { return r.header }

// WriteHeader takes the header as it is now.
func (r *response) WriteHeader(status int) {
	if r.begun {
		return
	}
	r.begun = true
	r.ctx.SetStatusCode(status)
	for name, values := range r.header {
		for _, value := range values {
			r.ctx.Response.Header.Add(name, value)
		}
	}
}

var errNoBody = errors.New("no body behind this status")

// Write adds to the body.
func (r *response) Write(part []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.ctx.Response.StatusCode() == http.StatusNoContent {
		return 0, errNoBody
	}
	r.ctx.Response.AppendBody(part)
	return len(part), nil
}
