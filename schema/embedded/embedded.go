// Package embedded serves the real ClickHouse engine, loaded as a library into this process, on ClickHouse's own HTTP
// interface, so that every client speaks to it as to a server.
//
//	client ──HTTP──► handler ─credentials─► readRequest ─decode─► statement ─► slots (bounded, then 503)
//	                                                                             │ a session of its own: USE, SET
//	   ┌─────────────────────────────────────────────────────────────────────────┘
//	   ├─ INSERT … FORMAT: body ─256 KiB─► chdb_stream_append … chdb_stream_done ─► 200 + summary
//	   ├─ SELECT in Native: chdb_stream_fetch_result ─recode revision─► frames ─► encoding ─► client, block by block
//	   ├─ SELECT in any other format: the engine writes it into a pipe ─► client
//	   └─ anything else: one small answer
//	an exception before the first byte has a status of its own, afterwards a tagged mark and a cut connection;
//	a client that goes away has its statement killed.
//
// It promises that an insert answered with 200 is on disk, that memory stays within Config.Memory, and that one directory
// belongs to one process. It refuses sessions, several statements at once, and reading or writing this machine's files.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config is what an Engine needs to know; every field has to be set unless it says otherwise.
type Config struct {
	Library     string        // what Locate found
	Dir         string        // data directory; made when missing
	Listen      string        // address to listen on
	Memory      int64         // bytes that the engine may use
	Concurrency int           // statements that run at once
	Wait        time.Duration // how long a statement waits for others before it is refused
	Drain       time.Duration // how long running statements may go on when the engine stops
	Password    string        // of the user default; may be empty
	UsersFile   string        // users in ClickHouse's users.xml; may be empty
	Backups     string        // folder that BACKUP writes into and RESTORE reads from; made when missing
}

// Engine is the engine of one data directory.
type Engine struct {
	config  Config
	log     *slog.Logger
	metrics *metrics
	exposed http.Handler
	ready   chan struct{}
	address string
}

// New only remembers; Run does everything. The engine's own port shows the registry as /metrics.
func New(config Config, log *slog.Logger, registry *prometheus.Registry) *Engine {
	return &Engine{
		config: config, log: log, metrics: newMetrics(registry), ready: make(chan struct{}),
		exposed: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
}

// Ready is closed once Addr is known and answers.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Addr is where the engine listens; valid once Ready is closed.
func (e *Engine) Addr() string { return e.address }

// Run serves until the context ends, then lets running statements finish and closes the engine.
func (e *Engine) Run(ctx context.Context) (err error) {
	started := time.Now()
	all, err := readAccounts(e.config.UsersFile, e.config.Password)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(e.config.Dir) {
		return fmt.Errorf("the data directory %q is not an absolute path", e.config.Dir) // the engine would mix two of them up
	}
	release, err := lockDir(e.config.Dir)
	if err != nil {
		return err
	}
	defer release()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", e.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", e.config.Listen, err)
	}
	defer func() { _ = listener.Close() }() // closed already by a clean stop
	executor, stop, err := e.open(all)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	h := &handler{executor: executor, accounts: all, metrics: e.exposed, name: "mayak", log: e.log, statement: largestStatement}
	server := &http.Server{
		Handler: h.routes(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 1 << 20,
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	e.address = listener.Addr().String()
	close(e.ready)
	e.log.Info("engine ready", "address", e.address, "version", Version, "took", time.Since(started).Round(time.Millisecond))
	err = serve(ctx, server, listener, e.config.Drain)
	e.log.Info("engine stopped")
	return err
}

// serve runs the server until the context ends and all requests have, or the drain time has passed.
func serve(ctx context.Context, server *http.Server, listener net.Listener, drain time.Duration) error {
	statements, cancelStatements := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancelStatements(nil)
	server.BaseContext = func(net.Listener) context.Context { return statements }
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		// What is still running is killed rather than waited for; its clients see a cut connection.
		cancelStatements(refuse(236, "ABORTED", "The engine is stopping"))
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err = server.Shutdown(last); err != nil {
			err = errors.Join(fmt.Errorf("statements did not end within %s: %w", 2*drain, err), server.Close())
		}
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve: %w", served))
	}
	return err
}

// open starts the engine itself. One session stays open to the end: without any the engine would shut down.
func (e *Engine) open(all *accounts) (*executor, func() error, error) {
	config, err := writeProfile(e.config.Dir, e.config.Backups, e.config.Memory, e.config.Concurrency, all)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(e.config.Backups, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the folder of backups: %w", err)
	}
	temporary := filepath.Join(e.config.Dir, "tmp")
	if err := os.MkdirAll(temporary, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the directory for temporary files: %w", err)
	}
	left, _ := filepath.Glob(filepath.Join(temporary, "held-*")) // a fixed pattern has no error
	for _, file := range left {
		_ = os.Remove(file) // of a process that was killed
	}
	// The engine's time zone is the process's, whatever its configuration says.
	if err := os.Setenv("TZ", "UTC"); err != nil {
		return nil, nil, fmt.Errorf("set the time zone: %w", err)
	}
	lib, err := loadLibrary(e.config.Library)
	if err != nil {
		return nil, nil, err
	}
	connect := func() (*connection, error) {
		return openConnection(lib, "--path="+e.config.Dir, "--config-file="+config)
	}
	keep, err := connect()
	if err != nil {
		return nil, nil, fmt.Errorf("start the engine in %s: %w", e.config.Dir, err)
	}
	stop := func() error {
		keep.close()
		return nil
	}
	executor := &executor{
		connect: connect, metrics: e.metrics, temporary: temporary,
		slots: newSlots(e.config.Concurrency, e.config.Wait, e.metrics),
	}
	return executor, stop, nil
}

// lockDir makes the data directory and claims it for this process: the engine knows of no other one.
func lockDir(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !free {
		return nil, fmt.Errorf("the data directory %s is in use by another process", dir)
	}
	return func() { _ = lock.Unlock() }, nil // the process's end unlocks too
}
