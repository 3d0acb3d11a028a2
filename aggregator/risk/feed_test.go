package risk

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// slow is a database that can read only so much at once, and holds nothing.
type slow struct {
	driver.Conn

	most  time.Duration
	asked []time.Duration
	now   time.Time
}

// clock is the database's.
type clock struct {
	driver.Row

	now time.Time
}

func (c clock) Scan(to ...any) error {
	*to[0].(*time.Time) = c.now
	return nil
}

func (s *slow) QueryRow(context.Context, string, ...any) driver.Row { return clock{now: s.now} }

var errSlow = errors.New("timed out")

func (s *slow) Query(_ context.Context, query string, arguments ...any) (driver.Rows, error) {
	if !strings.Contains(query, "FROM events") {
		return none{}, nil
	}
	between := map[string]time.Time{}
	for _, a := range arguments {
		if date, ok := a.(driver.NamedDateValue); ok {
			between[date.Name] = date.Value
		}
	}
	took := between["to"].Sub(between["from"])
	s.asked = append(s.asked, took)
	if took > s.most {
		return nil, errSlow
	}
	return none{}, nil
}

type none struct{ driver.Rows }

func (none) Next() bool   { return false }
func (none) Err() error   { return nil }
func (none) Close() error { return nil }

func TestWhatTakesTooLongIsReadInSmallerPartsUntilAllIsRead(t *testing.T) {
	conn := &slow{most: 90 * time.Second}
	w := NewWindow(nowhere{}, Bounds{})
	f := &Feed{conn: conn, window: w, metrics: newMetrics(prometheus.NewRegistry(), func() float64 { return 0 })}
	f.begin(noon())
	f.hours = nil
	if first := f.chunks[len(f.chunks)-1]; !first.to.Equal(noon()) {
		t.Errorf("the first chunk ends at %s, want the newest", first.to)
	}
	failed := 0
	for range 200 {
		if _, err := f.next(t.Context(), noon()); err != nil {
			failed++
		}
		if len(f.chunks) == 0 {
			break
		}
		if w.cuts.complete(noon(), false) {
			t.Fatal("answers are complete while a part of the hour is not read")
		}
	}
	var read time.Duration
	for _, took := range conn.asked {
		if took <= conn.most {
			read += took
		}
		if took > chunk {
			t.Errorf("%s were asked for at once", took)
		}
	}
	if failed == 0 || read != length || !w.cuts.complete(noon(), false) {
		t.Errorf("%d times too much, %s read, want an hour", failed, read)
	}
}

func TestAfterAnOutageNothingIsReadInOnePieceEither(t *testing.T) {
	conn := &slow{most: time.Hour, now: noon()}
	w := NewWindow(nowhere{}, Bounds{})
	f := &Feed{conn: conn, window: w, metrics: newMetrics(prometheus.NewRegistry(), func() float64 { return 0 })}
	refresh := func() {
		if _, err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn.now = conn.now.Add(2 * time.Second)
	}
	for range 30 {
		refresh()
	}
	if len(f.chunks)+len(f.hours) > 0 || !w.cuts.complete(conn.now, true) {
		t.Fatalf("%d chunks and %d hours are not read after a minute", len(f.chunks), len(f.hours))
	}
	conn.now, conn.asked = conn.now.Add(20*time.Minute), nil
	refresh()
	if w.cuts.complete(conn.now, false) || len(f.hours) > 0 {
		t.Errorf("after the outage: complete, or %d hours of trails are read again", len(f.hours))
	}
	for range 15 {
		refresh()
	}
	for _, took := range conn.asked {
		if took > chunk {
			t.Errorf("%s were read at once", took)
		}
	}
	if !w.cuts.complete(conn.now, true) {
		t.Error("a while after the outage answers are not complete")
	}
}

func TestWhatComesLateIsReadWhenItsWindowChanged(t *testing.T) {
	s := newShop(t)
	for range 14 { // the hour, chunk by chunk
		s.refresh()
	}
	if !s.asks(&Asked{Address: netip.MustParseAddr("203.0.113.5")}).Complete || len(s.feed.chunks) > 0 {
		t.Fatal("the hour is read and answers are not complete")
	}
	late := `INSERT INTO events (site, ts, received, type, id, visitor, consent, network, origin) SELECT 'demo', toStartOfFiveMinute(now() - 1500) + 10 + number, now() - 1500, 'pageview',
		concat('late', toString(number)), number + 1, 'analytics', '203.0.113.0/24', 'script' FROM numbers(%d)`
	s.exec(late, 3)
	s.feed.asked = time.Time{} // a minute is over
	if got := s.refresh(); got != 3 {
		t.Errorf("%d late events read, want 3", got)
	}
	s.feed.asked = time.Time{}
	if s.refresh(); len(s.feed.chunks) != 0 {
		t.Errorf("%d chunks are read again though nothing came", len(s.feed.chunks))
	}
	s.exec(late, 4) // three of them twice
	s.feed.asked = time.Time{}
	if got := s.refresh(); got != 1 {
		t.Errorf("%d later events read, want the one that is new", got)
	}
}

func TestAnEventWaitsForItsAddress(t *testing.T) {
	s := newShop(t)
	row := "INSERT INTO events (site, ts, received, type, id, visitor, consent, network, origin) SELECT 'demo', now64(3) + %d, now(), 'pageview', '%s', %d, 'essential', '203.0.113.0/24', 'script'"
	s.exec(row, 30, "young", 1) // by a clock that is before the database's
	s.exec(row, -20, "old", 2)
	if got := s.refresh(); got != 1 {
		t.Errorf("%d events read, want the one whose address does not come any more", got)
	}
	s.exec("INSERT INTO network_log (site, ts, id, address) SELECT site, ts, id, toIPv6('203.0.113.5') FROM events WHERE id = 'young'")
	s.refresh()
	got := []int{}
	for _, address := range []string{"203.0.113.5", "203.0.113.6"} {
		f := s.window.Facts(&Question{Site: "demo", Address: netip.MustParseAddr(address)}, nil, time.Now())
		got = append(got, f.Address.Events, f.Network.Events)
	}
	if diff := cmp.Diff([]int{1, 2, 0, 2}, got); diff != "" {
		t.Errorf("events of addresses and networks (-want +got):\n%s", diff)
	}
}

func TestSpansHaveHalvesDownToTheLeast(t *testing.T) {
	for _, tt := range []struct {
		of   time.Duration
		want int
	}{{chunk, 2}, {2 * leastChunk, 2}, {leastChunk, 1}} {
		s := span{noon(), noon().Add(tt.of)}
		if got := again(s); len(got) != tt.want || !got[0].from.Equal(s.from) || !got[len(got)-1].to.Equal(s.to) {
			t.Errorf("%s: %s", tt.of, fmt.Sprint(got))
		}
	}
}
