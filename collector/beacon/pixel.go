package beacon

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// transparent is a GIF of one transparent pixel.
const transparent = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// handlePixel is /p.gif: the picture whatever happens, and what happened in the header.
func (s *Server) handlePixel(ctx *fasthttp.RequestCtx, now time.Time) {
	s.share(ctx)
	if !ctx.IsGet() {
		s.refuse(ctx, hit.Pixel, hit.Malformed)
		notAllowed(ctx, "GET")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.takePixel(ctx, r, now)
	if r.reset() {
		s.requests.Put(r)
	}
	header := &ctx.Response.Header
	header.SetContentType("image/gif")
	header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.Response.SetBodyString(transparent)
}

func (s *Server) takePixel(ctx *fasthttp.RequestCtx, r *request, now time.Time) {
	referer := s.readFacts(ctx, r, hit.Pixel, now)
	if wait := s.limiter.allow(r.facts.Address, r.facts.Received); wait > 0 {
		s.refuse(ctx, hit.Pixel, hit.RateLimited)
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
		return
	}
	query := ctx.URI().QueryString()
	if len(query) > maxQueryBytes || bytes.Count(query, []byte{'&'}) >= maxQueryKeys {
		s.refuse(ctx, hit.Pixel, hit.TooLarge)
		return
	}
	r.at = -1
	r.decodeQuery(ctx.QueryArgs(), referer, s.fields)
	s.metrics.unknown(r.unknown)
	s.refuseUnreadable(r, hit.Pixel)
	if len(r.hits) > 0 {
		s.accept(r)
	}
	tell(ctx, r.outcome(true))
}

// decodeQuery reads one hit from a query. Keys of sections are dotted, as in hints.model; p.plan is short for props.plan.
func (r *request) decodeQuery(args *fasthttp.Args, referer string, known *fields) {
	h := r.next()
	var p problem
	for key, value := range args.All() {
		if p = decodeArgument(h, alias(key), alias(value), known); p != (problem{}) {
			break
		}
	}
	if h.URL == "" {
		h.URL = referer
	}
	r.settle(-1, h, p)
}

func decodeArgument(h *hit.Hit, key, value string, known *fields) problem {
	if value == "" {
		return problem{}
	}
	group, rest, dotted := strings.Cut(key, ".")
	if group == "p" {
		group = "props"
	}
	f := known.find(group)
	if f != nil && f.kind == props && dotted {
		if !setProp(h, rest, value) {
			return f.problem()
		}
		return problem{}
	}
	if f != nil && dotted {
		f = f.fields.find(rest)
	}
	if f == nil || f.kind == section || f.kind == props {
		h.Unknown++
		return problem{}
	}
	if !f.takeQuery(h, value) {
		return f.problem()
	}
	return problem{}
}

// takeQuery sets the field from a query's text.
func (f *field) takeQuery(h *hit.Hit, value string) bool {
	switch f.kind {
	case number, measure, moment:
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return f.takeNumber(h, n)
		}
		return f.kind == moment && f.takeString(h, value)
	case flag:
		on := value == "1" || value == "true"
		return (on || value == "0" || value == "false") && f.takeFlag(h, on)
	default:
		return f.takeString(h, value)
	}
}
