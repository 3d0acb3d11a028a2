package subject

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mayak/aggregator/audit"
)

// opening is how long an erasure waits to be confirmed, or an export to be fetched.
const opening = 7 * 24 * time.Hour

// Round takes up what visitors have asked for, and goes on with every open ticket. It may run in several processes at once.
func (d *Desk) Round(ctx context.Context) (changed uint64, err error) {
	open, err := d.load(ctx, fmt.Sprintf("state NOT IN ('done', 'expired', 'unblocked') OR state = 'unblocked' AND changed >= %s",
		millis(d.o.Now().Add(-lingering))))
	if err != nil {
		return 0, err
	}
	d.metrics.show(open)
	taken, err := d.takeUp(ctx, open)
	problems := []error{err}
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
	if err == nil {
		delete(d.patience, t.ID)
		return nil
	}
	d.patience[t.ID] = retry{now.Add(min(time.Second<<min(wait.tries, 6), time.Minute)), wait.tries + 1}
	return err
}

// wish is what a visitor asked for on their page.
type wish struct {
	site     string
	visitor  uint64
	receipts []string
}

// takeUp makes tickets of the erasures that visitors asked for. The rows that tell of them go with the others, so each is taken up once;
// the number of the ticket is made of the receipt, so two aggregators make the same.
func (d *Desk) takeUp(ctx context.Context, open []*Ticket) (taken []*Ticket, err error) {
	wishes, err := d.wishes(ctx)
	if err != nil || len(wishes) == 0 {
		return nil, err
	}
	blocks, erasures, err := d.known(open)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		p := newPerson(w.site)
		p.Receipts = w.receipts
		if w.visitor != 0 {
			p.Visitors = []uint64{w.visitor}
		}
		if isBlocked(p, erasures) { // its ticket is open
			continue
		}
		t, err := d.takeUpOne(ctx, p, isBlocked(p, blocks))
		if err != nil {
			return taken, err
		}
		taken = append(taken, t)
	}
	return taken, nil
}

func (d *Desk) takeUpOne(ctx context.Context, p *person, isHeld bool) (*Ticket, error) {
	sum, err := d.reference("wish", p.Site, p.Receipts[0])
	if err != nil {
		return nil, err
	}
	rest := spelled(sum[:5])
	t, err := d.openFor(ctx, Actor{Name: audit.Visitor, Role: audit.Visitor, Origin: fromPage, Why: "asked on the visitor's page"}, Erase, p, p.Receipts[0], rest)
	if err != nil || !isHeld {
		return t, err
	}
	return t, d.change(ctx, t, Held)
}

func (d *Desk) wishes(ctx context.Context) (all []wish, err error) {
	rows, err := d.o.Conn.Query(ctx, "SELECT site, visitor, arraySort(groupUniqArray(receipt)) FROM consents WHERE action = 'erase' GROUP BY site, visitor, if(visitor = 0, receipt, '')")
	if err != nil {
		return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var w wish
		if err := rows.Scan(&w.site, &w.visitor, &w.receipts); err != nil {
			return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
		}
		all = append(all, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
	}
	return all, nil
}

// known are the persons of the open tickets.
func (d *Desk) known(open []*Ticket) (blocks, erasures []*person, err error) {
	for _, t := range open {
		if t.State.IsOver() || t.sealed == "" {
			continue
		}
		p, err := d.open(t)
		if err != nil {
			return nil, nil, err
		}
		switch t.Kind {
		case Block:
			blocks = append(blocks, p)
		case Erase:
			erasures = append(erasures, p)
		case Export:
		}
	}
	return blocks, erasures, nil
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
