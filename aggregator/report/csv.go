package report

import (
	"encoding/csv"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"mayak/aggregator/report/period"
)

// WriteCSV writes the rows as RFC 4180 has it, names first. What comes after the names are the answer's own columns, then, with
// a comparison, previous_ and the name of each measure. An unknown number is an empty cell.
func (a *Answer) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(a.header()); err != nil {
		return err
	}
	for i := range a.Rows {
		if err := out.Write(a.cells(&a.Rows[i])); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (a *Answer) header() []string {
	var names []string
	if a.Granularity != period.None {
		names = append(names, "time")
	}
	for _, d := range a.Dimensions {
		names = append(names, d.Name)
	}
	for _, m := range a.Measures {
		names = append(names, m.Name)
	}
	if a.Compare != nil {
		for _, m := range a.Measures {
			names = append(names, "previous_"+m.Name)
		}
	}
	return names
}

func (a *Answer) cells(row *Row) []string {
	var cells []string
	if a.Granularity != period.None {
		cells = append(cells, row.Time.Format(time.RFC3339))
	}
	for _, key := range row.Keys {
		cells = append(cells, harmless(key))
	}
	for i, m := range a.Measures {
		cells = append(cells, formatNumber(row.Numbers[i], m.Unit, ""))
	}
	if a.Compare != nil {
		for i, m := range a.Measures {
			cell := ""
			if row.Previous != nil {
				cell = formatNumber(row.Previous[i], m.Unit, "")
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// harmless keeps a spreadsheet from taking a visitor's text for a formula: what could begin one gets an apostrophe in front.
func harmless(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}
