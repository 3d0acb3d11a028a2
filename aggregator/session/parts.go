package session

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"mayak/schema/sites"
)

// OpenParts is the name of the table of what no window holds yet, for views.
const OpenParts = "open_parts"

const (
	// rest is how many times as long as they took no readings are made after some: a tenth of one of the database's cores is theirs at most.
	rest = 10
	// mostOpen is how many events a reading is made of at most: those of a history that was just loaded are about to be in windows.
	mostOpen = 5_000_000
)

// ReadOpen cuts, at each site, what no window holds yet, and leaves it in open_parts, where views read it. Where nothing has changed since the
// last time it does nothing. Any number of programs may do it.
func (f *Folder) ReadOpen(ctx context.Context) (made uint64, err error) {
	var problems []error
	began := time.Now()
	pausing := began.Before(f.pause(0))
	for _, site := range f.o.Sites.All() {
		done, err := f.readOpen(ctx, site, pausing)
		if err != nil {
			problems = append(problems, fmt.Errorf("read what no window holds of site %s: %w", site.ID, err))
		}
		if done {
			made++
		}
		if ctx.Err() != nil {
			break
		}
	}
	if made > 0 {
		f.pause(rest * time.Since(began))
	}
	return made, errors.Join(problems...)
}

// pause is until when no readings are made; a length begins another one.
func (f *Folder) pause(length time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if length > 0 {
		f.paused = time.Now().Add(min(length, shelfLife/4))
	}
	return f.paused
}

func (f *Folder) readOpen(ctx context.Context, site *sites.Site, pausing bool) (done bool, err error) {
	u, err := f.uncutOf(ctx, site)
	if err != nil || u.events > mostOpen || !f.isReadingDue(u, pausing) {
		return false, err
	}
	r, err := f.look(ctx, site.ID, []Span{{u.now.Add(-memory), u.now.Add(furthest)}}, true)
	if err != nil {
		return false, err
	}
	reading := uint64(u.now.UnixMicro())<<generationBits | rand.Uint64N(1<<generationBits)
	from := r.tail
	if r.live {
		err = f.fold(ctx, u.events, &statement{
			Into: OpenParts, Source: source, Site: literal(site.ID), From: stamp(from), To: "now() + INTERVAL 1 HOUR", Goals: f.reached(site.ID), Cover: in(r.near),
			Tier: "'5m'", Window: stamp(from), Generation: strconv.FormatUint(reading, 10),
		})
	} else {
		from = u.now
	}
	if err == nil { // the mark
		err = f.o.Conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (site, window, generation, start, carried) SELECT %s, %s, %d, %s, %d",
			OpenParts, literal(site.ID), stamp(from), reading, moment(never()), u.current))
	}
	return err == nil, err
}

// isReadingDue tells whether a reading has to be made. One that is not made anew goes with the rows of its time.
func (f *Folder) isReadingDue(u *uncutEvents, pausing bool) bool {
	age := u.now.Sub(u.made)
	return age > shelfLife/2 || f.o.Views == 0 || u.of != u.current && age >= f.o.Views && !pausing
}

// uncutEvents is what is known of the events that no window holds, and of the newest reading of them.
type uncutEvents struct {
	now, first, changed time.Time
	count, events       uint64

	of      uint64    // what the newest reading was made of
	made    time.Time // when
	current uint64    // what one would be made of now
}

// uncutOf asks for it.
func (f *Folder) uncutOf(ctx context.Context, site *sites.Site) (*uncutEvents, error) {
	u := &uncutEvents{}
	err := f.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT now64(6, 'UTC'), min(window), count(), sum(changes), max(last_changed) FROM window_changes WHERE %s",
		uncut(literal(site.ID), literal(site.TimeZone), fmt.Sprintf("now() - %d", oldest)))).Scan(&u.now, &u.first, &u.count, &u.events, &u.changed)
	if err != nil {
		return nil, fmt.Errorf("look for events without sessions: %w", err)
	}
	err = f.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT argMax(carried, generation), max(made) FROM %s WHERE site = %s AND visitor = 0", OpenParts, literal(site.ID))).Scan(&u.of, &u.made)
	if err != nil {
		return nil, fmt.Errorf("look for the newest reading: %w", err)
	}
	u.current = u.sum(f.Definition(site.ID))
	return u, nil
}

// sum tells what a reading was made of from what another is. What changed just now may not be seen in full, so it is never the same.
func (u *uncutEvents) sum(definition uint64) uint64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, u.first.Unix(), u.count, u.events, u.changed.UnixMilli(), definition) // it never fails
	if u.changed.Add(slack).After(u.now) {
		_, _ = fmt.Fprint(hash, u.now.UnixMicro())
	}
	return hash.Sum64()
}
