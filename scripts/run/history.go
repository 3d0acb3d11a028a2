package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"mayak/schema/clickhouse"
)

// eventsADay is how much the clinic's visitors do; historyTries how often their history is written, if the database is short of memory
// while reports are made of its beginning.
const (
	eventsADay   = 9_000
	historyTries = 3
)

// fillHistory writes the history before anybody counts, unless the database has one.
func (s *stack) fillHistory(ctx context.Context) error {
	if s.config.History == 0 {
		return nil
	}
	conn, err := clickhouse.Open(clickhouse.Options{DSN: s.dsn, Name: "run"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing waits in it
	var events uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM events WHERE site = 'demo'").Scan(&events); err != nil {
		return fmt.Errorf("look for a history: %w", err)
	}
	if events > eventsADay {
		fmt.Fprintf(s.out, "going on with the %d events that are there\n", events)
		return nil
	}
	until := time.Now().UTC().Format("2006-01-02T15:04:00Z")
	for try := 1; ; try++ {
		err := s.writeHistory(ctx, until)
		if err == nil || try == historyTries || ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(s.out, "%v; once more, what is there stays\n", err)
	}
}

// writeHistory writes the history that ends then. Its batches have names, so that one that is written again counts once.
func (s *stack) writeHistory(ctx context.Context, until string) error {
	days := s.config.History
	command := exec.CommandContext(ctx, filepath.Join(s.config.Programs, "history"),
		"-dsn", s.dsn, "-story", "-until", until, "-days", strconv.Itoa(days), "-events", strconv.Itoa(days*eventsADay))
	command.Stdout, command.Stderr = s.out, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("write a history: %w", err)
	}
	return nil
}

// visit lets visitors go on coming until ctx ends.
func (s *stack) visit(ctx context.Context) {
	if s.config.History == 0 {
		return
	}
	command := exec.CommandContext(ctx, filepath.Join(s.config.Programs, "send"),
		"-to", "http://"+s.config.Collector, "-hits", "-curve", "-rate", strconv.FormatFloat(eventsADay/86_400.0, 'f', 4, 64), "-for", "100000h")
	if err := command.Run(); err != nil && ctx.Err() == nil {
		fmt.Fprintln(s.out, "visitors stay away:", err)
	}
}
