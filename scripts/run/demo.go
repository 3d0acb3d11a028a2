package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"mayak/schema/clickhouse"
	"mayak/schema/visitor"
	"mayak/scripts/demo"
)

// demoSite is the listener of the demo and what it serves once everything else runs.
type demoSite struct {
	stack    *stack
	listener net.Listener
}

func (s *stack) listenDemo(ctx context.Context) (*demoSite, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Demo)
	if err != nil {
		return nil, fmt.Errorf("demo site: %w; set MAYAK_RUN_DEMO_LISTEN", err)
	}
	return &demoSite{stack: s, listener: listener}, nil
}

// serve serves the demo until ctx ends. It calls ready when a page shows its row as quickly as every later one.
func (d *demoSite) serve(ctx context.Context, ready func()) error {
	c := d.stack.config
	conn, err := clickhouse.Open(clickhouse.Options{DSN: d.stack.dsn, Name: "demo"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left unsent
	explain := newExplainer(filepath.Join(c.Programs, "collector"), append(inherited(), "MAYAK_COLLECTOR_SITES="+d.stack.sites))
	defer explain.close()
	// The first question starts the program, which reads the GeoIP databases: no visitor should wait for that.
	if _, err := explain.ask(demo.Raw{URL: "http://localhost/", Address: netip.IPv6Loopback()}); err != nil {
		return fmt.Errorf("collector explain: %w", err)
	}
	file := os.Getenv("MAYAK_VISITOR_KEY")
	if file == "" {
		file = filepath.Join(c.Data, "visitor.key")
	}
	key, err := visitor.OpenKey(file)
	if err != nil {
		return err
	}
	handler, err := demo.New(demo.Options{
		CollectorURL: "http://" + c.Collector, Lookup: &rows{conn: conn, explain: explain, key: key},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ready()
	served := make(chan error, 1)
	go func() { served <- server.Serve(d.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("demo site: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		_ = server.Close() // a page that is still loading can be loaded again
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
