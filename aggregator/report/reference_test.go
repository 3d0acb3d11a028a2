package report

import (
	"flag"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"mayak/aggregator/report/period"
)

// cell is a row of a reference: its step, its values and how many visitors it has, each of one view.
type cell struct {
	at     time.Time
	keys   []string
	people int
	parts  int // groups that it was made of
}

func (c cell) name() string { return c.at.UTC().Format(time.RFC3339) + "|" + strings.Join(c.keys, "|") }

// numbers are the measures of the test's reports.
func (c cell) numbers() []float64 {
	if c.parts == 1 {
		return []float64{float64(c.people), float64(c.people), 1, 50}
	}
	return []float64{float64(c.people), math.NaN(), math.NaN(), math.NaN()}
}

// reference answers a question about the facts as the package comment describes it, slowly and without SQL.
func reference(q *Query, span period.Range, facts []fact) (rows map[string][]float64, totals []float64) {
	var cells, visible []cell
	all := 0
	for _, f := range facts {
		if f.window.Before(span.From) || !f.window.Before(span.To) || q.Definition.Where != "" && f.country != "KZ" {
			continue
		}
		all += f.people
		at := span.From
		if q.Step != period.None {
			at = period.Begin(f.window.In(q.Site.Zone), q.Step, q.Site.WeekStart)
		}
		cells = join(cells, cell{at, []string{f.path, f.country}[:len(q.Definition.Dimensions)], f.people, 1}, false)
	}
	for _, c := range cells {
		fits := passes(q, c.keys)
		switch {
		case !folded(q, c, cells) && fits:
			visible = join(visible, c, true)
		case folded(q, c, cells) && len(q.Filters) == 0:
			c.keys = slices.Repeat([]string{Other}, len(c.keys))
			visible = join(visible, c, true)
		}
	}
	rows = map[string][]float64{}
	sum, parts := 0, 0
	for _, c := range visible {
		rows[c.name()] = c.numbers()
		sum += c.people
		parts += c.parts
	}
	totals = []float64{float64(sum), math.NaN(), math.NaN(), math.NaN()}
	if parts == 1 {
		totals = cell{people: sum, parts: 1}.numbers()
	}
	if parts == 0 {
		totals[1] = 0
	}
	if q.Definition.Whole != nil && len(q.Filters) == 0 && all > 0 {
		totals = []float64{float64(sum), float64(all), 1, 50}
	}
	return rows, totals
}

// join adds a cell to the one of the same name. That of one group's facts is still one group.
func join(cells []cell, c cell, groups bool) []cell {
	i := slices.IndexFunc(cells, func(have cell) bool { return have.name() == c.name() })
	if i < 0 {
		return append(cells, c)
	}
	cells[i].people += c.people
	if groups {
		cells[i].parts += c.parts
	}
	return cells
}

// folded tells whether a cell is too small, or hides those that are.
func folded(q *Query, c cell, cells []cell) bool {
	if q.Reader.Smallest < 2 || len(c.keys) == 0 {
		return false
	}
	var step []cell
	for _, other := range cells {
		if other.at.Equal(c.at) {
			step = append(step, other)
		}
	}
	slices.SortFunc(step, func(a, b cell) int {
		if a.people != b.people {
			return a.people - b.people
		}
		return slices.Compare(a.keys, b.keys)
	})
	hidden := 0
	for _, other := range step {
		if other.people >= q.Reader.Smallest && (hidden == 0 || hidden >= q.Reader.Smallest) {
			return false
		}
		hidden += other.people
		if other.name() == c.name() {
			return true
		}
	}
	return false
}

// passes applies the test's filters, whose patterns end in * only.
func passes(q *Query, keys []string) bool {
	for _, f := range q.Filters {
		value := keys[q.Definition.dimension(f.Dimension.Name)]
		fits := slices.ContainsFunc(f.Values, func(want string) bool {
			if f.Pattern {
				return strings.HasPrefix(value, strings.ReplaceAll(strings.TrimSuffix(want, "%"), `\`, ""))
			}
			return value == want
		})
		if fits == f.Not {
			return false
		}
	}
	return true
}

func manyFacts(now time.Time) []fact {
	var facts []fact
	pick := uint64(7)
	next := func(n uint64) int { // the same facts each time
		pick = pick*6364136223846793005 + 1442695040888963407
		return int(pick >> 33 % n)
	}
	for range 120 {
		facts = append(facts, fact{
			window:  now.Add(-time.Duration(next(8*24)) * time.Hour).Truncate(5 * time.Minute),
			path:    []string{"/", "/news/a", "/news/b", "/it's", `/back\slash`, "/tab\t", "/%"}[next(7)],
			country: []string{"KZ", "RU", "", "DE"}[next(4)], people: 1 + next(4)*next(3),
		})
	}
	return facts
}

func TestAnswersAreThoseOfTheReference(t *testing.T) {
	fewer(t, "40")
	now := time.Date(2026, 11, 22, 14, 12, 0, 0, time.UTC)
	facts := manyFacts(now)
	r := world(t, now, facts)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"pages", "pages", "kazakh", "traffic"}).Draw(rt, "report")
		given := map[string][]string{
			"site": {"demo"}, "range": {rapid.SampledFrom([]string{"today", "yesterday", "3d", "7d", "30h", "2w", "2026-10"}).Draw(rt, "range")},
			"granularity": {rapid.SampledFrom([]string{"none", "hour", "day", "week", "month"}).Draw(rt, "granularity")},
			"sort":        {rapid.SampledFrom([]string{"", "-views", "visitors,-views", "-fresh"}).Draw(rt, "sort")},
			"compare":     {rapid.SampledFrom([]string{"", "previous"}).Draw(rt, "compare")},
			"limit":       {rapid.SampledFrom([]string{"25", "10000"}).Draw(rt, "limit")},
		}
		if name == "pages" {
			given["filter"] = []string{rapid.SampledFrom([]string{
				"", "", "country==KZ|RU", "path!=/", "path=~/news/*", `path!~/%*;country!=`, `path==/back\\slash|/it's|` + "/tab\t", "path==/;country==KZ",
			}).Draw(rt, "filter")}
		}
		q, err := r.Parse(t.Context(), name, given, Reader{Role: "analyst", Smallest: rapid.SampledFrom([]int{0, 2, 5, 20}).Draw(rt, "smallest")})
		if err != nil {
			rt.Fatal(err)
		}
		checkPages(t, rt, r, q, facts)
	})
}

