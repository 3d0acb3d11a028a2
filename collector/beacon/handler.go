package beacon

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// route is what was asked for; a closed set, used as a metric label.
type route uint8

const (
	routeEvent route = iota
	routePixel
	routeMail
	routeScript
	routeReport // of a browser itself
	routeAPI    // of servers and apps
	routeRights // what a visitor may ask and decide about themselves
	routeOther
	routeUnread // what could not be read as a request
	routes
)

func (r route) String() string {
	return [routes]string{"event", "pixel", "mail", "script", "report", "api", "rights", "other", "unread"}[r]
}

// Headers of every answer of /e and /p.gif.
const (
	headerOutcome = "Mayak-Outcome"
	allowAnyone   = "*" // no answer depends on who asks, and none is for credentials
	retrySeconds  = "30"

	exposed       = "Mayak-Outcome, Retry-After"
	usableBy      = "cross-origin"
	errorType     = "application/json"
	errorSniffing = "nosniff"
)

const plainText = "Mayak counts the visits of web sites. Pages load /m.js from here.\n"

func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	began := s.options.Now()
	asked := routeOther
	defer func() {
		if v := recover(); v != nil {
			s.recovered(ctx, v)
		}
		if s.draining.Load() {
			ctx.SetConnectionClose()
		}
		if ctx.Hijacked() { // it is answered later, and counted then
			return
		}
		s.metrics.answered(asked, ctx.Response.StatusCode(), s.options.Now().Sub(began))
	}()
	switch string(ctx.Path()) {
	case "/e":
		asked = routeEvent
		s.handleEvent(ctx, began)
	case "/p.gif":
		asked = routePixel
		s.handlePixel(ctx, began)
	case "/o.gif":
		asked = routeMail
		s.handleOpen(ctx, began)
	case "/c":
		asked = routeMail
		s.handleClick(ctx, began)
	case apiPath, "/api/openapi.json":
		asked = routeAPI
		s.handleAPI(ctx, began)
	case "/m.js":
		asked = routeScript
		s.handleScript(ctx)
	case "/m.d.js":
		asked = routeScript
		s.handleModule(ctx)
	case "/privacy", "/privacy/consent", "/privacy/data", "/privacy/erase", "/consent.js", "/.well-known/gpc.json":
		asked = routeRights
		s.handleRights(ctx, began)
	case "/":
		if allowed(ctx) {
			ctx.Response.Header.SetContentType("text/plain; charset=utf-8")
			ctx.Response.SetBodyString(plainText)
		}
	default:
		if strings.HasPrefix(alias(ctx.Path()), reportsPath) {
			asked = routeReport
			s.handleReport(ctx, began)
			return
		}
		fail(ctx, fasthttp.StatusNotFound, "no such path")
	}
}

// recovered keeps one request's panic from ending the process. What had been written of the answer is discarded.
func (s *Server) recovered(ctx *fasthttp.RequestCtx, v any) {
	answer := s.panicked(v)
	ctx.Response.Reset()
	s.share(ctx)
	write(ctx, answer)
}

// panicked notes a panic, and is what the client is told.
func (s *Server) panicked(v any) reply {
	s.metrics.panics.Inc()
	what := fmt.Sprintf("%T", v) // its text might hold what a page sent; the runtime's own errors hold numbers only
	var failure runtime.Error
	if err, ok := v.(error); ok && errors.As(err, &failure) {
		what = failure.Error()
	}
	s.options.Log.Error("request handler panicked", "panic", what, "stack", string(debug.Stack()))
	return reply{fasthttp.StatusServiceUnavailable, []byte("dropped; reason=" + string(hit.StorageError)), retrySeconds, "internal error"}
}

// handleUnread answers what could not be read as a request. A body over the limit belongs to /e or /r, as nothing else
// has a body; of the rest nobody can say what it was, so that it is no hit, and is counted as a request only.
func (s *Server) handleUnread(ctx *fasthttp.RequestCtx, err error) {
	began := s.options.Now()
	s.share(ctx)
	var tooLong *fasthttp.ErrSmallBuffer
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		lingerOn(ctx.Conn())
		if site, report := strings.CutPrefix(alias(ctx.Path()), reportsPath); report {
			s.options.Pipeline.RefuseOf(site, hit.Report, hit.TooLarge)
		} else {
			s.options.Pipeline.Refuse(hit.Beacon, hit.TooLarge)
		}
		ctx.Response.Header.Set(headerOutcome, "dropped; reason="+string(hit.TooLarge))
		fail(ctx, fasthttp.StatusRequestEntityTooLarge, "body: want at most 65536 bytes")
	case errors.As(err, &tooLong):
		lingerOn(ctx.Conn())
		fail(ctx, fasthttp.StatusRequestHeaderFieldsTooLarge, "request line and headers are too long")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, io.ErrUnexpectedEOF): // of its end nobody knows anything, so that it may be sent again
		fail(ctx, fasthttp.StatusRequestTimeout, "request took too long to come")
	default:
		fail(ctx, fasthttp.StatusBadRequest, "not an HTTP request")
	}
	s.metrics.answered(routeUnread, ctx.Response.StatusCode(), s.options.Now().Sub(began))
}

// allowed tells whether the method only reads, and answers if not.
func allowed(ctx *fasthttp.RequestCtx) bool {
	if ctx.IsGet() || ctx.IsHead() {
		return true
	}
	notAllowed(ctx, "GET, HEAD")
	return false
}

func notAllowed(ctx *fasthttp.RequestCtx, methods string) {
	ctx.Response.Header.Set(fasthttp.HeaderAllow, methods)
	fail(ctx, fasthttp.StatusMethodNotAllowed, "method: want "+methods)
}

// shared are the headers that let a page of any site read the answer.
func shared() *fasthttp.ResponseHeader {
	header := new(fasthttp.ResponseHeader)
	header.SetNoDefaultContentType(true) // as the server's own
	header.Set(fasthttp.HeaderAccessControlAllowOrigin, allowAnyone)
	header.Set(fasthttp.HeaderAccessControlExposeHeaders, exposed)
	header.Set("Cross-Origin-Resource-Policy", usableBy)
	return header
}

// share begins an answer with them, which is cheaper to copy than to put together.
func (s *Server) share(ctx *fasthttp.RequestCtx) { s.shared.CopyTo(&ctx.Response.Header) }

// reply is what a hit's sender is told, however the request was read.
type reply struct {
	status  int
	outcome []byte // of the header Mayak-Outcome; may share memory with the request
	retry   string // of the header Retry-After
	message string // what was wrong, one of ours; without one the answer has no body of its own
}

// write puts the reply into an answer that has begun with the shared headers.
func write(ctx *fasthttp.RequestCtx, answer reply) {
	ctx.Response.Header.SetCanonical([]byte(headerOutcome), answer.outcome)
	if answer.retry != "" {
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, answer.retry)
	}
	if answer.message != "" {
		fail(ctx, answer.status, answer.message)
		return
	}
	ctx.Response.SetStatusCode(answer.status)
}

// fail answers with one line of JSON. message is one of ours: nothing of the request is in it.
func fail(ctx *fasthttp.RequestCtx, status int, message string) {
	ctx.Response.SetStatusCode(status)
	ctx.Response.Header.SetContentType(errorType)
	ctx.Response.Header.Set(fasthttp.HeaderXContentTypeOptions, errorSniffing)
	ctx.Response.SetBodyString(`{"error":` + strconv.Quote(message) + "}\n")
}

// seconds rounds up, as Retry-After has whole seconds.
func seconds(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
