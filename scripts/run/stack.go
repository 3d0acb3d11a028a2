package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mayak/schema/embedded"
	"mayak/scripts/processes"
)

// stack is everything that runs, in the order in which it is started; it is stopped the other way round.
type stack struct {
	config   *Config
	out      io.Writer
	dsn      string
	sites    string
	services []*processes.Service
}

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 30 * time.Second
)

//go:embed sites.yaml
var demoSites []byte

func newStack(ctx context.Context, c *Config, out io.Writer) (*stack, error) {
	s := &stack{config: c, out: out, dsn: c.DSN, sites: filepath.Join(c.Data, "sites.yaml")}
	if err := os.MkdirAll(filepath.Join(c.Data, "log"), 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := s.provideSites(); err != nil {
		return nil, err
	}
	if s.dsn == "" {
		if _, err := embedded.Locate(os.Getenv); err != nil {
			return nil, err
		}
		s.dsn = "http://" + c.Engine + "/mayak"
		s.add("engine", "http://"+c.Engine+"/ping", "MAYAK_ENGINE_LISTEN="+c.Engine, "MAYAK_ENGINE_DATA="+filepath.Join(c.Data, "engine"))
	}
	// The aggregator is ready only when it has migrated, so the collector never meets a database without its tables.
	s.add("aggregator", "http://"+c.AggregatorAdmin+"/readyz", s.reporting()...)
	s.add("collector", "http://"+c.CollectorAdmin+"/readyz",
		append(s.forCollector(), "MAYAK_CLICKHOUSE_DSN="+s.dsn, "MAYAK_COLLECTOR_SITES="+s.sites, "MAYAK_DATA="+c.Data)...)
	for _, service := range s.services {
		if err := s.checkFree(ctx, service); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// forCollector are settings that are others here. The spool is small, for the disk of somebody's own machine is often fuller than a
// server's may be; and of a history the visitors that go on coming have addresses of their own.
func (s *stack) forCollector() (all []string) {
	const limit = "MAYAK_COLLECTOR_SPOOL_LIMIT"
	if os.Getenv(limit) == "" {
		all = append(all, limit+"=1GiB")
	}
	if s.config.History > 0 {
		all = append(all, "MAYAK_COLLECTOR_TRUSTED_PROXIES=127.0.0.1")
	}
	return all
}

// provideSites writes the demo's sites file once; what the operator changed in it stays.
func (s *stack) provideSites() error {
	if named := os.Getenv("MAYAK_COLLECTOR_SITES"); named != "" {
		s.sites = named
		return nil
	}
	if _, err := os.Stat(s.sites); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(s.sites, demoSites, 0o600)
}

func (s *stack) add(name, ready string, settings ...string) {
	s.services = append(s.services, processes.New(processes.Spec{
		Name: name, Program: filepath.Join(s.config.Programs, name), Env: append(inherited(), settings...),
		Ready: ready, Log: filepath.Join(s.config.Data, "log", name+".log"), Args: arguments(name),
	}))
}

// arguments let the engine end with this process, even if that is killed.
func arguments(name string) []string {
	if name == "engine" {
		return []string{"--stop-at-eof"}
	}
	return nil
}

// inherited are the settings in this process's environment; what run sets itself comes after them and wins.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool { return !strings.HasPrefix(variable, "MAYAK_") })
}

// checkFree tells early which setting moves a service out of another program's way.
func (s *stack) checkFree(ctx context.Context, service *processes.Service) error {
	for _, taken := range []struct{ service, setting, address string }{
		{"engine", "MAYAK_ENGINE_LISTEN", s.config.Engine},
		{"aggregator", "MAYAK_AGGREGATOR_LISTEN", s.config.Aggregator},
		{"aggregator", "MAYAK_AGGREGATOR_ADMIN_LISTEN", s.config.AggregatorAdmin},
		{"collector", "MAYAK_COLLECTOR_LISTEN", s.config.Collector},
		{"collector", "MAYAK_COLLECTOR_ADMIN_LISTEN", s.config.CollectorAdmin},
	} {
		if taken.service != service.Name() {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", taken.address)
		if err != nil {
			return fmt.Errorf("%s: %w; stop what listens there (another make run?) or set %s", taken.service, err, taken.setting)
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) run(ctx context.Context) error {
	demo, err := s.listenDemo(ctx)
	if err != nil {
		return err
	}
	started := 0
	defer func() { s.stop(ctx, s.services[:started]) }()
	for _, service := range s.services {
		fmt.Fprintf(s.out, "starting %s …\n", service.Name())
		starting, cancel := context.WithTimeout(ctx, startTimeout)
		started++
		err := service.Run(starting)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err == nil && service.Name() == "aggregator" {
			err = s.fillHistory(ctx)
		}
		if err != nil {
			return err
		}
	}
	watching, stopWatching := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	for _, service := range s.services {
		watchers.Go(func() { s.keepAlive(watching, service) })
	}
	watchers.Go(func() { s.visit(watching) })
	err = demo.serve(ctx, s.greet)
	stopWatching()
	watchers.Wait()
	return err
}

// keepAlive starts a service again whenever it dies: nothing answered is lost by that.
func (s *stack) keepAlive(ctx context.Context, service *processes.Service) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-service.Ended():
		}
		fmt.Fprintf(s.out, "%s has ended; starting it again\n", service.Name())
		for {
			service.Kill() // forgets the process that is gone
			starting, cancel := context.WithTimeout(ctx, startTimeout)
			err := service.Run(starting)
			cancel()
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				break
			}
			fmt.Fprintf(s.out, "%s does not start: %v\n", service.Name(), err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
		fmt.Fprintf(s.out, "%s is back\n", service.Name())
	}
}

// stop ends the services from the last to the first, so that each can still hand on what it holds.
func (s *stack) stop(ended context.Context, started []*processes.Service) {
	for _, service := range slices.Backward(started) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ended), stopTimeout)
		if err := service.Stop(ctx); err != nil {
			fmt.Fprintln(s.out, err)
		}
		cancel()
	}
	fmt.Fprintln(s.out, "stopped; the data are kept in", s.config.Data)
}

