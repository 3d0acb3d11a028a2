package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/report/period"
)

func csvAnswer() *Answer {
	zone := time.FixedZone("", 5*3600)
	return &Answer{
		Report: "pages", Site: "demo", Granularity: period.Day,
		Dimensions: []Dimension{{Name: "path"}},
		Measures:   []Measure{{Name: "views", Unit: Count}, {Name: "engaged_median", Unit: Seconds}},
		Rows: []Row{
			{Time: time.Date(2026, 11, 22, 0, 0, 0, 0, zone), Keys: []string{`/a,"b"`}, Numbers: []float64{1234567, 2.00049}, Previous: []float64{1, math.NaN()}},
			{Time: time.Date(2026, 11, 23, 0, 0, 0, 0, zone), Keys: []string{"=cmd|' /C calc'!A0"}, Numbers: []float64{0, math.NaN()}},
		},
		Totals: []float64{1234567, math.NaN()}, Compare: &Comparison{Totals: []float64{1, math.NaN()}}, Page: 1, Pages: 1, Limit: 100, Count: 2,
	}
}

func TestCSVIsThatOfTheStandard(t *testing.T) {
	var out strings.Builder
	if err := csvAnswer().WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	want := "time,path,views,engaged_median,previous_views,previous_engaged_median\r\n" +
		"2026-11-22T00:00:00+05:00,\"/a,\"\"b\"\"\",1234567,2,1,\r\n" +
		"2026-11-23T00:00:00+05:00,'=cmd|' /C calc'!A0,0,,,\r\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoCellBeginsAFormula(t *testing.T) {
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"} {
		a := csvAnswer()
		a.Rows = []Row{{Keys: []string{text}, Numbers: []float64{-1, -0.5}}}
		var out strings.Builder
		if err := a.WriteCSV(&out); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if cell := rows[1][1]; !strings.HasPrefix(cell, "'") {
			t.Errorf("%q is written as %q", text, cell)
		}
		if rows[1][2] != "-1" {
			t.Errorf("a negative number is written as %q", rows[1][2])
		}
	}
	for _, text := range []string{"", "/", "a=b", "'quoted'", "1-2"} {
		if got := harmless(text); got != text {
			t.Errorf("%q is written as %q", text, got)
		}
	}
}

func TestJSONHasItsColumnsInOrder(t *testing.T) {
	text, err := json.Marshal(csvAnswer())
	if err != nil {
		t.Fatal(err)
	}
	want := `"rows":[{"time":"2026-11-22T00:00:00+05:00","path":"/a,\"b\"","views":1234567,"engaged_median":2,"previous":{"views":1,"engaged_median":null}},` +
		`{"time":"2026-11-23T00:00:00+05:00","path":"=cmd|' /C calc'!A0","views":0,"engaged_median":null,"previous":null}],` +
		`"totals":{"views":1234567,"engaged_median":null},"compare":`
	if !strings.Contains(string(text), want) {
		t.Errorf("%s lacks %s", text, want)
	}
}
