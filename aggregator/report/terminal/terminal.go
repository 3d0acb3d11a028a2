// Package terminal shows a report to a person at a terminal: a table with units, totals, the change since the period before, and the
// course of each row as a small line.
//
// What visitors have written is shown without control characters, so that no path can command the terminal.
package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"mayak/aggregator/report"
	"mayak/aggregator/report/period"
)

// column is one column of the table; its first cell is the head, its last the total.
type column struct {
	cells []string
	right bool
}

// widest is where a text of the table is cut.
const widest = 60

// Write shows an answer, and the trend of its rows if there is one.
func Write(w io.Writer, a *report.Answer, t *report.Trend) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s of %s, %s until %s (%s)\n\n", a.Report, a.Site, shortTime(a, a.Range.From), shortTime(a, a.Range.To), a.Range.Zone)
	if len(a.Rows) == 0 {
		out.WriteString("nothing was counted\n")
	} else {
		writeTable(&out, columns(a, t))
	}
	out.WriteString("\n" + strings.Join(notes(a, t), "\n") + "\n")
	_, err := io.WriteString(w, out.String())
	return err
}

func notes(a *report.Answer, t *report.Trend) []string {
	var all []string
	if a.Pages > 1 {
		all = append(all, fmt.Sprintf("page %d of %d, %s rows in all", a.Page, a.Pages, grouped(float64(a.Count))))
	}
	if t != nil {
		all = append(all, fmt.Sprintf("the line is %s by the %s", t.Measure.Name, t.Step))
	}
	if a.Compare != nil {
		all = append(all, fmt.Sprintf("the change is since %s until %s", shortTime(a, a.Compare.Range.From), shortTime(a, a.Compare.Range.To)))
	}
	if a.Smallest > 0 {
		all = append(all, fmt.Sprintf("groups of fewer than %d visitors are folded into %s", a.Smallest, report.Other))
	}
	return append(all, fmt.Sprintf("rollups %s behind", Format(a.LagSeconds, report.Seconds)))
}

// shortTime leaves out what all times of the answer have in common.
func shortTime(a *report.Answer, t interface{ Format(string) string }) string {
	if a.Range.From.Format("1504") == "0000" && a.Range.To.Format("1504") == "0000" && t.Format("1504") == "0000" {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04")
}

func columns(a *report.Answer, t *report.Trend) []column {
	var all []column
	if a.Granularity != period.None {
		c := column{cells: []string{"time"}}
		for i := range a.Rows {
			c.cells = append(c.cells, stepTime(a, i))
		}
		all = append(all, column{cells: append(c.cells, "total")})
	}
	for i, d := range a.Dimensions {
		c := column{cells: []string{d.Name}}
		for _, row := range a.Rows {
			c.cells = append(c.cells, clean(row.Keys[i]))
		}
		total := ""
		if len(all) == 0 {
			total = "total"
		}
		all = append(all, column{cells: append(c.cells, total)})
	}
	for i, m := range a.Measures {
		all = append(all, measure(a, i, m)...)
	}
	if line, ok := course(a, t); ok {
		all = append(all, line)
	}
	return all
}

func stepTime(a *report.Answer, i int) string {
	at := a.Rows[i].Time
	switch a.Granularity {
	case period.Hour, period.Minute:
		return at.Format("2006-01-02 15:04")
	case period.Month:
		return at.Format("2006-01")
	default:
		return at.Format("2006-01-02 Mon")
	}
}

// measure is a column of numbers, and one of their change when the answer compares.
func measure(a *report.Answer, i int, m report.Measure) []column {
	numbers := column{cells: []string{m.Name}, right: true}
	change := column{cells: []string{""}, right: true}
	for _, row := range a.Rows {
		numbers.cells = append(numbers.cells, Format(row.Numbers[i], m.Unit))
		before := math.NaN()
		if row.Previous != nil {
			before = row.Previous[i]
		}
		change.cells = append(change.cells, Change(before, row.Numbers[i]))
	}
	numbers.cells = append(numbers.cells, Format(a.Totals[i], m.Unit))
	if a.Compare == nil {
		return []column{numbers}
	}
	change.cells = append(change.cells, Change(a.Compare.Totals[i], a.Totals[i]))
	return []column{numbers, change}
}

// course is the trend of each row as a line, or with steps of time in the rows themselves a bar.
func course(a *report.Answer, t *report.Trend) (column, bool) {
	c := column{cells: []string{""}}
	switch {
	case t != nil:
		for _, line := range t.Lines {
			c.cells = append(c.cells, Sparkline(line))
		}
	case a.Granularity != period.None && len(a.Dimensions) == 0:
		most := 0.0
		for _, row := range a.Rows {
			most = max(most, row.Numbers[0])
		}
		for _, row := range a.Rows {
			c.cells = append(c.cells, Bar(row.Numbers[0], most))
		}
	default:
		return c, false
	}
	return column{cells: append(c.cells, "")}, true
}

func writeTable(out *strings.Builder, all []column) {
	rows := len(all[0].cells)
	single := rows == 3 // one row is its own total
	for i := range rows {
		if i == rows-1 {
			if single {
				break
			}
			out.WriteString("\n")
		}
		var line strings.Builder
		for j, c := range all {
			if j > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", c.width()-utf8.RuneCountInString(c.cells[i]))
			if c.right {
				line.WriteString(pad + c.cells[i])
			} else {
				line.WriteString(c.cells[i] + pad)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func (c column) width() int {
	width := 0
	for _, cell := range c.cells {
		width = max(width, utf8.RuneCountInString(cell))
	}
	return width
}

// clean is a text of a visitor's that is safe to print, cut to the widest.
func clean(text string) string {
	if text == "" {
		return "(none)"
	}
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n == widest {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '�'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
