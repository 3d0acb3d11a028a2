package rollup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// apart divides days into those whose windows are computed tier by tier, and old ones, by site and from the oldest: these are made of
// events at once, many in one statement. Their hours would be deleted again before the days could be made of them.
func apart(days []siteDay, now time.Time) (recent []siteDay, old [][]siteDay) {
	at := map[string]int{}
	for _, d := range days {
		if d.Start.After(now.Add(-Hour.kept())) {
			recent = append(recent, d)
			continue
		}
		i, known := at[d.site]
		if !known {
			i = len(old)
			at[d.site], old = i, append(old, nil)
		}
		old[i] = append(old[i], d)
	}
	for _, of := range old {
		slices.SortFunc(of, func(a, b siteDay) int { return a.Start.Compare(b.Start) })
	}
	return recent, old
}

// atOnce is how many statements run at once.
const atOnce = 2

// computeOld brings old days of one site up to date, given from the oldest, and tells of each batch that was switched over. A batch that
// fails does not stop the others.
func (e *Engine) computeOld(ctx context.Context, days []siteDay, c *catalogue, force bool, tell func([]siteDay, Result)) error {
	w := &work{engine: e, catalogue: c, day: days[0], force: force, changes: map[string]map[int64]change{}}
	w.day.End = days[len(days)-1].End
	var err error
	if w.now, err = e.now(ctx); err != nil {
		return err
	}
	for _, feed := range c.feeds() {
		if w.changes[feed], err = e.changesOf(ctx, feed, w.day); err != nil {
			return err
		}
	}
	if w.records, err = e.recordsOf(ctx, w.day); err != nil {
		return err
	}
	var problems []error
	for _, batch := range w.batches(days) {
		if ctx.Err() != nil {
			return errors.Join(append(problems, ctx.Err())...)
		}
		result, err := w.runOld(ctx, batch)
		if err != nil {
			problems = append(problems, fmt.Errorf("site %s, days from %s to %s: %w", batch[0].site, batch[0].name(), batch[len(batch)-1].name(), err))
		}
		tell(batch, result)
	}
	return errors.Join(problems...)
}

// batches are neighbouring days of the usual length, of as many events together as one statement takes in.
func (w *work) batches(days []siteDay) [][]siteDay {
	var all [][]siteDay
	var events uint64
	for _, d := range days {
		n := w.rowsIn(d.Window)
		if last := len(all) - 1; last >= 0 && events+n <= w.engine.o.Slice && follows(all[last][len(all[last])-1], d) {
			all[last] = append(all[last], d)
			events += n
			continue
		}
		all, events = append(all, []siteDay{d}), n
	}
	return all
}

const usualDay = 24 * time.Hour

func follows(before, d siteDay) bool {
	return before.End.Equal(d.Start) && before.End.Sub(before.Start) == usualDay && d.End.Sub(d.Start) == usualDay
}

// rowsIn is about how many events a window has: as many as were ever inserted.
func (w *work) rowsIn(window Window) (n uint64) {
	for at := window.Start; at.Before(window.End); at = at.Add(step) {
		n += w.changes[ownFeed][at.Unix()].count
	}
	return n
}

