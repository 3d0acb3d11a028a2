package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Span is a stretch of time, from Since up to before Until.
type Span struct{ Since, Until time.Time }

// oldest is how many seconds ago what is not cut is still looked for: what is about to be deleted may be cut no more.
const oldest = int((memory - 48*time.Hour) / time.Second)

// furthest is how long after a range a session that began in it is followed through what is not cut yet.
const furthest = 48 * time.Hour

// reading is what has to be read for the sessions that began in some spans.
type reading struct {
	site    string
	spans   []Span
	windows []Window  // whose parts may be of them, in order
	near    []Window  // that something is carried from into what is live
	tail    time.Time // up to here everything is cut
	live    bool      // whether something may have happened since then that belongs to them
}

// Select is the query of the sessions that began in [since, until), as the view `sessions` gives them. It names the windows that hold
// them, so it has to be run soon, and takes the database a small part of the view's time to understand.
func (f *Folder) Select(ctx context.Context, site string, since, until time.Time) (string, error) {
	r, err := f.look(ctx, site, []Span{{since, until}}, true)
	if err != nil {
		return "", err
	}
	return f.selected(r), nil
}

// EndedVisits is a SELECT of rows as LiveVisitsIn's of the visits that began in [since, until). It does not look at events: what is
// not cut yet is not in it.
func (f *Folder) EndedVisits(ctx context.Context, site string, since, until time.Time) (string, error) {
	r, err := f.look(ctx, site, []Span{{since, until}}, false)
	if err != nil {
		return "", err
	}
	return "SELECT window, " + visitColumns + "\nFROM " + asVisits(f.selected(r)), nil
}

// LiveVisitsIn is LiveVisits for some gaps of one site, which it names as they are.
func (f *Folder) LiveVisitsIn(ctx context.Context, site string, gaps []Span) (string, error) {
	r, err := f.look(ctx, site, gaps, true)
	if err != nil {
		return "", err
	}
	return "SELECT window, " + visitColumns + "\nFROM " + asVisits(f.selected(r)) + "\nWHERE " + r.began(), nil
}

// selected is the query of the sessions that begin between the first and the last moment of the spans.
func (f *Folder) selected(r *reading) string {
	s := &statement{
		Live: r.live, Site: literal(r.site), Since: moment(r.since()), Until: moment(r.until()), Goals: f.reached(r.site), Facts: facts, Reached: reachedType,
		From: stamp(r.tail), To: "least(now() + INTERVAL 1 HOUR, " + stamp(r.until().Add(furthest)) + ")",
		Cover: in(r.near), Below: in(r.windows), Whole: whole,
	}
	if r.live {
		s.Parts = f.parts(s)
	}
	return f.text("sessions", s)
}

func (r *reading) since() time.Time {
	first := never()
	for _, span := range r.spans {
		first = earlier(first, span.Since)
	}
	return first
}

func (r *reading) until() time.Time {
	last := time.Unix(0, 0)
	for _, span := range r.spans {
		if span.Until.After(last) {
			last = span.Until
		}
	}
	return last
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// began is the condition that a session began in one of the spans.
func (r *reading) began() string {
	all := make([]string, len(r.spans))
	for i, span := range r.spans {
		all[i] = fmt.Sprintf("start >= %s AND start < %s", moment(span.Since), moment(span.Until))
	}
	if len(all) == 0 {
		return "false"
	}
	return "(" + strings.Join(all, " OR ") + ")"
}

// look finds out what has to be read. What is not cut is asked for first: a window that is cut meanwhile is read from its events then,
// never left out.
func (f *Folder) look(ctx context.Context, site string, spans []Span, live bool) (*reading, error) {
	r := &reading{site: site, spans: slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return !s.Since.Before(s.Until) })}
	if len(r.spans) == 0 {
		return r, nil
	}
	if live {
		if err := f.lookForTail(ctx, r); err != nil {
			return nil, err
		}
	}
	cover, err := f.lookForCover(ctx, r)
	if err != nil {
		return nil, err
	}
	reached, last, err := f.lookFurther(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, w := range cover {
		if slices.ContainsFunc(r.spans, func(s Span) bool { return w.To.After(s.Since) && w.From.Before(s.Until) }) || slices.Contains(reached, w.From.Unix()) {
			r.windows = append(r.windows, w)
		}
		if r.live && !w.To.Before(r.tail.Add(-pause)) {
			r.near = append(r.near, w)
		}
	}
	r.live = r.live && (r.until().After(r.tail) || !last.Before(r.tail.Add(-pause)))
	return r, nil
}

