package terminal

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/report"
	"mayak/aggregator/report/period"
)

var update = flag.Bool("update", false, "write the golden files anew")

func answer(t *testing.T) *report.Answer {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	return &report.Answer{
		Report: "pages", Site: "demo", Granularity: period.None,
		Range:      report.Span{From: time.Date(2026, 11, 16, 0, 0, 0, 0, zone), To: time.Date(2026, 11, 23, 0, 0, 0, 0, zone), Zone: "Asia/Almaty"},
		Dimensions: []report.Dimension{{Name: "path"}},
		Measures:   []report.Measure{{Name: "views", Unit: report.Count}, {Name: "engaged_median", Unit: report.Seconds}, {Name: "scroll", Unit: report.Percent}},
		Rows: []report.Row{
			{Keys: []string{"/"}, Numbers: []float64{1234567, 8.25, 71.26}, Previous: []float64{1000000, 9, 71.26}},
			{Keys: []string{"/новости/очень-длинная-страница-о-здоровье-и-о-том-как-его-сохранить"}, Numbers: []float64{890, 95, math.NaN()}},
			{Keys: []string{"/\x1b[2Jhidden\u202e"}, Numbers: []float64{3, 7384, 100}, Previous: []float64{0, 7384, math.NaN()}},
			{Keys: []string{""}, Numbers: []float64{1, math.NaN(), 5}, Previous: []float64{400, 1, 1}},
			{Keys: []string{report.Other}, Numbers: []float64{12, math.NaN(), math.NaN()}},
		},
		Totals:  []float64{1235473, 8.5, math.NaN()},
		Compare: &report.Comparison{Range: report.Span{From: time.Date(2026, 11, 9, 0, 0, 0, 0, zone), To: time.Date(2026, 11, 15, 19, 10, 0, 0, zone)}, Totals: []float64{1000400, 9, math.NaN()}},
		Page:    1, Pages: 3, Limit: 5, Count: 1234, Smallest: 5, LagSeconds: 1.5,
	}
}

func TestATableIsShown(t *testing.T) {
	trend := &report.Trend{Measure: report.Measure{Name: "views"}, Step: period.Day, Lines: [][]float64{{1, 2, 3, 4, 5, 6, 7}, {0, 0, 5, 0, 0, 0, 0}, {3, 3, 3}, {0, math.NaN(), 1}, nil}}
	plain := answer(t)
	plain.Compare, plain.Smallest, plain.Pages = nil, 0, 1
	series := answer(t)
	series.Report, series.Dimensions, series.Compare, series.Granularity, series.Rows = "traffic", nil, nil, period.Day, nil
	for i, views := range []float64{0, 10, 1234, 617} {
		series.Rows = append(series.Rows, report.Row{Time: series.Range.From.AddDate(0, 0, i), Numbers: []float64{views, math.NaN(), 1}})
	}
	empty := answer(t)
	empty.Rows = nil
	single := answer(t)
	single.Dimensions, single.Rows, single.Compare = nil, []report.Row{{Numbers: single.Totals}}, nil
	for _, tt := range []struct {
		name   string
		answer *report.Answer
		trend  *report.Trend
	}{{"compared", answer(t), trend}, {"plain", plain, nil}, {"series", series, nil}, {"empty", empty, nil}, {"single", single, &report.Trend{Measure: report.Measure{Name: "views"}, Step: period.Day, Lines: [][]float64{{1, 5, 2}}}}} {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			if err := Write(&got, tt.answer, tt.trend); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", tt.name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.ContainsAny(got.String(), "\x1b\u202e") {
				t.Error("a control character of a visitor's reaches the terminal")
			}
		})
	}
}

func TestNumbersAreShownWithTheirUnits(t *testing.T) {
	for _, tt := range []struct {
		n    float64
		unit report.Unit
		want string
	}{
		{0, report.Count, "0"},
		{999, report.Count, "999"},
		{1234567, report.Count, "1,234,567"},
		{-1234.5, report.Number, "-1,234.50"},
		{12.5, report.Percent, "12.5 %"},
		{0.4, report.Seconds, "0.4 s"},
		{59, report.Seconds, "59 s"},
		{61, report.Seconds, "1 m 01 s"},
		{7384, report.Seconds, "2 h 03 m"},
		{3.6e6, report.Seconds, "1,000 h"},
		{math.NaN(), report.Count, Unknown},
		{math.Inf(1), report.Number, Unknown},
	} {
		if got := Format(tt.n, tt.unit); got != tt.want {
			t.Errorf("Format(%v, %s) = %q, want %q", tt.n, tt.unit, got, tt.want)
		}
	}
}

func TestChanges(t *testing.T) {
	for _, tt := range []struct {
		before, now float64
		want        string
	}{{100, 112, "+12 %"}, {100, 50, "-50 %"}, {5, 5, "="}, {0, 5, "new"}, {1, 400, "> ×10"}, {math.NaN(), 5, ""}, {5, math.NaN(), ""}} {
		if got := Change(tt.before, tt.now); got != tt.want {
			t.Errorf("Change(%v, %v) = %q, want %q", tt.before, tt.now, got, tt.want)
		}
	}
}

func TestLinesAndBars(t *testing.T) {
	if got := Sparkline([]float64{0, 1, 4, 8, math.NaN()}); got != " ▂▅█ " {
		t.Errorf("Sparkline = %q", got)
	}
	if got := Sparkline([]float64{0, 0}); got != "  " {
		t.Errorf("Sparkline of nothing = %q", got)
	}
	if got := Bar(1, 2); got != strings.Repeat("█", barWidth/2) {
		t.Errorf("Bar = %q", got)
	}
	if got := Bar(1, 1e9); got != "▏" {
		t.Errorf("Bar of little = %q", got)
	}
}
