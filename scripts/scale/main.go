// Program scale measures what reports and rollups cost as a site's history grows: for each size it fills a database with a
// year of lifelike events, computes every rollup anew, asks for every report over 30 days and over the year, and lets the
// aggregator work while 2,000 events a second come in. It prints a table and writes build/scale.json.
//
//	go run ./scripts/scale -events 1000000,10000000
//
// A part of the events is made by the gate and the enricher (scripts/load/history); the others are copies of these with
// visitors, ids and moments of their own, made inside the database. It needs build/engine and build/aggregator, takes minutes,
// and removes its data at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mayak/schema/settings"
)

// options are what can be chosen on the command line.
type options struct {
	sizes  []int
	days   int
	seed   int
	runs   int
	live   time.Duration
	rate   int
	memory string
	folder string
	out    string
	keep   bool
	steps  []string
}

// The largest history that one run may make, which takes a machine of this size half an hour.
const largest = 200_000_000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	sizes := flags.String("events", "1000000,10000000", "sizes of the history, with commas between")
	flags.IntVar(&o.days, "days", 365, "how long the history is")
	flags.IntVar(&o.seed, "seed-events", 1_000_000, "how many of them are made one by one")
	flags.IntVar(&o.runs, "runs", 20, "how often each report is asked for")
	flags.DurationVar(&o.live, "live", 7*time.Minute, "how long events come in while the aggregator works, longer than a window; 0 leaves it out")
	flags.IntVar(&o.rate, "rate", 2000, "events a second that come in meanwhile")
	flags.StringVar(&o.memory, "memory", "1GiB", "memory of the engine")
	flags.StringVar(&o.folder, "folder", "", "where the data are while it runs; default: scale in the user's cache folder")
	flags.StringVar(&o.out, "out", filepath.Join("build", "scale.json"), "file that the figures are written to")
	steps := flags.String("steps", strings.Join(stepNames(), ","), "what to do, of these, with commas between; the others need -keep before")
	flags.BoolVar(&o.keep, "keep", false, "keep the data, and go on with those that are there")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.sizes, err = readSizes(*sizes); err != nil {
		return o, err
	}
	o.steps = strings.Split(*steps, ",")
	if o.folder == "" {
		base, err := settings.CacheFolder(os.Getenv)
		if err != nil {
			return o, err
		}
		o.folder = filepath.Join(base, "scale")
	}
	err = o.validate()
	return o, err
}

func readSizes(text string) ([]int, error) {
	var sizes []int
	for one := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(one))
		if err != nil || size < 1000 || size > largest {
			return nil, fmt.Errorf("events %q: want sizes from 1000 to %d", one, largest)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

func (o *options) validate() error {
	if o.days < 31 || o.days > 390 || o.seed < 1000 || o.runs < 1 || o.runs > 1000 {
		return errors.New("days must be 31 to 390, seed-events at least 1000, runs 1 to 1000")
	}
	for _, step := range o.steps {
		if !slices.Contains(stepNames(), step) {
			return fmt.Errorf("steps: %q is none; there are %s", step, strings.Join(stepNames(), ", "))
		}
	}
	if o.live < 0 || o.live > time.Hour || o.rate < 1 || o.rate > 100_000 {
		return errors.New("live must be at most an hour, rate 1 to 100000")
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	var all []figures
	for _, size := range o.sizes {
		one, err := measure(ctx, &o, size, out)
		if err != nil {
			return fmt.Errorf("%d events: %w", size, err)
		}
		all = append(all, one)
		if err := write(o.out, all); err != nil {
			return err
		}
	}
	return show(out, all)
}

// stepNames are what measuring a size consists of, in order.
func stepNames() []string { return []string{"fill", "rebuild", "sizes", "reports", "live"} }

// measure does one size from beginning to end.
func measure(ctx context.Context, o *options, size int, out io.Writer) (_ figures, err error) {
	s, err := open(ctx, o, size, out)
	if err != nil {
		return figures{}, err
	}
	defer func() { err = errors.Join(err, s.close(o.keep)) }()
	f := figures{Events: size}
	for i, do := range []func(context.Context, *figures) error{s.fill, s.rebuild, s.sizes, s.reports, s.live} {
		name := stepNames()[i]
		if !slices.Contains(o.steps, name) {
			continue
		}
		started := time.Now()
		if err := do(ctx, &f); err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(out, "%s of %d events took %v\n", name, size, time.Since(started).Round(time.Millisecond))
	}
	return f, nil
}
