package processes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Aggregator is an aggregator for the site "demo".
type Aggregator struct {
	*Service
	address string
}

// NewAggregator prepares an aggregator whose settings are below dir and whose database is at dsn.
func NewAggregator(programs Programs, dir, dsn string) (*Aggregator, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	sites := filepath.Join(dir, "sites.yaml")
	if err := os.WriteFile(sites, []byte(sitesFile), 0o600); err != nil {
		return nil, fmt.Errorf("sites file: %w", err)
	}
	return &Aggregator{address: address, Service: New(Spec{
		Name: "aggregator", Program: programs.path("aggregator"), Ready: "http://" + admin + "/readyz",
		Log: filepath.Join(dir, "aggregator.log"),
		Env: []string{
			"MAYAK_AGGREGATOR_LISTEN=" + address,
			"MAYAK_AGGREGATOR_ADMIN_LISTEN=" + admin,
			"MAYAK_AGGREGATOR_SITES=" + sites,
			"MAYAK_AGGREGATOR_TOKENS=" + filepath.Join(dir, "tokens.yaml"),
			"MAYAK_CLICKHOUSE_DSN=" + dsn,
		},
	})}, nil
}

// URL is where the aggregator answers.
func (a *Aggregator) URL() string { return "http://" + a.address }

// Command is one of the aggregator's commands, with the same settings; it is not started.
func (a *Aggregator) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, a.Spec.Program, args...)
	command.Env = append(cleanEnviron(), a.Spec.Env...)
	return command
}
