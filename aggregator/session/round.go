package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"mayak/schema/sites"
)

const (
	// shortest is how long the smallest windows are.
	shortest = 5 * time.Minute
	// settle is how long after its end a window is cut: nearly all of its events are there then.
	settle = 20 * time.Second
	// slack is how long an insert may take to be visible after it was noted.
	slack = 10 * time.Second
	// fineDays are the days before today whose windows of five minutes are kept up to date; those before are cut by the day.
	fineDays = 2
	// memory is how far back changes are looked for.
	memory = 399 * 24 * time.Hour
	// glance is how far back every round looks, surveyed how often one looks at everything; so it does as long as events come later.
	glance   = 4 * 24 * time.Hour
	surveyed = time.Hour
)

// Round cuts what changed at each site, and now and then deletes what nobody reads any more. It may run in several programs at once.
func (f *Folder) Round(ctx context.Context) error {
	return f.each(ctx, "", anew{})
}

// Rebuild cuts everything between two moments anew, of one site or, when it is empty, of all.
func (f *Folder) Rebuild(ctx context.Context, site string, from, to time.Time) error {
	var now time.Time
	if err := f.o.Conn.QueryRow(ctx, "SELECT now64(6, 'UTC')").Scan(&now); err != nil {
		return fmt.Errorf("ask the database's clock: %w", err)
	}
	return f.each(ctx, site, anew{from: from, to: to, began: now})
}

