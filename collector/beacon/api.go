package beacon

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

//go:embed openapi.json
var openapi []byte

const (
	apiPath = "/api/events"

	// headerLength says how long the body of a request is that the library does not read. No client can set it.
	headerLength = "Mayak-Body-Length"
	chunkedBody  = "chunked"

	maxUploads    = 16      // read at once, of the large ones and again of the others: each holds two batches, and what unpacking takes
	largeEach     = 4       // of them with one key
	smallEach     = 8       // which wait for nobody
	keysKept      = 1 << 10 // whose recent rate is remembered
	burstSeconds  = 20      // of a key's rate, that may come at once
	retrySoon     = "1"
	tooManyAtOnce = "too many uploads at once"
)

// api is what /api/events works with.
type api struct {
	fields  *fields
	limiter *limiter // by key
	large   *places  // of uploads that are read from their connection
	small   *places
	taken   sync.WaitGroup // connections that were taken over from the library
	blind   atomic.Bool    // the keys cannot be read, and this has been told
}

func newAPI(rate float64, now time.Time) *api {
	limiting := newLimiter(Limits{Rate: rate, Burst: int(max(rate*burstSeconds, 1)), Clients: keysKept}, now)
	limiting.batch = maxItems * limiting.interval
	return &api{fields: apiFields(), limiter: limiting, large: newPlaces(maxUploads, largeEach), small: newPlaces(maxUploads, smallEach)}
}

// leaveBody keeps the library from reading the body of a large upload: it would hold it whole. The request is taken over with its
// connection instead, and read piece by piece. Smaller ones are read as all others are, and so are all others.
func leaveBody(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	header.Del(headerLength) // also where the path is another way to write it
	path, _, _ := bytes.Cut(header.RequestURI(), []byte("?"))
	if string(path) != apiPath {
		return fasthttp.RequestConfig{}
	}
	switch length := header.ContentLength(); {
	case !header.IsPost():
	case length == -1:
		header.SetContentLength(0)
		header.Set(headerLength, chunkedBody)
	case length > maxBodyBytes:
		header.SetContentLength(0)
		header.Set(headerLength, strconv.Itoa(length))
	}
	return fasthttp.RequestConfig{}
}

// handleAPI is /api/events, and its description.
func (s *Server) handleAPI(ctx *fasthttp.RequestCtx, now time.Time) {
	if string(ctx.Path()) != apiPath {
		handleDescription(ctx)
		return
	}
	length := string(ctx.Request.Header.Peek(headerLength))
	if length != "" { // of what is refused nothing more is read, so the connection is of no more use
		lingerOn(ctx.Conn())
		ctx.SetConnectionClose()
	}
	u := s.newUpload(ctx, now)
	if !ctx.IsPost() {
		s.refuseUpload(ctx, u, fasthttp.StatusMethodNotAllowed, hit.Malformed, "method: want POST")
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "POST")
		return
	}
	if !s.admit(ctx, u) {
		return
	}
	coding, known := codingOf(string(ctx.Request.Header.ContentEncoding()))
	switch size, _ := strconv.Atoi(length); {
	case !known:
		s.refuseUpload(ctx, u, fasthttp.StatusUnsupportedMediaType, hit.Malformed, "content-encoding: want gzip, zstd or none")
		return
	case size > maxUploadBytes:
		s.refuseUpload(ctx, u, fasthttp.StatusRequestEntityTooLarge, hit.TooLarge, "body: "+errUploadTooLarge.Error())
		return
	}
	if length != "" {
		if s.seat(ctx, u, s.api.large) {
			s.takeOver(ctx, u, coding, length)
		}
		return
	}
	if s.seat(ctx, u, s.api.small) {
		defer s.api.small.giveBack(u.key)
		s.takeUpload(ctx, u, coding, bytes.NewReader(ctx.PostBody()))
	}
}

// seat takes a place for the upload. If there is none, it has been answered.
func (s *Server) seat(ctx *fasthttp.RequestCtx, u *upload, among *places) bool {
	overKey, overAll := among.take(u.key)
	if !overKey && !overAll {
		return true
	}
	ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, retrySoon)
	if overKey {
		s.refuseUpload(ctx, u, fasthttp.StatusTooManyRequests, hit.RateLimited, tooManyAtOnce+" with this key")
	} else {
		s.refuseUpload(ctx, u, fasthttp.StatusServiceUnavailable, hit.Overloaded, tooManyAtOnce+": try again later")
	}
	return false
}

// refuseUpload counts a request as one hit, since nobody knows how many it holds.
func (s *Server) refuseUpload(ctx *fasthttp.RequestCtx, u *upload, status int, reason hit.Reason, message string) {
	s.refuse(ctx, u.facts.Site, hit.API, reason)
	fail(ctx, status, message)
}

// newUpload notes who sends.
func (s *Server) newUpload(ctx *fasthttp.RequestCtx, now time.Time) *upload {
	r, _ := s.requests.Get().(*request)
	s.readFacts(ctx, r, hit.API, now)
	u := &upload{server: s, sender: hit.Hit{Address: r.facts.Address, UserAgent: strings.Clone(r.facts.UserAgent)}, counts: map[hit.Reason]int{}}
	if r.reset() {
		s.requests.Put(r)
	}
	u.facts = hit.Hit{Way: hit.API, Received: now}
	if date, err := fasthttp.ParseHTTPDate(ctx.Request.Header.Peek(fasthttp.HeaderDate)); err == nil {
		u.sent = date
	}
	return u
}

