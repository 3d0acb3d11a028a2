package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mayak/schema/embedded"
)

// Engine is the embedded ClickHouse.
type Engine struct {
	*Service
	address string
}

// NewEngine prepares an engine whose data are below dir. The error is embedded.ErrMissing if its library was never fetched.
func NewEngine(programs Programs, dir string) (*Engine, error) {
	if _, err := embedded.Locate(os.Getenv); err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the engine: %w", err)
	}
	return &Engine{address: address, Service: New(Spec{
		Name: "engine", Program: programs.path("engine"), Ready: "http://" + address + "/ping",
		Args: []string{"--listen", address, "--data", filepath.Join(dir, "engine"), "--stop-at-eof"},
		Log:  filepath.Join(dir, "engine.log"),
	})}, nil
}

// Address is host and port of the engine.
func (e *Engine) Address() string { return e.address }

// DSN is the address of a database in the engine.
func (e *Engine) DSN(database string) string { return "http://" + e.address + "/" + database }

// Query runs a statement and returns the answer's text, tab separated.
func (e *Engine) Query(ctx context.Context, statement string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.address+"/", strings.NewReader(statement))
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	return string(text), nil
}

// Migrate brings a database to this source's schema.
func Migrate(ctx context.Context, programs Programs, dsn string) error {
	command := exec.CommandContext(ctx, programs.path("aggregator"), "migrate")
	command.Env = append(cleanEnviron(), "MAYAK_CLICKHOUSE_DSN="+dsn)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, output)
	}
	return nil
}

// Collector is a collector for the site "demo".
type Collector struct {
	*Service
	address string
	admin   string
	data    string
}

// The site that a Collector counts, and the address of its pages.
const (
	Site = "demo"
	Page = "http://localhost:8099"
)

const sitesFile = `sites:
  - id: demo
    hostnames: [localhost, 127.0.0.1]
    time_zone: Asia/Almaty
`

// NewCollector prepares a collector whose data are below dir and whose database is at dsn. It believes what a load
// balancer on this machine says of a client's address, so that one load can come from many visitors.
func NewCollector(programs Programs, dir, dsn string) (*Collector, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	data, sites := filepath.Join(dir, "collector"), filepath.Join(dir, "sites.yaml")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the collector: %w", err)
	}
	if err := os.WriteFile(sites, []byte(sitesFile), 0o600); err != nil {
		return nil, fmt.Errorf("sites file: %w", err)
	}
	return &Collector{address: address, admin: admin, data: data, Service: New(Spec{
		Name: "collector", Program: programs.path("collector"), Ready: "http://" + admin + "/readyz",
		Log: filepath.Join(dir, "collector.log"),
		Env: []string{
			"MAYAK_COLLECTOR_LISTEN=" + address,
			"MAYAK_COLLECTOR_ADMIN_LISTEN=" + admin,
			"MAYAK_COLLECTOR_DATA=" + data,
			"MAYAK_COLLECTOR_DISK_SHARE=1", // how full this machine is says nothing of what is tried
			"MAYAK_VISITOR_KEY=" + filepath.Join(dir, "visitor.key"),
			"MAYAK_COLLECTOR_SITES=" + sites,
			"MAYAK_COLLECTOR_TRUSTED_PROXIES=127.0.0.1",
			"MAYAK_CLICKHOUSE_DSN=" + dsn,
		},
	})}, nil
}

// URL is where the collector takes hits.
func (c *Collector) URL() string { return "http://" + c.address }

// Data is the collector's data folder.
func (c *Collector) Data() string { return c.data }
