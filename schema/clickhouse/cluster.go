package clickhouse

import (
	"maps"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// onCluster adds what makes statements over Distributed tables mean what they mean on one server. A user whose tools
// connect without us (Grafana) needs the same in their settings profile.
func onCluster(given clickhouse.Settings) clickhouse.Settings {
	settings := clickhouse.Settings{
		// An insert is over when every shard has its rows, not when one node means to send them.
		"insert_distributed_sync": 1,
		// INSERT … SELECT … GROUP BY groups the rows of all shards, not those of each.
		"parallel_distributed_insert_select": 0,
		// A subquery in IN or JOIN is answered once for all shards, not by each from its own rows.
		"distributed_product_mode": "global",
		// Everybody reads and writes the first replica of a shard that is up. What was just written, like the rows of a
		// window whose switch is read elsewhere, is then seen by all; the other replicas stand by.
		"load_balancing": "in_order", "prefer_localhost_replica": 0,
		// A statement for all nodes is over when all of them have run it, and tells nothing but what went wrong.
		"distributed_ddl_output_mode": "none",
	}
	maps.Copy(settings, given)
	return settings
}
