package policy

import (
	"maps"
	"slices"
)

// Compare holds the file against the columns that a database has, by table: what is stored and the file does not name, which nothing may
// be, and what the file names and is not there. Each as table.column, in order.
func (p *Policy) Compare(stored map[string][]string) (unnamed, absent []string) {
	for _, table := range slices.Sorted(maps.Keys(stored)) {
		for _, column := range stored[table] {
			if _, ok := p.Column(table, column); !ok {
				unnamed = append(unnamed, table+"."+column)
			}
		}
	}
	for _, table := range slices.Sorted(maps.Keys(p.Tables)) {
		for _, column := range slices.Sorted(maps.Keys(p.Tables[table].Columns)) {
			if !slices.Contains(stored[table], column) {
				absent = append(absent, table+"."+column)
			}
		}
	}
	slices.Sort(unnamed)
	return unnamed, absent
}
