package subject

import (
	"context"
	"errors"
	"fmt"

	"mayak/aggregator/audit"
)

// wish is what a visitor asked for on their page.
type wish struct {
	site     string
	visitor  uint64
	receipts []string
}

// mostWishes are taken up in one round, so that those who wait are gone on with in between.
const mostWishes = 8

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
	var problems []error
	for _, w := range wishes {
		p := newPerson(w.site)
		p.Receipts = w.receipts
		if w.visitor != 0 {
			p.Visitors = []uint64{w.visitor}
		}
		if isBlocked(p, erasures) { // its ticket is open
			continue
		}
		if len(taken) == mostWishes {
			break
		}
		t, err := d.takeUpOne(ctx, p, isBlocked(p, blocks))
		if err != nil {
			problems = append(problems, err) // of one wish, which is no reason for others to wait
			continue
		}
		taken = append(taken, t)
	}
	return taken, errors.Join(problems...)
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

// genuine are the visitors of whom there is more than the wish: a number that somebody made up costs no more than its row.
const genuine = `(SELECT site, visitor FROM consents WHERE action != 'erase' UNION DISTINCT SELECT site, visitor FROM events
	WHERE (site, visitor) IN (SELECT site, visitor FROM consents WHERE action = 'erase' AND visitor != 0) UNION DISTINCT SELECT site, visitor FROM blocked_rows)`

// wishes are those of whom anything is kept. The others cost no more than their row, and wait: what a visitor sent may lie in a collector
// that has not reached the database for long.
func (d *Desk) wishes(ctx context.Context) (all []wish, err error) {
	rows, err := d.o.Conn.Query(wide(ctx), fmt.Sprintf(`SELECT site, visitor, arraySort(groupUniqArray(receipt)), (site, visitor) IN %s AS is_genuine, max(ts) < %s AS is_old
		FROM consents WHERE action = 'erase' GROUP BY site, visitor, if(visitor = 0, receipt, '') ORDER BY min(ts)`, genuine, millis(d.o.Now().Add(-straggling))))
	if err != nil {
		return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var idle []string
	for rows.Next() {
		var w wish
		var isGenuine, isOld bool
		if err := rows.Scan(&w.site, &w.visitor, &w.receipts, &isGenuine, &isOld); err != nil {
			return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
		}
		switch {
		case isGenuine:
			all = append(all, w)
		case isOld:
			idle = append(idle, w.receipts...)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ask for visitors' wishes: %w", err)
	}
	return all, d.drop(ctx, idle)
}

// drop deletes wishes of whom nothing is kept.
func (d *Desk) drop(ctx context.Context, receipts []string) error {
	if len(receipts) == 0 {
		return nil
	}
	p := newPerson("")
	p.Receipts = receipts[:min(len(receipts), atOnce)]
	d.metrics.idle.Add(float64(len(p.Receipts)))
	return d.delete(ctx, consents, fmt.Sprintf("action = 'erase' AND %s IN %s", p.blinded("receipt"), numbers(p.blindReceipts())))
}

// known are the persons of the open tickets. One that was sealed with a lost key says nothing; it stops nobody else's.
func (d *Desk) known(open []*Ticket) (blocks, erasures []*person, err error) {
	for _, t := range open {
		if t.State.IsOver() || t.sealed == "" {
			continue
		}
		p, err := d.open(t)
		if errors.Is(err, errSealed) {
			continue
		}
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

// BlockedVisitors are who may not be looked at now, of each site: nothing of them is to be read, computed or answered from until they are
// unblocked.
func (d *Desk) BlockedVisitors(ctx context.Context) (map[string][]uint64, error) {
	open, err := d.load(ctx, "kind = 'block' AND state IN ('confirmed', 'blocked')")
	if err != nil {
		return nil, err
	}
	blocks, _, err := d.known(open)
	if err != nil {
		return nil, err
	}
	all := map[string][]uint64{}
	for _, p := range blocks {
		all[p.Site] = append(all[p.Site], p.Visitors...)
	}
	return all, nil
}
