package retention

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// fewRows are few enough that a change takes effect at once, whatever it lets go.
const fewRows = 10_000

// weigh counts what a change would let go at once of what the database was told to keep so far: 4d for 400d is soon written, and nothing brings
// back what it removed.
func (k *Keeper) weigh(ctx context.Context, t *table, d *Difference) error {
	now := k.o.Now()
	there, over := "1", t.past(now)
	if d.Column != "" {
		if d.Wanted == "" { // as long as its row from now on
			return nil
		}
		there, over = holds(d.Column), t.before(now.Add(-time.Duration(t.Columns[d.Column].Retention)))
	}
	kept := there + " AND NOT " + pastBy(d.Live, now)
	var rows uint64
	err := k.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT count(), countIf(%s), countIf(%s AND %s) FROM %s", kept, kept, over, t.name)).Scan(&rows, &d.Kept, &d.Goes)
	if err != nil {
		return fmt.Errorf("count what would go from %s: %w", t.name, err)
	}
	d.Held = rows >= fewRows && d.Goes > d.Kept/2
	return nil
}

// pastBy is the condition of rows that are past their time by a TTL in the database's own words.
func pastBy(ttl string, now time.Time) string {
	parts := []string{"0"}
	for ttl != "" {
		one := ttl
		if at := outside(ttl, ","); at >= 0 {
			one, ttl = ttl[:at], ttl[at+1:]
		} else {
			ttl = ""
		}
		if outside(one, " TO ") >= 0 || outside(one, " RECOMPRESS ") >= 0 || outside(one, " GROUP BY ") >= 0 {
			continue // moves or changes rows, and keeps them
		}
		when, where, conditional := strings.Cut(strings.Replace(strings.TrimSpace(one), " DELETE", "", 1), " WHERE ")
		part := fmt.Sprintf("(%s) <= toDateTime(%d, 'UTC')", when, now.Unix())
		if conditional {
			part += " AND (" + where + ")"
		}
		parts = append(parts, part)
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// Held are the changes that somebody has to accept, by table. While one of a table is held, none of the table's is made, and Round removes
// nothing of it.
func Held(differences []Difference) map[string][]Difference {
	all := map[string][]Difference{}
	for _, d := range differences {
		if d.Held {
			all[d.Table] = append(all[d.Table], d)
		}
	}
	return all
}
