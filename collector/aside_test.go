package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/spool"
	"mayak/schema/policy"
)

func TestTheSpoolKeepsToThePolicysTimes(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(dir, spool.Options{DiskShare: 1, SegmentAge: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	store := func(record string) *spool.Segment {
		t.Helper()
		if err := s.Append([]byte(record)); err != nil {
			t.Fatal(err)
		}
		g, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if err := store("never taken").SetAside("no such column"); err != nil {
		t.Fatal(err)
	}
	store("waits").Release()

	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	a := newAside(s, dir, rules.Spool, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	for _, tt := range []struct {
		name             string
		days             int
		removed, overdue float64
	}{
		{"at once nothing goes", 0, 0, 0},
		{"a day before its time it is there", 29, 0, 0},
		{"after its time it is gone, and what waits is told", 31, 1, 1},
	} {
		a.now = func() time.Time { return time.Now().AddDate(0, 0, tt.days) }
		a.round()
		if removed, overdue := testutil.ToFloat64(a.removed), testutil.ToFloat64(a.overdue); removed != tt.removed || overdue != tt.overdue {
			t.Errorf("%s: %v removed, %v overdue, want %v and %v", tt.name, removed, overdue, tt.removed, tt.overdue)
		}
	}
	if segments, _, _ := s.Pending(); segments != 1 {
		t.Errorf("%d segments wait; what waits must stay", segments)
	}
}
