package deliver

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/event"
)

// Rows gathers events that come from elsewhere than a spool and inserts them as a Deliverer does: the same columns, and
// a token that makes sending the same rows again change nothing. Not for concurrent use; its memory is used again.
type Rows struct {
	conn   driver.Conn
	events *rows[record]
	number int
}

// NewRows makes an empty Rows that has room for so many.
func NewRows(conn driver.Conn, room int) *Rows {
	r := &Rows{conn: conn, events: newEvents()}
	for _, c := range r.events.columns {
		c.grow(room)
	}
	return r
}

// Add adds a row. Its strings must stay unchanged until the rows are inserted.
func (r *Rows) Add(row *event.Record) {
	r.events.add(row)
	r.number++
}

// Len is how many rows wait.
func (r *Rows) Len() int { return r.number }

// Insert inserts the rows as one batch. Afterwards none waits, whether it went well or not.
func (r *Rows) Insert(ctx context.Context, token string) error {
	defer func() {
		r.events.clear()
		r.number = 0
	}()
	if err := insert(ctx, r.conn, r.events, token); err != nil {
		return fmt.Errorf("insert %s: %w", r.events.table, withoutText(err))
	}
	return nil
}

// insert sends the rows of one table as one batch, which the token names.
func insert(ctx context.Context, conn driver.Conn, table *rows[record], token string) error {
	ctx = clickhouse.Context(ctx,
		clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "insert_deduplicate": 1, "async_insert": 0,
			// Merging the rows of one insert with each other takes the database three times as long as storing them, and
			// finds next to nothing: no collector stores an id twice that it remembers. The table's own merges still come.
			"optimize_on_insert": 0,
		}),
		clickhouse.WithColumnNamesAndTypes(table.types()))
	batch, err := conn.PrepareBatch(ctx, table.insert())
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // after Send there is nothing to close
	if err := table.send(batch); err != nil {
		return err
	}
	return batch.Send()
}
