package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// openFile returns the bytes of an .open segment of three groups, its name, and where each group ends.
func openFile(t *testing.T) (name string, file []byte, ends []int) {
	t.Helper()
	dir := t.TempDir()
	s := openSpool(t, dir, Options{})
	for _, r := range []string{"first", "second", "third"} {
		appendAll(t, s, r)
		path := files(t, dir, "*.open")[0]
		name = strings.TrimSuffix(filepath.Base(path), ".open")
		var err error
		if file, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(file))
	}
	return name, file, ends
}

func sealedFile(t *testing.T) (name string, file []byte) {
	t.Helper()
	dir := t.TempDir()
	s := openSpool(t, dir, Options{SegmentAge: 1})
	appendAll(t, s, "first", "second", "third")
	g := next(t, s)
	file, err := os.ReadFile(filepath.Join(dir, g.Name()+".sealed"))
	if err != nil {
		t.Fatal(err)
	}
	return g.Name(), file
}

// recovered is what a spool makes of one file.
type recovered struct {
	Records []string // nil: no segment
	Corrupt bool     // the file is kept as it was
}

func recoverFile(t *testing.T, lockDir, name, state string, file []byte) recovered {
	t.Helper()
	disk, registry := newFaultFS(0), prometheus.NewRegistry()
	disk.put(name+"."+state, file)
	s, err := Open(lockDir, Options{FS: disk, DiskShare: 1, Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var r recovered
	switch g, err := s.Next(context.Background()); {
	case err == nil:
		if r.Records = content(t, g); g.Name() != name {
			t.Errorf("segment %s came back as %s", name, g.Name())
		}
		if err := g.Delivered(); err != nil {
			t.Fatal(err)
		}
	case !errors.Is(err, ErrClosed):
		t.Fatal(err)
	}
	disk.crash() // what was not made to last is not there
	kept := disk.cached[name+".corrupt"]
	r.Corrupt = kept != nil && bytes.Equal(kept.cached, file)
	if v := values(t, registry); (v["corrupt_segments_total"] == 1) != r.Corrupt {
		t.Errorf("corrupt_segments_total = %v, kept %v", v["corrupt_segments_total"], r.Corrupt)
	}
	for left := range disk.cached {
		if strings.HasPrefix(left, name) && left != name+".corrupt" {
			t.Errorf("left behind: %s", left)
		}
	}
	return r
}

func TestATornTailIsCutOffAndWhatStandsBeforeItIsKept(t *testing.T) {
	name, file, ends := openFile(t)
	lockDir := t.TempDir()
	all := []string{"first", "second", "third"}
	for size := range len(file) + 1 {
		var want recovered
		for i, end := range ends {
			if size >= end {
				want.Records = all[:i+1]
			}
		}
		zeros := slices.Concat(file[:size], make([]byte, 100))
		noise := slices.Concat(file[:size], bytes.Repeat([]byte("\xff\x13"), 50))
		again := slices.Concat(file[:size], file[headerSize:ends[0]]) // a group that belongs elsewhere
		for tail, torn := range map[string][]byte{"cut": file[:size], "zeros": zeros, "noise": noise, "moved": again} {
			if size <= headerSize && tail == "moved" {
				continue // this is its own place
			}
			if diff := cmp.Diff(want, recoverFile(t, lockDir, name, stateOpen, torn)); diff != "" {
				t.Errorf("%s at %d: %s", tail, size, diff)
			}
		}
	}
}

func TestDamageInAnOpenSegmentIsKeptAndTheRestDelivered(t *testing.T) {
	name, file, ends := openFile(t)
	lockDir := t.TempDir()
	for at := range file {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x10
		want := recovered{Corrupt: true}
		switch {
		case at < headerSize:
			want.Records = []string{"first", "second", "third"}
		case at < ends[0]:
			want.Records = []string{"second", "third"}
		case at < ends[1]:
			want.Records = []string{"first", "third"}
		default: // cannot be told from a torn tail
			want = recovered{Records: []string{"first", "second"}}
		}
		if diff := cmp.Diff(want, recoverFile(t, lockDir, name, stateOpen, damaged)); diff != "" {
			t.Errorf("bit flipped at %d: %s", at, diff)
		}
	}
}

func TestADamagedSealedSegmentIsKeptAndTheRestDeliveredUnderItsName(t *testing.T) {
	name, file := sealedFile(t)
	lockDir := t.TempDir()
	group := (len(file) - headerSize - markSize) / 3
	for at := range file {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x10
		want := recovered{Records: []string{"first", "second", "third"}, Corrupt: true}
		if at >= headerSize && at < len(file)-markSize {
			end := headerSize + markSize + 1 + len("first")
			switch {
			case at < end:
				want.Records = want.Records[1:]
			case at < end+markSize+1+len("second"):
				want.Records = []string{"first", "third"}
			default:
				want.Records = want.Records[:2]
			}
		}
		if diff := cmp.Diff(want, recoverFile(t, lockDir, name, stateSealed, damaged)); diff != "" {
			t.Errorf("bit flipped at %d: %s", at, diff)
		}
	}
	if diff := cmp.Diff(recovered{Records: []string{"first"}, Corrupt: true},
		recoverFile(t, lockDir, name, stateSealed, file[:headerSize+group])); diff != "" {
		t.Errorf("truncated: %s", diff)
	}
	if diff := cmp.Diff(recovered{Corrupt: true}, recoverFile(t, lockDir, name, stateSealed, file[:10])); diff != "" {
		t.Errorf("nothing left: %s", diff)
	}
	if diff := cmp.Diff(recovered{Corrupt: true}, recoverFile(t, lockDir, name, stateSealed, nil)); diff != "" {
		t.Errorf("empty: %s", diff)
	}
}

func TestAnOpenSegmentWithAFooterIsSealedAsItIs(t *testing.T) {
	name, file := sealedFile(t)
	lockDir := t.TempDir()
	want := recovered{Records: []string{"first", "second", "third"}}
	if diff := cmp.Diff(want, recoverFile(t, lockDir, name, stateOpen, file)); diff != "" {
		t.Error(diff)
	}
}

func TestDamageWhileTheReaderHoldsASegmentShowsBeforeAnythingIsLost(t *testing.T) {
	dir := t.TempDir()
	registry := prometheus.NewRegistry()
	s := openSpool(t, dir, Options{SegmentAge: 1, Registerer: registry})
	appendAll(t, s, "first", "second")
	g := next(t, s)
	path := filepath.Join(dir, g.Name()+".sealed")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[headerSize+markSize+2] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Each(func([]byte) error { return nil }); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("Each() = %v", err)
	}
	g.Release()
	again := next(t, s)
	if diff := cmp.Diff([]string{"second"}, content(t, again)); diff != "" || again.Name() != g.Name() || again.Len() != 1 {
		t.Errorf("segment %s, %d records: %s", again.Name(), again.Len(), diff)
	}
	if err := again.Delivered(); err != nil {
		t.Fatal(err)
	}
	v := values(t, registry)
	want := map[string]float64{"records_total": 2, "delivered_records_total": 1, "damaged_records_total": 1, "pending_records": 0}
	for metric := range want {
		if v[metric] != want[metric] {
			t.Errorf("%s = %v, want %v", metric, v[metric], want[metric])
		}
	}
}

func TestANewerFormatIsRefusedAndLeftAlone(t *testing.T) {
	name, file := sealedFile(t)
	binary.LittleEndian.PutUint32(file[8:], formatVersion+1)
	binary.LittleEndian.PutUint32(file[36:], checksum(file[:36]))
	dir := t.TempDir()
	path := filepath.Join(dir, name+".sealed")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("recover segment %s: written in format 2, this program reads format 1", name)
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Open() = %v", err)
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, file) {
		t.Errorf("the segment was changed (%v)", err)
	}
}

