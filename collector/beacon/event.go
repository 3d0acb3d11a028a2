package beacon

import (
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// handleEvent is /e.
func (s *Server) handleEvent(ctx *fasthttp.RequestCtx, now time.Time) {
	s.share(ctx)
	switch {
	case ctx.IsPost():
	case ctx.IsOptions():
		header := &ctx.Response.Header
		header.Set(fasthttp.HeaderAccessControlAllowMethods, "POST")
		header.Set(fasthttp.HeaderAccessControlAllowHeaders, "content-type")
		header.Set(fasthttp.HeaderAccessControlMaxAge, "86400")
		ctx.Response.SetStatusCode(fasthttp.StatusNoContent)
		return
	default:
		s.refuse(ctx, hit.Beacon, hit.Malformed)
		notAllowed(ctx, "POST, OPTIONS")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.takeEvent(ctx, r, now)
	// A request whose handling panicked is not put back: nobody knows what state it is in.
	if r.reset() {
		s.requests.Put(r)
	}
}

func (s *Server) takeEvent(ctx *fasthttp.RequestCtx, r *request, now time.Time) {
	s.readFacts(ctx, r, hit.Beacon, now)
	if wait := s.limiter.allow(r.facts.Address, r.facts.Received); wait > 0 {
		s.refuse(ctx, hit.Beacon, hit.RateLimited)
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
		fail(ctx, fasthttp.StatusTooManyRequests, "too many hits from one client")
		return
	}
	if coding := ctx.Request.Header.ContentEncoding(); len(coding) > 0 && string(coding) != "identity" {
		s.refuse(ctx, hit.Beacon, hit.Malformed)
		fail(ctx, fasthttp.StatusBadRequest, "content-encoding: want none")
		return
	}
	if p := r.decode(ctx.PostBody(), s.fields); p != (problem{}) {
		s.refuse(ctx, hit.Beacon, p.reason())
		fail(ctx, fasthttp.StatusBadRequest, p.name+": "+p.want)
		return
	}
	s.metrics.unknown(r.unknown)
	if further := len(r.hits) + len(r.refusals) - 1; further > 0 {
		s.limiter.charge(r.facts.Address, r.facts.Received, further)
	}
	s.refuseUnreadable(r, hit.Beacon)
	if len(r.hits) == 0 {
		tell(ctx, r.outcome(false))
		fail(ctx, fasthttp.StatusBadRequest, r.told())
		return
	}
	failure := s.accept(r)
	tell(ctx, r.outcome(true))
	switch {
	case failure != hit.Kept:
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, retrySeconds)
		fail(ctx, fasthttp.StatusServiceUnavailable, "not stored: try again later")
	case r.allFor(hit.UnknownSite):
		fail(ctx, fasthttp.StatusNotFound, "site: not a site of this collector")
	case r.allFor(hit.UnknownHost, hit.UnknownSite):
		fail(ctx, fasthttp.StatusNotFound, "url: its host name is not one of the site's")
	default:
		ctx.Response.SetStatusCode(fasthttp.StatusAccepted)
	}
}

// refuse counts a hit that was dropped before the pipeline, and says so in the answer.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, way hit.Way, reason hit.Reason) {
	s.options.Pipeline.Refuse(way, reason)
	ctx.Response.Header.Set(headerOutcome, "dropped; reason="+string(reason))
}

// refuseUnreadable counts the hits of a batch that could not be read.
func (s *Server) refuseUnreadable(r *request, way hit.Way) {
	for _, reason := range r.refusals {
		s.options.Pipeline.Refuse(way, reason)
	}
}

// accept hands the hits on. A reason other than hit.Kept says that nothing was stored, and why.
func (s *Server) accept(r *request) (failure hit.Reason) {
	for range r.hits {
		r.reasons = append(r.reasons, hit.Kept)
	}
	failure = s.health.note(s.options.Pipeline.Accept(r.hits, r.reasons))
	for i, reason := range r.reasons {
		switch reason {
		case hit.Kept:
			r.reasons[i] = failure
		case hit.UnknownSite, hit.UnknownHost:
			s.unknown.add(&r.hits[i])
		default:
		}
	}
	return failure
}
