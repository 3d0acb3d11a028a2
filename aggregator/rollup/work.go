package rollup

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// work is the computation of one site's day: what it needs to know, and what it has made so far.
type work struct {
	engine     *Engine
	catalogue  *catalogue
	day        siteDay
	now        time.Time
	generation uint64
	force      bool // whether anything changed or not

	changes map[string]map[int64]change // by feed
	records map[recordKey]record
	events  map[int64]uint64 // of the 5-minute windows that were counted
	twice   map[int64]bool   // UTC hours in which an id stands twice
	made    []made
}

// made is a computed window that readers are not yet switched to.
type made struct {
	name string
	Window
	record
}

// compute brings one day of a site up to date: first what is finest, and one switch at the end.
func (e *Engine) compute(ctx context.Context, d siteDay, c *catalogue, force bool) (Result, error) {
	w := &work{engine: e, catalogue: c, day: d, force: force, changes: map[string]map[int64]change{}}
	var err error
	if w.now, err = e.now(ctx); err != nil {
		return Result{}, err
	}
	w.generation = newGeneration(w.now)
	for _, feed := range c.feeds() {
		if w.changes[feed], err = e.changesOf(ctx, feed, d); err != nil {
			return Result{}, err
		}
	}
	if w.records, err = e.recordsOf(ctx, d); err != nil {
		return Result{}, err
	}
	plans := w.plans()
	if w.events, w.twice, err = e.counts(ctx, d.site, w.toCount(plans)); err != nil {
		return Result{}, err
	}
	if w.missed(plans) {
		plans = w.plans()
	}
	for _, p := range plans {
		if err := w.run(ctx, p); err != nil {
			return Result{}, fmt.Errorf("rollup %s: %w", p.base.name, err)
		}
	}
	return w.finish(ctx)
}

// plan is what has to be computed for one base, with the reports on it.
type plan struct {
	base  *definition
	fives []Window
	hours []Window
	day   bool
}

func (w *work) plans() []plan {
	var plans []plan
	for _, b := range w.catalogue.bases {
		if p := w.plan(b); len(p.fives) > 0 || len(p.hours) > 0 || p.day {
			plans = append(plans, p)
		}
	}
	return plans
}

func (w *work) plan(b *definition) plan {
	p := plan{base: b}
	for _, five := range fives(w.day.Window) {
		if w.inTime(FiveMinutes, five.Start) && w.needs(b, b.name, five) {
			p.fives = append(p.fives, five)
		}
	}
	all := hours(w.day.Window, w.day.zone)
	for _, hour := range all {
		if w.needs(b, b.name, hour) || p.touches(hour) && w.closed(b, hour) {
			p.hours = append(p.hours, hour)
		}
	}
	p.day = w.needsDay(b, w.day.Window) || len(p.hours) > 0 && w.closed(b, w.day.Window) && w.rested(b.name, w.day.Window)
	if p.day {
		p.hours = slices.DeleteFunc(all, func(hour Window) bool { return !w.forDay(&p, hour) })
	}
	return p
}

func (w *work) needsDay(b *definition, day Window) bool {
	needs := w.needs(b, b.name, day)
	for _, report := range w.catalogue.reportsOf(b.name) {
		needs = needs || w.needs(b, report.name, day)
	}
	return needs
}

// forDay tells whether an hour has to be computed before its day: every hour must be there then.
func (w *work) forDay(p *plan, hour Window) bool {
	return w.stale(p.base, p.base.name, hour) || p.touches(hour)
}

// touches tells whether a 5-minute window of the plan lies in the hour.
func (p *plan) touches(hour Window) bool {
	for _, five := range p.fives {
		if five.within(hour) {
			return true
		}
	}
	return false
}

// inTime tells whether a window of a tier would still be read.
func (w *work) inTime(tier Tier, start time.Time) bool { return start.After(w.now.Add(-tier.kept())) }

// seen are the changes in a window, as far as they are known now.
func (w *work) seen(b *definition, window Window) change {
	var total change
	changes := w.changes[b.feed()]
	for at := window.Start; at.Before(window.End); at = at.Add(step) {
		if c, ok := changes[at.Unix()]; ok {
			total.count += c.count
			if c.last.After(total.last) {
				total.last = c.last
			}
		}
	}
	return total
}

// delay is how long after its end a window waits for what is on its way from the collectors.
const delay = 10 * time.Second

// patience is how long a window that changes without a pause is waited for.
const patience = time.Minute

// closed tells whether a window is over.
func (w *work) closed(b *definition, window Window) bool {
	end := window.End.Add(delay)
	if b.foreign != nil {
		if window.Tier == FiveMinutes {
			return true
		}
		end = window.End.Add(settle)
	}
	return !w.now.Before(end)
}

