package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
)

func TestARefusedSegmentIsKeptWithItsReasonUntilItIsReplayed(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, Options{SegmentAge: 1})
	appendAll(t, s, "a", "b")
	g := next(t, s)
	name := g.Name()
	if err := g.SetAside("code 16: no such column"); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := s.Pending(); n != 0 {
		t.Errorf("%d segments pending", n)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	registry := prometheus.NewRegistry()
	s = openSpool(t, dir, Options{SegmentAge: 1, Registerer: registry})
	if v := values(t, registry); v["refused_records"] != 2 || v["recovered_records_total"] != 2 || v["pending_records"] != 0 {
		t.Errorf("counted %v", v)
	}
	infos, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Info{{Name: name, State: "refused", Records: 2, Bytes: g.Size(), Reason: "code 16: no such column"}}
	if diff := cmp.Diff(want, infos, cmpopts.IgnoreFields(Info{}, "Created")); diff != "" {
		t.Error(diff)
	}
	if n, err := s.Replay(); n != 1 || err != nil {
		t.Fatalf("Replay() = %d, %v", n, err)
	}
	again := next(t, s)
	if diff := cmp.Diff([]string{"a", "b"}, content(t, again)); diff != "" || again.Name() != name {
		t.Errorf("segment %s: %s", again.Name(), diff)
	}
	if err := again.Delivered(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir, name+".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAReleasedSegmentComesAfterTheOthers(t *testing.T) {
	s := openSpool(t, t.TempDir(), Options{SegmentRecords: 1, SegmentAge: 1})
	appendAll(t, s, "bad", "good", "open")
	bad := next(t, s)
	bad.Release()
	var order []string
	for range 3 {
		order = append(order, content(t, next(t, s))...)
	}
	if diff := cmp.Diff([]string{"good", "open", "bad"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersRiseThoughNothingIsLeftInTheDirectory(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for range 3 {
		s := openSpool(t, dir, Options{SegmentAge: 1})
		for range 2 {
			appendAll(t, s, "a")
			g := next(t, s)
			if g.id.number <= last {
				t.Errorf("segment %s after number %d", g.Name(), last)
			}
			last = g.id.number
			if err := g.Delivered(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := s.lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
	markers := files(t, dir, "*.last")
	if len(markers) != 1 {
		t.Fatalf("markers: %v", markers)
	}
	s := openSpool(t, dir, Options{})
	if err := os.Remove(markers[0]); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, "a marker that is missing stops nothing")
}

func TestRecoveredShowsAllThatIsNotDelivered(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, Options{SegmentRecords: 1, SegmentAge: 1})
	appendAll(t, s, "delivered", "refused", "waiting", "open")
	if err := next(t, s).Delivered(); err != nil {
		t.Fatal(err)
	}
	if err := next(t, s).SetAside("?"); err != nil {
		t.Fatal(err)
	}
	if err := s.lock.Unlock(); err != nil { // as a killed process does
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := openSpool(t, dir, Options{SegmentAge: time.Hour})
		var found []string
		if err := s.Recovered(func(r []byte) { found = append(found, string(r)) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"waiting", "open", "refused"}, found); diff != "" {
			t.Error(diff)
		}
		begin := time.Now()
		if next(t, s); next(t, s).Len() != 1 || time.Since(begin) != 0 {
			t.Errorf("what was recovered had to wait %v", time.Since(begin))
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	s := openSpool(t, t.TempDir(), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Next() = %v", err)
	}
}

func TestInspectLooksBesideARunningSpool(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, Options{SegmentRecords: 2})
	appendAll(t, s, "a", "b", "c")
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	infos, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range infos {
		if i.Created.IsZero() || time.Since(i.Created) > time.Hour || i.Bytes == 0 {
			t.Errorf("%+v", i)
		}
		got = append(got, i.State+" "+strings.Repeat("*", int(i.Records)))
	}
	if diff := cmp.Diff([]string{"sealed **", "open *"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFileNames(t *testing.T) {
	for _, tt := range []struct {
		file   string
		id     ident
		suffix string
		ok     bool
	}{
		{"42-5f3a9c1e.open", ident{42, 0x5f3a9c1e}, "open", true},
		{"1-00000001.reason", ident{1, 1}, "reason", true},
		{"042-5f3a9c1e.open", ident{}, "", false},
		{"42-5F3A9C1E.open", ident{}, "", false},
		{"42-5f3a9c1e", ident{}, "", false},
		{"-1-5f3a9c1e.open", ident{}, "", false},
		{"42.last", ident{}, "", false},
		{"99999999999999999999-5f3a9c1e.open", ident{}, "", false},
	} {
		id, suffix, ok := parseFile(tt.file)
		if ok != tt.ok || (ok && (id != tt.id || suffix != tt.suffix)) {
			t.Errorf("parseFile(%q) = %v, %q, %v", tt.file, id, suffix, ok)
		}
	}
}
