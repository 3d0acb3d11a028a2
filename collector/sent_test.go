package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAnIdIsKnownForADayAndOverRestarts(t *testing.T) {
	dir, now := filepath.Join(t.TempDir(), "ids"), time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
	open := func() *sent {
		s, err := openSent(dir, [32]byte{7}, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.close() })
		return s
	}
	s := open()
	order, other := s.of("clinic", "order 7"), s.of("shop", "order 7")
	if s.has(order) {
		t.Error("an id is known that never came")
	}
	if err := s.add([]uint64{order}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-11-20.ids"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		now = time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC).Add(later)
		for name, one := range map[string]*sent{"running": s, "restarted": open()} {
			if !one.has(order) || one.has(other) {
				t.Errorf("%v later, %s: known %v, that of another site %v", later, name, one.has(order), one.has(other))
			}
		}
		if err := s.add([]uint64{s.of("clinic", later.String())}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(48 * time.Hour)
	if open().has(order) {
		t.Error("an id is known for ever")
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.ids")); len(files) != 0 {
		t.Errorf("files of old days are left: %v", files)
	}
}
