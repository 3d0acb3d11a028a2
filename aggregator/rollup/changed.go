package rollup

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// changedAtOnce is how many windows one statement names.
const changedAtOnce = 2000

// Changed is told when events of these 5-minute windows were taken away or put back. What was computed of them no longer counts: until
// it is computed again, reports read them from events, so they are right at once.
func (e *Engine) Changed(ctx context.Context, site string, windows []time.Time) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"lightweight_deletes_sync": 2, "mutations_sync": 2, "max_query_size": 16 << 20,
	}))
	for len(windows) > 0 {
		n := min(len(windows), changedAtOnce)
		some := unixes(windows[:n])
		windows = windows[n:]
		// First this, so that what is being computed now from events as they were is known to be stale whenever it ends.
		err := e.o.Conn.Exec(ctx, fmt.Sprintf("INSERT INTO window_changes (site, window, changes, last_changed) SELECT %s, toDateTime(arrayJoin(%s), 'UTC'), 1, now64(3)",
			text(site), some))
		if err != nil {
			return fmt.Errorf("tell of changed windows: %w", err)
		}
		if err := e.o.Conn.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s", e.o.Cluster.Stored("rollup_windows"), e.holds(site, some))); err != nil {
			return fmt.Errorf("forget computed windows: %w", err)
		}
	}
	return nil
}

// Settled tells whether nothing counts that was computed from these windows before the moment.
func (e *Engine) Settled(ctx context.Context, site string, windows []time.Time, since time.Time) (bool, error) {
	for len(windows) > 0 {
		n := min(len(windows), changedAtOnce)
		var old uint64
		err := e.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT count() FROM (
			SELECT max(generation) AS newest FROM rollup_windows WHERE %s GROUP BY name, tier, zone, start)
			WHERE fromUnixTimestamp64Micro(toInt64(bitShiftRight(newest, %d))) < fromUnixTimestamp64Milli(toInt64(%d))`,
			e.holds(site, unixes(windows[:n])), randomBits, since.UnixMilli())).Scan(&old)
		if err != nil {
			return false, fmt.Errorf("ask for computed windows: %w", err)
		}
		if old > 0 {
			return false, nil
		}
		windows = windows[n:]
	}
	return true, nil
}

// holds is a condition for this engine's records of windows that hold any of these.
func (e *Engine) holds(site, windows string) string {
	var names []string
	for _, b := range e.catalogue.bases {
		names = append(names, text(b.name))
	}
	for _, r := range e.catalogue.reports {
		names = append(names, text(r.name))
	}
	return fmt.Sprintf("site = %s AND name IN (%s) AND arrayExists(w -> w >= toUnixTimestamp(start) AND w < toUnixTimestamp(until), %s)",
		text(site), strings.Join(names, ", "), windows)
}

// unixes is a literal of moments.
func unixes(windows []time.Time) string {
	parts := make([]string, len(windows))
	for i, w := range windows {
		parts[i] = strconv.FormatInt(w.Unix(), 10)
	}
	return "[" + strings.Join(parts, ",") + "]"
}
