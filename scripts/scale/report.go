package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// figures is what one size costs.
type figures struct {
	Events         int         `json:"events"`
	Filled         float64     `json:"filled"`
	CopiedASecond  float64     `json:"copied_a_second"`
	EventBytes     float64     `json:"event_bytes"`
	RebuildSeconds float64     `json:"rebuild_seconds"`
	RebuiltASecond float64     `json:"rebuilt_a_second"`
	RollupShare    float64     `json:"rollup_share"` // of the bytes of events
	Tables         []tableSize `json:"tables"`
	Reports        []timing    `json:"reports"`

	DiagnosticEvents  float64 `json:"diagnostic_events"`  // measurements, faults and reports
	DiagnosticBytes   float64 `json:"diagnostic_bytes"`   // of the rollups for diagnostics
	DiagnosticSeconds float64 `json:"diagnostic_seconds"` // of the database, for computing them

	LiveRate    float64 `json:"live_rate"`
	LiveLate    float64 `json:"live_late_seconds"`
	LiveWindows float64 `json:"live_windows"`
	WorkAMinute float64 `json:"work_seconds_a_minute"`

	eventsOnDisk uint64
}

type tableSize struct {
	Table string `json:"table"`
	Bytes uint64 `json:"bytes"`
	Rows  uint64 `json:"rows"`
}

// timing is of one report over one range, in milliseconds.
type timing struct {
	Report string  `json:"report"`
	Range  string  `json:"range"`
	P50    float64 `json:"p50"`
	P95    float64 `json:"p95"`
	First  float64 `json:"first"`
	Rows   int     `json:"rows"`
}

func write(name string, all []figures) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o600)
}

// show prints one column a size.
func show(out io.Writer, all []figures) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, of func(f *figures) string) {
		fmt.Fprintf(t, "%s\t", name)
		for i := range all {
			fmt.Fprintf(t, "%s\t", of(&all[i]))
		}
		fmt.Fprintln(t)
	}
	line("events", func(f *figures) string { return fmt.Sprintf("%.0f", f.Filled) })
	line("bytes an event", func(f *figures) string { return fmt.Sprintf("%.1f", f.EventBytes) })
	line("rollups, share of events", func(f *figures) string { return fmt.Sprintf("%.1f %%", 100*f.RollupShare) })
	line("events for diagnostics", func(f *figures) string { return fmt.Sprintf("%.0f", f.DiagnosticEvents) })
	line("their rollups, KB", func(f *figures) string { return fmt.Sprintf("%.0f", f.DiagnosticBytes/1000) })
	line("their rollups, share of events", func(f *figures) string {
		return fmt.Sprintf("%.1f %%", 100*f.DiagnosticBytes/float64(max(1, f.eventsOnDisk)))
	})
	line("their rollups, s of the rebuild", func(f *figures) string { return fmt.Sprintf("%.1f", f.DiagnosticSeconds) })
	line("rebuilt events/s", func(f *figures) string { return fmt.Sprintf("%.0f", f.RebuiltASecond) })
	line("rollup work, s a minute", func(f *figures) string { return fmt.Sprintf("%.1f at %.0f/s", f.WorkAMinute, f.LiveRate) })
	for i, one := range all[0].Reports {
		line(one.Report+", "+one.Range+", p50/p95 ms", func(f *figures) string {
			if i >= len(f.Reports) {
				return ""
			}
			return fmt.Sprintf("%.0f/%.0f", f.Reports[i].P50, f.Reports[i].P95)
		})
	}
	return t.Flush()
}
