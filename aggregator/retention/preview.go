package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Due is what goes from one table: rows, rows of a tier, or values of a column.
type Due struct {
	Table  string    `json:"table"`
	What   string    `json:"what"` // rows, rows of a tier, values of a column
	Days   int       `json:"days"` // how long they are kept
	Oldest time.Time `json:"oldest,omitzero"`
	Goes   time.Time `json:"goes,omitzero"` // when the oldest of them goes; in the past, at the next round
	Now    uint64    `json:"now"`           // how many are past their time now
	Later  []uint64  `json:"later"`         // and by the end of each horizon
}

// Preview tells what would go by now and within each of the horizons. It changes nothing, so a policy file can be tried with it before it
// is put to use.
func (k *Keeper) Preview(ctx context.Context, horizons []time.Duration) ([]Due, error) {
	tables, err := k.tables(ctx)
	if err != nil {
		return nil, err
	}
	var all []Due
	for _, t := range tables {
		list := []Due{{Table: t.name, What: "rows", Days: t.Retention.Days()}}
		conditions := []string{"1"}
		var tiers []string
		for _, tier := range slices.Sorted(maps.Keys(t.Tiers)) {
			list = append(list, Due{Table: t.name, What: "rows of tier " + tier, Days: t.Tiers[tier].Days()})
			conditions = append(conditions, "tier = '"+tier+"'")
			tiers = append(tiers, "'"+tier+"'")
		}
		if len(tiers) > 0 { // each row is told of once
			conditions[0] = "tier NOT IN (" + strings.Join(tiers, ", ") + ")"
		}
		short := t.short()
		for _, days := range slices.Sorted(maps.Keys(short)) {
			for _, column := range short[days] {
				list = append(list, Due{Table: t.name, What: "values of " + column, Days: days})
				conditions = append(conditions, holds(column))
			}
		}
		for i := range list {
			if err := k.due(ctx, t, &list[i], conditions[i], horizons); err != nil {
				return nil, fmt.Errorf("look what goes from %s: %w", t.name, err)
			}
		}
		all = append(all, list...)
	}
	return all, nil
}

func (k *Keeper) due(ctx context.Context, t table, d *Due, condition string, horizons []time.Duration) error {
	now := k.o.Now()
	counts := make([]string, 0, len(horizons)+1)
	for _, ahead := range append([]time.Duration{0}, horizons...) {
		counts = append(counts, fmt.Sprintf("countIf(%s)", t.before(now.Add(ahead).AddDate(0, 0, -d.Days))))
	}
	var rows uint64
	var found []uint64
	err := k.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT count(), toDateTime(min(%s), 'UTC'), [%s] FROM %s WHERE %s",
		t.Age, strings.Join(counts, ", "), t.name, condition)).Scan(&rows, &d.Oldest, &found)
	if err != nil {
		return err
	}
	d.Now, d.Later = found[0], found[1:]
	if rows == 0 {
		d.Oldest = time.Time{}
		return nil
	}
	d.Goes = d.Oldest.AddDate(0, 0, d.Days)
	return nil
}
