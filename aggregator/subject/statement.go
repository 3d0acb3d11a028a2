package subject

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// wide lets a statement be as long as it has to: lists of hashes, and rows as text.
func wide(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 64 << 20}))
}

// delete makes rows vanish from every answer; their files are rewritten later. It is seen by every reader when it returns.
func (d *Desk) delete(ctx context.Context, table, where string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": 64 << 20, "lightweight_deletes_sync": 2, "mutations_sync": 2,
	}))
	if err := d.o.Conn.Exec(ctx, "DELETE FROM "+d.o.Cluster.Stored(table)+" WHERE "+where); err != nil {
		return fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return nil
}

// rewrite writes the files anew that hold deleted rows, without them.
func (d *Desk) rewrite(ctx context.Context, table string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2}))
	if err := d.o.Conn.Exec(ctx, "ALTER TABLE "+d.o.Cluster.Stored(table)+" APPLY DELETED MASK"); err != nil {
		return fmt.Errorf("rewrite the files of %s: %w", table, err)
	}
	return nil
}

// hashes reads a list of numbers.
func (d *Desk) hashes(ctx context.Context, query string) (all []uint64, err error) {
	if err := d.o.Conn.QueryRow(wide(ctx), query).Scan(&all); err != nil {
		return nil, err
	}
	return all, nil
}
