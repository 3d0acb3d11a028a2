package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// remembered is how far back windows are computed: the weeks that are compared with, and a day more.
	remembered = (7*weeks + 1) * 24 * time.Hour
	// delay is how long after its end a window, or a minute, waits for what is on its way from the collectors.
	delay = 10 * time.Second
	// atOnce is how many windows of a site one statement computes.
	atOnce = 288
	// forgotten is after how long without a page view a site is not watched any more.
	forgotten = 8 * 24 * time.Hour
)

// Windows computes the five minutes that have changed since they were computed, the newest first, so that what was late, erased or
// reclassified is in what is usual as in every rollup.
func (d *Diagnosis) Windows(ctx context.Context) (uint64, error) {
	stale, err := d.stale(ctx)
	if err != nil {
		return 0, err
	}
	var done uint64
	var problems []error
	for site, windows := range stale {
		for len(windows) > 0 && ctx.Err() == nil {
			n := min(atOnce, len(windows))
			if err := d.compute(ctx, site, windows[:n]); err != nil {
				problems = append(problems, fmt.Errorf("windows of %s: %w", site, err))
				break
			}
			done += uint64(n)
			windows = windows[n:]
		}
	}
	return done, errors.Join(append(problems, ctx.Err())...)
}

// stale are the windows of each site that were never computed, or before their newest change could be seen.
func (d *Diagnosis) stale(ctx context.Context) (map[string][]time.Time, error) {
	now := d.o.Now()
	until := now.Add(-delay).Truncate(Step)
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf(`SELECT site, window FROM
		(SELECT site, window, max(last_changed) AS changed FROM window_changes WHERE window >= %[1]s AND window < %[2]s GROUP BY site, window) AS changes_
		LEFT JOIN (SELECT site, window, max(version) AS made FROM signal_windows WHERE window >= %[1]s GROUP BY site, window) AS made_ USING (site, window)
		WHERE made < changed + INTERVAL %[3]d MILLISECOND AND (toUnixTimestamp64Milli(made) = 0 OR changed < now64(3) - INTERVAL %[3]d MILLISECOND)
		ORDER BY site, window DESC SETTINGS join_use_nulls = 0`, moment(now.Add(-remembered)), moment(until), d.o.Slack.Milliseconds()))
	if err != nil {
		return nil, fmt.Errorf("look for changed windows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := map[string][]time.Time{}
	for rows.Next() {
		var site string
		var window time.Time
		if err := rows.Scan(&site, &window); err != nil {
			return nil, fmt.Errorf("look for changed windows: %w", err)
		}
		all[site] = append(all[site], window)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for changed windows: %w", err)
	}
	return all, nil
}

// compute writes windows, given from the newest, anew. One whose events are all gone is written with nothing in it.
func (d *Diagnosis) compute(ctx context.Context, site string, windows []time.Time) error {
	starts := make([]string, 0, len(windows))
	for _, w := range windows {
		starts = append(starts, moment(w))
	}
	var counts, middles, tails []string
	for _, name := range timeNames() {
		has := fmt.Sprintf("type = 'vitals' AND mapContains(vitals, '%s')", name)
		counts = append(counts, fmt.Sprintf("toFloat64(countIf(%s))", has))
		middles = append(middles, fmt.Sprintf("toFloat64(ifNotFinite(quantileIf(0.75)(vitals['%s'], %s), 0))", name, has))
		tails = append(tails, fmt.Sprintf("toFloat64(ifNotFinite(quantileIf(0.9)(vitals['%s'], %s), 0))", name, has))
	}
	span := Span{windows[len(windows)-1], windows[0].Add(Step)}
	statement := fmt.Sprintf(`INSERT INTO signal_windows (site, window, version, views, errors, errors_for, answers, failed, network, network_for, server_answers, server_failed, counts, middles, tails)
		SELECT %[1]s, empty_.window, now64(3), views, errors, errors_for, answers, failed, network_errors, network_for, server_answers, server_failed,
			if(empty(counts), [0., 0, 0], counts), if(empty(middles), [0., 0, 0], middles), if(empty(tails), [0., 0, 0], tails)
		FROM (SELECT arrayJoin([%[2]s]) AS window) AS empty_ LEFT JOIN
		(SELECT toStartOfFiveMinute(ts) AS window, %[3]s, [%[4]s] AS counts, [%[5]s] AS middles, [%[6]s] AS tails
		FROM (SELECT * FROM counted WHERE site = %[1]s AND %[7]s AND %[8]s) WHERE window IN (%[2]s) GROUP BY window) AS full_ USING (window)
		SETTINGS join_use_nulls = 0`,
		text(site), strings.Join(starts, ", "), sums(), strings.Join(counts, ", "), strings.Join(middles, ", "), strings.Join(tails, ", "),
		strings.ReplaceAll(between(span), " ts >=", " materialize(ts) >="), relevant)
	if err := d.o.Conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("compute: %w", err)
	}
	return nil
}

// past reads the windows that a slot may be compared with.
func (d *Diagnosis) past(ctx context.Context, site string, slot Span, zone *time.Location) ([]Window, error) {
	var conditions []string
	for _, spans := range Alike(slot, zone) {
		for _, s := range spans {
			conditions = append(conditions, fmt.Sprintf("window >= %s AND window < %s", moment(s.Start.Truncate(Step)), moment(s.End)))
		}
	}
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf(`SELECT window, views, errors, errors_for, answers, failed, network, network_for, server_answers, server_failed, counts, middles, tails
		FROM signal_windows FINAL WHERE site = %s AND (%s) ORDER BY window`, text(site), strings.Join(conditions, " OR ")))
	if err != nil {
		return nil, fmt.Errorf("read the past of %s: %w", site, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []Window
	for rows.Next() {
		var at time.Time
		var n Numbers
		var counts, middles, tails []float64
		err := rows.Scan(&at, &n.Views, &n.Errors, &n.ErrorsFor, &n.Answers, &n.Failed, &n.Network, &n.NetworkFor, &n.ServerAnswers, &n.ServerFailed, &counts, &middles, &tails)
		if err != nil {
			return nil, fmt.Errorf("read the past of %s: %w", site, err)
		}
		w := Window{Start: at, Readings: n.Read()}
		for i := range min(timed, len(counts), len(middles), len(tails)) {
			w.Readings[int(TTFB)+i] = Reading{Count: counts[i], Value: middles[i], Tail: tails[i]}
		}
		all = append(all, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the past of %s: %w", site, err)
	}
	return all, nil
}

// sites are those that had visitors in the last days: one that has none now is what is looked for.
func (d *Diagnosis) sites(ctx context.Context) (names []string, err error) {
	err = d.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT arraySort(groupUniqArray(toString(site))) FROM signal_windows WHERE window >= %s AND (views > 0 OR server_answers > 0)",
		moment(d.o.Now().Add(-forgotten)))).Scan(&names)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return names, nil
}
