package beacon

import (
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// handleScript is /m.js. With ?v= and the version that is served the answer never changes; without, pages look for a
// newer one each hour and go on with the old one meanwhile.
func (s *Server) handleScript(ctx *fasthttp.RequestCtx) {
	if allowed(ctx) {
		s.serveScript(ctx, &s.options.Script)
	}
}

// handleModule is /m.d.js?site=SITE: the site's share is in it, so that caches keep it for an hour as they do /m.js, and nothing else is asked for.
func (s *Server) handleModule(ctx *fasthttp.RequestCtx) {
	if !allowed(ctx) {
		return
	}
	site, known := s.site(string(ctx.QueryArgs().Peek("site")))
	if !known || site.Module == nil {
		s.share(ctx)
		fail(ctx, fasthttp.StatusNotFound, "site: not a site of this collector")
		return
	}
	s.serveScript(ctx, site.Module)
}

func (s *Server) serveScript(ctx *fasthttp.RequestCtx, script *Script) {
	header := &ctx.Response.Header
	s.share(ctx)
	header.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	header.Set(fasthttp.HeaderVary, fasthttp.HeaderAcceptEncoding)
	header.Set(fasthttp.HeaderETag, script.ETag)
	if version, ok := strings.CutPrefix(alias(ctx.URI().QueryString()), "v="); ok && version == script.Version {
		header.Set(fasthttp.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		header.Set(fasthttp.HeaderCacheControl, "public, max-age=3600, stale-while-revalidate=86400")
	}
	if matches(alias(ctx.Request.Header.Peek(fasthttp.HeaderIfNoneMatch)), script.ETag) {
		ctx.Response.SetStatusCode(fasthttp.StatusNotModified)
		return
	}
	header.SetContentType("text/javascript; charset=utf-8")
	accepted := alias(ctx.Request.Header.Peek(fasthttp.HeaderAcceptEncoding))
	switch {
	case len(script.Brotli) > 0 && quality(accepted, "br") > 0 && quality(accepted, "br") >= quality(accepted, "gzip"):
		header.SetContentEncoding("br")
		ctx.Response.SetBodyRaw(script.Brotli)
	case len(script.Gzip) > 0 && quality(accepted, "gzip") > 0:
		header.SetContentEncoding("gzip")
		ctx.Response.SetBodyRaw(script.Gzip)
	default:
		ctx.Response.SetBodyRaw(script.Body)
	}
}

// matches compares as If-None-Match asks: weakly, with any in a list.
func matches(list, tag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// quality is how much a client wants a coding (RFC 9110, Accept-Encoding): what it says of it, else of "*", else 0.
func quality(accepted, coding string) float64 {
	others := 0.0
	for element := range strings.SplitSeq(accepted, ",") {
		name, parameters, _ := strings.Cut(element, ";")
		name = strings.TrimSpace(name)
		weight := 1.0
		if key, value, found := strings.Cut(parameters, "="); found && strings.EqualFold(strings.TrimSpace(key), "q") {
			weight, _ = strconv.ParseFloat(strings.TrimSpace(value), 64) // what is no number is no wish
		}
		switch {
		case strings.EqualFold(name, coding):
			return weight
		case name == "*":
			others = weight
		}
	}
	return others
}
