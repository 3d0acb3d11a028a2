package report

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse/clickhousetest"
)

// fact is one row of the test's view: so many visitors, each of one view, on a page from a country.
type fact struct {
	window  time.Time
	path    string
	country string
	people  int
}

// testView has the shape of the rollups' views: final numbers, a row for each step and each values.
const testView = `CREATE VIEW %s AS SELECT multiIf({grain:String} = 'total', {since:DateTime('UTC')},
		{grain:String} = 'month', toDateTime(toStartOfMonth(window, {zone:String}), {zone:String}), {grain:String} = 'week', toDateTime(toStartOfWeek(window, 1, {zone:String}), {zone:String}),
		{grain:String} = 'day', toStartOfDay(window, {zone:String}), {grain:String} = 'hour', toStartOfHour(window, {zone:String}), toStartOfMinute(window)) AS at,
		%s sum(facts.views) AS views, uniqExactMerge(people) AS visitors, if(views = 0, NULL, visitors / views) AS fresh FROM facts
	WHERE site = {site:String} AND window >= {since:DateTime('UTC')} AND window < {until:DateTime('UTC')} GROUP BY ALL`

func testDefinitions() []Definition {
	measures := []Measure{
		{Name: "views", Help: "Page views.", Unit: Count, Sum: true},
		{Name: "visitors", Help: "Visitors.", Unit: Count},
		{Name: "fresh", Help: "Visitors a view.", Unit: Number},
		{Name: "rate", Help: "Visitors in a hundred views.", Unit: Percent, Ratio: &Ratio{Of: "visitors", By: "views", Times: 50}},
	}
	return []Definition{
		{
			Name: "pages", Help: "Pages.", View: "pages", People: "visitors", Sort: "-views", Measures: measures,
			Dimensions: []Dimension{{Name: "path", Column: "path"}, {Name: "country", Column: "country"}},
			Whole:      &Whole{View: "traffic", Measures: []string{"visitors", "fresh"}},
		},
		{Name: "kazakh", Help: "Pages of Kazakhstan.", View: "pages", Where: "country = 'KZ'", People: "visitors", Sort: "-views", Measures: measures, Dimensions: []Dimension{{Name: "path", Column: "path"}}},
		{Name: "traffic", Help: "Traffic.", View: "traffic", People: "visitors", Sort: "-views", Measures: measures},
	}
}

// selectView asks a view of the database's own.
func selectView(_ context.Context, v View) (string, error) {
	return fmt.Sprintf("SELECT * FROM %s(site = '%s', since = toDateTime(%d, 'UTC'), until = toDateTime(%d, 'UTC'), grain = '%s', zone = '%s')",
		v.Name, v.Site, v.Since.Unix(), v.Until.Unix(), v.Grain, v.Zone), nil
}

// world is a database with a view of the test's own, so that the numbers can be told by heart.
func world(t *testing.T, now time.Time, facts []fact) *Reports {
	t.Helper()
	conn := clickhousetest.New(t).Conn(t)
	for _, sql := range []string{
		`CREATE TABLE facts (site String, window DateTime('UTC'), path LowCardinality(String), country LowCardinality(String), views UInt64,
			people AggregateFunction(uniqExact, UInt64)) ENGINE = MergeTree ORDER BY window`,
		fmt.Sprintf(testView, "pages", "path, country,"),
		fmt.Sprintf(testView, "traffic", ""),
	} {
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	visitor := 0
	insert := "INSERT INTO facts "
	var values []any
	for i, f := range facts {
		if i > 0 {
			insert += " UNION ALL "
		}
		insert += fmt.Sprintf(`SELECT 'demo', toDateTime(%d), {path%d:String}, '%s', %d, arrayReduce('uniqExactState', range(%d, %d)::Array(UInt64))`,
			f.window.Unix(), i, f.country, f.people, visitor, visitor+f.people)
		values = append(values, clickhouse.Named(fmt.Sprintf("path%d", i), f.path))
		visitor += f.people
	}
	if err := conn.Exec(t.Context(), insert, values...); err != nil {
		t.Fatal(err)
	}
	almaty, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	known := func(context.Context) ([]Site, error) {
		return []Site{{ID: "demo", Zone: almaty, WeekStart: time.Monday}, {ID: "other", Zone: time.UTC, WeekStart: time.Sunday}}, nil
	}
	reports, err := New(Options{
		Conn: conn, Sites: known, Now: func() time.Time { return now }, Definitions: testDefinitions(), Select: selectView,
		Lag: func(context.Context, string) (time.Duration, error) { return 1500 * time.Millisecond, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return reports
}