// runOld computes what is stale of some days, and switches readers over.
func (w *work) runOld(ctx context.Context, batch []siteDay) (Result, error) {
	var err error
	if w.now, err = w.engine.now(ctx); err != nil {
		return Result{}, err
	}
	w.generation, w.made, w.events, w.twice = newGeneration(w.now), nil, nil, nil
	w.day.Start, w.day.End = batch[0].Start, batch[len(batch)-1].End
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, b := range w.catalogue.bases {
		for _, windows := range w.staleDays(b, batch) {
			statements, err := w.oldStatements(ctx, b, windows)
			if err != nil {
				return Result{}, errors.Join(fmt.Errorf("rollup %s: %w", b.name, err), group.Wait())
			}
			for _, run := range statements {
				group.Go(func() error { return run(running) })
			}
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	each := time.Since(w.now).Seconds() / float64(max(1, len(w.made)))
	for i := range w.made {
		w.made[i].seconds = each
	}
	return w.finish(ctx)
}

// staleDays are the days of a batch that a base or a report on it needs, neighbours together.
func (w *work) staleDays(b *definition, batch []siteDay) [][]Window {
	var all [][]Window
	for _, d := range batch {
		if !w.needsDay(b, d.Window) {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last][len(all[last])-1].End.Equal(d.Start) {
			all[last] = append(all[last], d.Window)
		} else {
			all = append(all, []Window{d.Window})
		}
	}
	return all
}

// oldStatements are what makes days of a base and of its reports, in any order and at once.
func (w *work) oldStatements(ctx context.Context, b *definition, windows []Window) ([]func(context.Context) error, error) {
	if err := w.countOld(ctx, b); err != nil {
		return nil, err
	}
	reports := w.catalogue.reportsOf(b.name)
	for _, day := range windows {
		r := record{changes: w.seen(b, day).count, events: w.eventsIn([]Window{day})}
		w.note(b.name, day, r)
		for _, report := range reports {
			w.note(report.name, day, r)
		}
	}
	to := target{site: w.day.site, tier: Day, generation: w.generation, window: dayIn(windows)}
	if b.foreign != nil {
		return w.oldForeign(ctx, b, to, windows, reports)
	}
	var all []func(context.Context) error
	for _, source := range w.oldSources(b, windows) {
		rows := b.rows(source)
		texts := []string{b.insertBase(to, rows, w.catalogue.counting(b))}
		for _, report := range reports {
			texts = append(texts, report.insertDays(to, "("+rows+")"))
		}
		for _, statement := range texts {
			all = append(all, func(ctx context.Context) error { return w.exec(ctx, statement) })
		}
	}
	return all, nil
}

func (w *work) oldForeign(ctx context.Context, b *definition, to target, windows []Window, reports []*definition) ([]func(context.Context) error, error) {
	rows, err := b.foreign.Ended(ctx, w.day.site, windows[0].Start, windows[len(windows)-1].End)
	if err != nil {
		return nil, err
	}
	all := []func(context.Context) error{func(ctx context.Context) error {
		return b.foreign.Compute(ctx, Unit{Site: w.day.site, Zone: w.day.zone.String(), Tier: Day, Windows: windows, Generation: w.generation})
	}}
	for _, report := range reports {
		statement := report.insertDays(to, "("+rows+")")
		all = append(all, func(ctx context.Context) error { return w.exec(ctx, statement) })
	}
	return all, nil
}

// countOld counts the events of the batch, once.
func (w *work) countOld(ctx context.Context, b *definition) (err error) {
	if w.events == nil && b.foreign == nil {
		w.events, w.twice, err = w.engine.counts(ctx, w.day.site, []Window{w.day.Window})
	}
	return err
}

// manyHours is how many hours a statement names one by one.
const manyHours = 1000

// oldSources are the events of neighbouring days: those of hours in which an id stands twice are read with the care that takes. Of a day
// with too many for one statement, each is some of the visitors.
func (w *work) oldSources(b *definition, windows []Window) []string {
	start, end := windows[0].Start, windows[len(windows)-1].End
	var careful []string
	for hour := range w.twice {
		careful = append(careful, moment(time.Unix(hour, 0)))
	}
	slices.Sort(careful)
	events := w.eventsIn(windows)
	parts := (events + w.engine.o.Slice - 1) / w.engine.o.Slice
	var all []string
	for part := range parts {
		simple := span{site: w.day.site, start: start, end: end, part: part, of: parts}
		twice := simple
		twice.twice = true
		switch {
		case len(careful) == 0:
			all = append(all, simple.source(b))
			continue
		case len(careful) > manyHours:
			all = append(all, twice.source(b))
			continue
		}
		in := strings.Join(careful, ", ")
		all = append(all, fmt.Sprintf("(SELECT * FROM %s WHERE toStartOfHour(ts) NOT IN (%s) UNION ALL SELECT * FROM %s WHERE toStartOfHour(ts) IN (%s))",
			simple.source(b), in, twice.source(b), in))
	}
	return all
}

// dayIn is the day, of neighbours of the usual length, that a 5-minute window belongs to.
func dayIn(windows []Window) string {
	first := windows[0].Start
	if len(windows) == 1 {
		return moment(first)
	}
	return fmt.Sprintf("toDateTime(%[1]d + intDiv(toUnixTimestamp(window) - %[1]d, 86400) * 86400, 'UTC')", first.Unix())
}
