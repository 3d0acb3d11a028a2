package beacon

import (
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// readFacts notes what the connection and the headers say, in one pass over the headers. Lines of the same name come in
// their order.
//
//nolint:cyclop // a table, one line each.
func (s *Server) readFacts(ctx *fasthttp.RequestCtx, r *request, way hit.Way, now time.Time) (referer string) {
	h := &r.facts
	h.Way = way
	h.Received = now
	var fullBrands string
	for key, bytes := range ctx.Request.Header.All() {
		value := alias(bytes)
		switch string(key) {
		case "User-Agent":
			h.UserAgent = value
		case "Accept-Language":
			h.AcceptLanguage = value
		case "Referer":
			referer = value
		case "Sec-Gpc":
			h.GPC = value == "1"
		case "Dnt":
			h.DNT = value == "1"
		case "Sec-Purpose", "Purpose", "X-Moz":
			h.Purpose = value
		case "Sec-Ch-Ua":
			h.Hints.Brands = value
		case "Sec-Ch-Ua-Full-Version-List":
			fullBrands = value
		case "Sec-Ch-Ua-Mobile":
			h.Hints.Mobile = value
		case "Sec-Ch-Ua-Platform":
			h.Hints.Platform = value
		case "Sec-Ch-Ua-Platform-Version":
			h.Hints.PlatformVersion = value
		case "Sec-Ch-Ua-Model":
			h.Hints.Model = value
		case "Sec-Ch-Ua-Form-Factors":
			h.Hints.FormFactors = value
		case "Sec-Ch-Ua-Arch":
			h.Hints.Architecture = value
		case "Sec-Ch-Ua-Bitness":
			h.Hints.Bitness = value
		case "X-Requested-With":
			h.Hints.RequestedWith = value
		case headerForwardedFor:
			r.forwardedFor = append(r.forwardedFor, value)
		case headerForwarded:
			r.forwarded = append(r.forwarded, value)
		}
	}
	if fullBrands != "" {
		h.Hints.Brands = fullBrands
	}
	h.Address = s.clientAddress(peerIn(ctx), r)
	return referer
}
