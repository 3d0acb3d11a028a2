package subject

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mayak/schema/policy"
)

// erasing is an erasure under way.
type erasing struct {
	*Desk

	t *Ticket
	p *person
}

// step is a part of an erasure. Each may be done any number of times.
type step struct {
	name string
	do   func(*erasing, context.Context) error
}

// steps are in the order in which nothing is lost: from the first on, collectors refuse rows of the person; what is to be computed
// again is noted before the events go that tell it; and restricted rows go before the events that tell whose they are.
func steps() []step {
	return []step{
		{"tombstones", (*erasing).bury},
		{"notes", (*erasing).remember},
		{"rows", (*erasing).remove},
		{"reports", (*erasing).report},
		{"proof", (*erasing).prove},
	}
}

// erase goes through all steps. A ticket that stopped begins anew: what is done already costs a look.
func (d *Desk) erase(ctx context.Context, t *Ticket) error {
	p, err := d.open(t)
	if err != nil {
		return err
	}
	e := &erasing{d, t, p}
	if t.Step == "" {
		if err := d.note(ctx, aggregator(), "erase begun", t, ""); err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		if err = e.through(ctx); err == nil || try == tries || !errors.Is(err, errCame) {
			break
		}
	}
	if err != nil {
		return err
	}
	p.Since = d.o.Now().UTC()
	if t.Receipt, err = d.sign(t, p); err != nil {
		return err
	}
	if err := d.note(ctx, aggregator(), "rows erased", t, e.gone()); err != nil {
		return err
	}
	t.State, t.Step, t.Error = Erased, "files", ""
	d.metrics.erased.Add(float64(e.sum()))
	d.o.Log.Info("rows of a person erased", "ticket", t.ID, "site", t.Site, "rows", e.sum())
	return d.keep(ctx, t, p)
}

// tries are how often an erasure goes through its steps before it waits.
const tries = 3

var errCame = errors.New("rows came while others were deleted")

func (e *erasing) through(ctx context.Context) error {
	for _, s := range steps() {
		e.t.Step, e.t.Error = s.name, ""
		if err := e.keep(ctx, e.t, e.p); err != nil {
			return err
		}
		if err := s.do(e, ctx); err != nil {
			return fmt.Errorf("step %s: %w", s.name, err)
		}
	}
	return nil
}

// bury leaves a mark of each visitor.
func (e *erasing) bury(ctx context.Context) error {
	if len(e.p.Visitors) == 0 {
		return nil
	}
	key, err := e.o.Key()
	if err != nil {
		return err
	}
	now, marks := e.o.Now().UTC(), make([]mark, len(e.p.Visitors))
	for i, id := range e.p.Visitors {
		marks[i] = mark{e.p.Site, key.Mark(e.p.Site, id), now, e.t.ID}
	}
	if err := e.o.Erased.add(marks); err != nil {
		return err
	}
	return e.stones(ctx, marks)
}

// stones writes marks into the database.
func (d *Desk) stones(ctx context.Context, all []mark) error {
	batch, err := d.o.Conn.PrepareBatch(ctx, "INSERT INTO tombstones (site, mark, made, ticket)")
	if err != nil {
		return fmt.Errorf("write tombstones: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	for _, m := range all {
		if err := batch.Append(m.Site, m.Mark, m.Made, m.Ticket); err != nil {
			return fmt.Errorf("write tombstones: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write tombstones: %w", err)
	}
	return nil
}

// mostLate is of how many events a ticket remembers the keyed hashes of the ids.
const mostLate = 20_000

// remember keeps in the ticket what the events tell and nothing else will.
func (e *erasing) remember(ctx context.Context) error {
	windows, err := e.windowsOf(ctx, e.p)
	if err != nil {
		return err
	}
	e.p.noteWindows(windows)
	late, err := e.hashes(ctx, fmt.Sprintf("SELECT groupArray(h) FROM (SELECT %s AS h FROM events WHERE %s ORDER BY received DESC LIMIT %d)",
		e.p.blinded("id"), ofEvents(e.p), mostLate))
	if err != nil {
		return fmt.Errorf("note events: %w", err)
	}
	e.p.Late = append(late, e.p.Late...)
	slices.Sort(e.p.Late)
	e.p.Late = slices.Compact(e.p.Late)
	return e.keep(ctx, e.t, e.p)
}

// remove deletes the person's rows, table by table.
func (e *erasing) remove(ctx context.Context) error {
	counted, err := e.counts(ctx, e.tables, e.p)
	if err != nil {
		return err
	}
	if err := e.begin(ctx, counted); err != nil {
		return err
	}
	for _, t := range e.tables {
		if counted[t.name] == 0 {
			continue
		}
		if t.by == policy.ByEvent {
			err = e.removeByEvents(ctx, t)
		} else {
			err = e.delete(ctx, t.name, t.where(e.p, ""))
		}
		if err != nil {
			return err
		}
	}
	e.count(nil)
	return nil
}

// begin keeps what is about to be deleted, since a process that is killed meanwhile would find less.
func (e *erasing) begin(ctx context.Context, counted map[string]uint64) error {
	e.count(counted)
	e.p.Going = map[string]uint64{}
	for name, n := range counted {
		if n > 0 {
			e.p.Going[name] = n
		}
	}
	return e.keep(ctx, e.t, e.p)
}

// count adds what went of what was to go, by what is left of it.
func (e *erasing) count(left map[string]uint64) {
	for name, n := range e.p.Going {
		e.p.Gone[name] += n - min(n, left[name])
	}
	e.p.Going = nil
}

// atOnce is how many rows one deletion names.
const atOnce = 5000

// removeByEvents deletes rows that only an event tells whose they are. A deletion cannot ask another table, so it is told.
func (e *erasing) removeByEvents(ctx context.Context, t held) error {
	ids, err := e.hashes(ctx, fmt.Sprintf("SELECT groupUniqArray(%s) FROM %s WHERE %s", e.p.blinded("id"), t.name, t.where(e.p, t.ids(e.p, e.o.Now()))))
	if err != nil {
		return fmt.Errorf("ask whose rows of %s are: %w", t.name, err)
	}
	for chunk := range slices.Chunk(ids, atOnce) {
		if err := e.delete(ctx, t.name, t.where(e.p, numbers(chunk))); err != nil {
			return err
		}
	}
	return nil
}

// report lets reports know.
func (e *erasing) report(ctx context.Context) error {
	return e.o.Rollups.Changed(ctx, e.p.Site, e.p.windows())
}

// prove looks for the person everywhere again.
func (e *erasing) prove(ctx context.Context) error {
	left, err := e.find(ctx, e.p)
	if err != nil {
		return err
	}
	if left.Rows > 0 {
		return fmt.Errorf("%w: %s", errCame, left)
	}
	return nil
}

func (e *erasing) sum() (n uint64) {
	for _, rows := range e.p.Gone {
		n += rows
	}
	return n
}

func (e *erasing) gone() string {
	parts := []string{}
	for _, name := range slices.Sorted(maps.Keys(e.p.Gone)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, e.p.Gone[name]))
	}
	return strings.Join(parts, ", ")
}