// uncut is the condition that events of five minutes are in no window, of which those from two days before a moment on are looked at;
// expressions, all of them.
func uncut(site, zone, since string) string {
	return fmt.Sprintf(`site = %[1]s AND window >= greatest(toDateTime(%[3]s) - INTERVAL 1 DAY, now() - %[4]d)
		AND window NOT IN (SELECT toDateTime(arrayJoin(range(toUnixTimestamp(start), toUnixTimestamp(until), 300)), 'UTC') FROM rollup_windows
			WHERE site = %[1]s AND name = 'session_parts' AND start >= toDateTime(%[3]s) - INTERVAL 2 DAY AND startsWith(zone, concat(%[2]s, ' ')))`,
		site, zone, since, oldest)
}

func (f *Folder) zoneOf(site string) string {
	if known := f.o.Sites.Find(site); known != nil {
		return known.TimeZone
	}
	return "UTC"
}

// lookForTail finds the first five minutes that events are in and that are not cut.
func (f *Folder) lookForTail(ctx context.Context, r *reading) error {
	var count uint64
	err := f.o.Conn.QueryRow(ctx, "SELECT min(window), count() FROM window_changes WHERE "+uncut(literal(r.site), literal(f.zoneOf(r.site)), stamp(r.since()))).Scan(&r.tail, &count)
	if err != nil {
		return fmt.Errorf("look for events without sessions: %w", err)
	}
	r.live = count > 0
	return nil
}

// lookForCover reads the windows up to the tail: days where there are any.
func (f *Folder) lookForCover(ctx context.Context, r *reading) ([]Window, error) {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT toString(tier), start, argMax(until, generation), max(generation) FROM rollup_windows
		WHERE site = %s AND name = %s AND start >= %s AND startsWith(zone, %s) GROUP BY tier, start ORDER BY tier DESC, start`,
		literal(r.site), literal(Name), stamp(r.since().Add(-48*time.Hour)), literal(f.zoneOf(r.site)+" ")))
	if err != nil {
		return nil, fmt.Errorf("read rollup_windows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var known []Window
	for rows.Next() {
		var w Window
		if err := rows.Scan(&w.Tier, &w.From, &w.To, &w.Generation); err != nil {
			return nil, fmt.Errorf("read rollup_windows: %w", err)
		}
		known = append(known, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rollup_windows: %w", err)
	}
	return r.layered(known), nil
}

// layered are the windows, from the longest on, that no longer one covers, in order. One that was cut while somebody looked may reach
// over the tail: then what is live begins with it.
func (r *reading) layered(known []Window) []Window {
	if r.live {
		for _, w := range known {
			if w.From.Before(r.tail) && w.To.After(r.tail) {
				r.tail = w.From
			}
		}
		known = slices.DeleteFunc(known, func(w Window) bool { return w.To.After(r.tail) })
	}
	var cover []Window
	for _, w := range known {
		at, found := slices.BinarySearchFunc(cover, w.From, func(c Window, from time.Time) int { return c.From.Compare(from) })
		if !found && (at == 0 || !cover[at-1].To.After(w.From)) {
			cover = slices.Insert(cover, at, w)
		}
	}
	return cover
}

// lookFurther finds windows after the first span that its sessions reach, and the last event of those that may go on behind the tail.
func (f *Folder) lookFurther(ctx context.Context, r *reading) (reached []int64, last time.Time, err error) {
	first := r.until()
	for _, span := range r.spans {
		first = earlier(first, span.Until)
	}
	since := first
	if r.live {
		since = earlier(first, r.tail.Add(-pause-longestDay))
	}
	err = f.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT groupUniqArrayIf(toInt64(toUnixTimestamp(window)), start < window AND window >= %s), max(last) FROM session_parts
		WHERE site = %s AND window >= %s AND start >= %s AND start < %s`,
		stamp(first), literal(r.site), stamp(since), moment(r.since()), moment(r.until()))).Scan(&reached, &last)
	if err != nil {
		return nil, last, fmt.Errorf("look how far sessions reach: %w", err)
	}
	return reached, last, nil
}

// longestDay is one on which clocks are put back.
const longestDay = 26 * time.Hour
