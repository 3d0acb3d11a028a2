package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mayak/schema/clickhouse"
)

// prefix keeps our roles apart from others of the server.
const prefix = "mayak_"

// SQL is what a server's administrator runs, each statement on its own, as often as the policy file changes: it brings roles, profiles,
// quotas and row policies to what the file says now.
func (o *Options) SQL() []string {
	var all []string
	on := o.Cluster.On()
	for _, role := range All() {
		name := prefix + role
		all = append(all, fmt.Sprintf("CREATE ROLE IF NOT EXISTS %s%s", name, on), fmt.Sprintf("REVOKE%s ALL ON *.* FROM %s", on, name))
		for _, g := range o.Grants(role) {
			all = append(all, strings.Replace(o.words(g), "GRANT", "GRANT"+on, 1)+" TO "+name)
		}
		all = append(all, o.profile(role)...)
		all = append(all, o.quota(role)...)
	}
	return append(all, o.rowPolicies()...)
}

func (o *Options) profile(role string) []string {
	var settings []string
	for _, l := range limits(role) {
		value := l.text()
		if l.name == "additional_table_filters" {
			value = "'{}'"
		}
		switch {
		case l.fixed:
			settings = append(settings, fmt.Sprintf("%s = %s CONST", l.name, value))
		case l.bounded():
			settings = append(settings, fmt.Sprintf("%s = %s MIN 1 MAX %s", l.name, value, value))
		default:
			settings = append(settings, fmt.Sprintf("%s = %s", l.name, value))
		}
	}
	if len(settings) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("CREATE SETTINGS PROFILE OR REPLACE %[1]s%[2]s SETTINGS %[3]s TO %[1]s", prefix+role, o.Cluster.On(), strings.Join(settings, ", "))}
}

func (o *Options) quota(role string) []string {
	var all []string
	for _, q := range quotas(role) {
		all = append(all, fmt.Sprintf("CREATE QUOTA OR REPLACE %[1]s%[2]s KEYED BY user_name FOR INTERVAL %[3]s MAX queries = %[4]d, execution_time = %[5]d TO %[1]s",
			prefix+role, o.Cluster.On(), q.interval, q.queries, q.seconds))
	}
	return all
}

// rowPolicies hide from readers what is past its time before it is gone: the database forgets when it merges, a reader at once. Whoever
// else there is sees all rows, since a table with policies shows none to whom none is for.
func (o *Options) rowPolicies() []string {
	var all []string
	readers := []string{prefix + Ops, prefix + Security}
	for _, table := range slices.Sorted(maps.Keys(o.Policy.Tables)) {
		t := o.Policy.Tables[table]
		if len(o.Readable(Ops, table)) == 0 && len(o.Readable(Security, table)) == 0 {
			continue
		}
		for _, name := range o.stored(table) {
			where := fmt.Sprintf("%s.%s", clickhouse.Quote(o.Database), clickhouse.Quote(name))
			all = append(all,
				fmt.Sprintf("CREATE ROW POLICY OR REPLACE mayak_in_time%s ON %s FOR SELECT USING %s >= now() - INTERVAL %d DAY TO %s",
					o.Cluster.On(), where, clickhouse.Quote(t.Age), int(time.Duration(t.Retention)/(24*time.Hour)), strings.Join(readers, ", ")),
				fmt.Sprintf("CREATE ROW POLICY OR REPLACE mayak_all%s ON %s FOR SELECT USING 1 TO ALL EXCEPT %s", o.Cluster.On(), where, strings.Join(readers, ", ")))
		}
	}
	return all
}
