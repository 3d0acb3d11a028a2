// Program crash kills collector and engine at random moments under load and counts what became of every answered event.
//
// Clients send lifelike traffic and repeat a request, with the same ids, until it is answered as stored. Between rounds
// everything is started again, sometimes to be killed while it starts. At the end the collector delivers what waits, and
// every answered id must stand in the database exactly once. The seed decides traffic, moments and victims.
//
//	go run ./scripts/crash -rounds 50
//
// The last line is: crash: N rounds, A answered, lost L, twice T
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are what can be chosen on the command line.
type settings struct {
	rounds  int
	clients int
	seed    uint64
	keep    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	flags.IntVar(&s.rounds, "rounds", 50, "how often to kill")
	flags.IntVar(&s.clients, "clients", 48, "clients that send at once")
	flags.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "decides traffic, moments and victims")
	flags.BoolVar(&s.keep, "keep", false, "keep the data and logs of a run that went well, too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.rounds < 1 || s.clients < 1 {
		return errors.New("rounds and clients must be at least 1")
	}
	dir, err := os.MkdirTemp("", "mayak-crash-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	fmt.Fprintf(out, "crash: seed %d, %d clients, data and logs in %s\n", s.seed, s.clients, dir)
	verdict, err := prove(ctx, s, dir, out)
	if err != nil {
		return fmt.Errorf("crash: %w (logs in %s)", err, dir)
	}
	if !verdict.good() {
		return fmt.Errorf("crash: see the logs and data in %s", dir)
	}
	if s.keep {
		return nil
	}
	return os.RemoveAll(dir)
}
