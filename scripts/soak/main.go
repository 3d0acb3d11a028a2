// Program soak sends hits at a constant rate for a long time through everything, delivery included, and restarts the
// engine under way. Each minute it prints what it sees; at the end it judges: memory that does not grow, a backlog that goes
// back to zero, counters that add up, and as many events in the database as were answered as stored.
//
//	go run ./scripts/soak -for 30m -rate 5000
//
// The exit code says whether all of that held.
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
	length   time.Duration
	rate     float64
	restarts int
	every    time.Duration
	seed     uint64
	keep     bool
}

// Nobody forgets a soak that runs for ever.
const (
	longest = 4 * time.Hour
	fastest = 50_000
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.DurationVar(&s.length, "for", 30*time.Minute, "how long")
	flags.Float64Var(&s.rate, "rate", 5000, "hits a second")
	flags.IntVar(&s.restarts, "restarts", 2, "how often the engine is restarted")
	flags.DurationVar(&s.every, "every", time.Minute, "how often to print")
	flags.Uint64Var(&s.seed, "seed", 1, "decides the traffic")
	flags.BoolVar(&s.keep, "keep", false, "keep the data and logs of a run that went well, too")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	var problems []error
	if s.length < 5*time.Second || s.length > longest {
		problems = append(problems, fmt.Errorf("for %v: want 5 s to %v", s.length, longest))
	}
	if s.rate < 1 || s.rate > fastest {
		problems = append(problems, fmt.Errorf("rate %v: want 1 to %d", s.rate, fastest))
	}
	if s.restarts < 0 || s.restarts > 100 || s.every < time.Second {
		problems = append(problems, errors.New("restarts must be 0 to 100, every at least a second"))
	}
	return s, errors.Join(problems...)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mayak-soak-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	fmt.Fprintf(out, "soak: %v at %v hits a second, engine restarted %d times, seed %d, load average %s, data and logs in %s\n",
		s.length, s.rate, s.restarts, s.seed, loadAverage(), dir)
	st, err := setUp(ctx, s, dir, out)
	if err != nil {
		return fmt.Errorf("soak: %w (logs in %s)", err, dir)
	}
	defer st.collector.Kill()
	defer st.engine.Kill()
	if err := st.soak(ctx); err != nil {
		return fmt.Errorf("soak: %w (logs in %s)", err, dir)
	}
	if s.keep {
		return nil
	}
	st.collector.Kill() // what writes into the folder goes first
	st.engine.Kill()
	return os.RemoveAll(dir)
}