// admit finds out of which site the sender's key is. If it may not send, it has been answered.
func (s *Server) admit(ctx *fasthttp.RequestCtx, u *upload) bool {
	scheme, key, _ := strings.Cut(string(ctx.Request.Header.Peek(fasthttp.HeaderAuthorization)), " ")
	var err error
	if key = strings.TrimSpace(key); s.options.Keys != nil && strings.EqualFold(scheme, "Bearer") {
		u.facts.Site, u.facts.Sender, err = s.options.Keys(key)
	}
	u.key = ofKey(key)
	waits := func(wait time.Duration, message string) bool {
		if wait > 0 {
			ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, seconds(wait))
			s.refuseUpload(ctx, u, fasthttp.StatusTooManyRequests, hit.RateLimited, message)
		}
		return wait > 0
	}
	switch was := s.api.blind.Swap(err != nil); {
	case err != nil && !was:
		s.options.Log.Error("keys cannot be read", "err", err)
	case err == nil && was:
		s.options.Log.Info("keys can be read again")
	}
	switch {
	case err != nil:
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, retrySeconds)
		s.refuseUpload(ctx, u, fasthttp.StatusServiceUnavailable, hit.StorageError, "keys cannot be read: try again later")
		return false
	case u.facts.Site != "":
		return !waits(s.limiter.owes(u.sender.Address, u.facts.Received), "too many bad items from this address") &&
			!waits(s.api.limiter.allow(u.key, u.facts.Received), "too many items with this key")
	case !waits(s.limiter.allow(u.sender.Address, u.facts.Received), "too many requests without a key"):
		ctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, "Bearer")
		s.refuseUpload(ctx, u, fasthttp.StatusUnauthorized, hit.Unauthorized, "authorization: want Bearer and a key of the site, as collector keys create makes them")
	}
	return false
}

// ofKey is what stands for a key where clients are told apart by address.
func ofKey(key string) netip.Addr {
	sum := sha256.Sum256([]byte(key))
	return netip.AddrFrom16([16]byte(sum[:16]))
}

// takeOver reads the upload from its connection when the library has let go of it, and closes that afterwards.
func (s *Server) takeOver(ctx *fasthttp.RequestCtx, u *upload, coding, length string) {
	s.api.taken.Add(1)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(c net.Conn) {
		defer s.api.taken.Done()
		defer s.api.large.giveBack(u.key)
		u.arrival = newArrival(c, length, s.options.Limits.ReadTimeout)
		s.takeUpload(ctx, u, coding, u.arrival)
		ctx.SetConnectionClose()
		_ = c.SetWriteDeadline(time.Now().Add(s.options.Limits.WriteTimeout))
		to := bufio.NewWriter(c)
		if err := ctx.Response.Write(to); err == nil {
			_ = to.Flush() // who does not read the answer sends again
		}
		s.metrics.answered(routeAPI, ctx.Response.StatusCode(), s.options.Now().Sub(u.facts.Received))
	})
}

// takeUpload reads, stores and answers.
func (s *Server) takeUpload(ctx *fasthttp.RequestCtx, u *upload, coding string, body io.Reader) {
	defer func() {
		if v := recover(); v != nil {
			answer := s.panicked(v)
			ctx.Response.Reset()
			write(ctx, answer)
		}
	}()
	plain, closing, err := decoded(coding, body)
	defer closing()
	var p problem
	failure := hit.Kept
	if err == nil {
		p, failure = u.takeItems(newItems(plain, string(ctx.Request.Header.ContentType())))
	} else {
		p = bodyProblem(err)
	}
	s.metrics.unknown(u.strange)
	s.charge(u)
	slices.SortFunc(u.rejected, func(a, b rejection) int { return cmp.Compare(a.index, b.index) })
	s.answerUpload(ctx, u, p, failure)
}

// charge counts what came: against the key, but bad items against the address that they came from. Everybody has the key of an app, and
// must not be able to use up its rate with what is not stored.
func (s *Server) charge(u *upload) {
	s.api.limiter.charge(u.key, u.facts.Received, u.accepted+len(u.rejected)-u.bad-1)
	s.limiter.charge(u.sender.Address, u.facts.Received, u.bad)
}

func (s *Server) answerUpload(ctx *fasthttp.RequestCtx, u *upload, p problem, failure hit.Reason) {
	status, message := fasthttp.StatusOK, ""
	switch {
	case failure != hit.Kept:
		status, message = fasthttp.StatusServiceUnavailable, "not stored: try again later"
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, retrySeconds)
	case p != (problem{}):
		status, message = fasthttp.StatusBadRequest, p.name+": "+p.want
		reason := hit.Malformed
		switch {
		case u.arrival != nil && u.arrival.cut: // nobody knows whether it was good, so that it may be sent again
			status, reason, message = fasthttp.StatusRequestTimeout, hit.Incomplete, errCut
		case strings.HasPrefix(p.want, "want at most"):
			status, reason = fasthttp.StatusRequestEntityTooLarge, hit.TooLarge
		}
		s.options.Pipeline.RefuseOf(u.facts.Site, hit.API, reason)
		u.counts[reason]++
	}
	header := &ctx.Response.Header
	header.SetCanonical([]byte(headerOutcome), u.summary())
	header.SetContentType(errorType)
	header.Set(fasthttp.HeaderXContentTypeOptions, errorSniffing)
	ctx.Response.SetStatusCode(status)
	ctx.Response.SetBody(u.answerBody(message))
}

// finish waits for the uploads that were taken over.
func (a *api) finish(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		a.taken.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("finish uploads: %w", context.Cause(ctx))
	}
}

// handleDescription is /api/openapi.json.
func handleDescription(ctx *fasthttp.RequestCtx) {
	if allowed(ctx) {
		ctx.Response.Header.SetContentType(errorType)
		ctx.Response.SetBody(openapi)
	}
}
