package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Window is a stretch of time, from the first moment up to before the last, and the generation that holds its parts.
type Window struct {
	Tier       string // 5m, hour or day
	From, To   time.Time
	Generation uint64
	Events     uint64 // that it was folded from; merged windows know of none
}

// Cut asks for windows to be folded from events.
type Cut struct {
	Site       string
	Generation uint64   // of what is written
	Dirty      []Window // to be folded, whatever stands in the cover
	// Cover is what readers use, in order and without overlaps, from half an hour before the first dirty window on. Where it has a hole,
	// nothing is carried over: no event may be there.
	Cover []Window
}

// Merge asks for a window to be put together from smaller ones.
type Merge struct {
	Site  string
	Into  Window   // with the generation of what is written
	Cover []Window // what something can be carried from into it
	Below []Window // all windows within it that have events
}

// Cut folds the dirty windows, and those of the cover that come out differently because of them, in order. It returns
// all that it wrote, for readers to be switched over at once. Without dirty windows it looks through the whole cover
// for windows that were folded with something else than what is there now.
func (f *Folder) Cut(ctx context.Context, c Cut) ([]Window, error) {
	written := []Window{}
	suspect := time.Time{} // up to where a window may have been folded with what has changed
	if len(c.Dirty) == 0 && len(c.Cover) > 0 {
		suspect = c.Cover[len(c.Cover)-1].To
	}
	cover := slices.Clone(c.Cover)
	for rest := plan(c.Cover, c.Dirty); len(rest) > 0; {
		run := rest[:dirtyRun(rest)]
		if len(run) == 0 {
			run = rest[:1]
			stale, err := f.isSuspect(ctx, &c, rest[0], cover, suspect)
			if err != nil {
				return nil, err
			}
			if !stale {
				rest = rest[1:]
				continue
			}
		}
		rest = rest[len(run):]
		done, err := f.cutRun(ctx, &c, run, cover)
		if err != nil {
			return nil, err
		}
		cover = overlaid(cover, done)
		written = append(written, done...)
		if until := run[len(run)-1].To.Add(pause + time.Millisecond); until.After(suspect) {
			suspect = until
		}
	}
	return written, nil
}

// isSuspect tells whether a window of the cover has to be cut because of what came out before it.
func (f *Folder) isSuspect(ctx context.Context, c *Cut, w Window, cover []Window, suspect time.Time) (bool, error) {
	if !w.From.Before(suspect) {
		return false, nil
	}
	stale, err := f.isStale(ctx, c, w, cover)
	if err != nil {
		return false, fmt.Errorf("look at sessions of window %s: %w", w, err)
	}
	return stale, nil
}

// dirtyRun is how many windows of one tier begin the list that are all dirty: none is between them that readers go on using.
func dirtyRun(windows []Window) (n int) {
	for n < len(windows) && windows[n].Generation == 0 && windows[n].Tier == windows[0].Tier {
		n++
	}
	return n
}

// plan is every window of both, in order; a dirty one has generation 0.
func plan(cover, dirty []Window) []Window {
	all := slices.Clone(cover)
	for _, w := range dirty {
		w.Generation = 0
		all = replace(all, w)
	}
	return all
}

// replace puts w where it belongs, in the place of what it overlaps.
func replace(windows []Window, w Window) []Window {
	windows = slices.DeleteFunc(slices.Clone(windows), func(old Window) bool { return old.From.Before(w.To) && w.From.Before(old.To) })
	at, _ := slices.BinarySearchFunc(windows, w.From, func(old Window, from time.Time) int { return old.From.Compare(from) })
	return slices.Insert(windows, at, w)
}

func (w Window) String() string {
	return w.From.UTC().Format(time.RFC3339) + "/" + w.To.UTC().Format(time.RFC3339)
}

// cutRun folds windows between which are no others, as many in one statement as it may fold events.
func (f *Folder) cutRun(ctx context.Context, c *Cut, run, cover []Window) ([]Window, error) {
	events, err := f.eventsOf(ctx, c.Site, run)
	if err != nil {
		return nil, fmt.Errorf("count events of windows %s to %s: %w", run[0], run[len(run)-1], err)
	}
	var done []Window
	for len(run) > 0 {
		n, sum := 0, uint64(0)
		var some []Window
		for n < len(run) && (n == 0 || sum+events[run[n].From.Unix()] <= f.o.Slice) {
			w := run[n]
			w.Generation, w.Events = c.Generation, events[w.From.Unix()]
			sum += w.Events
			some = append(some, w)
			n++
		}
		if err := f.cut(ctx, c, some, sum, overlaid(cover, done)); err != nil {
			return nil, fmt.Errorf("cut sessions of windows %s to %s: %w", some[0], some[n-1], err)
		}
		done, run = append(done, some...), run[n:]
	}
	return done, nil
}

