package beacon

import (
	"strings"
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
		s.refuse(ctx, "", hit.Beacon, hit.Malformed)
		notAllowed(ctx, "POST, OPTIONS")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.readFacts(ctx, r, hit.Beacon, now)
	write(ctx, s.takeEvent(r, string(ctx.Request.Header.ContentEncoding()), ctx.PostBody()))
	if origin := r.trusted(); origin != "" {
		ctx.Response.Header.Set(fasthttp.HeaderAccessControlAllowOrigin, origin)
		ctx.Response.Header.Set(fasthttp.HeaderAccessControlAllowCredentials, "true")
	}
	// A request whose handling panicked is not put back: nobody knows what state it is in.
	if r.reset() {
		s.requests.Put(r)
	}
}

// takeEvent takes what a body holds, whose request's facts have been read.
func (s *Server) takeEvent(r *request, coding string, body []byte) reply {
	if wait := s.limiter.allow(r.facts.Address, r.facts.Received); wait > 0 {
		s.options.Pipeline.Refuse(hit.Beacon, hit.RateLimited)
		return reply{fasthttp.StatusTooManyRequests, r.dropped(hit.RateLimited), seconds(wait), "too many hits from one client"}
	}
	if coding != "" && coding != "identity" {
		s.options.Pipeline.Refuse(hit.Beacon, hit.Malformed)
		return reply{fasthttp.StatusBadRequest, r.dropped(hit.Malformed), "", "content-encoding: want none"}
	}
	if p := r.decode(body, s.fields); p != (problem{}) {
		s.options.Pipeline.Refuse(hit.Beacon, p.reason())
		return reply{fasthttp.StatusBadRequest, r.dropped(p.reason()), "", p.name + ": " + p.want}
	}
	s.metrics.unknown(r.unknown)
	if further := len(r.hits) + len(r.refusals) - 1; further > 0 {
		s.limiter.charge(r.facts.Address, r.facts.Received, further)
	}
	s.refuseUnreadable(r, hit.Beacon)
	if len(r.hits) == 0 {
		return reply{fasthttp.StatusBadRequest, r.outcome(false), "", r.told()}
	}
	failure := s.accept(r)
	outcome := r.outcome(true)
	switch {
	case failure != hit.Kept:
		return reply{fasthttp.StatusServiceUnavailable, outcome, retrySeconds, "not stored: try again later"}
	case r.allFor(hit.UnknownSite):
		return reply{fasthttp.StatusNotFound, outcome, "", "site: not a site of this collector"}
	case r.allFor(hit.UnknownHost, hit.UnknownSite):
		return reply{fasthttp.StatusNotFound, outcome, "", "url: its host name is not one of the site's"}
	default:
		return reply{status: fasthttp.StatusAccepted, outcome: outcome}
	}
}

// trusted is the origin of the page that sent the hits, if it is one of the site's: the pipeline has not refused the host of the
// page's address, and the browser says that the page is there. Such a page may read the answer to a request that carried
// the visitor's choice; another one could learn that choice from it.
func (r *request) trusted() string {
	if r.origin == "" || len(r.hits) == 0 || len(r.reasons) == 0 {
		return ""
	}
	switch r.reasons[0] {
	case hit.Kept, hit.Duplicate, hit.Refused, hit.Prefetch, hit.UnknownType, hit.Overloaded: // the host was looked at first
	default:
		return ""
	}
	rest, there := strings.CutPrefix(r.hits[0].URL, r.origin)
	if !there || rest != "" && rest[0] != '/' && rest[0] != '?' && rest[0] != '#' {
		return ""
	}
	return r.origin
}

// refuse counts a hit that was dropped before the pipeline, and says so in the answer.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, site string, way hit.Way, reason hit.Reason) {
	s.options.Pipeline.RefuseOf(site, way, reason)
	ctx.Response.Header.Set(headerOutcome, "dropped; reason="+string(reason))
}

// refuseUnreadable counts the hits of a batch that could not be read.
func (s *Server) refuseUnreadable(r *request, way hit.Way) {
	for _, reason := range r.refusals {
		s.options.Pipeline.RefuseOf(r.facts.Site, way, reason) // which reports and items know
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
