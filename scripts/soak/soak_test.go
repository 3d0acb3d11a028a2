package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/embedded"
	"mayak/scripts/load"
	"mayak/scripts/processes"
)

// line is a process whose memory grows by so much a second for ten minutes, and goes up and down by a third of it.
func line(start, perSecond, noise int) []point {
	var points []point
	for second := range 600 {
		points = append(points, point{time.Duration(second) * time.Second, start + perSecond*second + noise*(second%7-3)})
	}
	return points
}

func TestMemoryThatGrowsIsFoundOut(t *testing.T) {
	for _, tt := range []struct {
		name   string
		points []point
		flat   bool
	}{
		{"flat", line(80<<20, 0, 0), true},
		{"up and down", line(80<<20, 0, 8<<20), true},
		{"shrinking", line(80<<20, -50_000, 1<<20), true},
		{"a leak within what goes up and down", line(80<<20, 60_000, 8<<20), false},
		{"ten bytes of each of 5,000 events a second", line(80<<20, 50_000, 0), false},
		{"a short look tells nothing", line(80<<20, 500_000, 0)[:60], true},
	} {
		g := newGrowth("collector", settled(tt.points), collectorMargin)
		if err := g.problem(); (err == nil) != tt.flat {
			t.Errorf("%s: %v; %v", tt.name, g, err)
		}
	}
}

func TestTheEngineIsLookedAtSinceItsLastStart(t *testing.T) {
	g := newGrowth("engine", settled(line(300<<20, 1<<20, 0)), engineMargin)
	if want := 449 << 20; g.grown < want-1<<20 || g.grown > want+1<<20 {
		t.Errorf("a megabyte a second for 449 s was found to be %d MB", g.grown>>20)
	}
}

func TestRestartsAreSpreadOverTheTime(t *testing.T) {
	got := outages(30*time.Minute, 2)
	want := []outage{{from: 10 * time.Minute, to: 10*time.Minute + 15*time.Second}, {from: 20 * time.Minute, to: 20*time.Minute + 15*time.Second}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outage{})); diff != "" {
		t.Error(diff)
	}
	if short := outages(10*time.Second, 1); short[0].to > 8*time.Second {
		t.Errorf("no time is left for the backlog: %+v", short)
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	report := &load.Report{Hits: 10, Stored: 10}
	counters := processes.Counters{"mayak_collector_received_total": 10, "mayak_collector_spool_records_total": 10}
	if err := answers(report, counters); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(){
		"hits received":           func() { counters["mayak_collector_received_total"] = 9 },
		"hits answered as stored": func() { report.Stored = 9 },
		"events spooled":          func() { counters["mayak_collector_spool_records_total"] = 11 },
	} {
		change()
		if err := answers(report, counters); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARateThatIsTooMuchIsTold(t *testing.T) {
	st := &stage{settings: settings{length: time.Minute, rate: 9000}}
	if err := st.keptUp(&load.Report{Took: 80 * time.Second}); err != nil {
		t.Error(err)
	}
	if err := st.keptUp(&load.Report{Took: 100 * time.Second}); err == nil || !strings.Contains(err.Error(), "9000 hits a second") {
		t.Error(err)
	}
}

func TestSettingsAreBounded(t *testing.T) {
	for _, args := range [][]string{{"-for", "0s"}, {"-for", "100h"}, {"-rate", "0"}, {"-rate", "1e9"}, {"-restarts", "-1"}, {"-every", "1ms"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestAShortSoakHolds(t *testing.T) {
	if _, err := embedded.Locate(os.Getenv); err != nil {
		if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	var said strings.Builder
	err := run(t.Context(), []string{"-for", "10s", "-rate", "500", "-restarts", "1", "-every", "5s"}, &said)
	t.Log("\n" + said.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the engine is stopped", "the engine is started again", "soak: all held", "hits answered, p50"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it did not say %q", want)
		}
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("%d folders are left", len(left))
	}
}
