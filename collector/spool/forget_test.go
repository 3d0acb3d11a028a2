package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// suffixes are the segments' files in the folder, by their suffix.
func suffixes(t *testing.T, dir string) map[string]int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, e := range entries {
		if _, state, ok := parseFile(e.Name()); ok {
			found[state]++
		}
	}
	return found
}

func TestWhatWasSetAsideGoesInItsTimeAndWhatWaitsStays(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, Options{})
	for _, record := range []string{"refused", "damaged", "waiting"} {
		appendAll(t, s, record)
		g := next(t, s)
		switch record {
		case "refused":
			if err := g.SetAside("no such column"); err != nil {
				t.Fatal(err)
			}
		case "damaged": // its header too, so that it cannot tell its time
			if err := os.WriteFile(filepath.Join(dir, g.Name()+".sealed"), make([]byte, g.Size()), 0o600); err != nil {
				t.Fatal(err)
			}
			g.verified = false
			g.Release() // handed out again, it is found damaged
		default:
			g.Release()
		}
	}
	if g := next(t, s); content(t, g)[0] != "waiting" {
		t.Fatal("the damaged segment was handed out")
	} else {
		g.Release()
	}
	want := map[string]int{"refused": 1, "reason": 1, "corrupt": 1, "sealed": 1}
	if diff := cmp.Diff(want, suffixes(t, dir)); diff != "" {
		t.Fatalf("before: %s", diff)
	}

	if n, err := s.Forget(time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("an hour ago there was nothing: %d, %v", n, err)
	}
	if n, err := s.Forget(time.Now().Add(time.Hour)); n != 2 || err != nil {
		t.Errorf("Forget() = %d, %v", n, err)
	}
	if diff := cmp.Diff(map[string]int{"sealed": 1}, suffixes(t, dir)); diff != "" {
		t.Errorf("after: %s", diff)
	}
	if n, err := s.Replay(); n != 0 || err != nil {
		t.Errorf("there is nothing left to replay: %d, %v", n, err)
	}
	if segments, records, _ := s.Pending(); segments != 1 || records != 1 {
		t.Errorf("%d segments with %d records wait", segments, records)
	}
	if s.stock.by[stateRefused].segments != 0 || s.stock.by[stateCorrupt].segments != 0 {
		t.Errorf("the books still have %+v and %+v", *s.stock.by[stateRefused], *s.stock.by[stateCorrupt])
	}
}
