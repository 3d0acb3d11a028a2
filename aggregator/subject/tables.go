package subject

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/schema/clickhouse"
	"mayak/schema/policy"
)

// held is a table that holds rows of persons, as the policy says.
type held struct {
	name    string
	by      policy.Subject
	columns []string
	kept    time.Duration
	// source: collectors write it. Every other table is made of sources, and can be made again.
	source bool
}

// The tables that this package knows by name: where everything comes from, where decisions stand, and its own.
const (
	events   = "events"
	consents = "consents"
	blocked  = "blocked_rows"
)

// tablesOf are the tables of the policy that hold persons, in the order in which they are emptied: events last, since they tell whose
// the rows of others are.
func tablesOf(p *policy.Policy) (all []held) {
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		if t.Subject != policy.Nobody {
			all = append(all, held{
				name: name, by: t.Subject, columns: slices.Sorted(maps.Keys(t.Columns)), kept: time.Duration(t.Retention), source: slices.Contains(t.Collector, "insert"),
			})
		}
	}
	slices.SortStableFunc(all, func(a, b held) int { return rank(a) - rank(b) })
	return all
}

func rank(t held) int {
	switch {
	case t.by == policy.ByEvent:
		return 0
	case t.name == events:
		return 2
	}
	return 1
}

func (t held) has(column string) bool { return slices.Contains(t.columns, column) }

// derived tells whether the rows are made of others, and can be made again.
func (t held) derived() bool { return !t.source && t.name != blocked }

// concluded tells whether the rows say what was made out about the person. They cannot be made again, and are the person's to see.
func (t held) concluded() bool {
	return slices.Contains([]string{"risk_scores", "risk_feedback", "bot_visitors"}, t.name)
}

// exported tells whether the rows themselves belong to what is kept of a person, and not only how many there are.
func (t held) exported() bool { return !t.derived() || t.concluded() }

// movable tells whether rows are taken out of the table when a person is blocked. Decisions stay: they are the proof of what was
// allowed, no report reads them, and the visitor's page has to know them. What is derived is made again.
func (t held) movable() bool { return t.source && t.name != consents }

// list is the columns in a statement.
func (t held) list() string {
	quoted := make([]string, len(t.columns))
	for i, name := range t.columns {
		quoted[i] = clickhouse.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// identity is what a row is told by from others, as columns: those of an event, or all.
func (t held) identity() string {
	if t.has("id") && t.has("ts") {
		return "site, ts, id"
	}
	return t.list()
}

// where is a condition for the person's rows. Of a table whose rows are told by events' ids, ids says which: an array, or a query.
func (t held) where(p *person, ids string) string {
	site := "site = " + text(p.Site)
	if t.by == policy.ByEvent {
		return site + " AND " + p.blinded("id") + " IN " + ids
	}
	var either []string
	if t.by == policy.ByVisitor && len(p.Visitors) > 0 {
		either = append(either, p.blinded("visitor")+" IN "+numbers(p.blindVisitors()))
	}
	if t.has("receipt") && len(p.Receipts) > 0 {
		either = append(either, p.blinded("receipt")+" IN "+numbers(p.blindReceipts()))
	}
	if len(either) == 0 {
		return "false"
	}
	return site + " AND (" + strings.Join(either, " OR ") + ")"
}

// ids is a query for the keyed hashes of the ids of the person's events, as far as the table still has rows of them.
func (t held) ids(p *person, now time.Time) string {
	query := fmt.Sprintf("SELECT DISTINCT %s AS h FROM %s WHERE %s AND ts >= toDateTime64(%d, 3, 'UTC')",
		p.blinded("id"), events, ofEvents(p), now.Add(-t.kept-48*time.Hour).Unix())
	if len(p.Late) > 0 {
		query += " UNION ALL SELECT arrayJoin(" + strings.NewReplacer("(", "[", ")", "]").Replace(numbers(p.Late)) + ") AS h"
	}
	return "(" + query + ")"
}

// ofEvents is the condition for the person's events.
func ofEvents(p *person) string { return held{by: policy.ByVisitor}.where(p, "") }

func text(s string) string { return clickhouse.Text(s) }

// numbers is a list for IN.
func numbers(all []uint64) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, n := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(n, 10))
	}
	b.WriteByte(')')
	return b.String()
}
