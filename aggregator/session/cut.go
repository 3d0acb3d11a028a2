package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
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
	for _, w := range plan(c.Cover, c.Dirty) {
		dirty := w.Generation == 0
		if !dirty {
			if !w.From.Before(suspect) {
				continue
			}
			stale, err := f.isStale(ctx, &c, w, cover)
			if err != nil {
				return nil, fmt.Errorf("look at sessions of window %s: %w", w, err)
			}
			if !stale {
				continue
			}
		}
		w.Generation = c.Generation
		var err error
		if w.Events, err = f.cut(ctx, &c, w, cover); err != nil {
			return nil, fmt.Errorf("cut sessions of window %s: %w", w, err)
		}
		cover = replace(cover, w)
		written = append(written, w)
		if until := w.To.Add(pause + time.Millisecond); until.After(suspect) {
			suspect = until
		}
	}
	return written, nil
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

// cut folds one window.
func (f *Folder) cut(ctx context.Context, c *Cut, w Window, cover []Window) (events uint64, err error) {
	s := &statement{
		Source: source, Site: literal(c.Site), From: moment(w.From), To: moment(w.To), Goals: f.reached(c.Site), Cover: before(w, cover),
		Tier: literal(w.Tier), Window: stamp(w.From), Generation: strconv.FormatUint(w.Generation, 10),
	}
	events, err = f.count(ctx, fmt.Sprintf("SELECT count() FROM events WHERE site = %s AND ts >= %s AND ts < %s", s.Site, s.From, s.To))
	if err != nil || events == 0 {
		return 0, err
	}
	return events, f.inSlices(events, s, func() error {
		s.Parts = f.parts(s)
		return f.o.Conn.Exec(ctx, f.text("insert", s))
	})
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
