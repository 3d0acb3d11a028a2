package spool

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestAppendRefusesAtItsLimitAndTakesAgainAfterDelivery(t *testing.T) {
	for _, end := range []string{"delivered", "refused"} {
		t.Run(end, func(t *testing.T) {
			s := openSpool(t, t.TempDir(), Options{Limit: 1000, SegmentAge: 1})
			record := make([]byte, 400)
			appendAll(t, s, string(record), string(record))
			if err := s.Append(record); !errors.Is(err, errLimit) {
				t.Fatalf("Append() at the limit = %v", err)
			}
			g := next(t, s)
			if end == "refused" {
				if err := g.SetAside("no such column"); err != nil {
					t.Fatal(err)
				}
				if err := s.Append(record); !errors.Is(err, ErrFull) {
					t.Errorf("what is set aside fills the disk too, but Append() = %v", err)
				}
				return
			}
			if err := g.Delivered(); err != nil {
				t.Fatal(err)
			}
			if err := s.Append(record); err != nil {
				t.Errorf("Append() after delivery = %v", err)
			}
		})
	}
}

func TestRoomTellsThatOrdinaryRecordsAreRefused(t *testing.T) {
	const limit = 20_000
	s := openSpool(t, t.TempDir(), Options{Limit: limit, SegmentAge: 1})
	record := make([]byte, 300)
	for s.Append(record) == nil {
		if err := s.Room(); err != nil && s.stock.bytes < limit-2*int64(len(record)) {
			t.Fatalf("Room() with %d of %d bytes on disk = %v", s.stock.bytes, limit, err)
		}
	}
	for range 3 {
		_ = s.Append(record[:100]) // as near to the limit as records come
	}
	if err := s.Room(); !errors.Is(err, errLimit) {
		t.Errorf("Room() of a spool that takes no more = %v", err)
	}
	if err := next(t, s).SetAside("no such column"); err != nil {
		t.Fatal(err)
	}
	if err := s.Room(); !errors.Is(err, errLimit) {
		t.Errorf("Room() of a spool full of what is set aside = %v", err)
	}
}

func TestAFullDiskRefusesAppendsUntilThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openSpool(t, t.TempDir(), Options{DiskShare: 0.8, Limit: 1 << 30})
		space, looks := diskSpace{used: 0.5, free: 1 << 20}, 0
		s.disk.look = func(string) (diskSpace, error) { looks++; return space, nil }
		appendAll(t, s, "a", "b", "c")
		if looks != 1 {
			t.Errorf("looked at the disk %d times within a second", looks)
		}
		space.used = 0.9
		<-time.After(time.Second)
		if err := s.Room(); !errors.Is(err, errDiskShare) {
			t.Errorf("Room() on a full disk = %v", err)
		}
		if err := s.Append([]byte("d")); !errors.Is(err, errDiskShare) {
			t.Errorf("Append() to a full disk = %v", err)
		}
		space.used = 0.7
		<-time.After(time.Second)
		appendAll(t, s, "e")
		space = diskSpace{used: 0.97, free: 1 << 30} // of a large disk
		<-time.After(time.Second)
		appendAll(t, s, "f")
	})
}

// TestADiskIsAsFullAsDfSays is asked of the file system the test runs on.
func TestADiskIsAsFullAsDfSays(t *testing.T) {
	dir := t.TempDir()
	answer, err := exec.CommandContext(t.Context(), "df", "-Pk", dir).Output()
	if err != nil {
		t.Skip("df does not run here")
	}
	lines := strings.Split(strings.TrimSpace(string(answer)), "\n")
	columns := strings.Fields(lines[len(lines)-1])
	used, err1 := strconv.ParseFloat(columns[2], 64)
	free, err2 := strconv.ParseFloat(columns[3], 64)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	got, err := spaceOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := used / (used + free); math.Abs(got.used-want) > 0.02 {
		t.Errorf("used = %.3f, df says %.3f", got.used, want)
	}
	if want := free * 1024; math.Abs(float64(got.free)-want) > 0.1*want+(1<<30) {
		t.Errorf("free = %d bytes, df says %.0f", got.free, want)
	}
}

func TestNoSpaceLeftIsFullAndPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, registry := newFaultFS(1), prometheus.NewRegistry()
		s := openSpool(t, t.TempDir(), Options{FS: disk, Registerer: registry})
		appendAll(t, s, "a")
		disk.faults["write"] = fault{1, syscall.ENOSPC}
		for range 2 { // the second is not tried
			if err := s.Append([]byte("b"), []byte("c")); !errors.Is(err, ErrFull) {
				t.Errorf("Append() = %v", err)
			}
		}
		<-time.After(2 * time.Second)
		appendAll(t, s, "d")
		if diff := cmp.Diff([]string{"a", "d"}, content(t, next(t, s))); diff != "" {
			t.Error(diff)
		}
		if got := values(t, registry); got["rejected_total/full"] != 4 || got["records_total"] != 2 {
			t.Errorf("counted %v", got)
		}
	})
}

func TestAFailedSyncIsNeverTrustedAgain(t *testing.T) {
	disk, registry := newFaultFS(2), prometheus.NewRegistry()
	s := openSpool(t, t.TempDir(), Options{FS: disk, Registerer: registry, SegmentAge: 1})
	appendAll(t, s, "a")
	disk.faults["sync"] = fault{1, syscall.EIO}
	if err := s.Append([]byte("b")); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrFull) {
		t.Errorf("Append() = %v", err)
	}
	appendAll(t, s, "c")
	first, second := next(t, s), next(t, s)
	if diff := cmp.Diff([][]string{{"a"}, {"c"}}, [][]string{content(t, first), content(t, second)}); diff != "" {
		t.Error(diff)
	}
	if got := values(t, registry); got["rejected_total/io"] != 1 || got["corrupt_segments_total"] != 0 {
		t.Errorf("counted %v", got)
	}
}

func TestWhatDoesNotFitIsRefusedAndWhatJustFitsIsTaken(t *testing.T) {
	const segment = 4096
	room := segment - headerSize - 2*markSize
	for _, tt := range []struct {
		name    string
		records [][]byte
		want    error
	}{
		{"nothing", nil, nil},
		{"just fits", [][]byte{make([]byte, room-2)}, nil},
		{"one byte too many", [][]byte{make([]byte, room-1)}, ErrTooLarge},
		{"together too large", [][]byte{make([]byte, room/2), make([]byte, room/2)}, ErrTooLarge},
		{"as many as allowed", bytes.Split(make([]byte, 9), []byte{0}), nil},
		{"too many", bytes.Split(make([]byte, 10), []byte{0}), ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			s := openSpool(t, t.TempDir(), Options{SegmentSize: segment, SegmentRecords: 10, Registerer: registry})
			if err := s.Append(tt.records...); !errors.Is(err, tt.want) {
				t.Errorf("Append() = %v, want %v", err, tt.want)
			}
			refused := 0
			if tt.want != nil {
				refused = len(tt.records)
			}
			if got := values(t, registry)["rejected_total/too_large"]; got != float64(refused) {
				t.Errorf("rejected_total{reason=too_large} = %v, want %d", got, refused)
			}
			if err := s.Seal(context.Background()); err != nil {
				t.Fatal(err)
			}
			if g, err := s.Next(context.Background()); err == nil && g.Size() > segment {
				t.Errorf("segment has %d bytes", g.Size())
			}
		})
	}
}

func TestAfterSealNothingIsTakenAndWhatIsLeftIsHandedOut(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := openSpool(t, t.TempDir(), Options{Registerer: registry, SegmentAge: time.Hour})
	appendAll(t, s, "a")
	if err := s.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Append([]byte("b")); !errors.Is(err, ErrClosed) {
		t.Errorf("Append() = %v", err)
	}
	if got := content(t, next(t, s)); len(got) != 1 {
		t.Errorf("records = %v", got)
	}
	if _, err := s.Next(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("Next() = %v", err)
	}
	if got := values(t, registry)["rejected_total/closed"]; got != 1 {
		t.Errorf("rejected_total{reason=closed} = %v", got)
	}
}
