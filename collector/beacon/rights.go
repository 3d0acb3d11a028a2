package beacon

import (
	"errors"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"mayak/collector/hit"
)

// handleRights lets Options.Rights answer. Each such request counts as a hit of its client.
func (s *Server) handleRights(ctx *fasthttp.RequestCtx, now time.Time) {
	if s.options.Rights == nil {
		fail(ctx, fasthttp.StatusNotFound, "no such path")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.readFacts(ctx, r, hit.Choice, now)
	wait := s.limiter.allow(r.facts.Address, now)
	r.reset()
	s.requests.Put(r)
	if wait > 0 {
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
		fail(ctx, fasthttp.StatusTooManyRequests, "too many requests from one client")
		return
	}
	var request http.Request
	if err := fasthttpadaptor.ConvertRequest(ctx, &request, true); err != nil {
		fail(ctx, fasthttp.StatusBadRequest, "not an address that can be asked for")
		return
	}
	s.options.Rights.ServeHTTP(&response{ctx: ctx, header: http.Header{}}, request.WithContext(ctx))
}

// response is the answer to a request for net/http. It is complete when the handler returns.
type response struct {
	ctx    *fasthttp.RequestCtx
	header http.Header
	begun  bool
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
