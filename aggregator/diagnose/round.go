package diagnose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// late is how far back minutes are read again: what was delivered late belongs to them.
	late = 15 * time.Minute
	// replayed is how much of the time before its start an aggregator looks at, so that it knows what is going on.
	replayed = time.Hour
	// away is after which silence of the database minutes may lack what collectors still hold.
	away = 3 * time.Minute
)

// watched is a site with its detector.
type watched struct {
	*Detector

	site string
	zone *time.Location
	// looked is the end of the newest minute that was judged.
	looked time.Time
	// pending are findings that could not be written down.
	pending []Finding
}

// Round judges every minute that is over and was not judged yet, and writes what it finds. The result is how many incidents opened and
// closed.
func (d *Diagnosis) Round(ctx context.Context) (uint64, error) {
	now := d.o.Now().UTC()
	end := now.Add(-delay).Truncate(time.Minute)
	if !d.read.IsZero() && !end.After(d.read) {
		return 0, nil
	}
	if err := d.know(ctx); err != nil {
		d.patient = time.Time{}
		return 0, err
	}
	if d.wait(now) {
		return 0, nil
	}
	span := Span{end.Add(-kept * time.Minute), end}
	if oldest := d.read.Add(-late); oldest.After(span.Start) {
		span.Start = oldest
	}
	all, err := d.minutes(ctx, span)
	if err != nil {
		return 0, err
	}
	d.fill(span, all)
	d.read, d.answered, d.patient = end, now, time.Time{}
	return d.look(ctx, end)
}

// wait holds rounds back after the start, and when the database answers again after it was away: collectors are still bringing what they hold.
func (d *Diagnosis) wait(now time.Time) bool {
	if now.Sub(d.answered) <= away {
		return false
	}
	if d.patient.IsZero() {
		d.patient = now.Add(d.o.Patience)
	}
	return now.Before(d.patient)
}

// know makes a detector for each site that has none.
func (d *Diagnosis) know(ctx context.Context) error {
	names, err := d.sites(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if d.detectors[name] != nil {
			continue
		}
		zone := time.UTC
		if d.o.Sites != nil && len(d.o.Sites.All()) > 0 {
			known := d.o.Sites.Find(name)
			if known == nil {
				continue // it was taken out of the file: nobody waits for its visitors
			}
			zone = known.Location()
		}
		d.detectors[name] = &watched{Detector: NewDetector(zone), site: name, zone: zone}
		d.read = time.Time{} // all of the last hours are read for it
	}
	d.metrics.sites.Set(float64(len(d.detectors)))
	return nil
}

// fill gives the detectors their minutes; one that is missing showed nothing.
func (d *Diagnosis) fill(span Span, all []minuteOf) {
	for _, w := range d.detectors {
		for at := span.Start; at.Before(span.End); at = at.Add(time.Minute) {
			w.Minute(at, &Numbers{})
		}
	}
	for i := range all {
		if w := d.detectors[all[i].site]; w != nil {
			w.Minute(all[i].start, &all[i].Numbers)
		}
	}
}

// look judges every site. One that fails does not stop the others, and goes on from where it was.
func (d *Diagnosis) look(ctx context.Context, end time.Time) (changes uint64, err error) {
	var problems []error
	var claims []*line
	for _, w := range d.detectors {
		if w.looked.IsZero() || w.looked.Before(end.Add(-replayed)) {
			w.looked = end.Add(-replayed)
		}
		for w.looked.Before(end) && ctx.Err() == nil {
			claimed, n, err := d.minute(ctx, w, w.looked.Add(time.Minute))
			claims = append(claims, claimed...)
			changes += n
			if err != nil {
				problems = append(problems, fmt.Errorf("site %s: %w", w.site, err))
				break
			}
		}
	}
	won, err := d.settle(ctx, claims)
	problems = append(problems, err, d.count(ctx), ctx.Err())
	return changes + won, errors.Join(problems...)
}

// minute judges a site at the end of one, and tells what was claimed and how many incidents were closed.
func (d *Diagnosis) minute(ctx context.Context, w *watched, end time.Time) (claims []*line, closed uint64, err error) {
	if slot := Slot(end); w.Slot() != slot {
		known, err := d.past(ctx, w.site, slot, w.zone)
		if err != nil {
			return nil, 0, err
		}
		w.Remember(slot, Past(slot, w.zone, known))
	}
	findings := slices.Concat(w.pending, w.Look(end))
	w.looked, w.pending = end, nil
	var problems []error
	for _, f := range findings {
		claimed, n, err := d.act(ctx, w, f)
		if claimed != nil {
			claims = append(claims, claimed)
		}
		closed += n
		if err != nil {
			w.pending = append(w.pending, f) // the database struggles when something is wrong: it is tried again
		}
		problems = append(problems, err)
	}
	return claims, closed, errors.Join(problems...)
}

// act writes down what a finding means.
func (d *Diagnosis) act(ctx context.Context, w *watched, f Finding) (claimed *line, closed uint64, err error) {
	if f.Change == Opened {
		causes, err := Causes(f.Signal, f.scale(), d.ask(ctx, w.site, f, w.Slow(f.Signal)))
		if err != nil { // that something is wrong is worth more than for whom
			d.o.Log.Warn("causes of an incident not asked", "site", w.site, "signal", f.Signal.String(), "err", err)
		}
		claimed, err = d.claim(ctx, NewIncident(w.site, w.zone, f, causes))
		return claimed, 0, err
	}
	open, err := d.lines(ctx, fmt.Sprintf("site = %s AND signal = %s AND state = '%s'", text(w.site), text(f.Signal.String()), StateOpen), usualLimit)
	if err != nil {
		return nil, 0, err
	}
	for _, l := range open {
		l.close(f, w.zone)
		if err := d.closed(ctx, l); err != nil {
			return nil, closed, err
		}
		closed++
	}
	return nil, closed, nil
}

// closed writes down that an incident is.
func (d *Diagnosis) closed(ctx context.Context, l *line) error {
	if err := d.write(ctx, l); err != nil {
		return err
	}
	d.metrics.closed.WithLabelValues(l.Signal).Inc()
	d.o.Log.Info("incident closed", "site", l.Site, "signal", l.Signal, "incident", l.ID)
	return nil
}

// count tells metrics how many incidents are open, and closes those that nobody sees any more: their aggregator ended meanwhile, or their
// site is gone.
func (d *Diagnosis) count(ctx context.Context) error {
	open, err := d.lines(ctx, "state = '"+StateOpen+"'", mostLimit)
	if err != nil {
		return err
	}
	seen := 0
	for _, l := range open {
		w := d.detectors[l.Site]
		s, err := ParseSignal(l.Signal)
		reason := d.gone(l, w != nil)
		switch {
		case err == nil && reason != "":
			l.end(d.o.Now(), reason)
		case err != nil || w == nil || w.watches[s].open || w.looked.Sub(l.Opened) < replayed:
			seen++
			continue
		default:
			l.close(Finding{Signal: s, At: w.looked}, w.zone)
		}
		if err := d.closed(ctx, l); err != nil {
			return err
		}
	}
	d.metrics.open.Set(float64(seen))
	return nil
}

// gone tells why nobody will see the end of an incident; empty means that somebody will, or may.
func (d *Diagnosis) gone(l *line, watched bool) string {
	switch {
	case d.o.Sites != nil && len(d.o.Sites.All()) > 0 && d.o.Sites.Find(l.Site) == nil:
		return "the site is not in the sites file any more"
	case !watched && d.o.Now().Sub(l.Opened) > forgotten:
		return "nothing was heard of the site for eight days"
	}
	return ""
}
