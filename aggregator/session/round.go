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
	fiveMinutes = 5 * time.Minute
	// settle is how long after its end a window is cut: nearly all of its events are there then.
	settle = 20 * time.Second
	// slack is how long an insert may take to be visible after it was noted.
	slack = 10 * time.Second
	// fineDays are the days before today whose windows of five minutes are kept up to date; those before are cut by the day.
	fineDays = 2
	// memory is how far back changes are looked for.
	memory = 399 * 24 * time.Hour
	// atOnce is how many windows are cut before readers are switched over.
	atOnce = 24
)

// change is what window_changes says of five minutes, or of a day of them.
type change struct {
	count uint64
	last  time.Time
}

func (c change) plus(other change) change {
	c.count += other.count
	if other.last.After(c.last) {
		c.last = other.last
	}
	return c
}

// known is what rollup_windows says of a window.
type known struct {
	Window

	changes uint64
	current bool // cut by the definition that the site has now
}

// missed tells whether the window was cut without what has changed since.
func (k known) missed(c change) bool {
	began := time.UnixMicro(int64(k.Generation >> generationBits)) //nolint:gosec // a time
	return !k.current || k.changes != c.count || began.Before(c.last.Add(slack))
}

// generationBits are the random low bits of a generation: two programs that begin in one microsecond differ.
const generationBits = 10

// state is what a round begins with.
type state struct {
	site    *sites.Site
	zone    string // as rollup_windows has it: time zone and definition
	now     time.Time
	changes map[time.Time]change // by the start of five minutes
	known   []known              // newest of each window, in order
}

