package beacon

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mayak/collector/hit"
)

func testLimiter(rate float64, burst, clients int) *limiter {
	return newLimiter(Limits{Rate: rate, Burst: burst, Clients: clients}, time.Unix(0, 0))
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestBurstThenRate(t *testing.T) {
	l, client, now := testLimiter(2, 5, 64), addr("203.0.113.1"), time.Unix(100, 0)
	for i := range 5 {
		if wait := l.allow(client, now); wait > 0 {
			t.Fatalf("hit %d of the burst must wait %s", i, wait)
		}
	}
	if wait := l.allow(client, now); wait != 500*time.Millisecond {
		t.Errorf("the hit after the burst must wait %s, want 500ms", wait)
	}
	if wait := l.allow(addr("203.0.113.2"), now); wait > 0 {
		t.Error("one client's burst is taken from another")
	}
	if wait := l.allow(client, now.Add(500*time.Millisecond)); wait > 0 {
		t.Errorf("a hit at the rate must wait %s", wait)
	}
	if wait := l.allow(client, now.Add(-time.Hour)); wait == 0 || wait > 2*time.Hour {
		t.Errorf("with the clock an hour back the wait is %s", wait)
	}
	if wait := l.allow(client, now.Add(time.Hour)); wait > 0 {
		t.Errorf("a client that has rested must wait %s", wait)
	}
}

func TestOneSubscriberOfIPv6IsOneClient(t *testing.T) {
	l, now := testLimiter(1, 1, 64), time.Unix(100, 0)
	for _, tt := range []struct {
		address string
		limited bool
	}{
		{"2001:db8:0:1::1", false},
		{"2001:db8:0:1::2", true},
		{"2001:db8:0:1:ffff::", true},
		{"2001:db8:0:2::1", false},
		{"::1", false},
		{"0.0.0.1", false},
		{"203.0.113.1", false},
		{"203.0.113.2", false},
		{"203.0.113.1", true},
	} {
		if got := l.allow(addr(tt.address), now) > 0; got != tt.limited {
			t.Errorf("%s limited: %t, want %t", tt.address, got, tt.limited)
		}
	}
}

func TestBatchIsPaidAfterwards(t *testing.T) {
	l, client, now := testLimiter(10, 20, 64), addr("203.0.113.1"), time.Unix(100, 0)
	if wait := l.allow(client, now); wait > 0 {
		t.Fatal("a rested client must wait")
	}
	l.charge(client, now, 49)
	if wait := l.allow(client, now); wait != 3100*time.Millisecond { // 51 hits less a burst of 20, at 10 a second
		t.Errorf("after a batch of 50 the wait is %s, want 3.1s", wait)
	}
	for range 1000 {
		l.charge(client, now, 49)
	}
	if wait := l.allow(client, now); wait > 10*time.Second {
		t.Errorf("what a client owes has no bound: %s", wait)
	}
}

// Whatever the order of hits, a client never gets more than its burst and its rate allow, and never waits while it stays below its rate.
func TestLimiterKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rate, burst = 10, 5
		l, client := testLimiter(rate, burst, 64), addr("203.0.113.1")
		start := time.Unix(100, 0)
		now, allowed := start, 0
		for range rapid.IntRange(1, 200).Draw(t, "hits") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "pause")) * time.Millisecond)
			wait := l.allow(client, now)
			if wait == 0 {
				allowed++
			}
			if most := burst + rate*now.Sub(start).Seconds(); float64(allowed) > most+1e-6 {
				t.Fatalf("%d hits in %s, want at most %.1f", allowed, now.Sub(start), most)
			}
			if wait > time.Second/rate {
				t.Fatalf("the next hit is %s away at %d a second", wait, rate)
			}
		}
	})
}

