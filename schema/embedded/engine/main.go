// Command engine runs the embedded ClickHouse engine of one data directory as a process of its own, so that collectors and
// aggregators can be stopped and started without it. It logs changes of state to stderr and stops cleanly at SIGTERM.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"mayak/schema/embedded"
	"mayak/schema/settings"
	"mayak/schema/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	c := &Config{}
	_, err := settings.Parse(c, settings.Options{
		Name: "engine", Description: "The embedded ClickHouse engine behind ClickHouse's HTTP interface.",
		Args: args, Environ: os.Environ(), Stdout: stdout, Stderr: stderr,
		Foreign: []string{
			"MAYAK_COLLECTOR_", "MAYAK_AGGREGATOR_", "MAYAK_CLICKHOUSE_", "MAYAK_GEOIP", "MAYAK_POLICY",
			"MAYAK_VISITOR_KEY", "MAYAK_DATA", "MAYAK_CACHE", "MAYAK_TEST_", "MAYAK_RUN_",
		},
	})
	if errors.Is(err, settings.ErrDone) {
		return nil
	}
	if err != nil {
		return err
	}
	config, err := c.embedded(os.Getenv)
	if err != nil {
		return err
	}
	if c.Check {
		_, err := fmt.Fprintln(stdout, "settings are valid")
		return err
	}
	log, err := telemetry.Logger(stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	if err := telemetry.NoCoreFiles(); err != nil {
		return err
	}
	if c.StopAtEOF {
		until, stop := context.WithCancel(ctx)
		defer stop()
		go func() { // ends with the process: a read of standard input cannot be interrupted
			_, _ = io.Copy(io.Discard, stdin) // an unreadable input has ended too
			stop()
		}()
		ctx = until
	}
	return embedded.New(config, log, telemetry.NewRegistry()).Run(ctx)
}
