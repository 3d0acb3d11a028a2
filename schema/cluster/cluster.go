// Package cluster words the schema for a cluster of ClickHouse servers, so that one set of migrations makes both: plain
// tables on one server, and on a cluster of shards and replicas
//
//	events        Distributed: what everybody reads and inserts into; it sends a row to the shard of its sharding key
//	events_local  Replicated*MergeTree on every node: what a shard stores, the same on each of its replicas
//	sites         Replicated*MergeTree with all rows on every node, for tables that are small and read by every query
//
// Which table is of which kind, and by what it is sharded, stands in placement.go and nowhere else. A node tells by the
// macros shard and replica which one it is. Whatever the rewriting does not understand it refuses.
package cluster

import (
	"fmt"
	"regexp"
)

// Name is the name of a cluster, as remote_servers has it. The empty one is a single server.
type Name string

var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// Check refuses a name that no cluster can have.
func (n Name) Check() error {
	if n == "" || nameForm.MatchString(string(n)) {
		return nil
	}
	return fmt.Errorf("cluster %q: want a name of letters, digits, _ and -, as in remote_servers", string(n))
}

// Local is the name that a node stores the rows of a table under, as system.parts shows it.
func (n Name) Local(table string) string {
	if n == "" || placements()[table].key == "" {
		return table
	}
	return table + "_local"
}

// Stored names a table in a statement that changes stored rows (ALTER, DELETE FROM, TRUNCATE, OPTIMIZE), which a
// Distributed table cannot pass on and every shard has to do for itself. A table that is everywhere is one set of replicas,
// which tell each other.
func (n Name) Stored(table string) string {
	local := n.Local(table)
	if local == table {
		return table
	}
	return local + n.On()
}

// On is the clause that makes every node of the cluster run a statement about its tables; on a single server there is none.
func (n Name) On() string {
	if n == "" {
		return ""
	}
	return " ON CLUSTER `" + string(n) + "`"
}
