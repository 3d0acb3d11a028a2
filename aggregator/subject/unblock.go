package subject

import (
	"context"
	"fmt"
	"hash/fnv"
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
		return nil
	}
	p, err := d.open(t)
	if err != nil {
		return err
	}
	windows, err := d.windowsOf(ctx, p)
	if err != nil {
		return err
	}
	if err := d.o.Rollups.Changed(ctx, t.Site, windows); err != nil {
		return err
	}
	if err := d.note(ctx, aggregator(), "rows unblocked", t, fmt.Sprintf("%d rows", restored)); err != nil {
		return err
	}
	d.o.Log.Info("rows of a person unblocked", "ticket", t.ID, "site", t.Site, "rows", restored)
	return d.change(ctx, t, Unblocked)
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
		rows, err := d.hashes(ctx, fmt.Sprintf("SELECT groupArray(hash) FROM (SELECT hash FROM blocked_rows FINAL WHERE %s ORDER BY hash LIMIT %d)", of, restoring))
		if err != nil || len(rows) == 0 {
			return restored, err
		}
		token := fnv.New64a()
		_, _ = fmt.Fprint(token, t.ID, to.name, rows) // it never fails
		ctx := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
			"max_query_size": 64 << 20, "insert_deduplicate": 1, "insert_deduplication_token": fmt.Sprintf("%s-%x", t.ID, token.Sum64()),
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
