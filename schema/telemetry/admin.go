package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin is the listener for the operator: never reachable from where visitors are.
type Admin struct {
	Address  string // to listen on, as "127.0.0.1:8081"
	Registry *prometheus.Registry
	Checks   *Checks
	Routes   map[string]http.Handler // further patterns, as net/http's mux reads them
	Log      *slog.Logger

	listener net.Listener
}

const (
	adminTimeout       = 30 * time.Second
	adminHeaderTimeout = 5 * time.Second
	adminStopTimeout   = time.Second
	scrapesAtOnce      = 4
)

// Listen opens the port, so that a port in use is an error of the start. Run calls it when nobody has.
func (a *Admin) Listen(ctx context.Context) (net.Addr, error) {
	if a.listener == nil {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Address)
		if err != nil {
			return nil, fmt.Errorf("listen for admin: %w", err)
		}
		a.listener = listener
	}
	return a.listener.Addr(), nil
}

// Run serves until ctx ends.
func (a *Admin) Run(ctx context.Context) error {
	address, err := a.Listen(ctx)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: adminHeaderTimeout,
		ReadTimeout:       adminTimeout,
		WriteTimeout:      adminTimeout,
		IdleTimeout:       2 * adminTimeout,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.listener) }()
	a.Log.Info("admin listener open", "address", address.String())

	select {
	case err := <-served:
		return fmt.Errorf("serve admin: %w", err)
	case <-ctx.Done():
	}
	// What is being asked here can be asked again: there is no use in waiting long for it.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), adminStopTimeout)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		_ = server.Close() // cuts off what is left
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve admin: %w", err)
	}
	return nil
}

func (a *Admin) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{a.Log},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // the asker has gone; it will ask again
	})
	mux.Handle("GET /readyz", a.Checks)
	for pattern, handler := range a.Routes {
		mux.Handle(pattern, handler)
	}
	return mux
}

// scrapeLog is the log of /metrics. promhttp tells of each metric that a scraper did not wait for, dozens a scrape: that is
// the scraper's affair.
type scrapeLog struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (s scrapeLog) Println(said ...any) {
	for _, what := range said {
		if err, ok := what.(error); ok && errors.As(err, new(*net.OpError)) {
			return
		}
	}
	s.log.Error("metrics not told", "err", strings.TrimSpace(fmt.Sprintln(said...)))
}
