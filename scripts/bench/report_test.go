package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func someFigures() *figures {
	f := &figures{delivery: delivery{rows: 1e6, rowsPerSecond: 250_000, collector: 2 * time.Second, engine: 3 * time.Second}, bytesPerRow: 33.333, peakMB: 99.99}
	for _, t := range turns(true) {
		p := pair{turn: t}
		for _, r := range []float64{10, 40, 20} {
			p.bare = append(p.bare, result{rate: 100, cost: 20, p99: time.Millisecond})
			p.collector = append(p.collector, result{rate: r, cost: r, p99: time.Duration(r) * time.Millisecond})
		}
		f.pairs = append(f.pairs, p)
	}
	return f
}

func TestTheFiguresAreMediansUnderTheirNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "build", "bench.json")
	if err := someFigures().write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]float64
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"ratio_e_64": 0.2, "ratio_e_256": 0.2, "ratio_pixel_256": 0.2, "p99_ms_e_256": 20, "cpu_s_per_million_e": 20,
		"cpu_s_per_million_bare": 20, "deliver_rows_per_s": 250_000, "bytes_per_row": 33.33, "rss_mb": 100,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff, slices.Sorted(maps.Keys(got)))
	}
}

func TestTheTableHasARowForEachServerAndTurn(t *testing.T) {
	var out strings.Builder
	someFigures().print(&out)
	if got, want := strings.Count(out.String(), "| 256 | collector, durable | 20 | 0.20 |"), 3; got != want {
		t.Errorf("%d rows, want %d:\n%s", got, want, out.String())
	}
}
