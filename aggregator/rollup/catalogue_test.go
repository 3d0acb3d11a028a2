package rollup

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
)

const good = `-- What is read.
--
-- name: pages
-- source: counted
-- reads: path type
-- window: 5m hour day
-- visitor: yes
-- dimensions:
--   path LowCardinality(String): path of the page
-- measures:
--   views UInt64 = sum(views): page views
SELECT {carry}, path, 1 AS views
FROM {source}
`

func TestAFileThatIsWrongSaysWhatIsWrong(t *testing.T) {
	if _, err := parse("pages.sql", good); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, from, to, want string }{
		{"unknown key", "-- source:", "-- sauce:", "nobody knows"},
		{"a key twice", "-- visitor: yes", "-- visitor: yes\n-- visitor: yes", "twice"},
		{"a key missing", "-- visitor: yes\n", "", "lacks visitor"},
		{"another name than the file's", "name: pages", "name: sites", "that of the file"},
		{"unknown tier", "5m hour day", "5m week", "there are 5m, hour and day"},
		{"what is counted from events without what it reads", "-- reads: path type\n", "", "names the columns"},
		{"no purpose", "-- What is read.\n", "", "what it is for"},
		{"unknown way to count", "sum(views)", "average(views)", "none of"},
		{"a measure without a way", " = sum(views)", "", "none of"},
		{"a column without an explanation", ": page views", "", "after a colon"},
		{"a column twice", "--   path", "--   path LowCardinality(String): path\n--   path", "stands twice"},
		{"a query without its source", "{source}", "events", "{source}"},
		{"a query without what it must carry", "SELECT {carry}, path", "SELECT path", "{carry}"},
		{"a reserved column", "--   path", "--   window", "stands twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("pages.sql", strings.ReplaceAll(good, tt.from, tt.to))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "pages.sql") {
				t.Errorf("error = %v, want one about %q", err, tt.want)
			}
		})
	}
}

func TestAReportOfAnUnknownSourceIsToldWhatThereIs(t *testing.T) {
	report := strings.NewReplacer("name: pages", "name: views", "source: counted\n-- reads: path type", "source: papers", "5m hour day", "day",
		"page views\n", "page views\n--   visitors UInt64 = visitors(views): visitors\n").Replace(good)
	_, err := load(fstest.MapFS{"sql/pages.sql": {Data: []byte(good)}, "sql/views.sql": {Data: []byte(report)}}, nil)
	if err == nil || !strings.Contains(err.Error(), `"papers": there are pages`) {
		t.Errorf("error = %v", err)
	}
}

func TestAnUnknownRollupIsToldWhatThereIs(t *testing.T) {
	c, err := load(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.only("papers"); err == nil || !strings.Contains(err.Error(), "pages") || !strings.Contains(err.Error(), "presence") {
		t.Errorf("error = %v", err)
	}
	one, err := c.only("pages")
	if err != nil || len(one.bases) != 1 || one.bases[0].name != "reading" || len(one.reports) != 2 {
		t.Errorf("only(pages) = %v, %v", one, err)
	}
}

// The files say what the tables hold; the migrations make the tables.
func TestTheTablesAreThoseOfTheFiles(t *testing.T) {
	conn := clickhousetest.Migrated(t).Conn(t)
	c, err := load(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append(c.bases, c.reports...) {
		if !d.hasTable() || !d.isBase() && c.base(d.source) == nil {
			continue
		}
		want := map[string]string{"site": "LowCardinality(String)", "window": "DateTime('UTC')", "generation": "UInt64"}
		for _, column := range d.dimensions {
			want[column.Name] = column.Type
		}
		if d.isBase() {
			want["tier"] = "Enum8('5m' = 0, 'hour' = 1, 'day' = 2)"
			for _, m := range d.measures {
				want[m.Name] = m.Type
			}
		} else {
			for _, s := range d.stored() {
				want[s.Name] = s.Type
			}
		}
		if d.isBase() && d.visitor {
			want["visitor"], want["consented"] = "UInt64", "UInt8"
		}
		rows, err := conn.Query(context.Background(), "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ?", d.table())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for rows.Next() {
			var name, kind string
			if err := rows.Scan(&name, &kind); err != nil {
				t.Fatal(err)
			}
			got[name] = kind
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("table %s (-file +database):\n%s", d.table(), diff)
		}
	}
}
