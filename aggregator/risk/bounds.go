package risk

import (
	"cmp"
	"sync/atomic"
	"time"
)

// Bounds are how much a window holds at most. The zero value of each takes the default.
type Bounds struct {
	Addresses int // 300,000
	Networks  int // 100,000
	Guests    int // visitors of addresses and networks, together; 1,000,000
	People    int // who consented, of the last hour; 300,000
	Trails    int // of who consented, of the last day; 300,000
	Asked     int // addresses and people that were asked about; 300,000
	Events    int // events that can be told apart and asked about; 1,000,000
}

func (b Bounds) orDefaults() Bounds {
	return Bounds{
		Addresses: cmp.Or(b.Addresses, 300_000), Networks: cmp.Or(b.Networks, 100_000), Guests: cmp.Or(b.Guests, 1_000_000), People: cmp.Or(b.People, 300_000),
		Trails: cmp.Or(b.Trails, 300_000), Asked: cmp.Or(b.Asked, 300_000), Events: cmp.Or(b.Events, 1_000_000),
	}
}

// String names a kind, for metrics.
func (k kind) String() string {
	return [...]string{ofAddress: "addresses", ofNetwork: "networks", ofVisitor: "people", ofEvent: "events", ofGuest: "guests", ofTrail: "trails", ofAsked: "questions"}[k]
}

// kinds are all that a window holds.
func kinds() []kind {
	return []kind{ofAddress, ofNetwork, ofVisitor, ofEvent, ofGuest, ofTrail, ofAsked}
}

// cuts are when something of a kind last found no room, and how often. Safe for concurrent use.
type cuts struct {
	last  [ofAsked + 1]atomic.Int64 // seconds of what was left out, or of the question
	count [ofAsked + 1]atomic.Int64

	filling, tracing atomic.Bool // the hour, or the trails of the day, are still being read
}

func (c *cuts) cut(k kind, at time.Time) {
	c.count[k].Add(1)
	for seconds := at.Unix(); ; {
		last := c.last[k].Load()
		if last >= seconds || c.last[k].CompareAndSwap(last, seconds) {
			return
		}
	}
}

// whole tells whether nothing of a kind was left out that would still be held.
func (c *cuts) whole(k kind, now time.Time) bool {
	kept := length
	if k == ofTrail {
		kept = trailLength
	}
	return now.Unix()-c.last[k].Load() > int64(kept.Seconds())
}

// complete tells whether an answer is made of all that happened. Trails count only of somebody whom they are known of.
func (c *cuts) complete(now time.Time, consented bool) bool {
	for _, k := range kinds() {
		if !c.whole(k, now) && (k != ofTrail || consented) {
			return false
		}
	}
	return !c.filling.Load() && (!consented || !c.tracing.Load())
}

// take is how often each kind was cut since the last time.
func (c *cuts) take() map[kind]int64 {
	all := map[kind]int64{}
	for _, k := range kinds() {
		all[k] = c.count[k].Swap(0)
	}
	return all
}
