package risk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
)

// Robots finds visitors who behave as no person does, and has their events told to be a robot's.
//
// An event is not changed where it lies: it is inserted again with the reason, and the newer row counts, as with any event that comes twice. That
// announces its window, so rollups and sessions are computed anew without the robot, and the report on bots has it with the reason. Doing it
// again changes nothing, and what dies half-way is gone on with in the next round.
type Robots struct {
	conn    driver.Conn
	metrics *robotMetrics
}

// NewRobots dials nothing.
func NewRobots(conn driver.Conn, r prometheus.Registerer) *Robots {
	return &Robots{conn: conn, metrics: newRobotMetrics(r)}
}

// outcast is a visitor who was found to be a robot.
type outcast struct {
	site    string
	visitor uint64
	reason  string
}

// Round looks at the last hour, and tells how many events were told to be a robot's. Several processes may do it at once.
func (r *Robots) Round(ctx context.Context) (uint64, error) {
	alone, err := r.alone(ctx)
	if err != nil {
		return 0, err
	}
	crowds, err := r.crowds(ctx)
	if err != nil {
		return 0, err
	}
	if err := r.decide(ctx, append(alone, crowds...)); err != nil {
		return 0, err
	}
	return r.apply(ctx)
}

// lately are the events of the last hour that were told to be people's.
const lately = `ts >= now() - INTERVAL 1 HOUR AND toStartOfHour(ts) >= toStartOfHour(now() - INTERVAL 1 HOUR) AND visitor != 0 AND bot = ''
	AND consent != 'refused' AND type IN ('pageview', 'event', 'engage')`

