package visitor

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Pause is the longest time without an event within one visit. Whoever is away longer becomes another visitor at midnight.
const Pause = 30 * time.Minute

// The most that one site remembers over midnight, some 12 MB: half a million visitors in half an hour.
const (
	nightShards = 64
	mostInShard = 8192
)

// Nights makes the memories of the sites.
type Nights struct{ kept, forgotten prometheus.Counter }

// NewNights makes Nights that count into the registry.
func NewNights(r prometheus.Registerer) *Nights {
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(r).NewCounter(prometheus.CounterOpts{Name: "mayak_collector_visitor_" + name, Help: help})
	}
	return &Nights{
		kept:      counter("nights_kept_total", "Events after midnight that kept the visitor's id of the day before, because the visit went on."),
		forgotten: counter("nights_forgotten_total", "Visitors that were there before midnight and were not remembered, because the memory was full."),
	}
}

// Night lets the visitors of one site who are there at midnight keep their id of the day that ends, for as long as their
// visit goes on: no longer than Pause from one event to the next. It remembers ids and when they were seen, in memory only, from
// half an hour before midnight until nobody of them is there any more. Safe for concurrent use.
type Night struct {
	nights *Nights
	last   atomic.Int64 // second in which anybody was remembered or known again
	shards [nightShards]nightShard
}

type nightShard struct {
	mu   sync.Mutex
	seen map[uint64]int64 // id → second
}

// New makes the memory of one site.
func (n *Nights) New() *Night { return &Night{nights: n} }

// Remember notes that a visitor is there, in the last half hour of a day.
func (n *Night) Remember(id uint64, now time.Time) {
	second := now.Unix()
	shard := &n.shards[id%nightShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if _, known := shard.seen[id]; !known && len(shard.seen) >= mostInShard {
		shard.sweep(second)
		if len(shard.seen) >= mostInShard {
			n.nights.forgotten.Inc()
			return
		}
	}
	if shard.seen == nil {
		shard.seen = map[uint64]int64{}
	}
	shard.seen[id] = max(shard.seen[id], second)
	n.stay(second)
}

// GoesOn tells whether the visitor with this id of the day before is still there, and notes it if so.
func (n *Night) GoesOn(id uint64, now time.Time) bool {
	second := now.Unix()
	shard := &n.shards[id%nightShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	seen, known := shard.seen[id]
	if !known || second-seen > int64(Pause/time.Second) {
		return false
	}
	shard.seen[id] = max(seen, second)
	n.stay(second)
	n.nights.kept.Inc()
	return true
}

func (n *Night) stay(second int64) {
	for last := n.last.Load(); last < second; last = n.last.Load() {
		if n.last.CompareAndSwap(last, second) {
			return
		}
	}
}

// Lasts tells whether anybody may still be there who was at midnight. When nobody is, all is forgotten.
func (n *Night) Lasts(now time.Time) bool {
	if last := n.last.Load(); last != 0 && now.Unix()-last <= int64(Pause/time.Second) {
		return true
	}
	n.Forget()
	return false
}

// Forget empties the memory.
func (n *Night) Forget() {
	if n.last.Swap(0) == 0 {
		return
	}
	for i := range n.shards {
		shard := &n.shards[i]
		shard.mu.Lock()
		shard.seen = nil
		shard.mu.Unlock()
	}
}

func (s *nightShard) sweep(second int64) {
	for id, seen := range s.seen {
		if second-seen > int64(Pause/time.Second) {
			delete(s.seen, id)
		}
	}
}

// Evening tells whether midnight is near enough in this zone that whoever is there now may still be there after it: at any
// moment from now until the given time later.
func Evening(now time.Time, during time.Duration, zone *time.Location) bool {
	return now.In(zone).Day() != now.Add(during+Pause-time.Nanosecond).In(zone).Day()
}

// Ended tells whether the day is over everywhere, and with it its salt.
func Ended(day string, now time.Time) bool { return !now.Before(dayEnds(day)) }
