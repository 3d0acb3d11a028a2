package subject

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// opening is how long an erasure waits to be confirmed, or an export to be fetched.
const opening = 7 * 24 * time.Hour

// Round takes up what visitors have asked for, and goes on with every open ticket. It may run in several processes at once.
func (d *Desk) Round(ctx context.Context) (changed uint64, err error) {
	compared := d.compare(ctx) // who asks waits for nobody else
	open, err := d.load(ctx, "state NOT IN ('done', 'expired', 'unblocked') OR state = 'unblocked' AND sealed != ''")
	if err != nil {
		return 0, errors.Join(compared, err)
	}
	d.metrics.show(open)
	taken, err := d.takeUp(ctx, open)
	problems := []error{compared, err}
	for _, t := range append(taken, open...) {
		if ctx.Err() != nil {
			break
		}
		before := t.version
		if err := d.goOn(ctx, t, open); err != nil {
			problems = append(problems, fmt.Errorf("ticket %s: %w", t.ID, err))
		}
		if t.version != before {
			changed++
		}
	}
	return changed, errors.Join(problems...)
}

// compared is how often the journal of the erased is held against the database, which may have been brought back by any means.
const compared = time.Hour

// compare erases again who came back with a backup.
func (d *Desk) compare(ctx context.Context) error {
	d.mu.Lock()
	due := d.o.Now().Sub(d.compared) >= compared
	d.mu.Unlock()
	if !due {
		return nil
	}
	again, err := d.Restored(ctx, aggregator())
	if err != nil {
		return fmt.Errorf("erase again who came back with a backup: %w", err)
	}
	if len(again) > 0 {
		d.o.Log.Warn("the database was brought back from a backup: who was erased since is erased again", "requests", len(again))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.compared = d.o.Now()
	return nil
}

// goOn does the next thing for a ticket, unless it stopped a moment ago.
func (d *Desk) goOn(ctx context.Context, t *Ticket, open []*Ticket) error {
	d.mu.Lock()
	wait := d.patience[t.ID]
	d.mu.Unlock()
	now := d.o.Now()
	if now.Before(wait.at) {
		return nil
	}
	var err error
	switch t.State {
	case Held:
		err = d.letGo(ctx, t, open)
	case Opened:
		if now.Sub(t.Opened) > opening {
			err = d.forget(ctx, t, Expired)
		}
	default:
		err = d.carry(ctx, t)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil || errors.Is(err, ErrTaken) { // then it goes on elsewhere
		delete(d.patience, t.ID)
		return nil
	}
	d.patience[t.ID] = retry{now.Add(min(time.Second<<min(wait.tries, 6), time.Minute)), wait.tries + 1}
	return err
}

// letGo confirms what a visitor asked for once nothing of them is blocked any more.
func (d *Desk) letGo(ctx context.Context, t *Ticket, open []*Ticket) error {
	p, err := d.open(t)
	if err != nil {
		return err
	}
	blocks, _, err := d.known(open)
	if err != nil || isBlocked(p, blocks) {
		return err
	}
	return d.change(ctx, t, Confirmed)
}
