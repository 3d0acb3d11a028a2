package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// figures are what a year comes down to.
type figures struct {
	precision, recall float64
	median            float64 // minutes to detect
	sudden            float64 // the same of those that are there at once, and do not grow over an hour or more
	confined          float64 // part of what was detected whose part of the visitors was named
	faults, unseen    int     // unseen touched nearly nobody and were not found
	alarms            int
}

func (r *result) figures() figures {
	f := figures{alarms: len(r.alarms)}
	var took, sudden []float64
	right, named := 0, 0
	for _, a := range r.alarms {
		if a.fault != nil {
			right++
		}
	}
	for _, one := range r.faults {
		switch {
		case one.detected >= 0:
			took = append(took, float64(one.detected-one.start))
			if one.kind != creeping {
				sudden = append(sudden, float64(one.detected-one.start))
			}
			if one.cause {
				named++
			}
		case one.touched < enough:
			f.unseen++
			continue
		}
		f.faults++
	}
	f.median, f.sudden = middle(took), middle(sudden)
	if len(took) > 0 {
		f.confined = float64(named) / float64(len(took))
		f.recall = float64(len(took)) / float64(f.faults)
	}
	if len(r.alarms) > 0 {
		f.precision = float64(right) / float64(len(r.alarms))
	}
	return f
}

// middle sorts its values.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func when(minute int64) string {
	return start().Add(time.Duration(minute) * time.Minute).Format("2006-01-02 15:04")
}

// write prints the misses and false alarms, and what it comes down to.
func (r *result) write(out io.Writer, verbose bool) error {
	for _, f := range r.faults {
		if f.detected < 0 && f.touched >= enough {
			fmt.Fprintf(out, "missed       %-7s %s  %s for %d min, size %.2f, %d page views\n", f.site, when(f.start), f.kind, f.end-f.start, f.size, f.touched)
		} else if verbose {
			fmt.Fprintf(out, "fault        %-7s %s  %s, %d page views, found after %d min, confined %t\n", f.site, when(f.start), f.kind, f.touched, f.detected-f.start, f.cause)
		}
	}
	for _, a := range r.alarms {
		if a.fault == nil || verbose {
			word := "false alarm "
			if a.fault != nil {
				word = "incident    "
			}
			fmt.Fprintf(out, "%s %-7s %s  %s (score %.1f, ratio %.1f, of %.0f)\n", word, a.Site, when(a.minute), a.Text, a.Score, a.Ratio, a.Count)
		}
	}
	r.kinds(out)
	f := r.figures()
	_, err := fmt.Fprintf(out, "incidents: %d faults (and %d that nobody met), %d incidents: precision %.3f, recall %.3f, median time to detect %.0f min (%.0f of those that do not grow slowly), right part of the visitors named %.3f\n",
		f.faults, f.unseen, f.alarms, f.precision, f.recall, f.median, f.sudden, f.confined)
	return err
}

// kinds prints how each kind of fault fared.
func (r *result) kinds(out io.Writer) {
	for _, k := range kinds() {
		var took []float64
		faults, named := 0, 0
		for _, f := range r.faults {
			if f.kind != k || f.detected < 0 && f.touched < enough {
				continue
			}
			faults++
			if f.detected >= 0 {
				took = append(took, float64(f.detected-f.start))
			}
			if f.cause {
				named++
			}
		}
		fmt.Fprintf(out, "%-34s %3d faults, %3d found, %3d with the right part, median %3.0f min\n", k, faults, len(took), named, middle(took))
	}
}
