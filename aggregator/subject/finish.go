package subject

import (
	"context"
	"errors"
	"slices"
	"time"
)

// finish looks for rows that were under way, has the files rewritten, and ends the ticket once all that is proven.
func (d *Desk) finish(ctx context.Context, t *Ticket) error {
	p, err := d.open(t)
	if err != nil {
		return err
	}
	e := &erasing{d, t, p}
	left, err := d.find(ctx, p)
	if err != nil {
		return err
	}
	if left.Rows > 0 {
		d.o.Log.Info("rows of an erased person came later", "ticket", t.ID, "rows", left.Rows)
		if err := e.through(ctx); err != nil {
			return err
		}
		p.Since = d.o.Now().UTC()
		t.State, t.Step = Erased, "files"
		return d.keep(ctx, t, p)
	}
	if d.o.Now().Sub(p.Since) < d.o.Chase {
		return nil
	}
	settled, err := d.o.Rollups.Settled(ctx, p.Site, p.windows(), p.Since)
	if err != nil || !settled {
		return err
	}
	if done, err := e.rewriteAll(ctx); err != nil || !done {
		return err
	}
	if t.Receipt, err = d.signDone(t, p); err != nil {
		return err
	}
	if err := d.note(ctx, aggregator(), "erase done", t, e.gone()); err != nil {
		return err
	}
	if err := errors.Join(d.release(ctx, p), d.o.Erased.Forget(d.o.Now())); err != nil {
		return err
	}
	return d.forget(ctx, t, Done)
}

// touched are the tables that rows went from, or were to go from.
func (e *erasing) touched() (names []string) {
	for _, t := range e.tables {
		found := e.t.Found != nil && slices.ContainsFunc(e.t.Found.Tables, func(f TableRows) bool { return f.Table == t.name && f.Rows > 0 })
		if _, gone := e.p.Gone[t.name]; gone || found {
			names = append(names, t.name)
		}
	}
	return names
}

// rewriteAll rewrites the files of the touched tables; false means that it was done too short a time ago.
func (e *erasing) rewriteAll(ctx context.Context) (bool, error) {
	tables := e.touched()
	for _, name := range tables {
		if e.o.Now().Sub(e.lastRewritten(name)) < e.o.Rewrite {
			return false, nil
		}
	}
	for _, name := range tables {
		began := e.o.Now()
		if err := e.rewrite(ctx, name); err != nil {
			return false, err
		}
		e.noteRewritten(name, began)
	}
	return true, nil
}

func (d *Desk) lastRewritten(table string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rewritten[table]
}

func (d *Desk) noteRewritten(table string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rewritten[table] = at
}

// release ends what else is open about who was erased: nothing of them is left to be shown or given back.
func (d *Desk) release(ctx context.Context, p *person) error {
	open, err := d.Tickets(ctx, false)
	if err != nil {
		return err
	}
	for _, t := range open {
		if t.Kind == Erase || t.sealed == "" {
			continue
		}
		other, err := d.open(t)
		if errors.Is(err, errSealed) {
			continue // it can be cancelled only
		}
		if err != nil {
			return err
		}
		over := !slices.ContainsFunc(other.Visitors, func(v uint64) bool { return !slices.Contains(p.Visitors, v) })
		if other.meets(p) && over {
			to := Expired
			if t.Kind == Block {
				to = Unblocked
			}
			if err := d.forget(ctx, t, to); err != nil {
				return err
			}
		}
	}
	return nil
}
