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
	// Decisions of nobody, as all refusals are, go by their receipts for the same reason.
	byDecision = "if(visitor = 0, cityHash64(site, receipt), cityHash64(site, visitor))"
	// What is kept of each visitor, as parts of sessions, is where the events are that it is computed from. Nobody has none.
	byVisitorAlone = "cityHash64(site, visitor)"
	// A window of a rollup that knows no visitors is on one shard: it is written there whole and thrown away whole, and a
	// long range is read from all of them.
	byWindow = "cityHash64(site, window)"
)

// placements is every table that the migrations make.
func placements() map[string]placement {
	all := map[string]placement{
		"migrations":  {everywhere: true},
		"events":      {key: byVisitor},
		"network_log": {key: byEvent},
		"consents":    {key: byDecision},
		"risk_scores": {key: byEvent},
	}
	for _, table := range []string{"salts", "sites", "rollup_windows", "job_runs", "subject_requests", "tombstones", "blocked_rows", "audit_log", "retention_proofs", "open_visits", "open_parts", "visitor_keys", "incidents", "incident_posts", "deployments", "signal_windows", "risk_feedback"} {
		all[table] = placement{everywhere: true}
	}
	for _, table := range []string{"actions", "arrivals", "presence", "reading", "page_faults", "session_parts", "visits", "bot_visitors"} {
		all[table] = placement{key: byVisitorAlone}
	}
	for _, table := range []string{
		"vital_times", "told_answers", "told_reports", "network_requests", "page_responses", "errors_days",
		"window_changes", "visit_changes", "nets", "openings", "opens_days", "tallies", "custom_events_days", "devices_days", "links_days", "pages_days", "places_days",
		"sources_days", "traffic_days", "campaigns_days", "entries_days", "exits_days", "goals_days", "visit_sources_days", "visit_totals_days",
	} {
		all[table] = placement{key: byWindow}
	}
	// These are no more, but an older migration makes them.
	all["script_errors"] = placement{key: byVisitorAlone}
	for _, table := range []string{"timings", "answers", "browser_reports", "client_requests", "responses"} {
		all[table] = placement{key: byWindow}
	}
	return all
}
