package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// OpenVisits is the name of the table of readings.
const OpenVisits = "open_visits"

const (
	// attention is how long after somebody asked for a reading it is kept fresh for the next question.
	attention = 30 * time.Second
	// shelfLife is how long a reading can be read by who was told of it.
	shelfLife = 20 * time.Minute
)

// readings are what was put together of visits that no window holds yet, so that all who ask within some seconds share it.
type readings struct {
	flights singleflight.Group

	mu  sync.Mutex
	all map[string]*openVisits // by site and gaps
}

// openVisits is one of them.
type openVisits struct {
	site   string
	gaps   []Span
	number uint64
	made   time.Time // when it was begun; zero: nothing was made yet
	wanted time.Time // when somebody asked for it last
}

// OpenVisitsIn is a SELECT of rows as those of visits, without site, tier and generation, that begin within gaps of a site. They are as of
// a moment that is at most Options.Fresh ago, and stand in a table, for the database takes longer to understand how visits are put
// together than to do it: once for each question of a dashboard would be most of what it costs.
func (f *Folder) OpenVisitsIn(ctx context.Context, site string, gaps []Span) (string, error) {
	number, err := f.readings.latest(site, gaps, f.o.Fresh, func() (uint64, error) { return f.write(ctx, site, gaps) })
	if err != nil {
		return "", fmt.Errorf("read visits of site %s that no window holds: %w", site, err)
	}
	return fmt.Sprintf("SELECT * EXCEPT (site, reading, made) FROM %s WHERE site = %s AND reading = %d", OpenVisits, literal(site), number), nil
}

// write makes a reading.
func (f *Folder) write(ctx context.Context, site string, gaps []Span) (uint64, error) {
	live, err := f.LiveVisitsIn(ctx, site, gaps)
	if err != nil {
		return 0, err
	}
	number := rand.Uint64()
	columns := "window, " + strings.Join(visitNames(), ", ")
	err = f.o.Conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (site, reading, %s) SELECT %s, %d, %s FROM (%s)", OpenVisits, columns, literal(site), number, columns, live))
	return number, err
}

// latest is the number of a reading that is fresh enough; of those who ask at once one makes it.
func (r *readings) latest(site string, gaps []Span, fresh time.Duration, write func() (uint64, error)) (uint64, error) {
	now := time.Now()
	key := keyOf(site, gaps, now)
	r.mu.Lock()
	if r.all == nil {
		r.all = map[string]*openVisits{}
	}
	known := r.all[key]
	if known == nil {
		known = &openVisits{site: site, gaps: gaps}
		r.all[key] = known
	}
	known.wanted, known.gaps = now, gaps
	number, enough := known.number, now.Sub(known.made) < fresh
	r.mu.Unlock()
	if enough {
		return number, nil
	}
	if fresh <= 0 {
		return write()
	}
	return r.renew(key, write)
}

func (r *readings) renew(key string, write func() (uint64, error)) (uint64, error) {
	number, err, _ := r.flights.Do(key, func() (any, error) {
		began := time.Now()
		number, err := write()
		if err != nil {
			return uint64(0), err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if known := r.all[key]; known != nil {
			known.number, known.made = number, began
		}
		return number, nil
	})
	n, _ := number.(uint64)
	return n, err
}

// keyOf is the same for gaps of the same visits: where a gap ends in the future is of no matter, since no visit begins there.
func keyOf(site string, gaps []Span, now time.Time) string {
	var key strings.Builder
	key.WriteString(site)
	for _, gap := range gaps {
		fmt.Fprintf(&key, " %d", gap.Since.Unix())
		if gap.Until.Before(now.Add(early)) {
			fmt.Fprintf(&key, "-%d", gap.Until.Unix())
		}
	}
	return key.String()
}

// early is how far ahead of the database's clock a visit may begin: the gate lets a client's clock be wrong by a minute.
const early = 5 * time.Minute

// Refresh makes the readings anew that somebody asked for a moment ago and is likely to ask for again, so that nobody waits for them.
func (f *Folder) Refresh(ctx context.Context) (uint64, error) {
	for key, wanted := range f.readings.stale(time.Now(), f.o.Fresh/2) {
		if _, err := f.readings.renew(key, func() (uint64, error) { return f.write(ctx, wanted.site, wanted.gaps) }); err != nil {
			return 0, fmt.Errorf("refresh visits of site %s that no window holds: %w", wanted.site, err)
		}
	}
	return 0, nil
}

// stale are the readings that are about to be too old, and forgets those that nobody asks for any more.
func (r *readings) stale(now time.Time, age time.Duration) map[string]openVisits {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := map[string]openVisits{}
	for key, known := range r.all {
		switch {
		case now.Sub(known.wanted) > attention:
			delete(r.all, key)
		case !known.made.IsZero() && now.Sub(known.made) > age:
			old[key] = *known
		}
	}
	return old
}

// SweepOpen drops the readings that nobody can be reading any more.
func (f *Folder) SweepOpen(ctx context.Context) (dropped uint64, err error) {
	for _, table := range []string{OpenVisits, OpenParts} {
		rows, err := f.sweepReadings(ctx, table)
		dropped += rows
		if err != nil {
			return dropped, fmt.Errorf("drop old readings of %s: %w", table, err)
		}
	}
	return dropped, nil
}

func (f *Folder) sweepReadings(ctx context.Context, table string) (dropped uint64, err error) {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT partition_id, sum(rows) FROM system.parts
		WHERE database = currentDatabase() AND table = %s AND active GROUP BY partition_id HAVING max(max_time) < now() - %d`,
		literal(f.o.Cluster.Local(table)), int(shelfLife.Seconds())))
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var partition string
		var count uint64
		if err := rows.Scan(&partition, &count); err != nil {
			return dropped, err
		}
		if err := f.o.Conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION ID %s", f.o.Cluster.Stored(table), literal(partition))); err != nil {
			return dropped, err
		}
		dropped += count
	}
	return dropped, rows.Err()
}
