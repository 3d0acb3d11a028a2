package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// proof is what is left of one table for one purpose.
type proof struct {
	table, purpose   string
	days             int // how long anything is kept for the purpose
	oldest           time.Time
	overdue, removed uint64
}

// purposes are what the table is kept for, each with the columns that serve it and are emptied before the row goes; none where a
// column is kept as long as the row.
func (t *table) purposes() map[string][]string {
	all, whole := map[string][]string{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(t.Columns)) {
		c := t.Columns[name]
		for _, purpose := range c.Purpose {
			all[purpose] = append(all[purpose], name)
			whole[purpose] = whole[purpose] || c.Retention == 0
		}
	}
	for purpose := range all {
		if whole[purpose] {
			all[purpose] = nil
		}
	}
	return all
}

// prove looks at what is left, all purposes at once.
func (k *Keeper) prove(ctx context.Context, t table, now time.Time) ([]proof, error) {
	purposes := t.purposes()
	var all []proof
	var left, oldest, overdue []string
	for _, purpose := range slices.Sorted(maps.Keys(purposes)) {
		p := proof{table: t.name, purpose: purpose, days: t.Retention.Days()}
		there := "1"
		if columns := purposes[purpose]; len(columns) > 0 {
			there, p.days = holds(columns...), 0
			for _, column := range columns {
				p.days = max(p.days, t.Columns[column].Retention.Days())
			}
		}
		all = append(all, p)
		left = append(left, "countIf("+there+")")
		oldest = append(oldest, fmt.Sprintf("toDateTime(minIf(%s, %s), 'UTC')", t.Age, there))
		overdue = append(overdue, "countIf("+t.overdue(purpose, now)+")")
	}
	var rows, late []uint64
	var times []time.Time
	err := k.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT [%s], [%s], [%s] FROM %s",
		strings.Join(left, ", "), strings.Join(oldest, ", "), strings.Join(overdue, ", "), t.name)).Scan(&rows, &times, &late)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].overdue = late[i]; rows[i] > 0 {
			all[i].oldest = times[i]
		}
	}
	return all, nil
}

// overdue is the condition of rows that are past their time, or whose values for the purpose are.
func (t *table) overdue(purpose string, now time.Time) string {
	parts := []string{t.past(now)}
	short := t.short()
	for _, days := range slices.Sorted(maps.Keys(short)) {
		for _, column := range short[days] {
			if slices.Contains(t.Columns[column].Purpose, purpose) {
				parts = append(parts, t.before(now.AddDate(0, 0, -days))+" AND "+holds(column))
			}
		}
	}
	return strings.Join(parts, " OR ")
}
