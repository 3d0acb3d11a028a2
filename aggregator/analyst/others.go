package analyst

import (
	"fmt"
	"strconv"
	"strings"

	"mayak/schema/clickhouse"
)

// spanned is a condition for what happened in the range that a view is asked for.
func spanned(column string) string {
	return fmt.Sprintf("%[1]s >= {since:DateTime('UTC')} AND %[1]s < {until:DateTime('UTC')}", column)
}

// others are views of no report: what dashboards are chosen by, what is going on now, and the state of incidents, jobs, retention,
// requests and risk. They are cheap, so a dashboard may ask often.
func (v *Views) others() []clickhouse.View {
	var all []clickhouse.View
	add := func(name, query string) {
		query = strings.ReplaceAll(query, "{smallest}", strconv.Itoa(v.Smallest))
		all = append(all, clickhouse.View{Name: name, Query: query, Open: true})
	}
	for _, role := range []string{analyst, ops, security} {
		add(role+"_sites", "SELECT id, time_zone AS zone FROM sites FINAL")
		add(role+"_deployments", "SELECT at, version, text FROM deployments FINAL WHERE site = {site:String} AND "+spanned("at"))
	}
	add("analyst_now", now)
	add("ops_incidents", incidents)
	add("ops_retention", retained)
	add("ops_requests", requests)
	add("ops_audit", audited)
	add("ops_audit_chain", chained)
	add("ops_consents", consents)
	add("security_scores", scores)
	add("security_signals", signals)
	add("security_verdicts", "SELECT toStartOfHour(toDateTime(ts, 'UTC')) AS at, verdict, score, count() AS verdicts FROM risk_feedback WHERE site = {site:String} AND "+spanned("ts")+" GROUP BY ALL")
	add("security_robots", "SELECT toStartOfHour(decided) AS at, reason, uniqExact(visitor) AS visitors FROM bot_visitors FINAL WHERE site = {site:String} AND "+spanned("decided")+" GROUP BY ALL")
	return all
}

const (
	// now is what happens at the moment. Who refused is nobody that could be counted twice; of few it is not told how few.
	now = `SELECT if(people >= {smallest}, people, NULL) AS visitors, half_hour AS views, if(people_today >= {smallest}, people_today, NULL) AS visitors_today, all_day AS views_today
FROM (SELECT uniqExactIf(visitor, visitor != 0 AND ts >= now() - 300) AS people, countIf(ts >= now() - 1800) AS half_hour,
             uniqExactIf(visitor, visitor != 0 AND ts >= toStartOfDay(now(), {zone:String})) AS people_today, countIf(ts >= toStartOfDay(now(), {zone:String})) AS all_day
      FROM events FINAL
      WHERE site = {site:String} AND type = 'pageview' AND bot = '' AND toStartOfHour(ts) >= toStartOfHour(least(toStartOfDay(now(), {zone:String}), now() - 1800)))`

	// incidents are those that were open at some time of the range. Where several aggregators found one, the line that was claimed first counts.
	incidents = `SELECT incident, site, signal, state, started, opened, if(state = 'open', NULL, closed) AS ended, value, usual, ratio, minutes, text
FROM (SELECT * FROM incidents FINAL WHERE state != 'lost' ORDER BY claimed, writer LIMIT 1 BY incident)
WHERE site = {site:String} AND started < {until:DateTime('UTC')} AND (state = 'open' OR closed >= {since:DateTime('UTC')})`

	// retained is what the newest round of retention left of each table and purpose.
	retained = `SELECT of, purpose, argMax(days, proven) AS allowed, nullIf(argMax(oldest, proven), toDateTime(0, 'UTC')) AS oldest_row,
       dateDiff('second', oldest_row, now()) / 86400 AS oldest_days, argMax(overdue, proven) AS overdue_rows, argMax(removed, proven) AS removed_rows, max(proven) AS looked
FROM retention_proofs GROUP BY of, purpose`

	// requests are how many there are, never whose.
	requests = `SELECT kind, state, open, count() AS tickets, countIf(open AND deadline < now()) AS late, min(deadline) AS next_deadline
FROM (SELECT kind, state, opened, deadline, state IN ('opened', 'confirmed', 'held', 'unblocking') AS open FROM subject_requests FINAL WHERE site = {site:String})
WHERE open OR opened >= {since:DateTime('UTC')} AND opened < {until:DateTime('UTC')}
GROUP BY ALL`

	// audited is how often something was done, never by whom, nor for whom.
	audited = `SELECT toStartOfHour(toDateTime(happened, 'UTC')) AS at, role, action, count() AS entries
FROM (SELECT at AS happened, role, action FROM audit_log WHERE site IN ('', {site:String})) WHERE ` +
		"happened >= {since:DateTime('UTC')} AND happened < {until:DateTime('UTC')}" + ` GROUP BY ALL`

	// chained holds each chain of the audit log against its numbers and links. Who recomputes the hashes too is "aggregator audit verify".
	chained = `SELECT sum(length_ - entries_) AS missing, sum(wrong) AS broken, sum(entries_) AS entries
FROM (SELECT writer, toInt64(max(sequence)) - toInt64(min(sequence)) + 1 AS length_, toInt64(count()) AS entries_, countIf(sequence > first_ AND previous != before) AS wrong
      FROM (SELECT writer, sequence, previous, min(sequence) OVER (PARTITION BY writer) AS first_,
                   lagInFrame(hash) OVER (PARTITION BY writer ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before FROM audit_log)
      GROUP BY writer)`

	consents = `SELECT toStartOfHour(toDateTime(ts, 'UTC')) AS at, action, level, how, count() AS choices FROM consents WHERE site = {site:String} AND ` +
		"ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}" + ` GROUP BY ALL`

	scores = `SELECT toStartOfHour(toDateTime(ts, 'UTC')) AS at, kind, level, intDiv(score, 10) * 10 AS score_from, asn, country, network, count() AS scores, max(score) AS highest
FROM risk_scores WHERE site = {site:String} AND ` + "ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}" + ` GROUP BY ALL`

	signals = `SELECT toStartOfHour(toDateTime(ts, 'UTC')) AS at, kind, signal, count() AS times, avg(weight) AS added
FROM (SELECT ts, kind, arrayJoin(arrayZip(signals, weights)) AS pair, pair.1 AS signal, pair.2 AS weight FROM risk_scores WHERE site = {site:String} AND ` +
		"ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}" + `) GROUP BY ALL`
)
