package deliver

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/event"
)

// Rows gathers events, or decisions, that come from elsewhere than a spool and inserts them as a Deliverer does: the same columns, and
// a token that makes sending the same rows again change nothing. Not for concurrent use; its memory is used again.
type Rows struct {
	conn  driver.Conn
	table *rows[record]
}

// NewRows makes an empty Rows for events, that has room for so many.
func NewRows(conn driver.Conn, room int) *Rows { return roomy(conn, newEvents(), room) }

// NewDecisions is NewRows for what visitors decided.
func NewDecisions(conn driver.Conn, room int) *Rows { return roomy(conn, newConsents(), room) }

func roomy(conn driver.Conn, table *rows[record], room int) *Rows {
	for _, c := range table.columns {
		c.grow(room)
	}
	return &Rows{conn: conn, table: table}
}

// Add adds a row, of which nothing is kept but copies.
func (r *Rows) Add(row *event.Record) { r.table.add(row) }

// Len is how many rows wait.
func (r *Rows) Len() int { return r.table.number }

// Insert inserts the rows as one batch. Afterwards none waits, whether it went well or not.
func (r *Rows) Insert(ctx context.Context, token string) error {
	defer r.table.clear()
	if err := insert(ctx, r.conn, r.table, token); err != nil {
		return fmt.Errorf("insert %s: %w", r.table.table, withoutText(err))
	}
	return nil
}

// settings are those of every insert.
func settings(token string) clickhouse.Settings {
	return clickhouse.Settings{
		"insert_deduplication_token": token, "insert_deduplicate": 1, "async_insert": 0,
		// On a cluster an insert is over when the rows are on their shards, not when one node means to send them there.
		"insert_distributed_sync": 1,
		// An insert that was cut off between the table and a view on it: sent again, the view takes what it has missed.
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		// A batch is one block, and stays one: its parts are in or not, all of them under the same token.
		"min_insert_block_size_rows": 1 << 20, "min_insert_block_size_bytes": 0, "max_insert_threads": 1,
		// Merging the rows of one insert with each other takes the database three times as long as storing them, and
		// finds next to nothing: no collector stores an id twice that it remembers. The table's own merges still come.
		"optimize_on_insert": 0,
	}
}

// insert sends the rows of one table as one batch, which the token names.
func insert(ctx context.Context, conn driver.Conn, table *rows[record], token string) error {
	if table.number == 0 {
		return nil
	}
	options := settings(token)
	options["decompress"] = 1 // the body is in compressed frames
	b := table.body()
	err := conn.InsertFormat(clickhouse.Context(ctx, clickhouse.WithSettings(options)), "Native", table.statement, b)
	b.end()
	if errors.Is(err, clickhouse.ErrFormatNativeUnsupported) {
		return insertBatch(ctx, conn, table, token)
	}
	return err
}

// insertBatch lets the driver encode the rows, in the types of the table: the native protocol has no other way.
func insertBatch(ctx context.Context, conn driver.Conn, table *rows[record], token string) error {
	batch, err := conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithSettings(settings(token))), table.statement)
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // after Send there is nothing to close
	for i, c := range table.columns {
		if err := batch.Column(i).Append(c.values()); err != nil {
			return fmt.Errorf("column %s: %w", c.name(), err)
		}
	}
	return batch.Send()
}
