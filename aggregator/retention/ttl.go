package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// live is how the database has a table: the TTL of its rows, and type and TTL of its columns, in the database's own words.
type live struct {
	ttl   string
	types map[string]string
	keys  map[string]bool // columns that rows are sorted or kept apart by
	ttls  map[string]string
}

// lives are the tables of the database by name.
func (k *Keeper) lives(ctx context.Context) (map[string]live, error) {
	rows, err := k.o.Conn.Query(ctx, `SELECT name, engine_full, create_table_query, (SELECT groupArray((c.name, c.type, toString(c.is_in_sorting_key OR c.is_in_partition_key))) FROM system.columns AS c
		WHERE c.database = currentDatabase() AND c.table = t.name) FROM system.tables AS t WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`)
	if err != nil {
		return nil, fmt.Errorf("look at the tables: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	found := map[string]live{}
	for rows.Next() {
		var name, engine, query string
		var columns [][]any
		if err := rows.Scan(&name, &engine, &query, &columns); err != nil {
			return nil, fmt.Errorf("look at the tables: %w", err)
		}
		one := live{ttl: tableTTL(engine), types: map[string]string{}, keys: map[string]bool{}, ttls: columnTTLs(query)}
		for _, c := range columns {
			one.types[fmt.Sprint(c[0])], one.keys[fmt.Sprint(c[0])] = fmt.Sprint(c[1]), fmt.Sprint(c[2]) == "1"
		}
		found[name] = one
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the tables: %w", err)
	}
	return found, nil
}

// tableTTL is the TTL in "MergeTree PARTITION BY … ORDER BY … TTL … SETTINGS …".
func tableTTL(engine string) string {
	_, ttl, _ := strings.Cut(engine, " TTL ")
	ttl, _, _ = strings.Cut(ttl, " SETTINGS ")
	return strings.TrimSpace(ttl)
}

// columnTTLs are those of a CREATE TABLE in the database's own words: each column begins with its name in backticks.
func columnTTLs(query string) map[string]string {
	found := map[string]string{}
	for _, item := range items(query) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(item, "`"), "`")
		if !ok || !strings.HasPrefix(item, "`") {
			continue
		}
		if at := outside(rest, " TTL "); at >= 0 {
			found[name] = strings.TrimSpace(rest[at+len(" TTL "):])
		}
	}
	return found
}

// items are what stands between the commas of the first brackets.
func items(query string) []string {
	_, query, ok := strings.Cut(query, "(")
	if !ok {
		return nil
	}
	var all []string
	for {
		at := outside(query, ",")
		end := outside(query, ")")
		if at < 0 || end >= 0 && end < at {
			return append(all, strings.TrimSpace(query[:max(end, 0)]))
		}
		all = append(all, strings.TrimSpace(query[:at]))
		query = query[at+1:]
	}
}

// outside is where the word is first, in no quotes and brackets; -1 is nowhere.
func outside(text, word string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth == 0 && strings.HasPrefix(text[i:], word):
			return i
		case c == '\'' || c == '`' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return -1
}

// wanted is the TTL of the rows that the policy wants, worded as the database would.
func (t *table) wanted() string {
	var parts []string
	for _, tier := range slices.Sorted(maps.Keys(t.Tiers)) {
		parts = append(parts, fmt.Sprintf("%s + toIntervalDay(%d) WHERE tier = '%s'", t.age, t.Tiers[tier].Days(), tier))
	}
	return strings.Join(append(parts, fmt.Sprintf("%s + toIntervalDay(%d)", t.age, t.Retention.Days())), ", ")
}

// wantedOf is that of a column; nothing where it is kept as long as its row.
func (t *table) wantedOf(column string) string {
	kept := t.Columns[column].Retention
	if kept == 0 {
		return ""
	}
	return fmt.Sprintf("%s + toIntervalDay(%d)", t.age, kept.Days())
}

// Difference is a time that the policy and the database say differently.
type Difference struct {
	Table, Column string // without a column it is that of the rows
	Wanted, Live  string // as TTL; empty is none
	Kept, Goes    uint64 // rows or values that Live keeps still, and those of them that Wanted would let go at once
	Held          bool   // too many of them: somebody has to accept it
	statement     string
}

// String says it in a line.
func (d Difference) String() string {
	where := "table " + d.Table
	if d.Column != "" {
		where = "column " + d.Table + "." + d.Column
	}
	none := func(ttl string) string {
		if ttl == "" {
			return "none"
		}
		return ttl
	}
	text := fmt.Sprintf("%s: the TTL of the policy is %s, that of the database is %s", where, none(d.Wanted), none(d.Live))
	if d.Held {
		text += fmt.Sprintf("; HELD BACK, since %d of %d rows or values would go at once: if that is meant, \"aggregator retention run --accept\"", d.Goes, d.Kept)
	}
	return text
}

// Differences are where the database forgets at other times than the policy says.
func (k *Keeper) Differences(ctx context.Context) ([]Difference, error) {
	tables, err := k.tables(ctx)
	if err != nil {
		return nil, err
	}
	var all []Difference
	for _, t := range tables {
		found, err := k.differences(ctx, &t)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (k *Keeper) differences(ctx context.Context, t *table) ([]Difference, error) {
	all := t.differences()
	for i := range all {
		if err := k.weigh(ctx, t, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *table) differences() []Difference {
	var all []Difference
	if want := t.wanted(); t.made.ttl != want {
		all = append(all, Difference{Table: t.name, Wanted: want, Live: t.made.ttl, statement: "ALTER TABLE " + t.stored + " MODIFY TTL " + want})
	}
	for _, column := range slices.Sorted(maps.Keys(t.Columns)) {
		want, have := t.wantedOf(column), t.made.ttls[column]
		if want == have {
			continue
		}
		change := " TTL " + want
		if want == "" {
			change = " REMOVE TTL"
		}
		all = append(all, Difference{Table: t.name, Column: column, Wanted: want, Live: have, statement: "ALTER TABLE " + t.stored + " MODIFY COLUMN `" + column + "`" + change})
	}
	return all
}

// Apply gives the tables the policy's times, where they have others, and says where. Changes that are held are made only when they are accepted,
// and are told of too. What is stored already is Round's to remove: the statement would rewrite whole tables at once.
func (k *Keeper) Apply(ctx context.Context, accept bool) (changed, held []Difference, err error) {
	all, err := k.Differences(ctx)
	if err != nil {
		return nil, nil, err
	}
	waiting := map[string][]Difference{}
	if !accept {
		waiting = Held(all)
	}
	for _, d := range all {
		if len(waiting[d.Table]) > 0 {
			continue
		}
		if err := k.o.Conn.Exec(ctx, d.statement+" SETTINGS materialize_ttl_after_modify = 0"); err != nil {
			return changed, nil, fmt.Errorf("%s: %w", d, err)
		}
		changed = append(changed, d)
	}
	for _, table := range slices.Sorted(maps.Keys(waiting)) {
		held = append(held, waiting[table]...)
	}
	k.metrics.held.Set(float64(len(waiting)))
	return changed, held, nil
}
