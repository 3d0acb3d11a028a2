package subject

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// unblock puts rows back where they were taken from. Rows that an aggregator took out which had not heard of it follow for a while.
func (d *Desk) unblock(ctx context.Context, t *Ticket) error {
	restored := uint64(0)
	for _, table := range d.tables {
		if !table.movable() {
			continue
		}
		n, err := d.restore(ctx, t, table)
		restored += n
		if err != nil {
			return err
		}
	}
	if restored == 0 && t.State == Unblocked {
		if t.sealed == "" || d.o.Now().Sub(t.Changed) < lingering {
			return nil
		}
		return d.forget(ctx, t, Unblocked)
	}
	if err := d.tellUnblocked(ctx, t); err != nil {
		return err
	}
	if err := d.note(ctx, aggregator(), "rows unblocked", t, fmt.Sprintf("%d rows", restored)); err != nil {
		return err
	}
	d.o.Log.Info("rows of a person unblocked", "ticket", t.ID, "site", t.Site, "rows", restored)
	return d.change(ctx, t, Unblocked)
}

// tellUnblocked lets reports know at once. Of whom a ticket with a lost key speaks nobody can tell: reports learn of the rows as of others.
func (d *Desk) tellUnblocked(ctx context.Context, t *Ticket) error {
	p, err := d.open(t)
	if errors.Is(err, errSealed) {
		return nil
	}
	if err != nil {
		return err
	}
	windows, err := d.windowsOf(ctx, p)
	if err != nil {
		return err
	}
	return d.o.Rollups.Changed(ctx, t.Site, windows)
}

// restoring is how many rows are put back at once.
const restoring = 500

// restore inserts rows and then deletes their copies; inserting some again, after it was interrupted, changes nothing. The database reads
// the rows itself, since the text of a statement is to hold none.
func (d *Desk) restore(ctx context.Context, t *Ticket, to held) (restored uint64, err error) {
	structure, err := d.structure(ctx, to)
	if err != nil {
		return 0, err
	}
	of := fmt.Sprintf("ticket = %s AND origin = %s", text(t.ID), text(to.name))
	for {
		rows, token, err := d.next(ctx, of)
		if err != nil || len(rows) == 0 {
			return restored, err
		}
		ctx := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
			"max_query_size": 64 << 20, "insert_deduplicate": 1, "insert_deduplication_token": fmt.Sprintf("%s-%s-%x", t.ID, to.name, token),
			"deduplicate_blocks_in_dependent_materialized_views": 1, "async_insert": 0,
			"precise_float_parsing": 1, // the usual way is quicker, and wrong by the last bit in a quarter of all numbers
		}))
		these := of + " AND hash IN " + numbers(rows)
		err = d.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%[2]s) SELECT %[2]s FROM format(JSONEachRow, %[3]s,
			(SELECT arrayStringConcat(groupArray(row), '\n') FROM (SELECT row FROM blocked_rows FINAL WHERE %[4]s ORDER BY hash)))`,
			to.name, to.list(), text(structure), these))
		if err != nil {
			return restored, fmt.Errorf("put rows of %s back: %w", to.name, err)
		}
		if err := d.delete(ctx, blocked, these); err != nil {
			return restored, err
		}
		restored += uint64(len(rows))
	}
}

// next are rows to put back, and what tells these and when they were taken out from others: rows that were taken out once more have to be
// inserted once more.
func (d *Desk) next(ctx context.Context, of string) (rows []uint64, token uint64, err error) {
	err = d.o.Conn.QueryRow(wide(ctx), fmt.Sprintf(`SELECT groupArray(hash), cityHash64(groupArray((hash, toUnixTimestamp64Milli(moved))))
		FROM (SELECT hash, moved FROM blocked_rows FINAL WHERE %s ORDER BY hash LIMIT %d)`, of, restoring)).Scan(&rows, &token)
	if err != nil {
		return nil, 0, fmt.Errorf("look for blocked rows: %w", err)
	}
	return rows, token, nil
}

// structure is the table's columns with their types.
func (d *Desk) structure(ctx context.Context, t held) (string, error) {
	var all []string
	err := d.o.Conn.QueryRow(ctx, "SELECT groupArray(concat('`', name, '` ', type)) FROM system.columns WHERE database = currentDatabase() AND table = {table:String}",
		clickhouse.Named("table", t.name)).Scan(&all)
	if err != nil {
		return "", fmt.Errorf("columns of %s: %w", t.name, err)
	}
	return strings.Join(all, ", "), nil
}

// isBlocked tells whether a ticket has the person's rows blocked.
func isBlocked(p *person, blocks []*person) bool {
	return slices.ContainsFunc(blocks, p.meets)
}

// lingering is for how long a ticket that was unblocked is looked after.
const lingering = 10 * time.Minute
