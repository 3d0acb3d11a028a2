// Package grafanatest writes a query of a dashboard as Grafana 12 and its official ClickHouse data source send it, for tests that hold the
// files, and what this program makes of them, to that.
//
// First the browser puts in values of variables and its own ($__from, $__to, $__interval_ms), everywhere, in literals too; what it does not
// know stays as it is. Then the data source expands its macros, everywhere. Moments are in no zone of their own there: a server, or a
// session, that is not in UTC reads them as the same moments, but prints them in its own zone.
package grafanatest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mayak/dashboards"
)

var (
	variable = regexp.MustCompile(`\$\{(\w+)(?::(\w+))?\}|\$(\w+)`)
	macro    = regexp.MustCompile(`\$__(\w+)(?:\(([^()]*)\))?`)
)

// Sent is the query as the database gets it.
func Sent(d *dashboards.Dashboard, sql string, q dashboards.Question) (string, error) {
	sql = variable.ReplaceAllStringFunc(sql, func(found string) string {
		parts := variable.FindStringSubmatch(found)
		return put(d, q, parts[1]+parts[3], parts[2], found)
	})
	var problem error
	sql = macro.ReplaceAllStringFunc(sql, func(found string) string {
		parts := macro.FindStringSubmatch(found)
		text, known := expanded(q, parts[1], parts[2])
		if !known && "$__"+parts[1] != dashboards.All {
			problem = fmt.Errorf("the data source has no macro %s", found)
		}
		if !known {
			return found
		}
		if !strings.HasSuffix(found, ")") || parts[1] == "timeFilter" || parts[1] == "timeInterval" {
			return text
		}
		return text + found[strings.IndexByte(found, '('):] // it takes no arguments, so the parentheses are the query's
	})
	return sql, problem
}

// put is what the browser writes for a variable; whatever it does not know stays.
func put(d *dashboards.Dashboard, q dashboards.Question, name, format, found string) string {
	switch name {
	case "__from":
		return strconv.FormatInt(q.From.UnixMilli(), 10)
	case "__to":
		return strconv.FormatInt(q.To.UnixMilli(), 10)
	case "__interval_ms":
		return strconv.FormatInt(q.Interval.Milliseconds(), 10)
	}
	v, values := d.Variable(name), q.Values[name]
	if v == nil {
		return found
	}
	if len(values) == 1 && values[0] == dashboards.All {
		return v.AllValue // as it stands, in every format
	}
	if format != "singlequote" {
		return strings.Join(values, ",")
	}
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		quoted = append(quoted, "'"+strings.ReplaceAll(value, "'", `\'`)+"'")
	}
	return strings.Join(quoted, ",")
}

// expanded is what the data source writes for a macro.
func expanded(q dashboards.Question, name, column string) (text string, known bool) {
	from, to := fmt.Sprintf("toDateTime(%d)", q.From.Unix()), fmt.Sprintf("toDateTime(%d)", q.To.Unix())
	seconds := max(1, int(q.Interval.Seconds()))
	switch name {
	case "fromTime":
		return from, true
	case "toTime":
		return to, true
	case "timeFilter":
		return column + " >= " + from + " AND " + column + " <= " + to, true
	case "timeInterval":
		return fmt.Sprintf("toStartOfInterval(toDateTime(%s), INTERVAL %d second)", column, seconds), true
	case "interval_s":
		return strconv.Itoa(seconds), true
	}
	return "", false
}
