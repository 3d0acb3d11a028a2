// Package api answers operators over HTTP: reports and raw rows, for officers requests about one person's data and the audit log, and for a
// payment step how much speaks for fraud.
//
// Nothing is answered but the description of the API itself without a bearer token, or the cookie of a session that a password began. A
// caller sees its sites, the columns that the policy gives its role, and no groups that are too small. What shows rows of persons is in
// the audit log first. The server listens on loopback unless told otherwise, answers to the host names it knows only, so that a
// page in a browser cannot reach it under a name of its own (DNS rebinding), and to no script of another origin; of a session it wants the
// session's check besides with everything that changes something.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"mayak/aggregator/audit"
	"mayak/aggregator/report"
	"mayak/aggregator/report/access"
	"mayak/aggregator/subject"
	"mayak/schema/policy"
	"mayak/schema/proxies"
)

// Options say what the server is made of.
type Options struct {
	Address  string          // to listen on, as "127.0.0.1:8090"
	Proxies  proxies.Trusted // that say for whom they ask
	Hosts    []string        // names that it answers to beside its address and localhost
	Reports  *report.Reports
	Tokens   *access.Tokens
	Policy   *policy.Policy
	Audit    Audit
	Persons  *subject.Desk // for officers
	Risk     Risk          // for the payment step
	RiskRate float64       // questions about risk a second that one caller may ask; zero is no limit
	Export   driver.Conn   // speaks HTTP: only there the database writes Parquet
	Smallest int           // groups of fewer visitors are folded for analysts
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time

	Incidents Incidents // for ops
	Boards    Boards
}

// Audit is where it is written down who saw rows of persons.
type Audit interface {
	Write(ctx context.Context, e audit.Entry) error
	Newest(ctx context.Context, ticket string, limit int) ([]audit.Read, error)
	Verify(ctx context.Context, kept time.Duration) (*audit.Verified, error)
}

// Server is the HTTP server of reports.
type Server struct {
	Options

	metrics  *metrics
	failures *access.Failures
	sessions *access.Sessions
	asking   slots
	writing  slots
	guessing slots
	paces    paces
	sites    knownSites
	listener net.Listener

	listening slots // of who is told who is there now
	ears      ears
	nows      singleflight.Group
	present   sync.Mutex
	held      map[string]*Now // by site
	stopping  chan struct{}   // closed when listeners have to go
}

const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	idleTimeout   = time.Minute
	stopTimeout   = 5 * time.Second
	headerBytes   = 16 << 10

	reportsAtOnce = 4 // statements of reports that run at once; others wait
	exportsAtOnce = 2
	loginsAtOnce  = 1 // each takes the memory that makes passwords hard to guess
)

// New starts nothing.
func New(o Options) *Server {
	return &Server{
		Options: o, metrics: newMetrics(o.Registry), failures: access.NewFailures(o.Now), sessions: access.NewSessions(o.Tokens, o.Now),
		asking: make(slots, reportsAtOnce), writing: make(slots, exportsAtOnce), guessing: make(slots, loginsAtOnce),
		listening: make(slots, liveListeners), ears: ears{by: map[string]int{}}, held: map[string]*Now{}, stopping: make(chan struct{}),
	}
}

// Listen opens the port, so that a port in use is an error of the start. Run calls it when nobody has.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	if s.listener == nil {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Address)
		if err != nil {
			return nil, fmt.Errorf("listen for reports: %w", err)
		}
		s.listener = listener
	}
	return s.listener.Addr(), nil
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	address, err := s.Listen(ctx)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, // writing has a limit of its own in each handler
		MaxHeaderBytes: headerBytes,
		ErrorLog:       slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
		BaseContext:    func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	s.Log.Info("report listener open", "address", address.String())
	select {
	case err := <-served:
		return fmt.Errorf("serve reports: %w", err)
	case <-ctx.Done():
	}
	close(s.stopping)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		_ = server.Close() // an export that is still under way can be asked for again
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve reports: %w", err)
	}
	return nil
}

// Handler is everything that the server answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/openapi.json", s.describe)
	mux.Handle("GET /api/reports", s.known("reports", s.list))
	mux.Handle("GET /api/report/{name}", s.known("report", s.report))
	mux.Handle("GET /api/export/{table}", s.known("export", s.export))
	mux.HandleFunc("POST /api/login", s.login)
	mux.Handle("GET /api/session", s.known("session", s.session))
	mux.Handle("POST /api/logout", s.known("session", s.logout))
	mux.Handle("POST /api/persons/find", s.officer("persons", s.find))
	mux.Handle("GET /api/persons/requests", s.officer("persons", s.requests))
	mux.Handle("POST /api/persons/requests", s.officer("persons", s.open))
	mux.Handle("GET /api/persons/requests/{ticket}", s.officer("persons", s.request))
	mux.Handle("POST /api/persons/requests/{ticket}/{step}", s.officer("persons", s.step))
	mux.Handle("GET /api/incidents", s.known("incidents", s.incidents))
	mux.Handle("POST /api/deployments", s.known("deployments", s.deploy))
	mux.Handle("GET /api/reference/{code}", s.known("reference", s.reference))
	mux.Handle("GET /api/audit", s.officer("audit", s.entries))
	mux.Handle("GET /api/audit/verify", s.officer("audit", s.verify))
	mux.Handle("POST /api/risk", s.asker(s.assess))
	mux.Handle("POST /api/risk/feedback", s.asker(s.learn))
	mux.Handle("POST /api/risk/scores", s.asker(s.scores))
	s.boards(mux)
	mux.HandleFunc("/", s.nothing)
	return s.guard(mux)
}

// slots bounds how much is done at once.
type slots chan struct{}

// patience is how long a caller waits for its turn.
const patience = 10 * time.Second

// take waits for a slot; false means that there was none for too long.
func (s slots) take(ctx context.Context) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	case <-timer.C:
		return false
	}
}

func (s slots) give() { <-s }
