// Program send puts load on a collector and prints what came back: outcomes, and latencies counted from the moment
// that each request was due.
//
//	go run ./scripts/load/send -rate 500 -for 20s
//	go run ./scripts/load/send -rate 500 -for 20s -key mayak_…   (as a server tells of its visitors)
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"mayak/collector/client"
	"mayak/scripts/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("send", flag.ContinueOnError)
	base := flags.String("to", "http://127.0.0.1:8080", "address of the collector, on this machine")
	site := flags.String("site", "demo", "id of the site")
	page := flags.String("page", "http://localhost:8099", "address of the site's pages")
	rate := flags.Float64("rate", 200, "requests a second")
	length := flags.Duration("for", 10*time.Second, "how long")
	hits := flags.Bool("hits", false, "the rate is of hits, of which a request may hold several")
	curve := flags.Bool("curve", false, "the rate is a week's mean: nights are quiet and mornings busy, by the clock of Almaty")
	malformed := flags.Float64("malformed", 0, "share of requests that no browser would send")
	key := flags.String("key", "", "a key of the site: the same visitors, told by a server through /api/events")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "the same seed makes the same traffic, ids included")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rate <= 0 || *length <= 0 {
		return fmt.Errorf("rate %v and length %v must be above zero", *rate, *length)
	}
	if *key != "" {
		plan := load.Plan{Traffic: load.New(*seed, *site, *page).WithMalformed(*malformed), Rate: *rate, Hits: *hits, Curve: *curve, For: *length}
		return tell(ctx, plan, client.Options{URL: *base, Key: *key}, out)
	}
	browsers := load.NewClient(*base, 30*time.Second)
	defer browsers.Close()
	unit := "requests"
	if *hits {
		unit = "hits"
	}
	fmt.Fprintf(out, "sending %v %s a second for %v, seed %d\n", *rate, unit, *length, *seed)
	report := load.Run(ctx, load.Plan{
		Traffic: load.New(*seed, *site, *page).WithMalformed(*malformed), Client: browsers, Rate: *rate, Hits: *hits, Curve: *curve, For: *length,
	})
	for _, outcome := range slices.Sorted(maps.Keys(report.Outcomes)) {
		fmt.Fprintf(out, "%8d  %s\n", report.Outcomes[outcome], outcome)
	}
	_, err := fmt.Fprintf(out, "%d requests, %d hits, %d of them stored, in %v; answered within p50 %v, p99 %v, p99.9 %v, worst %v\n",
		report.Requests, report.Hits, report.Stored, report.Took.Round(time.Millisecond),
		report.Quantile(0.5), report.Quantile(0.99), report.Quantile(0.999), report.Quantile(1))
	return err
}

// tell sends the traffic as a server would.
func tell(ctx context.Context, plan load.Plan, o client.Options, out io.Writer) error {
	o.Rejected = func(_ []byte, why string) { fmt.Fprintln(out, "rejected:", why) }
	to, err := client.New(o)
	if err != nil {
		return err
	}
	began := time.Now()
	told, err := load.Tell(ctx, plan, to)
	stats := to.Stats()
	fmt.Fprintf(out, "%d hits told, %d of them stored, %d rejected, %d tries more, in %v\n",
		told, stats.Accepted, stats.Rejected, stats.Retries, time.Since(began).Round(time.Millisecond))
	return err
}