// eventsOf counts the events of windows, by their start.
func (f *Folder) eventsOf(ctx context.Context, site string, windows []Window) (map[int64]uint64, error) {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT toInt64(roundDown(toUnixTimestamp(ts), %s)) AS window, count() FROM events
		WHERE site = %s AND ts >= %s AND ts < %s%s GROUP BY window`,
		starts(windows), literal(site), moment(windows[0].From), moment(windows[len(windows)-1].To), within(windows)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[int64]uint64{}
	for rows.Next() {
		var start int64
		var n uint64
		if err := rows.Scan(&start, &n); err != nil {
			return nil, err
		}
		all[start] = n
	}
	return all, rows.Err()
}

// cut folds windows between which are no others.
func (f *Folder) cut(ctx context.Context, c *Cut, windows []Window, events uint64, cover []Window) error {
	if events == 0 {
		return nil
	}
	first, last := windows[0], windows[len(windows)-1]
	s := &statement{
		Source: source, Site: literal(c.Site), From: moment(first.From), To: moment(last.To), Goals: f.reached(c.Site), Cover: before(first, cover),
		Into: Name, Tier: literal(first.Tier), Window: stamp(first.From), Generation: strconv.FormatUint(first.Generation, 10),
	}
	if len(windows) > 1 {
		s.Window, s.Starts, s.Within = "window", starts(windows), within(windows)
	}
	return f.fold(ctx, events, s)
}

// fold writes parts of so many events.
func (f *Folder) fold(ctx context.Context, events uint64, s *statement) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"do_not_merge_across_partitions_select_final": 1, // an id that stands twice does so in one hour
	}))
	return f.inSlices(events, s, func() error {
		s.Parts = f.parts(s)
		return f.o.Conn.Exec(ctx, f.text("insert", s))
	})
}

// starts is an array of when windows begin.
func starts(windows []Window) string {
	return unixes(windows, func(w Window) time.Time { return w.From })
}

func unixes(windows []Window, moment func(Window) time.Time) string {
	all := make([]string, len(windows))
	for i, w := range windows {
		all[i] = strconv.FormatInt(moment(w).Unix(), 10)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// within is a further condition for what happens in windows, in order, where there is time between them that is in none.
func within(windows []Window) string {
	holes := false
	for i, w := range windows[1:] {
		holes = holes || !w.From.Equal(windows[i].To)
	}
	if !holes {
		return ""
	}
	begin := starts(windows)
	return fmt.Sprintf(" AND toUnixTimestamp(ts) < transform(roundDown(toUnixTimestamp(ts), %s), %s, %s, 0)",
		begin, begin, unixes(windows, func(w Window) time.Time { return w.To }))
}

// inSlices does what is to be done for so many visitors at a time that the database's memory suffices.
func (f *Folder) inSlices(rows uint64, s *statement, do func() error) error {
	slices := rows/f.o.Slice + 1
	for i := range slices {
		if slices > 1 {
			s.Slice = fmt.Sprintf(" AND visitor %% %d = %d", slices, i)
		}
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// isStale tells whether the window was folded with something else than what the cover carries into it.
func (f *Folder) isStale(ctx context.Context, c *Cut, w Window, cover []Window) (bool, error) {
	s := &statement{Site: literal(c.Site), From: moment(w.From), Cover: before(w, cover), Below: in([]Window{w})}
	s.Carry = f.text("carry", s)
	different, err := f.count(ctx, f.text("stale", s))
	return different > 0, err
}

// Merge writes the parts of one window from those below it.
func (f *Folder) Merge(ctx context.Context, m Merge) (Window, error) {
	s := &statement{
		Site: literal(m.Site), From: moment(m.Into.From), Cover: before(m.Into, m.Cover), Below: in(m.Below),
		Tier: literal(m.Into.Tier), Window: stamp(m.Into.From), Generation: strconv.FormatUint(m.Into.Generation, 10),
	}
	rows, err := f.count(ctx, fmt.Sprintf("SELECT count() FROM session_parts WHERE site = %s AND %s", s.Site, s.Below))
	if err == nil && rows > 0 {
		err = f.inSlices(rows, s, func() error {
			s.Carry = f.text("carry", s)
			return f.o.Conn.Exec(ctx, f.text("merge", s))
		})
	}
	if err != nil {
		return m.Into, fmt.Errorf("merge sessions into window %s: %w", m.Into, err)
	}
	return m.Into, nil
}

// before is a condition for the parts of the windows that something can be carried from into w.
func before(w Window, cover []Window) string {
	var near []Window
	for _, old := range cover {
		if !old.To.After(w.From) && !old.To.Before(w.From.Add(-pause)) {
			near = append(near, old)
		}
	}
	return in(near)
}

// in is a condition for the parts of these windows.
func in(windows []Window) string {
	if len(windows) == 0 {
		return "false"
	}
	triples := make([]string, 0, len(windows))
	for _, w := range windows {
		triples = append(triples, fmt.Sprintf("(%s, %s, %d)", literal(w.Tier), stamp(w.From), w.Generation))
	}
	return "(tier, window, generation) IN (" + strings.Join(triples, ", ") + ")"
}

// stamp makes a literal of a window's start.
func stamp(t time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", t.Unix()) }
