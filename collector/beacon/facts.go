package beacon

import (
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// readFacts notes what the connection and the headers say, in one pass over the headers. Lines of the same name come in
// their order.
func (s *Server) readFacts(ctx *fasthttp.RequestCtx, r *request, way hit.Way, now time.Time) {
	cookies := ""
	if len(ctx.Request.Header.Peek(fasthttp.HeaderCookie)) > 0 {
		cookies = cookiesOf(ctx)
	}
	for key, value := range ctx.Request.Header.All() {
		var room [longestName]byte
		if name, ok := lowered(&room, key); ok {
			r.note(name, alias(value))
		}
	}
	r.facts.Cookie = cookies
	s.settleFacts(r, way, peerIn(ctx), now)
}

// cookiesOf are the cookies as they were sent. The library would put them together anew, in memory that it uses again.
func cookiesOf(ctx *fasthttp.RequestCtx) string {
	sent := ""
	for key, value := range ctx.Request.Header.AllInOrder() {
		switch {
		case string(key) != fasthttp.HeaderCookie:
		case sent == "":
			sent = alias(value)
		default:
			sent += "; " + alias(value)
		}
	}
	return sent
}

// settleFacts completes the facts when all headers have been noted.
func (s *Server) settleFacts(r *request, way hit.Way, peer netip.Addr, now time.Time) {
	h := &r.facts
	h.Way, h.Received = way, now
	if r.fullBrands != "" {
		h.Hints.Brands = r.fullBrands
	}
	h.Address = s.clientAddress(peer, r)
}

// longestName is as long as the longest name that note knows.
const longestName = len("sec-ch-ua-full-version-list")

// note takes a header's value. Its name is in lower case.
//
//nolint:cyclop // a table, one line each.
func (r *request) note(name []byte, value string) {
	h := &r.facts
	switch string(name) {
	case "user-agent":
		h.UserAgent = value
	case "accept-language":
		h.AcceptLanguage = value
	case "referer":
		r.referer = value
	case "origin":
		r.origin = value
	case "sec-gpc":
		h.GPC = value == "1"
	case "dnt":
		h.DNT = value == "1"
	case "sec-purpose", "purpose", "x-moz":
		h.Purpose = value
	case "sec-ch-ua":
		h.Hints.Brands = value
	case "sec-ch-ua-full-version-list":
		r.fullBrands = value
	case "sec-ch-ua-mobile":
		h.Hints.Mobile = value
	case "sec-ch-ua-platform":
		h.Hints.Platform = value
	case "sec-ch-ua-platform-version":
		h.Hints.PlatformVersion = value
	case "sec-ch-ua-model":
		h.Hints.Model = value
	case "sec-ch-ua-form-factors":
		h.Hints.FormFactors = value
	case "sec-ch-ua-arch":
		h.Hints.Architecture = value
	case "sec-ch-ua-bitness":
		h.Hints.Bitness = value
	case "x-requested-with":
		h.Hints.RequestedWith = value
	case "x-forwarded-for":
		r.forwardedFor = append(r.forwardedFor, value)
	case "forwarded":
		r.forwarded = append(r.forwarded, value)
	}
}

// lowered is a header's name in lower case, unless it is too long to be of interest, or empty.
func lowered(room *[longestName]byte, name []byte) ([]byte, bool) {
	if len(name) > len(room) {
		return nil, false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		room[i] = c
	}
	return room[:len(name)], len(name) > 0
}
