package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"mayak/aggregator/rollup"
)

// rebuildCommand computes rollups anew, for when what they count has changed or somebody doubts them.
type rebuildCommand struct {
	From   day    `required:"" placeholder:"2026-11-01" help:"first day, in each site's time zone"`
	To     day    `placeholder:"2026-11-22" help:"last day; today when empty"`
	Rollup string `help:"only this rollup; all when empty"`
	Site   string `help:"only this site; all when empty"`
}

// day is a date on the command line.
type day struct{ time.Time }

// UnmarshalText reads "2026-11-01".
func (d *day) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("day %q: want a date like 2026-11-01", text)
	}
	d.Time = at
	return nil
}

func rebuild(ctx context.Context, c *Config, chosen *rebuildCommand, log *slog.Logger, out io.Writer) error {
	a, err := newAggregator(c, log)
	if err != nil {
		return err
	}
	defer func() { _ = a.conn.Close() }() // nothing is left unsent
	if err := a.prepare(ctx); err != nil {
		return err
	}
	until := chosen.To.Time
	if until.IsZero() {
		until = time.Now().Add(24 * time.Hour) // today may be tomorrow's date already where a site is
	}
	started := time.Now()
	if chosen.Rollup == "" { // days of the date line reach half a day further than those of UTC
		const zones = 14 * time.Hour
		if err := a.sessions.Rebuild(ctx, chosen.Site, chosen.From.Add(-zones), until.Add(zones+24*time.Hour)); err != nil {
			return err
		}
	}
	return a.engine.Rebuild(ctx, rollup.RebuildOptions{
		From: chosen.From.Time, To: until, Rollup: chosen.Rollup, Site: chosen.Site,
		Progress: func(p rollup.Progress) {
			took := time.Since(started)
			_, _ = fmt.Fprintf(out, "%s %s: day %d of %d, %d events, %d rows, %.0f events a second\n", // a closed pipe stops no rebuild
				p.Site, p.Day, p.Done, p.Days, p.Events, p.Rows, float64(p.Events)/took.Seconds())
		},
	})
}