// alone are visitors whose own behaviour gives them away. Without consent an id stands for all who have the same agent in a network: together
// people are as quick as a machine, so only where nobody lives it is taken for one.
func (r *Robots) alone(ctx context.Context) (found []outcast, err error) {
	rows, err := r.conn.Query(ctx, fmt.Sprintf(`SELECT site, visitor, uniqExactIf(path, type = 'pageview'),
			arraySort(groupArrayIf(%d)(toUnixTimestamp64Milli(ts), type = 'pageview')),
			countIf(type = 'event'), sum(engaged_ms), max(scroll), countIf(type = 'pageview' AND origin != 'script') = 0
		FROM events FINAL WHERE %s GROUP BY site, visitor
		HAVING countIf(type = 'pageview') >= %d AND (max(consent IN ('analytics', 'advertising')) OR countIf(network_kind != 'hosting') = 0)`, mostMoments, lately, fewViews))
	if err != nil {
		return nil, fmt.Errorf("look for robots: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var o outcast
		var b behaviour
		var script uint8
		if err := rows.Scan(&o.site, &o.visitor, &b.paths, &b.moments, &b.actions, &b.engaged, &b.scroll, &script); err != nil {
			return nil, fmt.Errorf("look for robots: %w", err)
		}
		b.script = script == 1
		if o.reason = b.reason(); o.reason != "" {
			found = append(found, o)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for robots: %w", err)
	}
	return found, nil
}

// crowds are the visitors of a network who are all alike and gone at once.
func (r *Robots) crowds(ctx context.Context) (found []outcast, err error) {
	rows, err := r.conn.Query(ctx, fmt.Sprintf(`SELECT site, net, kind, groupArrayIf(visitor, once), count(), countIf(once) FROM (
			SELECT site, visitor, any(network) AS net, any(network_kind) AS kind,
				countIf(type = 'pageview') = 1 AND count() = 1 AND sum(engaged_ms) = 0 AND countIf(origin != 'script') = 0 AS once,
				anyIf(concatWithSeparator(' ', browser, browser_version, os, device, brand, toString(screen_width), toString(screen_height), language), type = 'pageview') AS look
			FROM events FINAL WHERE %s AND network != '' GROUP BY site, visitor)
		GROUP BY site, net, kind, look HAVING count() >= %d`, lately, crowdOf("")))
	if err != nil {
		return nil, fmt.Errorf("look for crowds of robots: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var site, network, kind string
		var visitors []uint64
		var all, once uint64
		if err := rows.Scan(&site, &network, &kind, &visitors, &all, &once); err != nil {
			return nil, fmt.Errorf("look for crowds of robots: %w", err)
		}
		if !isCrowd(kind, all, once) {
			continue
		}
		for _, visitor := range visitors {
			found = append(found, outcast{site, visitor, becauseCrowd})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for crowds of robots: %w", err)
	}
	return found, nil
}

// decide writes down who is one.
func (r *Robots) decide(ctx context.Context, found []outcast) error {
	if len(found) == 0 {
		return nil
	}
	batch, err := r.conn.PrepareBatch(ctx, "INSERT INTO bot_visitors (site, visitor, reason, decided)")
	if err != nil {
		return fmt.Errorf("write down robots: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	for _, o := range found {
		if err := batch.Append(o.site, o.visitor, o.reason, time.Now().UTC()); err != nil {
			return fmt.Errorf("write down robots: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write down robots: %w", err)
	}
	r.metrics.robots.Add(float64(len(found)))
	return nil
}

// watched is for how long what comes of a robot later is told to be one's too. An id of who consented may be a person's again after it.
const watched = "24 HOUR"

// pending are the visitors who were found to be robots and have events that are not told to be.
func (r *Robots) pending(ctx context.Context) (found []outcast, err error) {
	rows, err := r.conn.Query(ctx, fmt.Sprintf(`WITH recent AS (SELECT site, visitor, argMax(reason, decided) AS why FROM bot_visitors WHERE decided >= now() - INTERVAL %[1]s GROUP BY site, visitor)
		SELECT e.site, e.visitor, any(r.why) FROM (SELECT site, visitor FROM events FINAL
			WHERE ts >= now() - INTERVAL %[1]s AND toStartOfHour(ts) >= toStartOfHour(now() - INTERVAL %[1]s) AND bot = '' AND (site, visitor) IN (SELECT site, visitor FROM recent)) AS e
		INNER JOIN recent AS r ON e.site = r.site AND e.visitor = r.visitor GROUP BY e.site, e.visitor`, watched))
	if err != nil {
		return nil, fmt.Errorf("ask for events of robots: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var o outcast
		if err := rows.Scan(&o.site, &o.visitor, &o.reason); err != nil {
			return nil, fmt.Errorf("ask for events of robots: %w", err)
		}
		found = append(found, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ask for events of robots: %w", err)
	}
	return found, nil
}

// robotsAtOnce is how many visitors one statement names.
const robotsAtOnce = 1000

// apply inserts the events of robots again, with the reason.
func (r *Robots) apply(ctx context.Context) (told uint64, err error) {
	found, err := r.pending(ctx)
	if err != nil {
		return 0, err
	}
	type group struct{ site, reason string }
	groups := map[group][]uint64{}
	for _, o := range found {
		groups[group{o.site, o.reason}] = append(groups[group{o.site, o.reason}], o.visitor)
	}
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return strings.Compare(a.site+a.reason, b.site+b.reason) }) {
		for some := range slices.Chunk(groups[g], robotsAtOnce) {
			n, err := r.tell(ctx, g.site, g.reason, some)
			told += n
			if err != nil {
				return told, err
			}
		}
	}
	return told, nil
}

func (r *Robots) tell(ctx context.Context, site, reason string, visitors []uint64) (rows uint64, err error) {
	where := fmt.Sprintf(`site = %s AND visitor IN (%s) AND ts >= now() - INTERVAL %[3]s AND toStartOfHour(ts) >= toStartOfHour(now() - INTERVAL %[3]s) AND bot = ''`,
		text(site), strings.ReplaceAll(strings.Trim(fmt.Sprint(visitors), "[]"), " ", ", "), watched)
	if err := r.conn.QueryRow(ctx, "SELECT count() FROM events FINAL WHERE "+where).Scan(&rows); err != nil {
		return 0, fmt.Errorf("count events of robots: %w", err)
	}
	// The same rows may be told a second time, after a twin of theirs came: that is no insert that came twice.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplicate": 0, "async_insert": 0, "max_query_size": 16 << 20}))
	// The condition stands in a query of its own, since outside of it bot is the reason already.
	err = r.conn.Exec(ctx, fmt.Sprintf("INSERT INTO events SELECT * REPLACE (%s AS bot) FROM (SELECT * FROM events FINAL WHERE %s)", text(reason), where))
	if err != nil {
		return 0, fmt.Errorf("tell events of robots: %w", err)
	}
	r.metrics.rewritten.Add(float64(rows))
	return rows, nil
}
