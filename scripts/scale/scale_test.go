package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBadSettingsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-events", "many"}, {"-events", "10"}, {"-events", "1000000000"}, {"-days", "5"}, {"-runs", "0"}, {"-rate", "0"}, {"-live", "3h"}, {"-seed-events", "1"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestSizesAreMeasuredInTheirOrder(t *testing.T) {
	o, err := parse([]string{"-events", "1000, 20000", "-folder", "x"})
	if diff := cmp.Diff([]int{1000, 20_000}, o.sizes); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTheTableHasAColumnForEachSize(t *testing.T) {
	var said strings.Builder
	report := timing{Report: "pages", Range: "30 days", P50: 12, P95: 34}
	if err := show(&said, []figures{{Filled: 1000, Reports: []timing{report}, DiagnosticEvents: 77, DiagnosticBytes: 5000, DiagnosticSeconds: 1.5, eventsOnDisk: 50_000}, {Filled: 2000}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1000", "2000", "pages, 30 days", "12/34", "events for diagnostics", "77", "10.0 %", "1.5"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not show %q:\n%s", want, said.String())
		}
	}
}
