package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

// sentAt opens the ids of a folder, by a clock that the test turns.
func sentAt(t *testing.T, dir string, memory int, now *time.Time, log *bytes.Buffer) *sent {
	t.Helper()
	s, err := openSent(sentOptions{
		dir: dir, key: [32]byte{7}, memory: memory, now: func() time.Time { return *now },
		log: slog.New(slog.NewTextHandler(log, nil)), registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

func TestAnIdIsKnownForADayAndOverRestarts(t *testing.T) {
	dir, now := filepath.Join(t.TempDir(), "ids"), time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
	open := func() *sent { return sentAt(t, dir, 1<<20, &now, new(bytes.Buffer)) }
	s := open()
	order, other := s.of("clinic", "backend", "order 7"), s.of("shop", "backend", "order 7")
	if s.has(order) {
		t.Error("an id is known that never came")
	}
	if err := s.add([]sentID{order}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-11-20.ids"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		now = time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC).Add(later)
		for name, one := range map[string]*sent{"running": s, "restarted": open()} {
			if !one.has(order) || one.has(other) || one.has(s.of("clinic", "app", "order 7")) {
				t.Errorf("%v later, %s: known %v; that of another site %v, of another sender %v", later, name, one.has(order), one.has(other), one.has(s.of("clinic", "app", "order 7")))
			}
		}
		if err := s.add([]sentID{s.of("clinic", "backend", later.String())}); err != nil {
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

func TestWhatACrashLeftOfAnIdMovesNoOther(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if err := os.WriteFile(filepath.Join(dir, "2026-11-23.ids"), []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0}, 0o600); err != nil {
		t.Fatal(err)
	}
	s := sentAt(t, dir, 1<<20, &now, new(bytes.Buffer))
	if err := s.add([]sentID{{hash: 3}, {hash: 4}}); err != nil {
		t.Fatal(err)
	}
	again := sentAt(t, dir, 1<<20, &now, new(bytes.Buffer))
	for _, id := range []uint64{1, 3, 4} {
		if !again.has(sentID{hash: id}) {
			t.Errorf("id %d is lost", id)
		}
	}
}

func TestIdsBeyondTheMemoryAreCountedAndTold(t *testing.T) {
	const memory, many = 64 << 10, 20_000
	dir, now, log := t.TempDir(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), new(bytes.Buffer)
	s := sentAt(t, dir, memory, &now, log)
	all := make([]sentID, many)
	for i := range all {
		all[i] = s.of("clinic", "backend", time.Duration(i).String())
	}
	if err := s.add(all); err != nil {
		t.Fatal(err)
	}
	known := func(s *sent) (n int) {
		for _, id := range all {
			if s.has(id) {
				n++
			}
		}
		return n
	}
	held := known(s)
	if fewest := memory / idMemory * sentShare / (sentShare + 1); held < fewest || held > memory/10 {
		t.Errorf("%d ids in %d bytes", held, memory)
	}
	if forgotten := testutil.ToFloat64(s.forgotten); int(forgotten) != many-held || strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("%v forgotten, want %d; log:\n%s", forgotten, many-held, log)
	}
	if s.left < 0 || s.days[0].known.bytes()+s.left != memory {
		t.Errorf("%d bytes are taken and %d left of %d", s.days[0].known.bytes(), s.left, memory)
	}
	if again := known(sentAt(t, dir, memory, &now, log)); again != held {
		t.Errorf("after a restart %d are known, before %d", again, held)
	}
	now = now.Add(24 * time.Hour)
	if err := s.add(all[:1]); err != nil || s.days[1].known.bytes() == 0 {
		t.Errorf("the next day: %v", err)
	}
	now = now.Add(24 * time.Hour)
	if err := s.add(all[:10]); err != nil || !s.has(all[0]) || s.left <= 0 {
		t.Errorf("the day after: %v, known %v, %d bytes left", err, s.has(all[0]), s.left)
	}
}

func TestAFloodOfOneSenderLeavesRoomForOthers(t *testing.T) {
	now, log := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), new(bytes.Buffer)
	s := sentAt(t, t.TempDir(), 1<<20, &now, log)
	send := func(sender string, many int) (known int) {
		all := make([]sentID, many)
		for i := range all {
			all[i] = s.of("clinic", sender, time.Duration(i).String())
		}
		if err := s.add(all); err != nil {
			t.Fatal(err)
		}
		for _, id := range all {
			if s.has(id) {
				known++
			}
		}
		return known
	}
	if flood := send("flood", 100_000); flood < 30_000 || flood > 36_000 {
		t.Errorf("%d ids of one sender are known, of %d that there is room for", flood, 1<<20/idMemory)
	}
	if known := send("backend", 8_000); known != 8_000 {
		t.Errorf("beside a flood %d of another's 8000 ids are known", known)
	}
}

func TestASetHoldsWhatWasPutIntoIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set ids
		want := map[uint64]bool{}
		for range rapid.IntRange(0, 3000).Draw(t, "count") {
			id := rapid.Uint64Range(0, 5000).Draw(t, "id") * idShards / 3 // many in few shards
			if _, added := set.add(id, 1<<30); !added {
				t.Fatal("no room")
			}
			want[max(id, 1)] = true
		}
		for i := range uint64(5000) {
			if id := i * idShards / 3; set.has(id) != want[max(id, 1)] && id > 1 {
				t.Fatalf("id %d: %v", id, set.has(id))
			}
		}
	})
}

func BenchmarkIDs(b *testing.B) {
	const many = 1 << 20
	for b.Loop() {
		var set ids
		for i := range uint64(many) {
			set.add((i+1)*0x9E3779B97F4A7C15, 1<<30)
		}
		b.ReportMetric(float64(set.bytes())/many, "B/id")
	}
}
