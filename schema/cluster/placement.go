package cluster

// placement says where the rows of a table are. The zero one is that of a table that is not listed.
type placement struct {
	everywhere bool   // all rows on every node
	key        string // what a row's shard is chosen by
}

// The sharding keys. They can be changed only by moving the rows, since a row that comes again must meet the one that
// is there: FINAL and the deduplication of inserts look no further than their own shard.
const (
	// All that one visitor does on a site is on one shard, so their sessions, and the twin of an event that was sent twice,
	// are found without asking another; sites of any size still spread evenly. Who refused is nobody: those rows go by
	// their id, or one shard would have them all.
	byVisitor = "if(visitor = 0, cityHash64(site, id), cityHash64(site, visitor))"
	// Restricted rows know no visitor.
	byEvent = "cityHash64(site, id)"
	// A window of a rollup is on one shard: it is written there whole and thrown away whole, and a long range is
	// read from all of them.
	byWindow = "cityHash64(site, window)"
	// Parts of sessions are where the events are that they are cut from. Nobody's rows have none.
	bySession = "cityHash64(site, visitor)"
)

// placements is every table that the migrations make.
func placements() map[string]placement {
	return map[string]placement{
		"migrations":    {everywhere: true},
		"events":        {key: byVisitor},
		"network_log":   {key: byEvent},
		"salts":         {everywhere: true},
		"session_parts": {key: bySession},
	}
}