// checkPages turns all pages of an answer and compares them with the reference.
func checkPages(t *testing.T, rt *rapid.T, r *Reports, q *Query, facts []fact) {
	wantRows, wantTotals := reference(q, q.Range, facts)
	before := q.Range.Before(q.now)
	earlierRows, earlierTotals := reference(q, before, facts)
	gotRows := map[string][]float64{}
	var last *Row
	for q.Page = 1; ; q.Page++ {
		a, err := r.Run(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(wantTotals, a.Totals, cmpopts.EquateNaNs()); diff != "" {
			rt.Fatalf("totals (-want +got):\n%s", diff)
		}
		if q.Compare {
			if diff := cmp.Diff(earlierTotals, a.Compare.Totals, cmpopts.EquateNaNs()); diff != "" {
				rt.Fatalf("totals of the period before (-want +got):\n%s", diff)
			}
		}
		for i := range a.Rows {
			row := &a.Rows[i]
			at := row.Time
			if q.Step == period.None {
				at = q.Range.From
			}
			if _, traffic := wantRows[cell{at: at, keys: row.Keys}.name()]; traffic || len(q.Definition.Dimensions) > 0 || row.Numbers[0] != 0 {
				gotRows[cell{at: at, keys: row.Keys}.name()] = row.Numbers
			}
			checkOrder(rt, q, last, row)
			checkEarlier(rt, q, at, row, before, earlierRows)
			last = row
		}
		if q.Page == a.Pages {
			if len(gotRows) > a.Count {
				rt.Fatalf("%d rows, but the count is %d", len(gotRows), a.Count)
			}
			break
		}
	}
	if diff := cmp.Diff(wantRows, gotRows, cmpopts.EquateNaNs()); diff != "" {
		rt.Fatalf("rows (-want +got):\n%s", diff)
	}
}

// checkOrder wants rows sorted as asked, the folded ones last.
func checkOrder(t *rapid.T, q *Query, before, row *Row) {
	isOther := func(r *Row) bool { return len(r.Keys) > 0 && r.Keys[0] == Other }
	if before == nil {
		return
	}
	if isOther(before) != isOther(row) {
		if isOther(before) {
			t.Fatalf("%v stands behind the folded row", row.Keys)
		}
		return
	}
	o := q.Sort[0]
	if o.Column == "time" {
		if before.Time.After(row.Time) {
			t.Fatalf("%s stands behind %s", row.Time, before.Time)
		}
		return
	}
	i := q.Definition.measure(o.Column)
	if a, b := before.Numbers[i], row.Numbers[i]; o.Descending && a < b || !o.Descending && a > b || math.IsNaN(a) && !math.IsNaN(b) {
		t.Fatalf("sorted by %v, but %v stands before %v", o, a, b)
	}
}

// checkEarlier wants beside each row the numbers of the period before, step by step.
func checkEarlier(t *rapid.T, q *Query, at time.Time, row *Row, before period.Range, earlier map[string][]float64) {
	if !q.Compare {
		return
	}
	then := before.From
	if q.Step != period.None {
		first := q.Site.WeekStart
		steps := before.Buckets(q.Step, first, q.now)
		i := slices.IndexFunc(q.Range.Buckets(q.Step, first, q.now), at.Equal)
		then = time.Time{}
		if i < len(steps) {
			then = steps[i]
		}
	}
	want := earlier[cell{at: then, keys: row.Keys}.name()]
	if want == nil && len(q.Definition.Dimensions) == 0 && !then.IsZero() {
		want = []float64{0, 0, math.NaN(), math.NaN()}
	}
	if diff := cmp.Diff(want, row.Previous, cmpopts.EquateNaNs()); diff != "" {
		t.Fatalf("%s %v: the period before (-want +got):\n%s", at, row.Keys, diff)
	}
}

// fewer bounds a property of which each try asks the database many times, unless somebody has said how many there are to be.
func fewer(t *testing.T, tries string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f == nil || f.Value.String() != f.DefValue {
		return
	}
	before := f.Value.String()
	if err := f.Value.Set(tries); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) }) // as it was
}