// stale tells whether the newest computation of a window is not one of all that is known.
func (w *work) stale(b *definition, name string, window Window) bool {
	seen := w.seen(b, window)
	r, ok := w.records[recordKey{name, window.Tier, window.Start.Unix()}]
	switch {
	case !ok:
		return seen.count > 0
	case w.force || r.changes != seen.count || r.began().Before(seen.last.Add(w.engine.o.Slack)):
		return true
	}
	return w.newerBelow(b, window, r.generation)
}

// newerBelow tells whether a finer window within this one was computed after it.
func (w *work) newerBelow(b *definition, window Window, generation uint64) bool {
	finer := []Window{}
	switch window.Tier {
	case Hour:
		finer = fives(window)
	case Day:
		finer = hours(window, w.day.zone)
	case FiveMinutes:
	}
	for _, one := range finer {
		if r, ok := w.records[recordKey{b.name, one.Tier, one.Start.Unix()}]; ok && r.generation > generation {
			return true
		}
	}
	return false
}

// needs tells whether a window is to be computed now: it is closed and stale, its newest change can be seen by now, and it was not
// computed just before at great cost.
func (w *work) needs(b *definition, name string, window Window) bool {
	if !w.closed(b, window) || !w.stale(b, name, window) {
		return false
	}
	settled := !w.now.Before(w.seen(b, window).last.Add(w.engine.o.Slack))
	return w.force || w.rested(name, window) && (settled || w.now.After(window.End.Add(patience)))
}

// rested tells whether a window was left alone for long enough, so that what changes all the time does not take all the time.
func (w *work) rested(name string, window Window) bool {
	r, ok := w.records[recordKey{name, window.Tier, window.Start.Unix()}]
	return !ok || w.force || w.now.Sub(r.computed).Seconds() > w.engine.rest*r.seconds
}

// toCount are the windows that will be computed from events by this package itself.
func (w *work) toCount(plans []plan) []Window {
	var all []Window
	for _, p := range plans {
		if p.base.foreign != nil {
			continue
		}
		all = append(all, p.fives...)
		for _, hour := range p.hours {
			if w.from(p, hour) == nil {
				all = append(all, hour)
			}
		}
	}
	return all
}

// missed finds windows that lost an event to a twin in another window of the same hour, which no change tells of, and forgets their
// computations.
func (w *work) missed(plans []plan) bool {
	found := false
	for key, r := range w.records {
		if key.tier != FiveMinutes || w.catalogue.base(key.name) == nil || w.catalogue.base(key.name).foreign != nil || len(plans) == 0 {
			continue
		}
		start := time.Unix(key.start, 0)
		if _, counted := w.countedHour(start); counted && w.events[key.start] != r.events {
			delete(w.records, key)
			delete(w.records, recordKey{key.name, Hour, w.hourOf(start).Start.Unix()})
			delete(w.records, recordKey{key.name, Day, w.day.Start.Unix()})
			found = true
		}
	}
	return found
}

// countedHour tells whether the hour of UTC that holds a moment was counted.
func (w *work) countedHour(at time.Time) (hour time.Time, ok bool) {
	hour = at.Truncate(time.Hour)
	for five := hour; five.Before(hour.Add(time.Hour)); five = five.Add(step) {
		if _, ok := w.events[five.Unix()]; ok {
			return hour, true
		}
	}
	return hour, false
}

func (w *work) hourOf(at time.Time) Window {
	for _, hour := range hours(w.day.Window, w.day.zone) {
		if at.Before(hour.End) {
			return hour
		}
	}
	return Window{}
}

// from are the 5-minute windows that an hour can be made of: all that have changes, each computed as far as is known now. Nil means
// that it has to be made of events.
func (w *work) from(p plan, hour Window) []Computed {
	if p.base.foreign != nil {
		return nil // what is unfinished has no five minutes yet, and belongs to the hour all the same
	}
	from := []Computed{} // nothing happened: nothing to make it of, which is not nil
	for _, five := range fives(hour) {
		if w.seen(p.base, five).count == 0 {
			continue
		}
		if !w.inTime(FiveMinutes, five.Start) {
			return nil
		}
		if contains(p.fives, five) {
			from = append(from, Computed{five, w.generation})
			continue
		}
		r, ok := w.records[recordKey{p.base.name, FiveMinutes, five.Start.Unix()}]
		if !ok || r.changes != w.seen(p.base, five).count {
			return nil
		}
		from = append(from, Computed{five, r.generation})
	}
	return from
}

func contains(windows []Window, one Window) bool {
	for _, w := range windows {
		if w.Start.Equal(one.Start) {
			return true
		}
	}
	return false
}
