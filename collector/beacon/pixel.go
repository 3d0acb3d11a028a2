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

const (
	pixelType    = "image/gif"
	pixelCaching = "no-store"
)

// handlePixel is /p.gif: the picture whatever happens, and what happened in the header.
func (s *Server) handlePixel(ctx *fasthttp.RequestCtx, now time.Time) {
	s.share(ctx)
	if !ctx.IsGet() {
		s.refuse(ctx, "", hit.Pixel, hit.Malformed)
		notAllowed(ctx, "GET")
		return
	}
	r, _ := s.requests.Get().(*request)
	s.readFacts(ctx, r, hit.Pixel, now)
	write(ctx, s.takePixel(r, ctx.URI().QueryString()))
	if r.reset() {
		s.requests.Put(r)
	}
	header := &ctx.Response.Header
	header.SetContentType(pixelType)
	header.Set(fasthttp.HeaderCacheControl, pixelCaching)
	ctx.Response.SetBodyString(transparent)
}

// takePixel takes the hit in a query. The picture is answered whatever happens.
func (s *Server) takePixel(r *request, query []byte) reply {
	if wait := s.limiter.allow(r.facts.Address, r.facts.Received); wait > 0 {
		s.options.Pipeline.Refuse(hit.Pixel, hit.RateLimited)
		return reply{status: fasthttp.StatusOK, outcome: r.dropped(hit.RateLimited), retry: seconds(wait)}
	}
	if len(query) > maxQueryBytes || bytes.Count(query, []byte{'&'}) >= maxQueryKeys {
		s.options.Pipeline.Refuse(hit.Pixel, hit.TooLarge)
		return reply{status: fasthttp.StatusOK, outcome: r.dropped(hit.TooLarge)}
	}
	r.at = -1
	if r.query == nil {
		r.query = new(fasthttp.Args)
	}
	r.query.ParseBytes(query)
	r.decodeQuery(r.query, r.referer, s.fields)
	s.metrics.unknown(r.unknown)
	s.refuseUnreadable(r, hit.Pixel)
	if len(r.hits) > 0 {
		s.accept(r)
	}
	return reply{status: fasthttp.StatusOK, outcome: r.outcome(true)}
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