// TestARewritingThatACrashEndedGoesOn starts from each set of files that the steps in rewrite can leave.
func TestARewritingThatACrashEndedGoesOn(t *testing.T) {
	name, whole := sealedFile(t)
	damaged := bytes.Clone(whole)
	damaged[headerSize+markSize+2] ^= 1 // in "first"
	three := []string{"first", "second", "third"}
	for _, tt := range []struct {
		name    string
		files   map[string][]byte
		records []string
		left    []string
	}{
		{"copy unfinished", map[string][]byte{"open": whole, "copy": whole[:50]}, three, nil},
		{"copy renamed, original not removed", map[string][]byte{"open": whole[:60], "sealed": whole}, three, nil},
		{"copy of a damaged one unfinished", map[string][]byte{"sealed": damaged, "copy": nil}, three[1:], []string{"corrupt"}},
		{"damaged one kept, copy not renamed", map[string][]byte{"corrupt": damaged, "copy": whole}, three, []string{"corrupt"}},
		{"reason without refusal", map[string][]byte{"sealed": whole, "reason": []byte("?")}, three, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for suffix, file := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name+"."+suffix), file, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := openSpool(t, dir, Options{})
			g := next(t, s)
			if diff := cmp.Diff(tt.records, content(t, g)); diff != "" || g.Name() != name {
				t.Errorf("segment %s: %s", g.Name(), diff)
			}
			if err := g.Delivered(); err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, path := range files(t, dir, name+".*") {
				left = append(left, strings.TrimPrefix(filepath.Ext(path), "."))
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Error(diff)
			}
		})
	}
}
