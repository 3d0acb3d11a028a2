package spool

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestTheAgeOfTheOldestWaitingEventIsThatOfItsSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, registry := t.TempDir(), prometheus.NewRegistry()
		s := openSpool(t, dir, Options{Registerer: registry})
		expect := func(when string, registry *prometheus.Registry, want float64) {
			t.Helper()
			if got := gaugeOf(t, registry, "mayak_collector_spool_oldest_seconds"); got != want {
				t.Errorf("%s: %v s, want %v s", when, got, want)
			}
		}
		expect("nothing waits", registry, 0)
		appendAll(t, s, "a")
		<-time.After(3 * time.Second)
		expect("in the open segment", registry, 3)
		first := next(t, s)
		appendAll(t, s, "b")
		<-time.After(4 * time.Second)
		expect("in a reader's hands", registry, 7)
		first.Release()
		expect("given back", registry, 7)
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := prometheus.NewRegistry()
		s = openSpool(t, dir, Options{Registerer: again})
		expect("found again by the next process", again, 7)
		if err := next(t, s).Delivered(); err != nil {
			t.Fatal(err)
		}
		expect("the older was delivered", again, 4)
		if err := next(t, s).Delivered(); err != nil {
			t.Fatal(err)
		}
		expect("all were delivered", again, 0)
	})
}

func gaugeOf(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
