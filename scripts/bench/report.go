package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// figures are everything that was measured.
type figures struct {
	pairs                 []pair
	dropped               float64 // share of what was received
	delivery              delivery
	bytesPerRow           float64
	peakMB                float64
	loadBefore, loadAfter string
}

// median is the middle one of what of says about the results.
func median(results []result, of func(result) float64) float64 {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = of(r)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func rate(r result) float64     { return r.rate }
func cost(r result) float64     { return r.cost }
func median50(r result) float64 { return r.p50.Seconds() * 1000 }
func median99(r result) float64 { return r.p99.Seconds() * 1000 }

// ratio is the median of the ratios of two runs, one after the other.
func (p *pair) ratio() float64 {
	ratios := make([]result, len(p.bare))
	for i := range p.bare {
		ratios[i].rate = p.collector[i].rate / p.bare[i].rate
	}
	return median(ratios, rate)
}

// of finds the pair of a turn without places.
func (f *figures) of(path string, connections int) *pair {
	i := slices.IndexFunc(f.pairs, func(p pair) bool { return p.path == path && p.connections == connections && !p.places })
	return &f.pairs[i]
}

// write makes the file that other programs read.
func (f *figures) write(path string) error {
	events := f.of("/e", 256)
	text, err := json.MarshalIndent(map[string]float64{
		"ratio_e_64":             round(f.of("/e", 64).ratio(), 3),
		"ratio_e_256":            round(events.ratio(), 3),
		"ratio_pixel_256":        round(f.of("/p.gif", 256).ratio(), 3),
		"p99_ms_e_256":           round(median(events.collector, median99), 2),
		"cpu_s_per_million_e":    round(median(events.collector, cost), 2),
		"cpu_s_per_million_bare": round(median(events.bare, cost), 2),
		"deliver_rows_per_s":     round(f.delivery.rowsPerSecond, 0),
		"bytes_per_row":          round(f.bytesPerRow, 2),
		"rss_mb":                 round(f.peakMB, 1),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func round(value float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(value*scale) / scale
}

// print shows the table as ARCHITECTURE.md has it.
func (f *figures) print(out io.Writer) {
	fmt.Fprintf(out, "\nLoad average %s before, %s after. Medians.\n\n", f.loadBefore, f.loadAfter)
	fmt.Fprintln(out, "| request | connections | server | requests/s | of bare | p50 ms | p99 ms | CPU s/million |")
	fmt.Fprintln(out, "|---|---:|---|---:|---:|---:|---:|---:|")
	for i := range f.pairs {
		p := &f.pairs[i]
		for _, server := range []struct {
			name    string
			ratio   float64
			results []result
		}{{"bare fasthttp", 1, p.bare}, {"collector, durable", p.ratio(), p.collector}} {
			fmt.Fprintf(out, "| %s | %d | %s | %.0f | %.2f | %.1f | %.1f | %.1f |\n", p.name, p.connections, server.name,
				median(server.results, rate), server.ratio, median(server.results, median50), median(server.results, median99), median(server.results, cost))
		}
	}
	d := f.delivery
	fmt.Fprintf(out, "\n| what | figure |\n|---|---:|\n")
	fmt.Fprintf(out, "| delivery of a backlog into the embedded engine, events/s | %.0f |\n", d.rowsPerSecond)
	fmt.Fprintf(out, "| CPU of the collector for it, s/million events | %.1f |\n", d.collector.Seconds()/d.rows*1e6)
	fmt.Fprintf(out, "| CPU of the engine for it, s/million events | %.1f |\n", d.engine.Seconds()/d.rows*1e6)
	fmt.Fprintf(out, "| a stored event, merged, bytes | %.1f |\n", f.bytesPerRow)
	fmt.Fprintf(out, "| peak memory of the collector, without GeoIP files, MB | %.0f |\n", f.peakMB)
	refused := 0
	for _, p := range f.pairs {
		for _, r := range p.collector {
			refused += r.refused
		}
	}
	fmt.Fprintf(out, "| answers that were not 2xx | %d |\n| hits dropped, of a hundred | %.3f |\n", refused, f.dropped*100)
}
