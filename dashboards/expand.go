package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayak/schema/clickhouse"
)

// Question is with what a query is asked.
type Question struct {
	From, To time.Time
	Interval time.Duration       // between two points of a series
	Values   map[string][]string // of the variables
}

// All is the value that stands for every value of a variable.
const All = "$__all"

const (
	longestRange = 3 * 366 * 24 * time.Hour
	longestValue = 512
	mostValues   = 100
)

// MistakeError is a question that cannot be answered as it stands; its text is for who asked.
type MistakeError struct{ text string }

func (e *MistakeError) Error() string { return e.text }

// Mistakef makes one.
func Mistakef(format string, values ...any) error {
	return &MistakeError{fmt.Sprintf(format, values...)}
}

// Check refuses what no query may be asked with.
func (d *Dashboard) Check(q Question) error {
	switch {
	case !q.From.Before(q.To):
		return Mistakef("from has to be before to")
	case q.To.Sub(q.From) > longestRange:
		return Mistakef("from and to are more than 3 years apart")
	case q.Interval < time.Second || q.Interval > 366*24*time.Hour:
		return Mistakef("interval: want 1 to %d seconds", 366*24*60*60)
	}
	for name, values := range q.Values {
		v := d.Variable(name)
		if v == nil {
			return Mistakef("variable %.60q does not exist; there are %s", name, strings.Join(d.variables(), ", "))
		}
		if err := v.check(values); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dashboard) variables() []string {
	names := make([]string, 0, len(d.Templating.List))
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
	}
	return names
}

func (v *Variable) check(values []string) error {
	if len(values) == 0 || !v.Multi && len(values) > 1 || len(values) > mostValues {
		return Mistakef("variable %s is given %d times", v.Name, len(values))
	}
	for _, value := range values {
		switch {
		case len(value) > longestValue:
			return Mistakef("variable %s: a value is longer than %d bytes", v.Name, longestValue)
		case value == All && v.IncludeAll:
		case v.Type == "custom" && !slices.ContainsFunc(v.Options, func(o Option) bool { return o.Value == value }):
			return Mistakef("variable %s has no value %.60q", v.Name, value)
		}
	}
	return nil
}

var (
	// word is a macro or a variable; what else begins with a dollar is a mistake.
	word = regexp.MustCompile(`\$__timeFilter\((\w+)\)|\$__timeInterval\((\w+)\)|\$(__\w+)|\$\{(\w+):singlequote\}`)
	// literal is a text of SQL, which nothing is written into.
	literal = regexp.MustCompile(`'(?:[^'\\]|\\.)*'`)
)

// Rows gives what a call of a view stands for: the call itself as SQL, or a query of the same rows.
type Rows func(c Call) (string, error)

// Expand writes a question's values into a query. Each call of a view is written by rows, or as it stands when rows is nil.
func (d *Dashboard) Expand(sql string, q Question, rows Rows) (string, error) {
	if err := d.Check(q); err != nil {
		return "", err
	}
	var out strings.Builder
	for sql != "" {
		call := callStart.FindStringIndex(sql)
		if call == nil {
			break
		}
		c, length, err := parseCall(sql[call[0]:])
		if err != nil {
			return "", err
		}
		before, err := d.words(sql[:call[0]], q)
		if err != nil {
			return "", err
		}
		made, err := d.call(c, q, rows)
		if err != nil {
			return "", err
		}
		out.WriteString(before + made)
		sql = sql[call[0]+length:]
	}
	rest, err := d.words(sql, q)
	return out.String() + rest, err
}

// words expands everything between literals.
func (d *Dashboard) words(sql string, q Question) (string, error) {
	var out strings.Builder
	for sql != "" {
		at := literal.FindStringIndex(sql)
		if at == nil {
			at = []int{len(sql), len(sql)}
		}
		expanded, err := d.plain(sql[:at[0]], q)
		if err != nil {
			return "", err
		}
		text := sql[at[0]:at[1]]
		if strings.Contains(text, "$") && text != "'"+All+"'" {
			return "", fmt.Errorf("the literal %s holds a variable, which only stands outside of quotes", text)
		}
		out.WriteString(expanded + text)
		sql = sql[at[1]:]
	}
	return out.String(), nil
}

func (d *Dashboard) plain(sql string, q Question) (string, error) {
	var problem error
	made := word.ReplaceAllStringFunc(sql, func(found string) string {
		text, err := d.word(word.FindStringSubmatch(found), q)
		if err != nil && problem == nil {
			problem = err
		}
		return text
	})
	if problem == nil && strings.Contains(word.ReplaceAllString(sql, ""), "$") {
		problem = fmt.Errorf("a dollar that is no macro and no variable in the form ${name:singlequote}: %.80s", sql)
	}
	return made, problem
}

func (d *Dashboard) word(found []string, q Question) (string, error) {
	filter, interval, macro, name := found[1], found[2], found[3], found[4]
	seconds := max(1, int64(q.Interval/time.Second))
	switch {
	case filter != "":
		return fmt.Sprintf("%[1]s >= %[2]s AND %[1]s <= %[3]s", filter, moment(q.From), moment(q.To)), nil
	case interval != "":
		return fmt.Sprintf("toStartOfInterval(toDateTime(%s, 'UTC'), INTERVAL %d second)", interval, seconds), nil
	case name != "":
		v := d.Variable(name)
		if v == nil {
			return "", fmt.Errorf("there is no variable %s", name)
		}
		values := q.Values[name]
		if len(values) == 0 {
			return "", Mistakef("variable %s is missing", name)
		}
		return quoted(values), nil
	}
	switch macro {
	case "__fromTime":
		return moment(q.From), nil
	case "__toTime":
		return moment(q.To), nil
	case "__from":
		return strconv.FormatInt(q.From.UnixMilli(), 10), nil
	case "__to":
		return strconv.FormatInt(q.To.UnixMilli(), 10), nil
	case "__interval_s":
		return strconv.FormatInt(seconds, 10), nil
	case "__interval_ms":
		return strconv.FormatInt(seconds*1000, 10), nil
	}
	return "", fmt.Errorf("there is no macro $%s", macro)
}

func quoted(values []string) string {
	all := make([]string, 0, len(values))
	for _, value := range values {
		all = append(all, clickhouse.Text(value))
	}
	return strings.Join(all, ",")
}

// moment is a moment as SQL, in a zone of its own, whatever the server's is.
func moment(at time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", at.Unix()) }