func (f *Folder) each(ctx context.Context, only string, again anew) error {
	var problems []error
	for _, site := range f.o.Sites.All() {
		if only != "" && only != site.ID {
			continue
		}
		if err := f.roundOf(ctx, site, again); err != nil {
			problems = append(problems, fmt.Errorf("sessions of site %s: %w", site.ID, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// roundOf goes on until nothing is left to do, a bounded piece at a time.
func (f *Folder) roundOf(ctx context.Context, site *sites.Site, again anew) error {
	due, last := f.isDue(site.ID, again)
	survey := due
	if !survey {
		late, err := f.count(ctx, fmt.Sprintf("SELECT count() FROM window_changes WHERE site = %s AND window < now() - %d AND last_changed > %s",
			literal(site.ID), int((glance-25*time.Hour).Seconds()), moment(last.Add(-slack))))
		if err != nil {
			return fmt.Errorf("look for late events: %w", err)
		}
		survey = late > 0
	}
	for {
		s, err := f.load(ctx, site, survey)
		if err != nil {
			return err
		}
		s.anew = again
		dirty, more := s.dirty()
		written, err := f.step(ctx, s, dirty, more)
		if err != nil {
			return err
		}
		f.metrics.windows.Add(float64(len(written)))
		if !more {
			last = s.now
			break
		}
	}
	if survey {
		f.mu.Lock()
		f.surveyed[site.ID] = last
		f.mu.Unlock()
	}
	if !due {
		return nil
	}
	if err := f.sweep(ctx, site.ID); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.survey[site.ID] = time.Now()
	return nil
}

// isDue tells whether it is time to look at all of a site's history, and when that was done last.
func (f *Folder) isDue(site string, again anew) (due bool, last time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !again.began.IsZero() || time.Since(f.survey[site]) > surveyed, f.surveyed[site]
}

// step cuts, merges and switches readers over. Where nothing changed, it looks at each new five minutes once.
func (f *Folder) step(ctx context.Context, s *state, dirty []Window, more bool) ([]Window, error) {
	began := time.Now()
	generation := uint64(s.now.UnixMicro())<<generationBits | rand.Uint64N(1<<generationBits)
	cover := s.covered
	edge := s.now.Add(-settle).Truncate(shortest) // up to here everything is cut, or will be by this step
	if len(dirty) == 0 {
		if f.isQuiet(s.site.ID, edge) {
			return nil, nil
		}
		cover = cover[max(0, len(cover)-int(pause/shortest)):] // look whether another program did harm to the newest
	}
	written, err := f.Cut(ctx, Cut{Site: s.site.ID, Generation: generation, Dirty: dirty, Cover: cover})
	if err != nil {
		return nil, err
	}
	merged, err := f.mergeDays(ctx, s, generation, written)
	if err != nil {
		return nil, err
	}
	if more {
		edge = never() // what goes on after these windows is told of again
	}
	if err := f.announce(ctx, s, written, edge); err != nil {
		return nil, err
	}
	written = append(written, merged...)
	if err := f.record(ctx, s, written, time.Since(began)); err != nil || more {
		return written, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet[s.site.ID] = edge
	return written, nil
}

func (f *Folder) isQuiet(site string, edge time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.quiet[site].Equal(edge)
}

// mergeDays puts the days together that are over and whose windows changed.
func (f *Folder) mergeDays(ctx context.Context, s *state, generation uint64, written []Window) ([]Window, error) {
	now := overlaid(s.covered, written)
	var merged []Window
	for day := s.day(s.fine()); !s.now.Before(day.To.Add(pause)); day = s.day(day.To) {
		var below []Window
		for _, w := range now {
			if w.Tier != "day" && !w.From.Before(day.From) && w.From.Before(day.To) {
				below = append(below, w)
			}
		}
		changed := slices.ContainsFunc(written, func(w Window) bool { return !w.From.Before(day.From) && w.From.Before(day.To) })
		at := slices.IndexFunc(s.known, func(k known) bool { return k.Tier == "day" && k.From.Equal(day.From) })
		if len(below) == 0 || !changed && at >= 0 && s.known[at].current && s.known[at].changes == s.changesIn(day).count {
			continue
		}
		day.Generation = generation
		into, err := f.Merge(ctx, Merge{Site: s.site.ID, Into: day, Cover: s.days(slices.Concat(written, merged)), Below: below})
		if err != nil {
			return nil, err
		}
		merged = append(merged, into)
	}
	return merged, nil
}

// load reads what changed and what is known.
func (f *Folder) load(ctx context.Context, site *sites.Site, survey bool) (*state, error) {
	s := &state{site: site, zone: fmt.Sprintf("%s %016x", site.TimeZone, f.Definition(site.ID)), most: slicesAtOnce * f.o.Slice}
	if err := f.o.Conn.QueryRow(ctx, "SELECT now64(6, 'UTC')").Scan(&s.now); err != nil {
		return nil, fmt.Errorf("ask the database's clock: %w", err)
	}
	since := s.day(s.now.Add(-glance)).From // whole days, or their changes would not be all
	if survey {
		since = s.day(s.now.Add(-memory)).To
	}
	rows, err := f.o.Conn.Query(ctx, "SELECT window, sum(changes), max(last_changed) FROM window_changes WHERE site = "+
		literal(site.ID)+" AND window >= "+stamp(since)+" GROUP BY window ORDER BY window")
	if err != nil {
		return nil, fmt.Errorf("read window_changes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var c changed
		if err := rows.Scan(&c.start, &c.count, &c.last); err != nil {
			return nil, fmt.Errorf("read window_changes: %w", err)
		}
		c.start = c.start.UTC()
		s.changes = append(s.changes, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read window_changes: %w", err)
	}
	all, err := f.loadKnown(ctx, s, since.Add(-48*time.Hour)) // something may be carried from the day before
	s.know(all)
	return s, err
}

func (f *Folder) loadKnown(ctx context.Context, s *state, since time.Time) ([]known, error) {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT toString(tier), start, argMax(until, generation), max(generation), argMax(changes, generation), argMax(zone, generation) = %s
		FROM rollup_windows WHERE site = %s AND name = %s AND start >= %s AND startsWith(zone, %s) GROUP BY tier, start`,
		literal(s.zone), literal(s.site.ID), literal(Name), stamp(since), literal(s.site.TimeZone+" ")))
	if err != nil {
		return nil, fmt.Errorf("read rollup_windows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	byWindow := map[string]known{}
	for rows.Next() {
		var k known
		var current uint8
		if err := rows.Scan(&k.Tier, &k.From, &k.To, &k.Generation, &k.changes, &current); err != nil {
			return nil, fmt.Errorf("read rollup_windows: %w", err)
		}
		k.From, k.To, k.current = k.From.UTC(), k.To.UTC(), current == 1
		byWindow[k.Tier+k.From.String()] = k
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rollup_windows: %w", err)
	}
	return slices.SortedFunc(maps.Values(byWindow), func(a, b known) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Tier, b.Tier))
	}), nil
}

// record switches readers over to what was written: one insert of one block.
func (f *Folder) record(ctx context.Context, s *state, written []Window, took time.Duration) error {
	if len(written) == 0 {
		return nil
	}
	batch, err := f.o.Conn.PrepareBatch(ctx, "INSERT INTO rollup_windows (site, name, tier, zone, start, until, generation, changes, events, rows, seconds)")
	if err != nil {
		return fmt.Errorf("switch readers over: %w", err)
	}
	each := float32(took.Seconds() / float64(len(written)))
	for _, w := range written {
		if err := batch.Append(s.site.ID, Name, w.Tier, s.zone, w.From, w.To, w.Generation, s.changesIn(w).count, w.Events, uint64(0), each); err != nil {
			return fmt.Errorf("switch readers over: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("switch readers over: %w", err)
	}
	return nil
}
