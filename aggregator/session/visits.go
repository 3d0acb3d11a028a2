package session

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Visits is the name of the table of whole visits.
const Visits = "visits"

// Changes is the table that tells which windows of visits can be computed, or have to be again.
const Changes = "visit_changes"

// patience is how long a window waits for the last of its visits to end.
const patience = 170 * time.Minute

// announce tells of the windows in which sessions began that came out differently because of what was written, and of those whose
// sessions have all ended by now. It comes before the switch: told twice, a window is computed twice; told never, it stays wrong.
func (f *Folder) announce(ctx context.Context, s *state, written []Window, edge time.Time) error {
	var was []Window
	for _, k := range s.known {
		for _, w := range written {
			if k.Tier == w.Tier && k.From.Equal(w.From) {
				was = append(was, k.Window)
			}
		}
	}
	now := overlaid(s.covered, written)
	recent := edge.Add(-patience - shortest)
	var open []Window
	for _, w := range now {
		if w.To.After(recent) {
			open = append(open, w)
		}
	}
	err := f.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO visit_changes (site, window, changes, last_changed)
		SELECT %[1]s, began, 1, now64(3, 'UTC')
		FROM
		(
			SELECT toStartOfFiveMinute(toDateTime(start, 'UTC')) AS began, max(last) AS ended, 0 AS touched FROM session_parts
			WHERE site = %[1]s AND %[2]s AND start >= %[4]s AND start < %[6]s GROUP BY began
			UNION ALL
			SELECT toStartOfFiveMinute(toDateTime(start, 'UTC')) AS began, max(last) AS ended, 1 AS touched FROM session_parts
			WHERE site = %[1]s AND %[3]s AND start < %[6]s GROUP BY began
		)
		GROUP BY began
		HAVING (max(touched) OR began NOT IN (SELECT window FROM visit_changes WHERE site = %[1]s AND window >= %[4]s))
			AND (began IN (SELECT window FROM visit_changes WHERE site = %[1]s) OR max(ended) < %[5]s OR began < %[4]s + INTERVAL 5 MINUTE)`,
		literal(s.site.ID), in(open), in(append(was, written...)), moment(recent), moment(edge.Add(-pause)), moment(never())))
	if err != nil {
		return fmt.Errorf("tell of changed visits: %w", err)
	}
	return nil
}

// visitColumns are those of visits beside the window.
const visitColumns = `visitor, consented, duration_ms_ AS duration_ms, timed, engaged_ms_ AS engaged_ms, views, actions AS events, bounce, entry, exit,
	channel, referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content, goals_ AS goals, values_ AS goal_values, units_ AS goal_currencies, currencies, amounts`

// visitNames are the names of visitColumns, in their order.
func visitNames() []string {
	return []string{
		"visitor", "consented", "duration_ms", "timed", "engaged_ms", "views", "events", "bounce", "entry", "exit", "channel", "referrer_host",
		"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "goals", "goal_values", "goal_currencies", "currencies", "amounts",
	}
}

// asVisits gives sessions the columns of visits.
func asVisits(sessions string) string {
	return fmt.Sprintf(`(SELECT window, start, visitor, consented, ifNull(duration_ms, 0) AS duration_ms_, toUInt8(duration_ms IS NOT NULL) AS timed, ifNull(engaged_ms, 0) AS engaged_ms_,
	views, actions, bounce, entry, exit, channel, referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
	arrayFilter(g -> position(g, '#') = 0, goals) AS goals_, arrayFilter((v, g) -> position(g, '#') = 0, goals_value, goals) AS values_,
	arrayFilter((c, g) -> position(g, '#') = 0, goals_currency, goals) AS units_, currencies, amounts FROM (%s))`, sessions)
}

// ComputeVisits writes the visits that began in some windows of a tier, which are in order and without others between them, under a
// generation. In the tier day stand those of visitors who consented. Of what is not cut yet it writes what there is now: visit_changes
// tells when that was cut.
func (f *Folder) ComputeVisits(ctx context.Context, site string, generation uint64, windows []Window) error {
	if len(windows) == 0 {
		return nil
	}
	tier, consented := windows[0].Tier, ""
	if tier == "day" {
		consented = "WHERE consented = 1"
	}
	r, err := f.look(ctx, site, []Span{{windows[0].From, windows[len(windows)-1].To}}, true)
	if err != nil {
		return err
	}
	err = f.o.Conn.Exec(ctx, fmt.Sprintf(`INSERT INTO visits (site, tier, window, generation, %s)
		SELECT %s, %s, toDateTime(roundDown(toUnixTimestamp(window), %s), 'UTC'), %d, %s
		FROM %s %s`,
		strings.Join(visitNames(), ", "), literal(site), literal(tier), starts(windows), generation, visitColumns, asVisits(f.selected(r)), consented))
	if err != nil {
		return fmt.Errorf("compute visits from %s on: %w", windows[0], err)
	}
	return nil
}

// LiveVisits is a SELECT of rows as those of visits, without site, tier and generation, that begin within gaps: an expression for an
// array of (since, until), of which since and until are the first and the last moment. Site is an expression too. Of what no window holds it
// says what the newest of open_parts says.
func (f *Folder) LiveVisits(site, gaps, since, until string) string {
	return fmt.Sprintf("SELECT window, %s\nFROM %s\nWHERE arrayExists(g -> start >= g.1 AND start < g.2, %s)",
		visitColumns, asVisits(f.sessions(site, since, until)), gaps)
}