// Round cuts what changed at each site. It may run in several programs at once.
func (f *Folder) Round(ctx context.Context) error {
	var problems []error
	for _, site := range f.o.Sites.All() {
		if err := f.roundOf(ctx, site); err != nil {
			problems = append(problems, fmt.Errorf("sessions of site %s: %w", site.ID, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// roundOf goes on until nothing is left to do, a bounded piece at a time.
func (f *Folder) roundOf(ctx context.Context, site *sites.Site) error {
	for {
		s, err := f.load(ctx, site)
		if err != nil {
			return err
		}
		dirty, more := s.dirty()
		written, err := f.step(ctx, s, dirty)
		if err != nil {
			return err
		}
		f.metrics.windows.Add(float64(len(written)))
		if !more {
			return nil
		}
	}
}

// step cuts, merges and switches readers over.
func (f *Folder) step(ctx context.Context, s *state, dirty []Window) ([]Window, error) {
	began := time.Now()
	generation := uint64(s.now.UnixMicro())<<generationBits | rand.Uint64N(1<<generationBits) //nolint:gosec // a time
	cover := s.cover()
	if len(dirty) == 0 {
		cover = cover[max(0, len(cover)-int(pause/fiveMinutes)):] // look whether another program did harm to the newest
	}
	written, err := f.Cut(ctx, Cut{Site: s.site.ID, Generation: generation, Dirty: dirty, Cover: cover})
	if err != nil {
		return nil, err
	}
	merged, err := f.mergeDays(ctx, s, generation, written)
	if err != nil {
		return nil, err
	}
	if err := f.announce(ctx, s, written); err != nil {
		return nil, err
	}
	written = append(written, merged...)
	return written, f.record(ctx, s, written, time.Since(began))
}

// dirty are the windows to be cut, the oldest first, and whether there are more than are cut at once. What was cut by the hour or by
// the day is cut so again; what was never cut is cut in large windows where much of it is there, as after a pause or on an upgrade.
func (s *state) dirty() (dirty []Window, more bool) {
	fine, cover := s.fine(), s.cover()
	large, small := map[Window]change{}, map[Window]change{}
	for start, c := range s.changes {
		window := s.day(start)
		if !start.Before(fine) {
			window = owner(cover, start)
		}
		if window.Tier == "day" || window.Tier == "hour" {
			window.Generation = 0
			large[window] = large[window].plus(c)
		} else {
			small[Window{Tier: "5m", From: start, To: start.Add(fiveMinutes)}] = c
		}
	}
	for window, c := range large {
		if s.find(window).missed(c) {
			dirty = append(dirty, window)
		}
	}
	fresh := map[Window][]Window{}
	for window, c := range small {
		switch k := s.find(window); {
		case s.now.Before(window.To.Add(settle)):
		case k.Generation == 0:
			fresh[s.largest(window.From, cover)] = append(fresh[s.largest(window.From, cover)], window)
		case k.missed(c):
			dirty = append(dirty, window)
		}
	}
	for window, small := range fresh {
		if len(small) > many {
			dirty = append(dirty, window)
		} else {
			dirty = append(dirty, small...)
		}
	}
	slices.SortFunc(dirty, func(a, b Window) int { return a.From.Compare(b.From) })
	return dirty[:min(len(dirty), atOnce)], len(dirty) > atOnce
}

// many windows of five minutes in one of an hour or a day are cut at once.
const many = 3

// owner is the window of the cover that holds a moment, the zero one if there is none.
func owner(cover []Window, at time.Time) Window {
	if i := slices.IndexFunc(cover, func(w Window) bool { return !at.Before(w.From) && at.Before(w.To) }); i >= 0 {
		return cover[i]
	}
	return Window{}
}

// find is what is known of a window.
func (s *state) find(w Window) known {
	if i := slices.IndexFunc(s.known, func(k known) bool { return k.Tier == w.Tier && k.From.Equal(w.From) }); i >= 0 {
		return s.known[i]
	}
	return known{}
}

// largest is the largest window that is over, holds the moment, and in which nothing was cut yet.
func (s *state) largest(at time.Time, cover []Window) Window {
	hour := Window{Tier: "hour", From: at.Add(-time.Duration(at.In(s.site.Location()).Minute()) * time.Minute)}
	hour.To = hour.From.Add(time.Hour)
	for _, w := range []Window{s.day(at), hour} {
		free := !slices.ContainsFunc(cover, func(c Window) bool { return c.From.Before(w.To) && w.From.Before(c.To) })
		if free && !s.now.Before(w.To.Add(settle)) {
			return w
		}
	}
	return Window{Tier: "5m", From: at, To: at.Add(fiveMinutes)}
}

// mergeDays puts the days together that are over and whose windows changed.
func (f *Folder) mergeDays(ctx context.Context, s *state, generation uint64, written []Window) ([]Window, error) {
	now := overlaid(s.cover(), written)
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

// fine is the first moment whose windows are five minutes long.
func (s *state) fine() time.Time {
	return s.day(s.now.In(s.site.Location()).AddDate(0, 0, -fineDays)).From
}

// day is the site's day that holds a moment.
func (s *state) day(at time.Time) Window {
	begin := func(year int, month time.Month, day int) time.Time {
		noon := time.Date(year, month, day, 12, 0, 0, 0, s.site.Location())
		for noon.Add(-15*time.Minute).Day() == noon.Day() { // clocks may be set at midnight, so a day may begin at another hour
			noon = noon.Add(-15 * time.Minute)
		}
		return noon.UTC()
	}
	year, month, day := at.In(s.site.Location()).Date()
	w := Window{Tier: "day", From: begin(year, month, day), To: begin(year, month, day+1)}
	if at.Before(w.From) { // midnight comes twice, and this is before the second
		w = Window{Tier: "day", From: begin(year, month, day-1), To: w.From}
	}
	return w
}

func (s *state) changesIn(w Window) (sum change) {
	for start, c := range s.changes {
		if !start.Before(w.From) && start.Before(w.To) {
			sum = sum.plus(c)
		}
	}
	return sum
}

// cover is what sessions are carried along: old days, then whatever is finest.
func (s *state) cover() []Window {
	var cover []Window
	fine := s.fine()
	for _, k := range s.known {
		within := func(other known) bool {
			return other.Tier != k.Tier && !other.From.Before(fine) && !other.From.Before(k.From) && !other.To.After(k.To)
		}
		covered := func(other known) bool {
			return other.Tier == "hour" && !k.From.Before(other.From) && !k.To.After(other.To)
		}
		switch {
		case k.Tier == "day" && !slices.ContainsFunc(s.known, within),
			k.Tier == "hour" && !k.From.Before(fine),
			k.Tier == "5m" && !k.From.Before(fine) && !slices.ContainsFunc(s.known, covered):
			cover = append(cover, k.Window)
		}
	}
	return cover
}

// days are the days of the cover, with those that were just written.
func (s *state) days(written []Window) []Window {
	var days []Window
	for _, k := range s.known {
		if k.Tier == "day" {
			days = append(days, k.Window)
		}
	}
	return overlaid(days, slices.DeleteFunc(slices.Clone(written), func(w Window) bool { return w.Tier != "day" }))
}

// overlaid is the cover with what was written in it.
func overlaid(cover, written []Window) []Window {
	for _, w := range written {
		cover = replace(cover, w)
	}
	return cover
}

// load reads what changed and what is known.
func (f *Folder) load(ctx context.Context, site *sites.Site) (*state, error) {
	s := &state{site: site, zone: fmt.Sprintf("%s %016x", site.TimeZone, f.Definition(site.ID)), changes: map[time.Time]change{}}
	if err := f.o.Conn.QueryRow(ctx, "SELECT now64(6, 'UTC')").Scan(&s.now); err != nil {
		return nil, fmt.Errorf("ask the database's clock: %w", err)
	}
	since := stamp(s.now.Add(-memory))
	rows, err := f.o.Conn.Query(ctx, "SELECT window, sum(changes), max(last_changed) FROM window_changes WHERE site = "+
		literal(site.ID)+" AND window >= "+since+" GROUP BY window")
	if err != nil {
		return nil, fmt.Errorf("read window_changes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var start time.Time
		var c change
		if err := rows.Scan(&start, &c.count, &c.last); err != nil {
			return nil, fmt.Errorf("read window_changes: %w", err)
		}
		s.changes[start.UTC()] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read window_changes: %w", err)
	}
	s.known, err = f.loadKnown(ctx, s, since)
	return s, err
}

func (f *Folder) loadKnown(ctx context.Context, s *state, since string) ([]known, error) {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT toString(tier), start, argMax(until, generation), max(generation), argMax(changes, generation), argMax(zone, generation) = %s
		FROM rollup_windows WHERE site = %s AND name = %s AND start >= %s AND startsWith(zone, %s) GROUP BY tier, start`,
		literal(s.zone), literal(s.site.ID), literal(Name), since, literal(s.site.TimeZone+" ")))
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
