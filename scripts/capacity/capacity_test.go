package main

import (
	"io"
	"math"
	"strings"
	"testing"
)

func planFor(t *testing.T, args ...string) *plan {
	t.Helper()
	d, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readConstants(table)
	if err != nil {
		t.Fatal(err)
	}
	return d.plan(c)
}

func TestASmallSiteFitsOnOneMachine(t *testing.T) {
	p := planFor(t, "-rate", "1")
	if p.shards != 1 || p.nodes != 1 || p.collectors != 1 || p.keepers != 0 {
		t.Errorf("%+v", p)
	}
	if p.nodeDisk > 10 || p.nodeCores > 1 {
		t.Errorf("an event a second takes %.1f GiB and %.1f cores", p.nodeDisk, p.nodeCores)
	}
}

func TestDiskIsThatOfTheMeasuredRows(t *testing.T) {
	c, err := readConstants(table)
	if err != nil {
		t.Fatal(err)
	}
	p := planFor(t, "-rate", "1000", "-days", "100", "-network-days", "0")
	want := 1000 * 86_400 * 100 * c.EventBytes * (1 + c.RollupShare) / (1 << 30)
	if math.Abs(p.eventDisk-want) > 1e-6*want {
		t.Errorf("%.1f GiB, want %.1f", p.eventDisk, want)
	}
}

func TestNothingThatMayFailIsAloneWithReplicas(t *testing.T) {
	p := planFor(t, "-rate", "10", "-replicas", "2")
	if p.collectors < 2 || p.nodes < 2 || p.aggregators < 2 || p.keepers != 3 {
		t.Errorf("%+v", p)
	}
}

func TestMoreOfAnythingNeverTakesLess(t *testing.T) {
	for flag, more := range map[string]string{"-rate": "100", "-peak": "100", "-days": "100", "-reports": "5000", "-outage": "100"} {
		before := planFor(t, "-rate", "500", "-disk", "100", "-network-days", "2", flag, "2")
		after := planFor(t, "-rate", "500", "-disk", "100", "-network-days", "2", flag, more)
		if after.totalDisk < before.totalDisk*(1-1e-9) || after.totalCores < before.totalCores || after.totalDisk+after.totalCores == before.totalDisk+before.totalCores {
			t.Errorf("%s: %.1f GiB and %.0f cores become %.1f and %.0f", flag, before.totalDisk, before.totalCores, after.totalDisk, after.totalCores)
		}
	}
}

func TestWhatDecidesTheShardsIsSaid(t *testing.T) {
	if p := planFor(t, "-rate", "20000", "-disk", "100"); p.shards < 2 || p.bound != "disk" || p.nodeDisk > 100 {
		t.Errorf("small disks: %+v", p)
	}
	if p := planFor(t, "-rate", "200000", "-disk", "1000000"); p.shards < 2 || p.bound != "cores" {
		t.Errorf("large disks: %+v", p)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-rate", "0"}, {"-rate", "NaN"}, {"-replicas", "0"}, {"-peak", "0.5"}, {"-days", "10", "-network-days", "20"}, {"-cores", "0"}, {"2000"}, {"-unheard", "1"},
	} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
	err := run([]string{"-rate", "-1", "-replicas", "9"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-rate") || !strings.Contains(err.Error(), "-replicas") {
		t.Errorf("not every problem is told: %v", err)
	}
}

func TestATableThatLacksSomethingIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a missing row", strings.Replace(table, "event_bytes\t", "#\t", 1), "event_bytes: the figure is missing"},
		{"a row that nobody reads", table + "more\t1\tof\tit\n", "nobody reads"},
		{"a row twice", table + "busy\t1\tof\tit\n", "twice"},
		{"no number", strings.Replace(table, "21.7", "much", 1), "no positive number"},
		{"no source", table + "busy\t1\tof\t\n", "source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := readConstants(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestMoneyIsReckonedFromPrices(t *testing.T) {
	var said strings.Builder
	if err := run([]string{"-rate", "2000", "-replicas", "2", "-core-cost", "10", "-memory-cost", "2", "-disk-cost", "0.1"}, &said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cost: ", "a million events", "database nodes", "insert_cpu"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, said.String())
		}
	}
	t.Log(said.String())
}
