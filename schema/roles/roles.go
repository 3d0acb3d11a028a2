// Package roles words who may do what in the database, as the policy file says, in two ways: as SQL for a server, which makes roles
// and leaves users to the operator, and as a users file for the embedded engine, which has users and no roles.
//
//	collector   INSERT where the policy lets it, and no reading but of what it needs (salts, tombstones, visitor_keys)
//	visitor     the views visitor_*, each of which answers for one visitor only: what the visitor's page shows
//	aggregator  everything in its database, nothing outside
//	analyst     the views analyst_*, which have sums and no small group; no table
//	ops         the columns that the policy gives to ops, and the views ops_*, which are made of them and of sums
//	security    the columns that the policy gives to security, and the views security_*, which are made of them
//
// Nothing is granted that the file does not say; what it said before is taken back.
package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
	"mayak/schema/policy"
)

// The roles.
const (
	Collector  = "collector"
	Visitor    = "visitor"
	Aggregator = "aggregator"
	Analyst    = "analyst"
	Ops        = "ops"
	Security   = "security"
)

// All lists the roles.
func All() []string { return []string{Collector, Visitor, Aggregator, Analyst, Ops, Security} }

// What a role of readers is given beside the columns of the policy: views with these beginnings of their names.
const (
	VisitorViews  = "visitor_"
	AnalystViews  = "analyst_"
	OpsViews      = "ops_"
	SecurityViews = "security_"
)

// Options say for which database.
type Options struct {
	Policy   *policy.Policy
	Database string
	Cluster  cluster.Name
}

// Grant is a right to a table, a view, or all that begins like On.
type Grant struct {
	Access  string   // SELECT, INSERT, ALTER DELETE, ALL …
	Columns []string // none means all of them
	On      string   // table; empty is the whole database
	Begins  bool     // On is the beginning of names
	Global  bool     // the right is to no table
}

// Grants are the rights of a role.
func (o *Options) Grants(role string) []Grant {
	switch role {
	case Collector:
		return o.ofCollector()
	case Visitor:
		return []Grant{{Access: "SELECT", On: VisitorViews, Begins: true}}
	case Analyst:
		return []Grant{{Access: "SELECT", On: AnalystViews, Begins: true}}
	case Aggregator:
		all := []Grant{{Access: "ALL"}, {Access: "ALLOW SQL SECURITY NONE", Global: true}, {Access: "SHOW ACCESS", Global: true}}
		all = append(all, Grant{Access: "SELECT ON system.parts", Global: true}, Grant{Access: "SELECT ON system.backups", Global: true})
		if o.Cluster != "" {
			all = append(all, Grant{Access: "CLUSTER", Global: true}, Grant{Access: "READ ON REMOTE", Global: true})
		}
		return all
	case Ops:
		return append(o.ofReader(role), Grant{Access: "SELECT", On: OpsViews, Begins: true})
	default:
		return append(o.ofReader(role), Grant{Access: "SELECT", On: SecurityViews, Begins: true})
	}
}

func (o *Options) ofCollector() []Grant {
	access := map[string]string{"insert": "INSERT", "select": "SELECT", "drop": "ALTER DELETE"}
	var all []Grant
	for _, table := range slices.Sorted(maps.Keys(o.Policy.Tables)) {
		for _, right := range o.Policy.Tables[table].Collector {
			for _, on := range o.stored(table) {
				all = append(all, Grant{Access: access[right], On: on})
			}
		}
	}
	return all
}

// ofReader are the columns that the policy gives to the role.
func (o *Options) ofReader(role string) []Grant {
	var all []Grant
	for _, table := range slices.Sorted(maps.Keys(o.Policy.Tables)) {
		columns := o.Readable(role, table)
		if len(columns) == 0 {
			continue
		}
		for _, on := range o.stored(table) {
			all = append(all, Grant{Access: "SELECT", Columns: columns, On: on})
		}
	}
	return all
}

// Readable are the columns of the table itself that people of a role may read, in order. Analysts read no table.
func (o *Options) Readable(role, table string) []string {
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(o.Policy.Tables[table].Columns)) {
		if role != Analyst && slices.Contains(o.Policy.Tables[table].Columns[name].Roles, role) {
			columns = append(columns, name)
		}
	}
	return columns
}

// stored are the names that a table's rows are read and written by: on a cluster a shard is asked for its own part.
func (o *Options) stored(table string) []string {
	if local := o.Cluster.Local(table); local != table {
		return []string{table, local}
	}
	return []string{table}
}

// words is the grant without whom it is to.
func (o *Options) words(g Grant) string {
	access := g.Access
	if len(g.Columns) > 0 {
		access += "(" + strings.Join(quotedAll(g.Columns), ", ") + ")"
	}
	switch {
	case g.Global && strings.Contains(access, " ON "):
		return "GRANT " + access
	case g.Global:
		return "GRANT " + access + " ON *.*"
	case g.On == "":
		return fmt.Sprintf("GRANT %s ON %s.*", access, clickhouse.Quote(o.Database))
	case g.Begins:
		return fmt.Sprintf("GRANT %s ON %s.%s*", access, clickhouse.Quote(o.Database), g.On) // a name of ours, which needs no quotes; in quotes the star would be one
	}
	return fmt.Sprintf("GRANT %s ON %s.%s", access, clickhouse.Quote(o.Database), clickhouse.Quote(g.On))
}

func quotedAll(names []string) []string {
	all := make([]string, 0, len(names))
	for _, name := range names {
		all = append(all, clickhouse.Quote(name))
	}
	return all
}
