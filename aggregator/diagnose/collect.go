package diagnose

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mayak/schema/clickhouse"
)

// What of events tells of the servers, as SQL. A log tells of the same answers as the browsers do, and has a signal of its own.
const (
	relevant = "bot = ''"
	told     = "origin != 'log'" // by browsers
	logged   = "origin = 'log'"  // by the server
	isError  = "type = 'error' AND error_kind IN ('', 'error', 'unhandledrejection')"
	// A browser that reached the server and was refused, or that left, is no failure of the network.
	isNetwork = "type = 'report' AND error_kind = 'network-error' AND error_type NOT IN ('ok', 'abandoned') AND NOT startsWith(error_type, 'http.')"
	// Page views and measurements tell of the page's own answer, others of requests that failed.
	statusOf = "if(status > 0, status, toUInt16(vitals['status']))"
	pageOf   = "if(page = '', id, page)"
)

// sums are the numbers of a group of events, in the order of the columns of signal_windows.
func sums() string {
	return strings.NewReplacer("{error}", isError, "{network}", isNetwork, "{status}", statusOf, "{page}", pageOf, "{told}", told, "{logged}", logged).Replace(`
		toFloat64(countIf(type = 'pageview' AND {told})) AS views,
		toFloat64(uniqExactIf({page}, {error})) AS errors,
		toFloat64(sumIf(weight, {error}) / greatest(1, countIf({error}))) * errors AS errors_for,
		toFloat64(countIf({status} > 0 AND {told})) AS answers,
		toFloat64(countIf({status} >= 500 AND {told})) AS failed,
		toFloat64(uniqExactIf((network, toStartOfMinute(ts)), {network})) AS network_errors,
		toFloat64(sumIf(weight, {network}) / greatest(1, countIf({network}))) * network_errors AS network_for,
		toFloat64(countIf({status} > 0 AND {logged})) AS server_answers,
		toFloat64(countIf({status} >= 500 AND {logged})) AS server_failed`)
}

// names of the times in the column vitals.
func timeNames() [timed]string { return [...]string{"ttfb", "lcp", "inp"} }

func text(s string) string { return clickhouse.Text(s) }

func moment(t time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", t.Unix()) }

// between are the events of a span. The first condition is the one that the table is ordered by.
func between(s Span) string {
	return fmt.Sprintf("toStartOfHour(ts) >= %s AND toStartOfHour(ts) <= %s AND ts >= %s AND ts < %s",
		moment(s.Start.Truncate(time.Hour)), moment(s.End.Add(-1).Truncate(time.Hour)), moment(s.Start), moment(s.End))
}

// minuteOf is what one minute showed of a site.
type minuteOf struct {
	site  string
	start time.Time
	Numbers
}

// minutes reads what a span showed, minute by minute, of every site. An event that came twice a moment ago may count twice: it is merged later,
// and changes no verdict.
func (d *Diagnosis) minutes(ctx context.Context, s Span) ([]minuteOf, error) {
	histograms := make([]string, 0, timed)
	for _, name := range timeNames() {
		histograms = append(histograms, fmt.Sprintf("sumMapIf(map(toUInt8(least(%d, greatest(0, floor(8 * log2(greatest(1, vitals['%s'])))))), toUInt64(1)), type = 'vitals' AND mapContains(vitals, '%s'))",
			classes-1, name, name))
	}
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT site, toStartOfMinute(ts) AS minute, %s, %s FROM events WHERE %s AND %s GROUP BY site, minute",
		sums(), strings.Join(histograms, ", "), between(s), relevant))
	if err != nil {
		return nil, fmt.Errorf("read minutes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []minuteOf
	for rows.Next() {
		var m minuteOf
		var times [timed]map[uint8]uint64
		err := rows.Scan(&m.site, &m.start, &m.Views, &m.Errors, &m.ErrorsFor, &m.Answers, &m.Failed, &m.Network, &m.NetworkFor, &m.ServerAnswers, &m.ServerFailed, &times[0], &times[1], &times[2])
		if err != nil {
			return nil, fmt.Errorf("read minutes: %w", err)
		}
		for i := range times {
			for size, count := range times[i] {
				m.Times[i][min(int(size), classes-1)] = float32(count)
			}
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read minutes: %w", err)
	}
	return all, nil
}
