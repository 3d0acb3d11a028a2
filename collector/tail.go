package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// tailCommand is `collector tail`.
type tailCommand struct {
	Site    string `help:"only hits of this site"`
	Way     string `help:"only hits that came in this way: beacon, pixel, report, mail, api, choice"`
	Dropped bool   `help:"only hits that were dropped"`
	JSON    bool   `help:"for programs, a line of JSON each"`
}

const (
	// watchersAtOnce may watch a collector.
	watchersAtOnce = 8
	// tailPause is how long outcomes are gathered before they are sent.
	tailPause = 100 * time.Millisecond
)

// tail answers with a line of JSON for each hit, until who asked goes away.
func (o *outcomes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if o.watching.Load() >= watchersAtOnce {
		http.Error(w, "too many are watching", http.StatusTooManyRequests)
		return
	}
	comes, end := o.watch()
	defer end()
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Time{}) // it lasts as long as somebody watches
	_ = control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	pause := time.NewTicker(tailPause)
	defer pause.Stop()
	for unsent := true; ; {
		select {
		case <-r.Context().Done():
			return
		case what := <-comes:
			if err := out.Encode(what); err != nil {
				return // who watched has gone
			}
			unsent = true
		case <-pause.C:
			if unsent && control.Flush() != nil {
				return
			}
			unsent = false
		}
	}
}

// tail prints what becomes of the hits of the collector that runs with these settings.
func tail(ctx context.Context, c *Config, command *tailCommand, stdout io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.AdminListen+"/tail", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("no collector answers at %s (MAYAK_COLLECTOR_ADMIN_LISTEN): %w", c.AdminListen, err)
	}
	defer func() { _ = answer.Body.Close() }() // nothing is lost
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector at %s answered %s", c.AdminListen, answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var what outcome
		if err := json.Unmarshal(lines.Bytes(), &what); err != nil {
			return fmt.Errorf("read the collector's answer: %w", err)
		}
		if err := command.print(stdout, &what, lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the collector has gone: %w", err)
	}
	return nil
}

func (t *tailCommand) print(out io.Writer, what *outcome, line []byte) error {
	if what.Missed > 0 && !t.JSON { // whatever they were
		if _, err := fmt.Fprintf(out, "%d hits came too quickly to be shown\n", what.Missed); err != nil {
			return err
		}
	}
	if t.Site != "" && what.Site != t.Site || t.Way != "" && what.Way != t.Way || t.Dropped && what.Outcome == storedWord {
		return nil
	}
	if t.JSON {
		_, err := fmt.Fprintf(out, "%s\n", line)
		return err
	}
	outcome := what.Outcome
	if outcome != storedWord {
		outcome = "dropped: " + outcome
	}
	_, err := fmt.Fprintf(out, "%s  %-16s %-7s %-9s %s\n", what.At.Local().Format(time.TimeOnly), what.Site, what.Way, what.Type, outcome)
	return err
}
