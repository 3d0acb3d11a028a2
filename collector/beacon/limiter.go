package beacon

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// limiter lets each client have burst hits at once and rate hits a second in the long run. It is a table of fixed size:
// memory does not grow with the number of clients. A client is known by a keyed hash of its address. When a set of the
// table is full, the client that has been quiet for longest is forgotten; to be forgotten only ever favours a client.
type limiter struct {
	seed     maphash.Seed
	start    time.Time
	interval time.Duration // a hit's share of a second
	burst    time.Duration // burst hits' share
	batch    time.Duration // share of the most that one request holds
	sets     []limiterSet
}

// ways is how many clients share a set.
const ways = 8

type limiterSet struct {
	mu    sync.Mutex
	slots [ways]limiterSlot
}

// limiterSlot is a token bucket in the form of the time at which it will be full again (generic cell rate algorithm);
// a time that has passed is a full bucket, so an empty slot and a rested client are one and the same.
type limiterSlot struct {
	client uint64
	full   time.Duration // since start
}

func newLimiter(limits Limits, now time.Time) *limiter {
	sets := 1
	for sets*ways < limits.Clients {
		sets *= 2
	}
	interval := time.Duration(float64(time.Second) / limits.Rate)
	return &limiter{
		seed: maphash.MakeSeed(), start: now, interval: interval, burst: time.Duration(limits.Burst) * interval, batch: maxHits * interval,
		sets: make([]limiterSet, sets),
	}
}

// allow takes one hit from the client's bucket, or tells how long to wait until there is one.
func (l *limiter) allow(address netip.Addr, now time.Time) (wait time.Duration) {
	return l.take(address, now, l.interval, l.burst)
}

// charge takes n further hits, whether they are there or not: a batch that was let in is let in whole, and paid later.
func (l *limiter) charge(address netip.Addr, now time.Time, n int) {
	if n <= 0 {
		return
	}
	// No client can owe more than the cost of one batch over its burst, so the sum stays far from overflowing.
	cost, most := time.Duration(n)*l.interval, 2*l.burst+l.batch
	if over := l.take(address, now, cost, most); over > 0 && over < cost {
		l.take(address, now, cost-over, most)
	}
}

// owes is how long to wait until the client has paid what it was charged, and takes nothing.
func (l *limiter) owes(address netip.Addr, now time.Time) (wait time.Duration) {
	client := l.hash(address)
	set := &l.sets[client%uint64(len(l.sets))]
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.slots {
		if set.slots[i].client == client {
			return max(0, set.slots[i].full-now.Sub(l.start)-l.burst)
		}
	}
	return 0
}

func (l *limiter) take(address netip.Addr, now time.Time, cost, bound time.Duration) time.Duration {
	client := l.hash(address)
	set := &l.sets[client%uint64(len(l.sets))]
	since := now.Sub(l.start) // by the monotonic clock, so that nobody is locked out when the wall clock jumps

	set.mu.Lock()
	defer set.mu.Unlock()
	slot := &set.slots[0]
	for i := range set.slots {
		if set.slots[i].client == client {
			slot = &set.slots[i]
			break
		}
		if set.slots[i].full < slot.full {
			slot = &set.slots[i]
		}
	}
	if slot.client != client {
		*slot = limiterSlot{client: client}
	}
	full := max(slot.full, since) + cost
	if wait := full - since - bound; wait > 0 {
		return wait
	}
	slot.full = full
	return 0
}

func (l *limiter) hash(address netip.Addr) uint64 {
	key := clientOf(address).As16()
	return maphash.Bytes(l.seed, key[:])
}

// known is how many clients are short of a full bucket.
func (l *limiter) known(now time.Time) int {
	since, known := now.Sub(l.start), 0
	for i := range l.sets {
		set := &l.sets[i]
		set.mu.Lock()
		for _, slot := range set.slots {
			if slot.full > since {
				known++
			}
		}
		set.mu.Unlock()
	}
	return known
}

// clientOf is what counts as one client: an IPv4 address, or an IPv6 /64, which is what one subscriber has.
func clientOf(address netip.Addr) netip.Addr {
	if address.Is4() {
		return address
	}
	whole := address.As16()
	binary.BigEndian.PutUint64(whole[8:], 0)
	return netip.AddrFrom16(whole)
}
