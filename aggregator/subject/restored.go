package subject

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mayak/schema/policy"
)

// Restored erases again who was erased since the backup was made that the database has been brought back from. It returns a ticket for
// each request of then that rows have come back of. It may be done any number of times.
func (d *Desk) Restored(ctx context.Context, who Actor) ([]*Ticket, error) {
	if err := d.o.Erased.Begin(); err != nil {
		return nil, err
	}
	lost, err := d.lost(ctx)
	if err != nil || len(lost) == 0 {
		return nil, err
	}
	if err := d.restoring(ctx); err != nil {
		return nil, err
	}
	key, err := d.o.Key()
	if err != nil {
		return nil, err
	}
	people := map[string]*person{} // by the ticket of then
	bySite := map[string]map[uint64]string{}
	for _, m := range lost {
		if bySite[m.Site] == nil {
			bySite[m.Site] = map[uint64]string{}
		}
		bySite[m.Site][m.Mark] = m.Ticket
	}
	for site, tickets := range bySite {
		err := d.everybody(ctx, site, func(id uint64) {
			ticket, erased := tickets[key.Mark(site, id)]
			if !erased {
				return
			}
			if people[ticket] == nil {
				people[ticket] = newPerson(site)
			}
			people[ticket].Visitors = append(people[ticket].Visitors, id)
		})
		if err != nil {
			return nil, err
		}
	}
	var all []*Ticket
	for _, ticket := range slices.Sorted(maps.Keys(people)) {
		p := people[ticket]
		slices.Sort(p.Visitors)
		p.Visitors = slices.Compact(p.Visitors)
		again := who
		again.Why = "erased by " + ticket + " after the backup was made"
		t, err := d.openFor(ctx, again, Erase, p, "", random())
		if err != nil {
			return all, err
		}
		t.Code = ""
		if err := d.change(ctx, t, Confirmed); err != nil {
			return all, err
		}
		if err := d.carry(ctx, t); err != nil {
			return all, err
		}
		all = append(all, t)
	}
	return all, d.stones(ctx, lost) // last: as long as a mark is missing, this is not over
}

// restoring is an error while a backup is being read: who is looked for may come later.
func (d *Desk) restoring(ctx context.Context) error {
	var going uint64
	if err := d.o.Conn.QueryRow(ctx, "SELECT count() FROM system.backups WHERE status = 'RESTORING'").Scan(&going); err != nil {
		return fmt.Errorf("ask whether a backup is being restored: %w", err)
	}
	if going > 0 {
		return errors.New("a backup is being restored: who was erased is looked for afterwards")
	}
	return nil
}

// lost are the marks that the database does not know any more.
func (d *Desk) lost(ctx context.Context) ([]mark, error) {
	all, err := d.o.Erased.read()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	rows, err := d.o.Conn.Query(ctx, "SELECT site, mark FROM tombstones")
	if err != nil {
		return nil, fmt.Errorf("read tombstones: %w", err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, Err tells
	type stone struct {
		site string
		mark uint64
	}
	known := map[stone]bool{}
	for rows.Next() {
		var s stone
		if err := rows.Scan(&s.site, &s.mark); err != nil {
			return nil, fmt.Errorf("read tombstones: %w", err)
		}
		known[s] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read tombstones: %w", err)
	}
	return slices.DeleteFunc(all, func(m mark) bool { return known[stone{m.Site, m.Mark}] }), nil
}

// everybody names every visitor of a site that any table has.
func (d *Desk) everybody(ctx context.Context, site string, name func(id uint64)) error {
	for _, t := range d.tables {
		if t.by != policy.ByVisitor {
			continue
		}
		rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT DISTINCT visitor FROM %s WHERE site = %s AND visitor != 0", t.name, text(site)))
		if err != nil {
			return fmt.Errorf("visitors of %s: %w", t.name, err)
		}
		for rows.Next() {
			var id uint64
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("visitors of %s: %w", t.name, err)
			}
			name(id)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("visitors of %s: %w", t.name, err)
		}
	}
	return nil
}
