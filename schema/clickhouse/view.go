package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// View is a view of the database that conn speaks to. One that is open asks of its reader a right to itself alone, not to what it reads.
type View struct {
	Name, Query string
	Open        bool
}

// MakeViews makes the views that there are not, or not with this query, in order. The server takes longer to understand some views than to
// answer from them, so a program that starts again leaves alone what is there. On is the clause for a cluster, or nothing.
func MakeViews(ctx context.Context, conn driver.Conn, on string, views []View) error {
	have, err := madeViews(ctx, conn)
	if err != nil {
		return err
	}
	for _, v := range views {
		mark := v.mark()
		if have[v.Name] == mark {
			continue
		}
		if err := conn.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW %s%s%s AS\n%s\nCOMMENT '%s'", v.Name, on, v.security(), v.Query, mark)); err != nil {
			return fmt.Errorf("make view %s: %w", v.Name, err)
		}
	}
	return nil
}

// StaleViews are the names of those that are not there, or not with this query.
func StaleViews(ctx context.Context, conn driver.Conn, views []View) ([]string, error) {
	have, err := madeViews(ctx, conn)
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, v := range views {
		if have[v.Name] != v.mark() {
			stale = append(stale, v.Name)
		}
	}
	return stale, nil
}

func (v View) security() string {
	if v.Open {
		return "\nSQL SECURITY NONE"
	}
	return ""
}

// mark tells one query from another.
func (v View) mark() string {
	sum := sha256.Sum256([]byte(v.Query + v.security()))
	return hex.EncodeToString(sum[:16])
}

// madeViews are the marks of the views that there are.
func madeViews(ctx context.Context, conn driver.Conn) (map[string]string, error) {
	rows, err := conn.Query(ctx, "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	have := map[string]string{}
	for rows.Next() {
		var name, mark string
		if err := rows.Scan(&name, &mark); err != nil {
			return nil, fmt.Errorf("list views: %w", err)
		}
		have[name] = mark
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	return have, nil
}
