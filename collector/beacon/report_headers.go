package beacon

import (
	_ "embed" // the text
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

//go:embed report_headers.txt
var reportHeaders string

// handleReportHeaders prints what the site must send so that browsers report to this collector.
func (s *Server) handleReportHeaders(ctx *fasthttp.RequestCtx, id string, site Site, known bool) {
	host, below := string(ctx.Host()), s.prefix(ctx)
	switch {
	case !allowed(ctx):
	case !known:
		fail(ctx, fasthttp.StatusNotFound, "site: not a site of this collector")
	case !isHost(host):
		fail(ctx, fasthttp.StatusBadRequest, "host: not a host name")
	case !isPrefix(below):
		fail(ctx, fasthttp.StatusBadRequest, "x-forwarded-prefix: want a path like /assets/x")
	default:
		endpoint := s.scheme(ctx, host) + "://" + host + below + reportsPath + id
		fraction := strconv.FormatFloat(site.Sample, 'f', -1, 64)
		ctx.Response.Header.SetContentType("text/plain; charset=utf-8")
		ctx.Response.SetBodyString(strings.NewReplacer("{endpoint}", endpoint, "{host}", host, "{site}", id, "{fraction}", fraction,
			"{off}", offNote(site)).Replace(reportHeaders))
	}
}

func offNote(site Site) string {
	if site.Reports {
		return ""
	}
	return "# Note: the sites file says `reports: off` for this site, so reports are answered with 410 and not kept.\n"
}

// scheme is https but for a collector on this machine: browsers report to no other.
func (s *Server) scheme(ctx *fasthttp.RequestCtx, host string) string {
	name, _, _ := strings.Cut(host, ":")
	if !ctx.IsTLS() && (name == "localhost" || strings.HasPrefix(name, "127.")) {
		return "http"
	}
	return "https"
}

// prefix is the path below which a server of the site's own serves the collector, as that server tells.
func (s *Server) prefix(ctx *fasthttp.RequestCtx) string {
	if !s.options.TrustedProxies.Has(peerIn(ctx)) {
		return ""
	}
	return strings.TrimSuffix(string(ctx.Request.Header.Peek("X-Forwarded-Prefix")), "/")
}

// isPrefix knows the plain paths: others have no place in somebody's configuration.
func isPrefix(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', strings.IndexByte("/-_.~", c) >= 0:
		default:
			return false
		}
	}
	return path == "" || path[0] == '/' && !strings.HasPrefix(path, "//") && len(path) <= maxShort
}

// isHost knows what can be a host name with a port, so that nothing else gets into somebody's configuration.
func isHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', strings.IndexByte(".-:[]", c) >= 0:
		default:
			return false
		}
	}
	return host != "" && len(host) <= maxHostName
}
