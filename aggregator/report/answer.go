package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"mayak/aggregator/report/period"
)

// Answer is what a question gives. Numbers are in the order of Measures; NaN is unknown and null in JSON.
type Answer struct {
	Report      string
	Site        string
	Range       Span
	Granularity period.Step
	Dimensions  []Dimension
	Measures    []Measure
	Rows        []Row
	Totals      []float64
	Compare     *Comparison
	Page, Pages int
	Limit       int
	Count       int // rows of all pages
	Smallest    int // groups of fewer visitors are folded into Other
	LagSeconds  float64
}

// Span is a range as an answer shows it.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Zone string    `json:"zone"`
}

func newSpan(r period.Range) Span { return Span{r.From, r.To, r.Zone()} }

// Row is one row. Previous is nil when the period before has no such row that the reader may see.
type Row struct {
	Time     time.Time // zero without granularity
	Keys     []string
	Numbers  []float64
	Previous []float64
}

// Comparison is the period before.
type Comparison struct {
	Range  Span
	Totals []float64
}

func newAnswer(q *Query) *Answer {
	a := &Answer{
		Report: q.Definition.Name, Site: q.Site.ID, Range: newSpan(q.Range), Granularity: q.Step, Dimensions: q.Definition.Dimensions,
		Measures: q.Definition.Measures, Page: q.Page, Limit: q.Limit,
	}
	if q.Reader.Smallest > 1 && q.Definition.People != "" {
		a.Smallest = q.Reader.Smallest
	}
	return a
}

// take takes over what the database found.
func (a *Answer) take(q *Query, f *found) {
	a.Totals = f.totals
	if q.Step == period.None && len(a.Dimensions) == 0 && len(f.groups) == 0 {
		f.groups, f.count = []group{{moment: q.Range.From.Unix(), numbers: q.nothing()}}, 1
	}
	a.Count = f.count
	a.Pages = max(1, (f.count+q.Limit-1)/q.Limit)
	for _, g := range f.groups {
		row := Row{Keys: g.keys, Numbers: g.numbers}
		if q.Step != period.None {
			row.Time = time.Unix(g.moment, 0).In(q.Site.Zone)
		}
		a.Rows = append(a.Rows, row)
	}
}

// MarshalJSON writes rows as objects whose keys are in the order of the columns.
func (a *Answer) MarshalJSON() ([]byte, error) {
	w := &object{}
	w.add("report", a.Report)
	w.add("site", a.Site)
	w.add("range", a.Range)
	w.add("granularity", a.Granularity)
	w.begin("rows", '[')
	for i := range a.Rows {
		w.element('{')
		a.writeRow(w, &a.Rows[i])
		w.end('}')
	}
	w.end(']')
	w.begin("totals", '{')
	a.writeNumbers(w, a.Totals)
	w.end('}')
	if a.Compare != nil {
		w.begin("compare", '{')
		w.add("range", a.Compare.Range)
		w.begin("totals", '{')
		a.writeNumbers(w, a.Compare.Totals)
		w.end('}')
		w.end('}')
	}
	w.add("page", a.Page)
	w.add("pages", a.Pages)
	w.add("limit", a.Limit)
	w.add("count", a.Count)
	w.begin("units", '{')
	for _, m := range a.Measures {
		w.add(m.Name, m.Unit)
	}
	w.end('}')
	w.add("smallest_group", a.Smallest)
	w.add("lag_seconds", a.LagSeconds)
	return w.done()
}

func (a *Answer) writeRow(w *object, row *Row) {
	if a.Granularity != period.None {
		w.add("time", row.Time)
	}
	for i, d := range a.Dimensions {
		w.add(d.Name, row.Keys[i])
	}
	a.writeNumbers(w, row.Numbers)
	switch {
	case a.Compare == nil:
	case row.Previous == nil:
		w.add("previous", nil)
	default:
		w.begin("previous", '{')
		a.writeNumbers(w, row.Previous)
		w.end('}')
	}
}

func (a *Answer) writeNumbers(w *object, numbers []float64) {
	for i, m := range a.Measures {
		w.add(m.Name, json.RawMessage(formatNumber(numbers[i], m.Unit, "null")))
	}
}

// formatNumber writes a number as JSON and CSV have it: counts whole, others to a thousandth.
func formatNumber(n float64, unit Unit, unknown string) string {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return unknown
	case unit == Count:
		return strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	default:
		return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
	}
}

// object writes JSON whose keys keep their order, which encoding/json has for structs only.
type object struct {
	text  bytes.Buffer
	comma bool
	err   error
}

func (o *object) element(open byte) {
	switch {
	case o.comma:
		o.text.WriteByte(',')
	case o.text.Len() == 0:
		o.text.WriteByte('{')
	}
	if open != 0 {
		o.text.WriteByte(open)
		o.comma = false
	}
}

func (o *object) begin(key string, open byte) {
	o.element(0)
	o.write(key)
	o.text.WriteByte(':')
	o.text.WriteByte(open)
	o.comma = false
}

func (o *object) end(closing byte) {
	o.text.WriteByte(closing)
	o.comma = true
}

func (o *object) add(key string, value any) {
	o.element(0)
	o.write(key)
	o.text.WriteByte(':')
	o.write(value)
	o.comma = true
}

func (o *object) write(value any) {
	text, err := json.Marshal(value)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.text.Write(text)
}

func (o *object) done() ([]byte, error) {
	o.end('}')
	return o.text.Bytes(), o.err
}
