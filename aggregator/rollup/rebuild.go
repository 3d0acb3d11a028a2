package rollup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RebuildOptions say what to compute anew.
type RebuildOptions struct {
	From, To time.Time      // days of each site's zone: the first, and the last
	Rollup   string         // one report or base; all when empty
	Site     string         // one site; all when empty
	Progress func(Progress) // told now and then; may be nil
}

// Progress is how far a rebuild has come.
type Progress struct {
	Site, Day    string // what was computed last
	Done, Days   int
	Events, Rows uint64 // of all days so far
}

// Rebuild computes all windows of some days anew, whether anything changed or not. It may be stopped and begun again at any time.
func (e *Engine) Rebuild(ctx context.Context, o RebuildOptions) error {
	chosen, err := e.catalogue.only(o.Rollup)
	if err != nil {
		return err
	}
	if o.To.Before(o.From) {
		return fmt.Errorf("from %s to %s is no span of days", o.From.Format(time.DateOnly), o.To.Format(time.DateOnly))
	}
	days, err := e.chosenDays(ctx, o)
	if err != nil {
		return err
	}
	now, err := e.now(ctx)
	if err != nil {
		return err
	}
	p := Progress{Days: len(days)}
	tell := func(done []siteDay, r Result) {
		last := done[len(done)-1]
		p.Site, p.Day, p.Done = last.site, last.name(), p.Done+len(done)
		p.Events, p.Rows = p.Events+r.events, p.Rows+r.Rows
		if o.Progress != nil {
			o.Progress(p)
		}
	}
	var problems []error
	recent, old := apart(days, now)
	for _, of := range old {
		problems = append(problems, e.computeOld(ctx, of, chosen, true, tell))
	}
	for _, d := range recent {
		if ctx.Err() != nil {
			return errors.Join(append(problems, ctx.Err())...)
		}
		result, err := e.compute(ctx, d, chosen, true)
		if err != nil {
			problems = append(problems, fmt.Errorf("site %s, day of %s: %w", d.site, d.name(), err))
		}
		tell([]siteDay{d}, result)
	}
	return errors.Join(problems...)
}

func (d siteDay) name() string { return d.Start.In(d.zone).Format(time.DateOnly) }

// chosenDays are the days of the options that anything is known of, the oldest first.
func (e *Engine) chosenDays(ctx context.Context, o RebuildOptions) ([]siteDay, error) {
	all, err := e.touched(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	var known []string
	var days []siteDay
	for _, d := range all {
		if !slices.Contains(known, d.site) {
			known = append(known, d.site)
		}
		if name := d.name(); (o.Site == "" || d.site == o.Site) && name >= o.From.Format(time.DateOnly) && name <= o.To.Format(time.DateOnly) {
			days = append(days, d)
		}
	}
	if o.Site != "" && !slices.Contains(known, o.Site) {
		slices.Sort(known)
		return nil, fmt.Errorf("no site %q has events; there are: %s", o.Site, strings.Join(known, ", "))
	}
	slices.Reverse(days)
	return days, nil
}
