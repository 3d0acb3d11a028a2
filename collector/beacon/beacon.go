// Package beacon is the HTTP edge that browsers talk to: the script /m.js, the beacon /e and the pixel /p.gif, and for
// the visitor's own page, which others answer, the limits of all requests.
//
// It reads each request into hits, within fixed bounds of bytes, keys, depth and time, hands them to the Pipeline, and
// tells the page in Mayak-Outcome what became of them; every answer that says "dropped" is also counted. A hit is
// answered as stored only after the Pipeline has said that it is durable, and a stop lets every request that has begun
// end. What a page claims about its client counts for nothing here: the address is the peer's, or the one that a
// trusted proxy adds. Requests of the usual form are read and answered without the HTTP library (plain.go), all others
// with it; nobody can tell the difference. No value of a request is ever echoed or logged; an error names the key and what it wants.
package beacon

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
	"mayak/schema/proxies"
)

// Pipeline takes hits; it is safe for concurrent use.
type Pipeline interface {
	// Accept sets reasons[i] to hit.Kept for a stored hit, else to why it was dropped, and counts both. A nil error
	// means that every hit with hit.Kept is durable. Nothing of hits may be kept once it has returned.
	Accept(hits []hit.Hit, reasons []hit.Reason) error
	// Refuse counts one hit that was received, and dropped before it could be read.
	Refuse(way hit.Way, reason hit.Reason)
	// RefuseOf is Refuse where it is known which site the hit was for.
	RefuseOf(site string, way hit.Way, reason hit.Reason)
}

// ErrOverloaded is what a Pipeline returns when it can take no more for now; the client may try again.
var ErrOverloaded = errors.New("overloaded")

// Script is the browser script in each encoding. An empty encoding is not offered.
type Script struct {
	Body, Gzip, Brotli []byte
	ETag, Version      string
}

// Options are what a Server needs; every field without another word is required.
type Options struct {
	Listen          string // as "127.0.0.1:8080"
	CertificateFile string // PEM; with KeyFile makes it HTTPS, and both are read again when they change
	KeyFile         string

	TrustedProxies  proxies.Trusted // peers whose word on the client's address counts; none by default
	ForwardedHeader string          // the only header that they say it in; empty takes X-Forwarded-For, else Forwarded

	Limits Limits

	Pipeline   Pipeline
	Script     Script
	Keys       func(key string) (site, sender string, err error) // of servers and apps; no site for nobody's key; nil for a server without /api/events
	Sites      func(id string) (Site, bool)                      // what of the sites file the edge must know; nil for a server without reports
	Mail       Mail                                              // reads the links of e-mails; nil for a server without
	Rights     http.Handler                                      // answers /privacy and what belongs to it; nil for a server without
	TooOften   http.Handler                                      // answers who asks Rights too often, with the status 429; Retry-After is set
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Limits bound what clients can make the server do. A zero field takes its default.
type Limits struct {
	Connections          int           // open at once (8,192)
	ConnectionsPerClient int           // open at once from one address, or one /64; trusted proxies excepted (256)
	HeaderBytes          int           // of one request, request line included (16 KiB)
	ReadTimeout          time.Duration // for one whole request (10 s)
	WriteTimeout         time.Duration // for one answer (10 s)
	IdleTimeout          time.Duration // between two requests of a connection (60 s)
	Rate                 float64       // hits a second and client, in the long run (50)
	Burst                int           // hits of one client at once (200)
	KeyRate              float64       // items a second with one key, in the long run (5,000)
	Clients              int           // whose recent rate is remembered, in 16 bytes each (131,072)
	DrainTime            time.Duration // from the end of Run's context to the closing of the port (500 ms)
	StopTime             time.Duration // for what is in flight after that (10 s)
}

// The wire's own limits, as page authors know them.
const (
	maxBodyBytes  = 64 << 10
	maxHits       = 50
	maxProps      = 30
	maxQueryBytes = 8 << 10
	maxQueryKeys  = 128
)

// Server is the edge.
type Server struct {
	options  Options
	fields   *fields
	limiter  *limiter
	slower   map[string]*limiter // by path
	api      *api
	metrics  *metrics
	health   *health
	unknown  *Unknown
	shared   *fasthttp.ResponseHeader
	date     atomic.Pointer[dateLine]
	requests sync.Pool

	http        *fasthttp.Server
	connections *connections
	listener    atomic.Pointer[listener] // nil before Listen
	certificate *certificate             // nil without TLS
	draining    atomic.Bool
}

// New makes a Server that does not listen yet.
func New(options Options) *Server {
	options.Limits.setDefaults()
	s := &Server{
		options: options,
		fields:  wireFields(),
		limiter: newLimiter(options.Limits, options.Now()),
		slower:  slowerLimiters(options.Now()),
		api:     newAPI(options.Limits.KeyRate, options.Now()),
		unknown: new(Unknown),
		shared:  shared(),
	}
	s.connections = newConnections(options.Limits, options.TrustedProxies.Has)
	s.connections.plain = s.servePlain
	s.metrics = newMetrics(options.Registerer, s)
	s.health = &health{log: options.Log, now: options.Now}
	s.requests.New = func() any { return new(request) }
	if options.CertificateFile != "" {
		s.certificate = &certificate{certificateFile: options.CertificateFile, keyFile: options.KeyFile}
	}
	s.http = &fasthttp.Server{
		Handler:                      s.handle,
		ErrorHandler:                 s.handleUnread,
		HeaderReceived:               leaveBody,
		Logger:                       silent{s.metrics.connectionErrors},
		Concurrency:                  2 * options.Limits.Connections, // the listener says no first, and says it better
		ReadBufferSize:               options.Limits.HeaderBytes,
		MaxRequestBodySize:           maxBodyBytes,
		ReadTimeout:                  options.Limits.ReadTimeout,
		WriteTimeout:                 options.Limits.WriteTimeout,
		IdleTimeout:                  options.Limits.IdleTimeout,
		ReduceMemoryUsage:            true, // an idle connection holds no buffers
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		SecureErrorLogMessage:        true,
		DisablePreParseMultipartForm: true,
		CloseOnShutdown:              true,
	}
	return s
}

// Unknown is what was refused as an unknown site or host, for the operator to see.
func (s *Server) Unknown() *Unknown { return s.unknown }

// Addr is where the server listens; nil before Listen.
func (s *Server) Addr() net.Addr {
	if open := s.listener.Load(); open != nil {
		return open.Addr()
	}
	return nil
}

func (l *Limits) setDefaults() {
	setDefault(&l.Connections, 8192)
	setDefault(&l.ConnectionsPerClient, 256)
	setDefault(&l.HeaderBytes, 16<<10)
	setDefault(&l.ReadTimeout, 10*time.Second)
	setDefault(&l.WriteTimeout, 10*time.Second)
	setDefault(&l.IdleTimeout, time.Minute)
	setDefault(&l.Rate, 50)
	setDefault(&l.Burst, 200)
	setDefault(&l.KeyRate, 5000)
	setDefault(&l.Clients, 1<<17)
	setDefault(&l.DrainTime, 500*time.Millisecond)
	setDefault(&l.StopTime, 10*time.Second)
}

func setDefault[T int | float64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
