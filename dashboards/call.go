package dashboards

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/schema/clickhouse"
)

// Call is a view of the database that a query reads, with what it is asked for.
type Call struct {
	View         string
	Site         string
	Since, Until time.Time
	Grain        string
	Zone         string

	texts map[string]string // the arguments as they stand in the file
}

var (
	callStart = regexp.MustCompile(`\b(?:analyst|ops|security)_\w+\(`)
	argument  = regexp.MustCompile(`^\s*(\w+)\s*=\s*(.*\S)\s*$`)
	grainText = regexp.MustCompile(`^'(total|minute|hour|day|week|month)'$`)
	grainIf   = regexp.MustCompile(`^multiIf\(\$__interval_s <= (\d+), '(\w+)', \$__interval_s <= (\d+), '(\w+)', '(\w+)'\)$`)
)

// The moments that a view is asked with. Each says that it is in UTC: Grafana's own are in the zone of the database's server, and an argument
// of a view is handed over as text.
const (
	from = "toTimeZone($__fromTime, 'UTC')"
	to   = "toTimeZone($__toTime, 'UTC')"
	// before is the beginning of the period that is as long as the one shown and ends where it begins.
	before = "toDateTime(intDiv(2 * $__from - $__to, 1000), 'UTC')"
)

// parseCall reads the call that the text begins with, and tells how long it is. Its arguments have few forms, so that they mean the same
// to Grafana and here.
func parseCall(sql string) (c Call, length int, err error) {
	open := strings.IndexByte(sql, '(')
	c = Call{View: sql[:open], texts: map[string]string{}}
	depth, quoted, begin := 0, false, open+1
	for i := open; i < len(sql); i++ {
		switch b := sql[i]; {
		case b == '\'':
			quoted = !quoted
		case quoted:
		case b == '(':
			depth++
		case b == ')' && depth > 1:
			depth--
		case b == ')', b == ',' && depth == 1:
			found := argument.FindStringSubmatch(sql[begin:i])
			if found == nil {
				return c, 0, fmt.Errorf("%s: want arguments as site = ${site:singlequote}, found %.60q", c.View, sql[begin:i])
			}
			c.texts[found[1]], begin = found[2], i+1
			if b == ')' {
				err := c.check()
				return c, i + 1, err
			}
		}
	}
	return c, 0, fmt.Errorf("%s: the parenthesis is not closed", c.View)
}

// check refuses arguments in other forms.
func (c *Call) check() error {
	allowed := map[string]func(string) bool{
		"site":  func(text string) bool { return text == "${site:singlequote}" },
		"since": func(text string) bool { return text == from || text == before },
		"until": func(text string) bool { return text == to || text == from },
		"grain": func(text string) bool { return grainText.MatchString(text) || grainIf.MatchString(text) },
		"zone":  func(text string) bool { return text == "${zone:singlequote}" },
	}
	for name, text := range c.texts {
		if known := allowed[name]; known == nil {
			return fmt.Errorf("%s: no argument %s; there are %s", c.View, name, strings.Join(slices.Sorted(maps.Keys(allowed)), ", "))
		} else if !known(text) {
			return fmt.Errorf("%s: %s = %s is no form that is known here", c.View, name, text)
		}
	}
	if c.texts["site"] == "" {
		return fmt.Errorf("%s: the argument site is missing", c.View)
	}
	return nil
}

// call writes what a call stands for.
func (d *Dashboard) call(c Call, q Question, rows Rows) (string, error) {
	single := func(name string) (string, error) {
		if values := q.Values[name]; len(values) == 1 {
			return values[0], nil
		}
		return "", Mistakef("variable %s is missing", name)
	}
	var err error
	if c.Site, err = single("site"); err != nil {
		return "", err
	}
	if c.texts["zone"] != "" {
		if c.Zone, err = single("zone"); err != nil {
			return "", err
		}
	}
	c.Since, c.Until = q.From, q.To
	if c.texts["since"] == before {
		c.Since = q.From.Add(-q.To.Sub(q.From))
	}
	if c.texts["until"] == from {
		c.Until = q.From
	}
	c.Grain = grainOf(c.texts["grain"], q.Interval)
	if rows == nil {
		return c.SQL(), nil
	}
	return rows(c)
}

// grainOf is the grain for points that far apart.
func grainOf(text string, interval time.Duration) string {
	found := grainIf.FindStringSubmatch(text)
	if found == nil {
		return strings.Trim(text, "'")
	}
	for i := 1; i < 5; i += 2 {
		most, err := strconv.ParseInt(found[i], 10, 64)
		if err == nil && int64(interval/time.Second) <= most {
			return found[i+1]
		}
	}
	return found[5]
}

// SQL is the call as the database understands it, with those arguments that stand in the file.
func (c *Call) SQL() string {
	var list []string
	for _, one := range []struct{ name, text string }{
		{"site", clickhouse.Text(c.Site)}, {"since", stamp(c.Since)}, {"until", stamp(c.Until)}, {"grain", clickhouse.Text(c.Grain)}, {"zone", clickhouse.Text(c.Zone)},
	} {
		if c.texts[one.name] != "" {
			list = append(list, one.name+" = "+one.text)
		}
	}
	return c.View + "(" + strings.Join(list, ", ") + ")"
}

func stamp(at time.Time) string { return clickhouse.Text(at.UTC().Format(time.DateTime)) }

// Calls are the views that a query reads with arguments.
func Calls(sql string) (all []Call, err error) {
	for {
		at := callStart.FindStringIndex(sql)
		if at == nil {
			return all, nil
		}
		c, length, err := parseCall(sql[at[0]:])
		if err != nil {
			return nil, err
		}
		all, sql = append(all, c), sql[at[0]+length:]
	}
}
