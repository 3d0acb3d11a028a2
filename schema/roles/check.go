package roles

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Deviations says where the rights of the live database are not those of the policy. A database in which none of the roles is made, as the
// embedded engine without a users file, has no rights to compare: then there are no roles.
func (o *Options) Deviations(ctx context.Context, conn driver.Conn) (deviations []string, made bool, err error) {
	live, err := o.live(ctx, conn)
	if err != nil {
		return nil, false, err
	}
	if len(live) == 0 {
		return nil, false, nil
	}
	return o.compare(live), true, nil
}

// compare tells of a role that has no rights at all in one line: it was never made.
func (o *Options) compare(live map[string]map[string]bool) (deviations []string) {
	var missing []string
	for _, role := range All() {
		if role == Aggregator { // the database shows ALL as what it is made of
			continue
		}
		if len(live[role]) == 0 {
			missing = append(missing, role)
			continue
		}
		want := map[string]bool{}
		for _, g := range o.Grants(role) {
			columns := g.Columns
			if len(columns) == 0 {
				columns = []string{""}
			}
			for _, column := range columns {
				want[right(g.Access, g.On, column)] = true // the database shows a beginning of names without its star
			}
		}
		have := live[role]
		for _, one := range slices.Sorted(maps.Keys(want)) {
			if !have[one] {
				deviations = append(deviations, fmt.Sprintf("role %s: the policy grants %s, the database does not", role, one))
			}
		}
		for _, one := range slices.Sorted(maps.Keys(have)) {
			if !want[one] {
				deviations = append(deviations, fmt.Sprintf("role %s: the database grants %s, the policy does not", role, one))
			}
		}
	}
	if len(missing) > 0 {
		deviations = append(deviations, fmt.Sprintf("the database has no rights of the roles %s: see \"aggregator roles\"", strings.Join(missing, ", ")))
	}
	return deviations
}

func right(access, on, column string) string {
	if column != "" {
		access += "(" + column + ")"
	}
	return access + " on " + on
}

// live are the rights of the roles in the database. The embedded engine calls its users' roles by names of its own.
func (o *Options) live(ctx context.Context, conn driver.Conn) (map[string]map[string]bool, error) {
	rows, err := conn.Query(ctx, `SELECT ifNull(role_name, ''), toString(access_type), ifNull(database, '*'), ifNull(table, '*'), ifNull(column, ''), is_partial_revoke
		FROM system.grants WHERE startsWith(ifNull(role_name, ''), 'mayak_')`)
	if err != nil {
		return nil, fmt.Errorf("look at the grants: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[string]map[string]bool{}
	for rows.Next() {
		var name, access, database, table, column string
		var revoked uint8
		if err := rows.Scan(&name, &access, &database, &table, &column, &revoked); err != nil {
			return nil, fmt.Errorf("look at the grants: %w", err)
		}
		role := strings.TrimPrefix(strings.TrimPrefix(name, prefix), "user_")
		if !slices.Contains(All(), role) {
			continue // the engine's own
		}
		if all[role] == nil {
			all[role] = map[string]bool{}
		}
		if database != o.Database {
			table = database + "." + table
		}
		one := right(access, table, column)
		if revoked == 1 {
			one += " revoked"
		}
		all[role][one] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the grants: %w", err)
	}
	return all, nil
}
