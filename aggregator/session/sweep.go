package session

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	// grace is how long a reader may go on reading what it began to read before a switch.
	grace = 15 * time.Minute
	// abandoned is how old a computation is that can only have been interrupted before its switch.
	abandoned = 6 * time.Hour
	// mostSwept is how many windows one deletion names.
	mostSwept = 500
)

// sweep deletes parts that nobody reads any more.
func (f *Folder) sweep(ctx context.Context, site string) error {
	rows, err := f.o.Conn.Query(ctx, fmt.Sprintf(`SELECT toString(tier), window, generation
		FROM (SELECT tier, window, generation FROM session_parts WHERE site = %[1]s GROUP BY tier, window, generation) AS stored
		LEFT JOIN (
			SELECT tier, start AS window, max(generation) AS newest, argMax(computed, generation) AS since
			FROM rollup_windows WHERE site = %[1]s AND name = %[2]s GROUP BY tier, start) AS current USING (tier, window)
		WHERE generation != newest AND (newest > generation AND since < now64(3) - %[3]d
			OR fromUnixTimestamp64Micro(toInt64(bitShiftRight(generation, %[4]d))) < now64(3) - %[5]d)
		LIMIT %[6]d`, literal(site), literal(Name), int(grace.Seconds()), generationBits, int(abandoned.Seconds()), mostSwept))
	if err != nil {
		return fmt.Errorf("look for old parts: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var old []string
	for rows.Next() {
		var w Window
		if err := rows.Scan(&w.Tier, &w.From, &w.Generation); err != nil {
			return fmt.Errorf("look for old parts: %w", err)
		}
		old = append(old, fmt.Sprintf("(%s, %s, %d)", literal(w.Tier), stamp(w.From), w.Generation))
	}
	if err := rows.Err(); err != nil || len(old) == 0 {
		return err
	}
	err = f.o.Conn.Exec(ctx, "DELETE FROM "+f.o.Cluster.Stored(Name)+" WHERE site = "+literal(site)+" AND (tier, window, generation) IN ("+strings.Join(old, ", ")+")")
	if err != nil {
		return fmt.Errorf("delete old parts: %w", err)
	}
	return nil
}
