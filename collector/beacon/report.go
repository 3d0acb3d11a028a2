package beacon

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// Site is what the sites file says of a site that the edge has to know.
type Site struct {
	Sample  float64                // the share of page views whose diagnostics are wanted; 0 is none
	Module  *Script                // measures that share; nil is none
	Reports bool                   // the browsers' own reports are wanted
	Owns    func(host string) bool // tells whether the host, in lower case and without its port, is one of the site's
}

// maxReports are what a browser keeps for one endpoint.
const maxReports = 100

const reportsPath = "/r/"

// handleReport is /r/SITE and /r/SITE/headers.
func (s *Server) handleReport(ctx *fasthttp.RequestCtx, now time.Time) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(alias(ctx.Path()), reportsPath), "/")
	site, known := s.site(id)
	switch {
	case rest == "headers":
		s.handleReportHeaders(ctx, id, site, known)
	case rest != "":
		fail(ctx, fasthttp.StatusNotFound, "no such path")
	case ctx.IsOptions():
		preflight(ctx, site, known)
	case ctx.IsPost():
		s.share(ctx)
		r, _ := s.requests.Get().(*request)
		s.readFacts(ctx, r, hit.Report, now)
		r.facts.Site = id
		write(ctx, s.takeReports(r, site, known, contentOf(ctx), ctx.PostBody()))
		if r.reset() {
			s.requests.Put(r)
		}
	default:
		s.share(ctx)
		s.refuse(ctx, id, hit.Report, hit.Malformed)
		notAllowed(ctx, "POST, OPTIONS")
	}
}

func (s *Server) site(id string) (Site, bool) {
	if s.options.Sites == nil {
		return Site{}, false
	}
	return s.options.Sites(id)
}

// preflight lets the site's own pages send their reports; a browser asks for those of any other page in vain.
func preflight(ctx *fasthttp.RequestCtx, site Site, known bool) {
	header := &ctx.Response.Header
	header.Set(fasthttp.HeaderVary, fasthttp.HeaderOrigin)
	origin := string(ctx.Request.Header.Peek(fasthttp.HeaderOrigin))
	page, err := url.Parse(origin)
	switch {
	case !known:
		fail(ctx, fasthttp.StatusNotFound, "site: not a site of this collector")
	case err != nil || !site.Owns(strings.ToLower(page.Hostname())):
		fail(ctx, fasthttp.StatusForbidden, "origin: its host name is not one of the site's")
	default:
		header.Set(fasthttp.HeaderAccessControlAllowOrigin, origin)
		header.Set(fasthttp.HeaderAccessControlAllowMethods, "POST")
		header.Set(fasthttp.HeaderAccessControlAllowHeaders, "content-type")
		header.Set(fasthttp.HeaderAccessControlMaxAge, "86400")
		ctx.Response.SetStatusCode(fasthttp.StatusNoContent)
	}
}

// content is the form of a body.
type content uint8

const (
	noContent content = iota
	reportingContent
	policyContent // what browsers send to a policy's report-uri
)

// contentOf knows application/json as well: some proxies rewrite what they do not know.
func contentOf(ctx *fasthttp.RequestCtx) content {
	if coding := ctx.Request.Header.ContentEncoding(); len(coding) > 0 && string(coding) != "identity" {
		return noContent
	}
	kind, _, _ := bytes.Cut(ctx.Request.Header.ContentType(), []byte(";"))
	switch strings.ToLower(alias(bytes.TrimSpace(kind))) {
	case "application/reports+json", "application/json":
		return reportingContent
	case "application/csp-report":
		return policyContent
	}
	return noContent
}

// takeReports takes what a body holds. A browser cannot mend a report, and sends again what was not answered with success: so whatever
// could be read is answered as taken, and Mayak-Outcome tells of each what became of it.
func (s *Server) takeReports(r *request, site Site, known bool, form content, body []byte) reply {
	refuse := func(status int, reason hit.Reason, retry, message string) reply {
		s.options.Pipeline.RefuseOf(r.facts.Site, hit.Report, reason)
		return reply{status, r.dropped(reason), retry, message}
	}
	wait := s.limiter.allow(r.facts.Address, r.facts.Received)
	switch {
	case wait > 0:
		return refuse(fasthttp.StatusTooManyRequests, hit.RateLimited, seconds(wait), "too many reports from one client")
	case !known:
		return refuse(fasthttp.StatusNotFound, hit.UnknownSite, "", "site: not a site of this collector")
	case !site.Reports: // 410 makes browsers forget the endpoint
		return refuse(fasthttp.StatusGone, hit.ReportsOff, "", "reports: switched off for this site")
	case form == noContent:
		return refuse(fasthttp.StatusUnsupportedMediaType, hit.Malformed, "", "content-type: want application/reports+json or application/csp-report, not encoded")
	}
	if p := r.decodeReports(body, form, s.metrics.reports); p != (problem{}) {
		return refuse(fasthttp.StatusBadRequest, hit.Malformed, "", p.name+": "+p.want)
	}
	if further := len(r.hits) + len(r.refusals) - 1; further > 0 {
		s.limiter.charge(r.facts.Address, r.facts.Received, further)
	}
	s.refuseUnreadable(r, hit.Report)
	if len(r.hits) > 0 && s.accept(r) != hit.Kept {
		return reply{fasthttp.StatusServiceUnavailable, r.outcome(false), retrySeconds, "not stored: try again later"}
	}
	return reply{status: fasthttp.StatusAccepted, outcome: r.outcome(len(r.refusals) > 0)}
}