func TestLimiterMemoryDoesNotGrow(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l := testLimiter(50, 200, 1<<17)
	now := time.Unix(100, 0)
	const clients = 2_000_000
	for i := range uint32(clients) {
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], i)
		if wait := l.allow(netip.AddrFrom4(four), now); wait > 0 {
			t.Fatalf("client %d must wait at its first hit", i)
		}
	}
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d clients, %d remembered, %d KiB", clients, l.known(now), used>>10)
	if used > 3<<20 {
		t.Errorf("%d bytes for %d clients", used, clients)
	}
	if known := l.known(now); known != 1<<17 {
		t.Errorf("%d clients remembered, want all places taken", known)
	}
}

// A client that comes back often is not forgotten because many others come once.
func TestBusyClientIsRemembered(t *testing.T) {
	l, busy := testLimiter(10, 20, 64), addr("203.0.113.1")
	now, limited := time.Unix(100, 0), 0
	for i := range uint32(4000) {
		now = now.Add(time.Millisecond)
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], i)
		l.allow(netip.AddrFrom4(four), now)
		if l.allow(busy, now) > 0 {
			limited++
		}
	}
	if limited < 3900 {
		t.Errorf("of 4,000 hits within 4 s at a limit of 10 a second, %d were limited", limited)
	}
}

func TestLimitedClientIsTold(t *testing.T) {
	p := &recorder{}
	options := testOptions(p)
	now := time.Unix(100, 0)
	options.Now = func() time.Time { return now }
	options.Limits.Rate, options.Limits.Burst = 0.1, 1
	_, dial := inMemory(t, options)
	c := dial()
	ask(t, c, post(good))
	got := ask(t, c, post(good))
	if got.Status != 429 || got.Header.Get("Retry-After") != "10" || got.Header.Get("Mayak-Outcome") != "dropped; reason=rate_limited" ||
		got.Body != `{"error":"too many hits from one client"}`+"\n" {
		t.Errorf("answer %d %q %v", got.Status, got.Body, got.Header)
	}
	pixel := ask(t, c, get("/p.gif?site=demo&url=u"))
	if pixel.Status != 200 || pixel.Body != transparent || pixel.Header.Get("Mayak-Outcome") != "dropped; reason=rate_limited" {
		t.Errorf("pixel %d %v", pixel.Status, pixel.Header)
	}
	if got := ask(t, c, get("/m.js")); got.Status != 200 {
		t.Errorf("the script is limited as well: %d", got.Status)
	}
	if len(p.hits) != 1 || len(p.refused) != 2 || p.refused[0] != hit.RateLimited {
		t.Errorf("%d hits, refused %v", len(p.hits), p.refused)
	}
}

func TestEachHitOfABatchCounts(t *testing.T) {
	options := testOptions(&recorder{})
	now := time.Unix(100, 0)
	options.Now = func() time.Time { return now }
	options.Limits.Rate, options.Limits.Burst = 1, 10
	_, dial := inMemory(t, options)
	c := dial()
	if got := ask(t, c, post("["+strings.Repeat(good+",", 18)+good+",{}]")); got.Status != 202 {
		t.Fatalf("answer %d: a batch is let in whole", got.Status)
	}
	if got := ask(t, c, post(good)); got.Status != 429 || got.Header.Get("Retry-After") != "11" {
		t.Errorf("after 20 hits at once answer %d, try again after %q s; want 429 and 11", got.Status, got.Header.Get("Retry-After"))
	}
}

// A whole office behind one address is below the default limit.
func TestOfficeBehindOneAddress(t *testing.T) {
	limits := Limits{}
	limits.setDefaults()
	l, office, now := newLimiter(limits, time.Unix(0, 0)), addr("203.0.113.1"), time.Unix(100, 0)
	// 500 people, each with four hits within their minute, all of which begins with a rush of 150.
	for range 150 {
		if l.allow(office, now) > 0 {
			t.Fatal("the rush is limited")
		}
	}
	for range 2000 {
		now = now.Add(time.Minute / 2000)
		if l.allow(office, now) > 0 {
			t.Fatal("the minute is limited")
		}
	}
}
