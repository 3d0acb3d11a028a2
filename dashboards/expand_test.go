package dashboards

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// small is a dashboard with one variable of each kind.
func small() *Dashboard {
	d := &Dashboard{Name: "small"}
	d.Templating.List = []Variable{
		{Name: "site", Type: "query"},
		{Name: "zone", Type: "query"},
		{Name: "channel", Type: "query", Multi: true, IncludeAll: true},
		{Name: "path", Type: "textbox"},
		{Name: "kind", Type: "custom", Options: []Option{{Text: "A", Value: "a"}, {Text: "B", Value: "b"}}},
	}
	return d
}

func asked() Question {
	return Question{
		From: time.Unix(1_790_000_000, 0), To: time.Unix(1_790_003_600, 0), Interval: time.Minute,
		Values: map[string][]string{"site": {"demo"}, "zone": {"Asia/Almaty"}, "channel": {"a", "b"}, "path": {"/x"}, "kind": {"b"}},
	}
}

func TestMacrosAndVariablesAreWrittenAsGrafanaDoes(t *testing.T) {
	for _, tt := range []struct{ name, sql, want string }{
		{"a range", "WHERE $__timeFilter(ts)", "WHERE ts >= toDateTime(1790000000, 'UTC') AND ts <= toDateTime(1790003600, 'UTC')"},
		{"an interval", "$__timeInterval(ts), $__interval_s, $__interval_ms", "toStartOfInterval(toDateTime(ts, 'UTC'), INTERVAL 60 second), 60, 60000"},
		{"moments", "$__fromTime $__toTime $__from $__to", "toDateTime(1790000000, 'UTC') toDateTime(1790003600, 'UTC') 1790000000000 1790003600000"},
		{"values", "channel IN (${channel:singlequote})", "channel IN ('a','b')"},
		{"All is a value", "'$__all' IN (${channel:singlequote})", "'$__all' IN ('a','b')"},
		{
			"a view", "FROM analyst_pages(site = ${site:singlequote}, since = toTimeZone($__fromTime, 'UTC'), until = toTimeZone($__toTime, 'UTC'), grain = multiIf($__interval_s <= 60, 'minute', $__interval_s <= 21600, 'hour', 'day'), zone = ${zone:singlequote}) WHERE 1",
			"FROM analyst_pages(site = 'demo', since = '2026-09-21 14:13:20', until = '2026-09-21 15:13:20', grain = 'minute', zone = 'Asia/Almaty') WHERE 1",
		},
		{
			"the period before", "FROM analyst_pages(site = ${site:singlequote}, since = toDateTime(intDiv(2 * $__from - $__to, 1000), 'UTC'), until = toTimeZone($__fromTime, 'UTC'), grain = 'day', zone = ${zone:singlequote})",
			"FROM analyst_pages(site = 'demo', since = '2026-09-21 13:13:20', until = '2026-09-21 14:13:20', grain = 'day', zone = 'Asia/Almaty')",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := small().Expand(tt.sql, asked(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatAReaderMayNotAskIsAMistake(t *testing.T) {
	for name, change := range map[string]func(*Question){
		"no such variable":        func(q *Question) { q.Values["colour"] = []string{"red"} },
		"two values of a single":  func(q *Question) { q.Values["path"] = []string{"a", "b"} },
		"no such option":          func(q *Question) { q.Values["kind"] = []string{"c"} },
		"All of what has no All":  func(q *Question) { q.Values["kind"] = []string{All} },
		"a long value":            func(q *Question) { q.Values["path"] = []string{strings.Repeat("x", 513)} },
		"many values":             func(q *Question) { q.Values["channel"] = make([]string, 101) },
		"a value that is missing": func(q *Question) { delete(q.Values, "path") },
		"backwards":               func(q *Question) { q.To = q.From },
		"four years":              func(q *Question) { q.To = q.From.AddDate(4, 0, 0) },
		"no interval":             func(q *Question) { q.Interval = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			q := asked()
			change(&q)
			_, err := small().Expand("SELECT ${path:singlequote}", q, nil)
			if mistake := (*MistakeError)(nil); !errors.As(err, &mistake) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// Whatever a reader sends stands between the quotes of one literal.
func TestAValueIsAlwaysOneLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringN(0, 100, longestValue).Draw(t, "value")
		q := asked()
		q.Values["path"] = []string{value}
		got, err := small().Expand("SELECT ${path:singlequote}", q, nil)
		if err != nil {
			t.Fatal(err)
		}
		inner, ok := strings.CutPrefix(got, "SELECT '")
		inner, end := strings.CutSuffix(inner, "'")
		if !ok || !end {
			t.Fatalf("%q", got)
		}
		var plain strings.Builder
		for i := 0; i < len(inner); i++ {
			switch {
			case inner[i] == '\'':
				t.Fatalf("%q ends before its end", got)
			case inner[i] == '\\' && i+1 < len(inner):
				i++
			case inner[i] == '\\':
				t.Fatalf("%q does not end", got)
			}
			plain.WriteByte(inner[i])
		}
		if plain.String() != value {
			t.Fatalf("%q became %q", value, plain.String())
		}
	})
}