func (s *stack) greet() {
	token, noToken := s.token()
	ops, noOps := s.login("ops")
	security, noSecurity := s.login("security")
	if err := errors.Join(noToken, noOps, noSecurity); err != nil {
		fmt.Fprintln(s.out, err)
	}
	fmt.Fprintf(s.out, `
Mayak is running. Open a page and see, on the page, the row that was stored of your visit:

  http://%[1]s/         a plain page
  http://%[1]s/app/     one page that changes its address as you go (single-page navigation)
  http://%[1]s/plain/   a page that counts without scripts, by a transparent GIF
  http://%[1]s/consent/ a page that asks first, and http://%[2]s/privacy?site=demo, what is kept about you

What was counted, within ten seconds, as dashboards, in the terminal and for programs:

  http://%[9]s         log in as ops, password %[10]s; as security, who sees fraud and risk, %[11]s

  %[6]s report pages --site demo --range today%[7]s
  curl -H 'Authorization: Bearer %[8]s' 'http://%[9]s/api/report/pages?site=demo&range=today'

  collector    http://%[2]s   (health and metrics: http://%[3]s/readyz, /metrics)
  database     %[4]s
  data, logs   %[5]s

Ctrl-C stops everything; the next make run finds its data again.
`, s.config.Demo, s.config.Collector, s.config.CollectorAdmin, withoutPassword(s.dsn), s.config.Data,
		filepath.Join(s.config.Programs, "aggregator"), s.database(), token, s.config.Aggregator, ops, security)
}

func withoutPassword(dsn string) string {
	address, err := url.Parse(dsn)
	if err != nil {
		return "MAYAK_CLICKHOUSE_DSN"
	}
	return address.Redacted()
}
