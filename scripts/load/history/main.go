// Program history writes the events of a long time straight into the table events, for demos and for measuring what
// big histories cost. The rows are what a collector would have stored of the same visits: gate and enricher have seen each
// visit, and the columns are the deliverer's.
//
//	go run ./scripts/load/history -events 10000000 -days 365 -dsn http://127.0.0.1:8123/mayak
//
// The same settings make the same rows and the same batches, so writing them again soon changes nothing. An end of its own
// (-until) makes them the same on another day. The table must be there, and keeps what is 400 days old no longer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"mayak/schema/clickhouse"
)

// settings are what can be chosen on the command line.
type settings struct {
	plan

	dsn string
}

func main() {
	debug.SetGCPercent(300) // what lives is a few large batches, and looking through them is most of the collector's work
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], time.Now(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func parse(args []string, now time.Time) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("history", flag.ContinueOnError)
	flags.StringVar(&s.dsn, "dsn", "http://127.0.0.1:8123/mayak", "database that the rows go to, migrated")
	flags.StringVar(&s.site, "site", "demo", "id of the site")
	flags.StringVar(&s.host, "host", "localhost", "host of its pages")
	flags.IntVar(&s.events, "events", 1_000_000, "rows to write")
	flags.Uint64Var(&s.seed, "seed", 1, "the same seed makes the same history, ids included")
	told := flags.Bool("story", false, "a season, a campaign, robots, a fraud ring, a service that fails, and an outage at one provider half an hour before the end; an aggregator must have been started on the database")
	days := flags.Int("days", 30, "how long it is")
	until := flags.String("until", "", "its end, like 2026-11-22T12:00:00Z; this minute when empty")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.until = now.UTC().Truncate(time.Minute)
	if *until != "" {
		var err error
		if s.until, err = time.Parse(time.RFC3339, *until); err != nil {
			return s, fmt.Errorf("until: %w", err)
		}
	}
	s.from = s.until.Add(-time.Duration(*days) * 24 * time.Hour).Truncate(time.Hour)
	if *told {
		s.story = &story{end: s.until}
	}
	if s.events < 1 || *days < 1 || *days > 400 {
		return s, errors.New("events must be at least 1, days 1 to 400")
	}
	return s, nil
}

func run(ctx context.Context, args []string, now time.Time, out io.Writer) error {
	s, err := parse(args, now)
	if err != nil {
		return err
	}
	conn, err := clickhouse.Open(clickhouse.Options{DSN: s.dsn, Name: "history"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing waits in it
	if err := conn.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	h, err := newHistory(s.plan)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d events of site %s from %s to %s, seed %d\n",
		s.events, s.site, s.from.Format(time.RFC3339), s.until.Format(time.RFC3339), s.seed)
	w := writer{conn: conn, history: h, token: s.token(), progress: newProgress(out, s.events)}
	took, err := w.write(ctx)
	if err != nil {
		return err
	}
	if s.story != nil {
		if err := h.tellMore(ctx, conn, out); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d events of %d visitors in %v: %.0f a second\n",
		s.events, h.crowd.Visitors(), took.Round(time.Millisecond), float64(s.events)/took.Seconds())
	return err
}

// token names this history, so that its batches can be known again.
func (p plan) token() string {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s %s %d %d %d", p.seed, p.site, p.host, p.events, p.from.UnixMilli(), p.until.UnixMilli())
	if p.story != nil {
		fmt.Fprint(sum, " story")
	}
	return fmt.Sprintf("history-%016x", sum.Sum64())
}
