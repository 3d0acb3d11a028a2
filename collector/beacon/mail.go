package beacon

import (
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// Mail reads the links of e-mails.
type Mail interface {
	// Open fills the hit with what the picture's link says.
	Open(get func(name string) string, h *hit.Hit) hit.Reason
	// Click is Open for a link to follow, and where it leads: nowhere when nobody who may has made it.
	Click(get func(name string) string, h *hit.Hit) (target string, reason hit.Reason)
}

// handleOpen is /o.gif: the picture whatever happens, and what happened in the header.
func (s *Server) handleOpen(ctx *fasthttp.RequestCtx, now time.Time) {
	if s.options.Mail == nil {
		fail(ctx, fasthttp.StatusNotFound, "no such path")
		return
	}
	s.share(ctx)
	if !ctx.IsGet() {
		s.refuse(ctx, string(ctx.QueryArgs().Peek("site")), hit.Mail, hit.Malformed)
		notAllowed(ctx, "GET")
		return
	}
	write(ctx, s.takeMail(ctx, now, s.options.Mail.Open))
	header := &ctx.Response.Header
	header.SetContentType(pixelType)
	header.Set(fasthttp.HeaderCacheControl, pixelCaching)
	ctx.Response.SetBodyString(transparent)
}

// handleClick is /c: it leads where the sender of the e-mail said, whatever becomes of the count.
func (s *Server) handleClick(ctx *fasthttp.RequestCtx, now time.Time) {
	if s.options.Mail == nil {
		fail(ctx, fasthttp.StatusNotFound, "no such path")
		return
	}
	if !ctx.IsGet() && !ctx.IsHead() {
		s.refuse(ctx, string(ctx.QueryArgs().Peek("site")), hit.Mail, hit.Malformed)
		notAllowed(ctx, "GET, HEAD")
		return
	}
	var target string
	answer := s.takeMail(ctx, now, func(get func(string) string, h *hit.Hit) (reason hit.Reason) {
		target, reason = s.options.Mail.Click(get, h)
		if reason == hit.Kept && ctx.IsHead() { // people's programs do not ask so
			reason = hit.Prefetch
		}
		return reason
	})
	if target == "" {
		ctx.Response.Header.SetCanonical([]byte(headerOutcome), answer.outcome)
		fail(ctx, fasthttp.StatusForbidden, "k: nobody who may has made this link, or it was changed since")
		return
	}
	header := &ctx.Response.Header
	header.SetCanonical([]byte(headerOutcome), answer.outcome)
	header.Set(fasthttp.HeaderLocation, target)
	header.Set(fasthttp.HeaderCacheControl, pixelCaching)
	header.Set(fasthttp.HeaderReferrerPolicy, "no-referrer") // the link names the message
	ctx.SetStatusCode(fasthttp.StatusFound)
}

// takeMail takes the one hit of a link.
func (s *Server) takeMail(ctx *fasthttp.RequestCtx, now time.Time, read func(get func(string) string, h *hit.Hit) hit.Reason) reply {
	r, _ := s.requests.Get().(*request)
	defer func() {
		if r.reset() {
			s.requests.Put(r)
		}
	}()
	s.readFacts(ctx, r, hit.Mail, now)
	wait := s.limiter.allow(r.facts.Address, r.facts.Received)
	query := ctx.QueryArgs()
	r.at = -1
	h := r.next()
	reason := read(func(name string) string { return string(query.Peek(name)) }, h)
	switch {
	case reason != hit.Kept:
	case wait > 0:
		reason = hit.RateLimited
	case len(ctx.URI().QueryString()) > maxQueryBytes:
		reason = hit.TooLarge
	}
	if reason != hit.Kept {
		s.options.Pipeline.RefuseOf(h.Site, hit.Mail, reason)
		return reply{status: fasthttp.StatusOK, outcome: []byte("dropped; reason=" + string(reason))}
	}
	s.accept(r)
	return reply{status: fasthttp.StatusOK, outcome: append([]byte(nil), r.outcome(true)...)}
}
