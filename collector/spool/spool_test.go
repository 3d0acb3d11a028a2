package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		os.Exit(runWriter(dir))
	}
	goleak.VerifyTestMain(m)
}

// openSpool opens a spool on a real directory whose fullness does not matter.
func openSpool(t *testing.T, dir string, o Options) *Spool {
	t.Helper()
	if o.DiskShare == 0 {
		o.DiskShare = 1
	}
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func appendAll(t *testing.T, s *Spool, records ...string) {
	t.Helper()
	for _, r := range records {
		if err := s.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
}

func next(t *testing.T, s *Spool) *Segment {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	g, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func content(t *testing.T, g *Segment) []string {
	t.Helper()
	var records []string
	if err := g.Each(func(r []byte) error { records = append(records, string(r)); return nil }); err != nil {
		t.Fatal(err)
	}
	return records
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordsArriveInOrderAndTheirSegmentGoesWithDelivery(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, Options{SegmentAge: time.Millisecond})
	appendAll(t, s, "a", "", "c")
	if err := s.Append([]byte("d"), []byte("e")); err != nil {
		t.Fatal(err)
	}
	g := next(t, s)
	if diff := cmp.Diff([]string{"a", "", "c", "d", "e"}, content(t, g)); diff != "" {
		t.Error(diff)
	}
	if got := files(t, dir, g.Name()+".sealed"); len(got) != 1 {
		t.Errorf("files = %v", got)
	}
	if err := g.Delivered(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir, "*-*"); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	if n, records, bytes := s.Pending(); n != 0 || records != 0 || bytes != 0 {
		t.Errorf("Pending() = %d, %d, %d", n, records, bytes)
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	s := openSpool(t, t.TempDir(), Options{SegmentSize: 4096, SegmentAge: time.Millisecond})
	const writers, each = 32, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := s.Append(fmt.Appendf(nil, "%d-%d", w, i), []byte(strings.Repeat("x", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for {
		g, err := s.Next(context.Background())
		if errors.Is(err, ErrClosed) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if g.Size() > 4096 {
			t.Errorf("segment %s has %d bytes", g.Name(), g.Size())
		}
		for _, r := range content(t, g) {
			seen[strings.TrimLeft(r, "x")]++
		}
		if err := g.Delivered(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != writers*each+1 {
		t.Errorf("%d different records, want %d", len(seen), writers*each+1)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	openSpool(t, dir, Options{})
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("Open() = %v", err)
	}
}

func TestReaderSealsByAgeOnlyWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := openSpool(t, dir, Options{SegmentAge: time.Second})
		appendAll(t, s, "a")
		<-time.After(time.Hour)
		appendAll(t, s, "b")
		if got := files(t, dir, "*.sealed"); len(got) != 0 {
			t.Errorf("sealed while nobody waited: %v", got)
		}
		if got := content(t, next(t, s)); len(got) != 2 {
			t.Errorf("records = %v", got)
		}
		begin := time.Now()
		go func() {
			if err := s.Append([]byte("c")); err != nil {
				t.Error(err)
			}
		}()
		if got := content(t, next(t, s)); len(got) != 1 || time.Since(begin) != time.Second {
			t.Errorf("records = %v after %v", got, time.Since(begin))
		}
	})
}
