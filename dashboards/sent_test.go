package dashboards_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/dashboards"
	"mayak/dashboards/grafanatest"
)

// TestTheDatabaseIsAskedTheSameByGrafana compares, of every query of every dashboard, what Grafana sends with what is sent here.
func TestTheDatabaseIsAskedTheSameByGrafana(t *testing.T) {
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range set.All() {
		for name, q := range questions(d) {
			for _, sql := range queries(d) {
				n++
				theirs, err := grafanatest.Sent(d, sql, q)
				if err != nil {
					t.Fatalf("%s, %s: %v: %s", d.Name, name, err, sql)
				}
				ours, err := d.Expand(sql, q, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(plain(theirs), plain(ours)); diff != "" {
					t.Errorf("%s, %s (-Grafana +here):\n%s", d.Name, name, diff)
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("%d queries compared", n)
	}
}

// queries are all that a dashboard has, but those of metrics.
func queries(d *dashboards.Dashboard) (all []string) {
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			all = append(all, v.Query)
		}
	}
	for _, a := range d.Annotations.List {
		if a.Target != nil {
			all = append(all, a.Target.RawSQL)
		}
	}
	for i := range d.Panels {
		for _, target := range d.Panels[i].Targets {
			if target.RawSQL != "" {
				all = append(all, target.RawSQL)
			}
		}
	}
	return all
}

// questions are what a reader may have chosen.
func questions(d *dashboards.Dashboard) map[string]dashboards.Question {
	question := func(span, interval time.Duration, all bool, value string) dashboards.Question {
		q := dashboards.Question{From: time.Unix(1_790_000_000, 0), Interval: interval, Values: map[string][]string{}}
		q.To = q.From.Add(span)
		for _, v := range d.Templating.List {
			switch {
			case v.IncludeAll && all:
				q.Values[v.Name] = []string{dashboards.All}
			case v.Multi:
				q.Values[v.Name] = []string{value, "b"}
			default:
				q.Values[v.Name] = []string{value}
			}
		}
		return q
	}
	return map[string]dashboards.Question{
		"an hour":              question(time.Hour, time.Second, true, "a"),
		"a week":               question(7*24*time.Hour, 30*time.Minute, false, "it's"),
		"a year":               question(365*24*time.Hour, 12*time.Hour, true, "x, y"),
		"nothing was written":  question(time.Hour, time.Minute, false, ""),
		"a value like a macro": question(time.Hour, time.Minute, false, "$x"),
	}
}

var (
	utc      = regexp.MustCompile(`toTimeZone\(toDateTime\((\d+)\), 'UTC'\)`)
	previous = regexp.MustCompile(`toDateTime\(intDiv\(2 \* (\d+) - (\d+), 1000\), 'UTC'\)`)
	grains   = regexp.MustCompile(`multiIf\((\d+) <= (\d+), '(\w+)', (\d+) <= (\d+), '(\w+)', '(\w+)'\)`)
	moments  = regexp.MustCompile(`toDateTime\((\d+), 'UTC'\)`)
)

// plain writes what the database works out of an argument, as it does.
func plain(sql string) string {
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	stamp := func(seconds int64) string { return "'" + time.Unix(seconds, 0).UTC().Format(time.DateTime) + "'" }
	sql = utc.ReplaceAllStringFunc(sql, func(found string) string { return stamp(number(utc.FindStringSubmatch(found)[1])) })
	sql = previous.ReplaceAllStringFunc(sql, func(found string) string {
		parts := previous.FindStringSubmatch(found)
		return stamp((2*number(parts[1]) - number(parts[2])) / 1000)
	})
	sql = grains.ReplaceAllStringFunc(sql, func(found string) string {
		parts := grains.FindStringSubmatch(found)
		for i := 1; i < 7; i += 3 {
			if number(parts[i]) <= number(parts[i+1]) {
				return "'" + parts[i+2] + "'"
			}
		}
		return "'" + parts[7] + "'"
	})
	return strings.ReplaceAll(moments.ReplaceAllString(sql, "toDateTime($1)"), `\'`, "''")
}
