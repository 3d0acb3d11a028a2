// Command engine runs the embedded ClickHouse engine of one data directory as a process of its own, so that collectors and
// aggregators can be stopped and started without it. It logs changes of state to stderr and stops cleanly at SIGTERM.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"mayak/schema/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1) //nolint:gocritic // stop only unhooks signals
	}
}

// errHelp says that kong has printed what was asked for.
var errHelp = errors.New("help was printed")

func run(ctx context.Context, arguments []string, getenv func(string) string, stdin io.Reader, stderr io.Writer) error {
	config, err := parse(arguments, stderr)
	if errors.Is(err, errHelp) {
		return nil
	} else if err != nil {
		return err
	}
	settings, err := config.settings(getenv)
	if err != nil {
		return err
	}
	if config.Check {
		fmt.Fprintln(stderr, "the configuration is valid")
		return nil
	}
	if config.StopAtEOF {
		until, stop := context.WithCancel(ctx)
		defer stop()
		go func() { // ends with the process: a read of standard input cannot be interrupted
			_, _ = io.Copy(io.Discard, stdin) // an unreadable input has ended too
			stop()
		}()
		ctx = until
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return embedded.New(settings, log, registry).Run(ctx)
}

// parse reads flags and environment.
func parse(arguments []string, stderr io.Writer) (*Config, error) {
	config, helped := &Config{}, false
	parser, err := kong.New(config,
		kong.Name("engine"), kong.Description("The embedded ClickHouse engine behind ClickHouse's HTTP interface."),
		kong.Writers(stderr, stderr), kong.Exit(func(int) { helped = true }))
	if err != nil {
		return nil, fmt.Errorf("describe the flags: %w", err)
	}
	_, err = parser.Parse(arguments)
	if helped {
		return nil, errHelp
	}
	if err != nil {
		return nil, fmt.Errorf("read the flags: %w", err)
	}
	return config, nil
}
