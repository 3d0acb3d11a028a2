// Program bench measures the hot path on this machine: what a collector answers a second, beside a bare fasthttp server
// that looks at nothing, and what it delivers a second into the embedded engine.
//
// Both servers are processes of their own, are driven by wrk with the same requests over loopback, and take turns, so that
// what else the machine does falls on both: the ratios are to be trusted, single numbers only on an idle machine. An answer
// of /e and /p.gif is durable. Where the user has databases of places, a second collector that looks them up has its turn,
// so that what they cost shows, and the memory of the first is without them. The database is away while requests are measured; what they leave in the spool is then
// delivered, and that is measured for itself. The figures go to build/bench.json, and as a table to the output.
//
//	make bench
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// settings are what can be chosen on the command line.
type settings struct {
	length time.Duration
	rounds int
	output string
	bare   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.DurationVar(&s.length, "length", 10*time.Second, "of one run of wrk")
	flags.IntVar(&s.rounds, "rounds", 3, "how often each server has its turn; the medians count")
	flags.StringVar(&s.output, "output", "build/bench.json", "file for the figures")
	flags.StringVar(&s.bare, "bare", "", "serve as the bare server at this address, and do nothing else")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.bare != "" {
		return serveBare(ctx, s.bare)
	}
	if s.length < time.Second || s.rounds < 1 {
		return errors.New("length must be at least a second, and rounds at least 1")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("wrk is missing, which sends the requests: apt-get install wrk")
	}
	dir, err := os.MkdirTemp("", "mayak-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	figures, err := measure(ctx, s, dir, out)
	if err != nil {
		return fmt.Errorf("%w (logs in %s)", err, dir)
	}
	if err := figures.write(s.output); err != nil {
		return err
	}
	figures.print(out)
	return os.RemoveAll(dir)
}
