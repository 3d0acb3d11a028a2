package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// margin is longer than any partition: one whose newest row is that much past its time gets no other rows, and can be dropped.
	margin = 32 * 24 * time.Hour
	// together makes a statement wait until all replicas have done it.
	together = " SETTINGS mutations_sync = 2"
)

// past is the condition of rows whose time is over at now.
func (t *table) past(now time.Time) string {
	parts := []string{t.before(now.Add(-time.Duration(t.Retention)))}
	for _, tier := range slices.Sorted(maps.Keys(t.Tiers)) {
		parts = append(parts, fmt.Sprintf("tier = '%s' AND %s", tier, t.before(now.Add(-time.Duration(t.Tiers[tier])))))
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// before is the condition of rows that are older than that. The column stands by itself, or its index would not be used.
func (t *table) before(limit time.Time) string {
	return fmt.Sprintf("%s < toDateTime(%d, 'UTC')", t.Age, limit.Unix())
}

// holds is the condition of rows that have a value in one of the columns.
func holds(columns ...string) string {
	parts := make([]string, 0, len(columns))
	for _, column := range columns {
		parts = append(parts, fmt.Sprintf("`%[1]s` != defaultValueOfArgumentType(`%[1]s`)", column))
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// short are the columns that are emptied before their row goes, by the days that they are kept.
func (t *table) short() map[int][]string {
	all := map[int][]string{}
	for _, column := range slices.Sorted(maps.Keys(t.Columns)) {
		if kept := t.Columns[column].Retention; kept > 0 {
			all[kept.Days()] = append(all[kept.Days()], column)
		}
	}
	return all
}

// remove takes away rows and values that are past their time, and counts them.
func (k *Keeper) remove(ctx context.Context, t table, now time.Time) (removed uint64, err error) {
	if removed, err = k.count(ctx, t, t.past(now)); err != nil {
		return 0, err
	}
	if removed > 0 {
		if err := k.drop(ctx, t, now); err != nil {
			return 0, err
		}
		if err := k.o.Conn.Exec(ctx, "ALTER TABLE "+t.stored+" DELETE WHERE "+t.past(now)+together); err != nil {
			return 0, err
		}
	}
	short := t.short()
	for _, days := range slices.Sorted(maps.Keys(short)) {
		emptied, err := k.empty(ctx, t, short[days], now.AddDate(0, 0, -days))
		removed += emptied
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// drop drops whole partitions, which costs nothing, where all of one is long past. Of a cluster it is not asked, since no server knows the
// partitions of another.
func (k *Keeper) drop(ctx context.Context, t table, now time.Time) error {
	if k.o.Cluster != "" {
		return nil
	}
	// Rows of a tier stand in partitions of their own; the table's own retention is past for all of them.
	rows, err := k.o.Conn.Query(ctx, fmt.Sprintf("SELECT DISTINCT _partition_id FROM %s WHERE %s AND _partition_id NOT IN (SELECT DISTINCT _partition_id FROM %s WHERE NOT (%s)) AND _partition_id != 'all'",
		t.name, t.before(now.Add(-time.Duration(t.Retention)-margin)), t.name, t.before(now.Add(-time.Duration(t.Retention)-margin))))
	if err != nil {
		return fmt.Errorf("look for whole partitions: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var over []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("look for whole partitions: %w", err)
		}
		over = append(over, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for whole partitions: %w", err)
	}
	for _, id := range over {
		if err := k.o.Conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION ID '%s'", t.stored, id)); err != nil {
			return fmt.Errorf("drop partition %s: %w", id, err)
		}
	}
	return nil
}

// empty makes the values of old rows empty.
func (k *Keeper) empty(ctx context.Context, t table, columns []string, limit time.Time) (uint64, error) {
	condition := t.before(limit) + " AND " + holds(columns...)
	n, err := k.count(ctx, t, condition)
	if n == 0 || err != nil {
		return 0, err
	}
	sets := make([]string, 0, len(columns))
	for _, column := range columns {
		sets = append(sets, fmt.Sprintf("`%[1]s` = defaultValueOfArgumentType(`%[1]s`)", column))
	}
	return n, k.o.Conn.Exec(ctx, "ALTER TABLE "+t.stored+" UPDATE "+strings.Join(sets, ", ")+" WHERE "+condition+together)
}

func (k *Keeper) count(ctx context.Context, t table, condition string) (n uint64, err error) {
	err = k.o.Conn.QueryRow(ctx, "SELECT count() FROM "+t.name+" WHERE "+condition).Scan(&n)
	return n, err
}
