package rollup

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	// abandoned is how old a computation is that can only have been interrupted before its switch.
	abandoned = 6 * time.Hour
	// mostAtOnce is how many generations one deletion names.
	mostAtOnce = 500
)

// Sweep deletes rows that nobody reads any more: of generations that were followed by others, and of computations that never came to
// their end. What is older than its tier is kept goes by the tables' own TTL.
func (e *Engine) Sweep(ctx context.Context) (swept uint64, err error) {
	for _, table := range e.tables() {
		n, err := e.sweep(ctx, table)
		swept += n
		if err != nil {
			return swept, fmt.Errorf("sweep %s: %w", table.name, err)
		}
	}
	e.metrics.swept.Add(float64(swept))
	return swept, nil
}

// swept is a table that rows are deleted from.
type sweptTable struct{ name, rollup, tier string }

func (e *Engine) tables() []sweptTable {
	var all []sweptTable
	for _, b := range e.catalogue.bases {
		all = append(all, sweptTable{b.table(), b.name, "tier"})
	}
	for _, r := range e.catalogue.reports {
		if r.hasTable() && e.catalogue.base(r.source) != nil {
			all = append(all, sweptTable{r.table(), r.name, "CAST('day' AS Enum8('5m' = 0, 'hour' = 1, 'day' = 2))"})
		}
	}
	return all
}

func (e *Engine) sweep(ctx context.Context, t sweptTable) (uint64, error) {
	// The newest generation of each zone stays: a site may be given its old zone back.
	rows, err := e.o.Conn.Query(ctx, strings.NewReplacer("{table}", t.name, "{tier}", t.tier, "{name}", text(t.rollup),
		"{grace}", number(uint64(e.grace.Seconds())), "{abandoned}", number(uint64(abandoned.Seconds())), "{bits}", number(randomBits)).Replace(`
		SELECT DISTINCT site, length_, window, generation
		FROM (SELECT site, {tier} AS length_, window, generation FROM {table} GROUP BY site, length_, window, generation) AS stored
		LEFT JOIN (
			SELECT site, tier AS length_, start AS window, groupArray(newest) AS keep, max(newest) AS last, argMax(switched, newest) AS since
			FROM (SELECT site, tier, zone, start, max(generation) AS newest, argMax(computed, generation) AS switched
			      FROM rollup_windows WHERE name = {name} GROUP BY site, tier, zone, start)
			GROUP BY site, tier, start) AS known USING (site, length_, window)
		WHERE NOT has(keep, generation)
		  AND (last > generation AND since < now64(3) - {grace} OR fromUnixTimestamp64Micro(toInt64(bitShiftRight(generation, {bits}))) < now64(3) - {abandoned})`))
	if err != nil {
		return 0, fmt.Errorf("look for what nobody reads: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var garbage []string
	for rows.Next() {
		var site, tier string
		var window time.Time
		var generation uint64
		if err := rows.Scan(&site, &tier, &window, &generation); err != nil {
			return 0, fmt.Errorf("look for what nobody reads: %w", err)
		}
		key := fmt.Sprintf("(%s, %s, %d)", text(site), moment(window), generation)
		if t.tier == "tier" {
			key = fmt.Sprintf("(%s, %s, %s, %d)", text(site), text(tier), moment(window), generation)
		}
		garbage = append(garbage, key)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("look for what nobody reads: %w", err)
	}
	return e.remove(ctx, t, garbage)
}

func (e *Engine) remove(ctx context.Context, t sweptTable, garbage []string) (removed uint64, err error) {
	columns := "(site, window, generation)"
	if t.tier == "tier" {
		columns = "(site, tier, window, generation)"
	}
	for len(garbage) > 0 {
		n := min(len(garbage), mostAtOnce)
		statement := fmt.Sprintf("DELETE FROM %s WHERE %s IN (%s)", e.o.Cluster.Stored(t.name), columns, strings.Join(garbage[:n], ", "))
		if err := e.o.Conn.Exec(ctx, statement); err != nil {
			return removed, err
		}
		garbage = garbage[n:]
		removed += uint64(n)
	}
	return removed, nil
}
