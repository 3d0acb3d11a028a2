// Command run is the main job on one machine: engine, collector, aggregator and a small demo site whose pages are
// counted. It starts what was built into build/, starts again what dies, and stops everything in the order of the data
// when it is interrupted. The data stay in MAYAK_DATA, so a second run finds them again.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"mayak/schema/settings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// endings are the signals to stop everything at. A terminal that is closed is one, for what run has started would go on
// without it and hold the ports; under nohup it is none.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// Config is what of the processes' settings run must know itself; all other MAYAK_* variables are handed on.
type Config struct {
	Demo            string `env:"MAYAK_RUN_DEMO_LISTEN" default:"127.0.0.1:8000" help:"address of the demo site"`
	Collector       string `env:"MAYAK_COLLECTOR_LISTEN" default:"127.0.0.1:8080" help:"address of the collector"`
	CollectorAdmin  string `env:"MAYAK_COLLECTOR_ADMIN_LISTEN" default:"127.0.0.1:8081" help:"admin address of the collector"`
	Aggregator      string `env:"MAYAK_AGGREGATOR_LISTEN" default:"127.0.0.1:8090" help:"address of the report API"`
	AggregatorAdmin string `env:"MAYAK_AGGREGATOR_ADMIN_LISTEN" default:"127.0.0.1:8091" help:"admin address of the aggregator"`
	Engine          string `env:"MAYAK_ENGINE_LISTEN" default:"127.0.0.1:8123" help:"address of the embedded engine"`
	DSN             string `env:"MAYAK_CLICKHOUSE_DSN" name:"clickhouse-dsn" help:"use this database and no embedded engine"`
	Data            string `env:"MAYAK_DATA" help:"folder of everything that is stored; default: mayak in the user's data folder"`
	History         int    `env:"MAYAK_RUN_HISTORY" default:"0" help:"days of a clinic's visitors that the demo site begins with, with a campaign, an outage and more to tell of; visitors go on coming. It is kept apart from other data"`
	Programs        string `env:"MAYAK_RUN_PROGRAMS" default:"build" help:"folder of the built programs"`
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c Config
	_, err := settings.Parse(&c, settings.Options{
		Name: "run", Description: "Engine, collector, aggregator and a demo site on this machine.",
		Args: args, Stdout: stdout, Stderr: stderr,
	})
	if errors.Is(err, settings.ErrDone) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Data == "" {
		c.Data, err = settings.DataFolder(os.Getenv)
		if c.History > 0 {
			c.Data = filepath.Join(c.Data, "demo")
		}
	} else {
		c.Data, err = filepath.Abs(c.Data)
	}
	if err != nil {
		return err
	}
	s, err := newStack(ctx, &c, stdout)
	if err != nil {
		return err
	}
	return s.run(ctx)
}
