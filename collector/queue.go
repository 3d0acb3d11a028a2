package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"mayak/collector/spool"
	"mayak/schema/policy"
)

// listSpool prints the segments of the spool, also while a collector runs.
func listSpool(c *Config, stdout io.Writer) error {
	dir, err := c.dataDir(os.Getenv)
	if err != nil {
		return err
	}
	rules, err := policy.Load(c.Policy)
	if err != nil {
		return err
	}
	segments, err := spool.Inspect(filepath.Join(dir, "spool"))
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "SEGMENT\tSTATE\tEVENTS\tBYTES\tAGE\tGOES\tREASON")
	for _, s := range segments {
		age := "unknown"
		if !s.Created.IsZero() {
			age = time.Since(s.Created).Round(time.Second).String()
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.Name, s.State, s.Records, s.Bytes, age, goes(s, rules.Spool), s.Reason)
	}
	return out.Flush()
}

// goes is when a segment is removed by its age.
func goes(s spool.Info, kept policy.Spool) string {
	switch {
	case s.State == "open" || s.State == "sealed":
		return "when delivered"
	case s.Created.IsZero():
		return "with the next one"
	}
	return s.Created.Add(time.Duration(kept.Aside)).UTC().Format(time.DateOnly)
}

// replaySpool makes the segments that were set aside deliverable; the next collector delivers them.
func replaySpool(ctx context.Context, c *Config, stdout io.Writer) error {
	dir, err := c.dataDir(os.Getenv)
	if err != nil {
		return err
	}
	queue, err := spool.Open(filepath.Join(dir, "spool"), spool.Options{Limit: int64(c.SpoolLimit), DiskShare: 1})
	if err != nil {
		return err
	}
	n, replayErr := queue.Replay()
	if err := errors.Join(replayErr, queue.Close(ctx)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d segments will be delivered when the collector starts\n", n)
	return err
}
