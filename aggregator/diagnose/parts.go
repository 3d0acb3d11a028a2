package diagnose

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// compared is how much of the time before an incident is compared with it.
const compared = 2 * time.Hour

// expressions are the dimensions as SQL.
func (d Dimension) expression() string {
	switch d {
	case ASN:
		return "if(asn = 0, '', toString(asn))"
	case Section:
		return "if(length(splitByChar('/', toString(path))) > 2, concat('/', splitByChar('/', toString(path))[2]), '')"
	default:
		return "toString(" + string(d) + ")"
	}
}

// counted tells how a signal's visitors and bad ones are counted, and the value whose p75 is shown. Each is an aggregate function's
// arguments with a condition at the end.
func (s Signal) counted(slow float64) (count, bad, value string) {
	switch {
	case s.isTime():
		name := timeNames()[s-TTFB]
		has := fmt.Sprintf("type = 'vitals' AND mapContains(vitals, '%s')", name)
		return "countIf(" + has + " AND {when})", fmt.Sprintf("countIf(%s AND vitals['%s'] >= %g AND {when})", has, name, slow),
			fmt.Sprintf("quantileIf(0.75)(vitals['%s'], %s AND {when})", name, has)
	case s == Errors:
		return pageViews, "uniqExactIf(" + pageOf + ", " + isError + " AND {when})", "0"
	case s == Network:
		return pageViews, "uniqExactIf((network, toStartOfMinute(ts)), " + isNetwork + " AND {when})", "0"
	case s == Failures || s == ServerFailures:
		return "countIf(" + statusOf + " > 0 AND {when})", "countIf(" + statusOf + " >= 500 AND {when})", "0"
	}
	return pageViews, "0", "0"
}

const pageViews = "countIf(type = 'pageview' AND {when})"

// teller is the condition for the rows that tell of a signal.
func (s Signal) teller() string {
	if s == ServerFailures {
		return logged
	}
	return told
}

// mostValues is how many values of a dimension are compared.
const mostValues = 200

// ask reads the slices of a site since something is wrong, and before.
func (d *Diagnosis) ask(ctx context.Context, site string, f Finding, slow float64) Ask {
	since := f.Started
	if oldest := f.At.Add(-time.Hour); since.Before(oldest) {
		since = oldest
	}
	span := Span{since.Add(-compared), f.At}
	count, bad, value := f.Signal.counted(slow)
	var columns []string
	for _, when := range []string{"ts >= " + moment(since), "ts < " + moment(since)} {
		for _, of := range []string{count, bad, value} {
			columns = append(columns, "toFloat64(ifNotFinite("+strings.ReplaceAll(of, "{when}", when)+", 0))")
		}
	}
	var named []string
	for _, one := range Dimensions() {
		named = append(named, fmt.Sprintf("('%s', %s)", one, one.expression()))
	}
	return func(within []Cause) (everybody Slice, parts []Slice, err error) {
		conditions := []string{relevant, f.Signal.teller()}
		for _, c := range within {
			conditions = append(conditions, c.Dimension.expression()+" = "+text(c.Value))
		}
		query := fmt.Sprintf(`SELECT part.1 AS name, part.2, %s FROM (SELECT * FROM events WHERE site = %s AND %s AND %s)
			ARRAY JOIN [('', ''), %s] AS part GROUP BY part ORDER BY greatest(%s, %s) DESC LIMIT %d BY name`,
			strings.Join(columns, ", "), text(site), between(span), strings.Join(conditions, " AND "), strings.Join(named, ", "), columns[1], columns[3], mostValues)
		everybody, parts, err = d.readParts(ctx, query)
		if err != nil {
			return Slice{}, nil, fmt.Errorf("look for the cause: %w", err)
		}
		return everybody, parts, nil
	}
}

func (d *Diagnosis) readParts(ctx context.Context, query string) (everybody Slice, parts []Slice, err error) {
	rows, err := d.o.Conn.Query(ctx, query)
	if err != nil {
		return everybody, nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var s Slice
		var dimension string
		err := rows.Scan(&dimension, &s.Value, &s.Now.Count, &s.Now.Bad, &s.Now.Value, &s.Before.Count, &s.Before.Bad, &s.Before.Value)
		if err != nil {
			return everybody, nil, err
		}
		if s.Dimension = Dimension(dimension); s.Dimension == "" {
			everybody = s
			continue
		}
		parts = append(parts, s)
	}
	return everybody, parts, rows.Err()
}

// scale is how much longer the time since something is wrong is than the time before that it is compared with.
func (f *Finding) scale() float64 {
	return min(time.Hour, f.At.Sub(f.Started)).Minutes() / compared.Minutes()
}
