package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

// TestAnyHistoryKeepsEveryAnsweredRecord drives a spool on a failing disk through any sequence of appends, deliveries,
// refusals, restarts and crashes, and then delivers what is left.
func TestAnyHistoryKeepsEveryAnsweredRecord(t *testing.T) {
	dir := t.TempDir() // for the lock only
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			h := &history{
				T: t, dir: dir, disk: newFaultFS(rapid.Uint64().Draw(t, "seed")),
				answered: map[string]bool{}, content: map[string][]string{}, delivered: map[string]bool{},
			}
			h.start()
			t.Repeat(map[string]func(*rapid.T){
				"append": h.append, "deliver": h.deliver, "release": h.release, "set aside": h.setAside,
				"replay": h.replay, "crash": h.crash, "restart": h.restart, "fail": h.fail, "die": h.die,
				"": h.check,
			})
			h.finish()
		})
	})
}

// history is what the world outside the spool knows.
type history struct {
	*rapid.T
	dir       string
	disk      *faultFS
	spool     *Spool
	registry  *prometheus.Registry
	calls     int
	answered  map[string]bool     // call → whether it was answered as durable
	content   map[string][]string // segment → records, at the first sight of it
	delivered map[string]bool     // segments that the receiver has taken
}

const recordsPerCall = 3

func (h *history) start() {
	for {
		h.registry = prometheus.NewRegistry()
		s, err := Open(h.dir, Options{
			SegmentSize: 700, SegmentRecords: 12, SegmentAge: time.Second, Limit: 12 << 10, DiskShare: 1,
			FS: h.disk, Registerer: h.registry,
		})
		if err == nil {
			h.spool = s
			return
		}
		h.Logf("open: %v", err)
		if errors.Is(err, errDead) {
			h.disk.crash()
		}
		h.disk.heal()
	}
}

// append makes up to four calls at a time, whose records fall into one or several groups.
func (h *history) append(t *rapid.T) {
	calls := rapid.IntRange(1, 4).Draw(t, "calls")
	size := rapid.IntRange(0, 150).Draw(t, "size")
	results := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		var records [][]byte
		for r := range recordsPerCall {
			records = append(records, fmt.Appendf(nil, "%d/%d%s", h.calls+i, r, strings.Repeat(".", size)))
		}
		wg.Go(func() { results[i] = h.spool.Append(records...) })
	}
	wg.Wait()
	for i, err := range results {
		h.answered[fmt.Sprint(h.calls+i)] = err == nil
		h.Logf("append %d: %v", h.calls+i, err)
	}
	h.calls += calls
}

// take reads the next segment, if there is one, and compares it with what was seen of it before.
func (h *history) take() *Segment {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	g, err := h.spool.Next(ctx)
	if err != nil {
		return nil
	}
	var records []string
	err = g.Each(func(r []byte) error { records = append(records, strings.TrimRight(string(r), ".")); return nil })
	if errors.Is(err, ErrCorrupt) {
		h.Fatalf("segment %s: %v", g.Name(), err)
	}
	if err != nil {
		g.Release()
		return nil
	}
	h.Logf("take %s: %v", g.Name(), records)
	if seen, ok := h.content[g.Name()]; ok {
		if diff := cmp.Diff(seen, records); diff != "" {
			h.Fatalf("segment %s has changed: %s", g.Name(), diff)
		}
	}
	h.content[g.Name()] = records
	return g
}

func (h *history) deliver(*rapid.T) {
	if g := h.take(); g != nil {
		h.delivered[g.Name()] = true
		if err := g.Delivered(); err != nil {
			h.Logf("delivered: %v", err)
			g.Release()
		}
	}
}

func (h *history) release(*rapid.T) {
	if g := h.take(); g != nil {
		g.Release()
	}
}

func (h *history) setAside(*rapid.T) {
	if g := h.take(); g != nil && g.SetAside("no such column") != nil {
		g.Release()
	}
}

func (h *history) replay(*rapid.T) {
	n, err := h.spool.Replay()
	h.Logf("replay: %d %v", n, err)
}

func (h *history) crash(*rapid.T) {
	h.disk.crash()
	h.disk.heal()
	if err := h.spool.lock.Unlock(); err != nil { // as the end of a process does
		h.Fatal(err)
	}
	h.start()
}

func (h *history) restart(*rapid.T) {
	h.Logf("close: %v", h.spool.Close(context.Background()))
	h.start()
}

func (h *history) fail(t *rapid.T) {
	op := rapid.SampledFrom([]string{"write", "sync", "create", "rename", "remove", "syncdir", "truncate", "read", "open"})
	h.disk.faults[op.Draw(t, "op")] = fault{rapid.IntRange(1, 4).Draw(t, "in"), rapid.SampledFrom(diskErrors).Draw(t, "err")}
}

func (h *history) die(t *rapid.T) {
	h.disk.dieIn = rapid.IntRange(1, 12).Draw(t, "in")
}

// check compares the spool's books: recovered + spooled = delivered + pending + refused + damaged.
func (h *history) check(*rapid.T) {
	if h.disk.dead {
		h.crash(nil)
	}
	v := values(h, h.registry)
	in := v["recovered_records_total"] + v["records_total"]
	out := v["delivered_records_total"] + v["pending_records"] + v["refused_records"] + v["damaged_records_total"]
	if in != out || v["damaged_records_total"] != 0 || v["corrupt_segments_total"] != 0 {
		h.Fatalf("the books do not add up: %v", v)
	}
}

func (h *history) finish() {
	h.disk.heal()
	if h.disk.dead {
		h.crash(nil)
	}
	h.restart(nil)
	h.replay(nil)
	if err := h.spool.Seal(context.Background()); err != nil {
		h.Fatal(err)
	}
	for n := 1; n > 0; n, _, _ = h.spool.Pending() {
		h.deliver(nil)
	}
	if err := h.spool.Close(context.Background()); err != nil {
		h.Fatal(err)
	}
	h.judge()
}

// judge asks that each answered call's records stand together in one delivered segment, and that no call is in part
// or twice anywhere.
func (h *history) judge() {
	found := map[string][]string{} // call → segments, once for each record
	for name := range h.delivered {
		for _, r := range h.content[name] {
			call, _, _ := strings.Cut(r, "/")
			found[call] = append(found[call], name)
		}
	}
	for call, answered := range h.answered {
		segments := found[call]
		if len(segments) == 0 && !answered {
			continue
		}
		if len(segments) != recordsPerCall || segments[0] != segments[1] || segments[0] != segments[2] {
			h.Fatalf("call %s, answered %v, was delivered in %v", call, answered, segments)
		}
	}
}

// values reads the counters and gauges by their names without the prefix, and with "/label" if they have one.
func values(t interface{ Fatal(args ...any) }, r *prometheus.Registry) map[string]float64 {
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "mayak_collector_spool_")
			for _, label := range m.GetLabel() {
				name += "/" + label.GetValue()
			}
			found[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return found
}
