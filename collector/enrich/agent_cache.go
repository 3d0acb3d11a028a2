package enrich

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"

	"mayak/schema/event"
)

// agentCache is a bounded cache of agents. Of an agent's key it keeps a keyed hash of 64 bits, which stands for the key:
// that two of ten thousand keys have the same one is less likely than a damaged bit in memory. A look-up takes no lock. A full
// set forgets an agent that was not asked for since the last time that it was looked at.
type agentCache struct {
	seed maphash.Seed
	sets []agentSet
}

const agentWays = 8

// agentSet is two lines of the processor's cache and what they point to.
type agentSet struct {
	keys   [agentWays]atomic.Uint64 // to find an entry without looking into all of them
	agents [agentWays]atomic.Pointer[knownAgent]

	mu   sync.Mutex // of whoever changes the set
	hand int        // the entry to look at next when room is needed
}

// knownAgent never changes but for the mark that it was asked for.
type knownAgent struct {
	key   uint64
	told  event.Agent
	asked atomic.Bool
}

// newAgentCache makes a cache for at least so many agents.
func newAgentCache(size int) *agentCache {
	return &agentCache{seed: maphash.MakeSeed(), sets: make([]agentSet, 1<<bits.Len(uint((size-1)/agentWays)))} //nolint:gosec // a size.
}

// hash is that of all that an agent is told from.
func (c *agentCache) hash(k *agentKey) uint64 {
	sum := maphash.String(c.seed, k.agent)
	for i, hint := range hintsOf(&k.hints) {
		if *hint != "" {
			sum ^= bits.RotateLeft64(maphash.String(c.seed, *hint), i+1)
		}
	}
	if k.webdriver {
		sum ^= 0x9e3779b97f4a7c15
	}
	if k.touch {
		sum ^= 0xc2b2ae3d27d4eb4f
	}
	return sum
}

func (c *agentCache) setOf(key uint64) *agentSet { return &c.sets[key%uint64(len(c.sets))] }

func (c *agentCache) get(key uint64) (event.Agent, bool) {
	set := c.setOf(key)
	for i := range set.keys {
		if set.keys[i].Load() != key {
			continue
		}
		if known := set.agents[i].Load(); known != nil && known.key == key { // else it has just been changed
			if !known.asked.Load() {
				known.asked.Store(true)
			}
			return known.told, true
		}
	}
	return event.Agent{}, false
}

func (c *agentCache) put(key uint64, told event.Agent) {
	set := c.setOf(key)
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.agents {
		if known := set.agents[i].Load(); known != nil && known.key == key {
			return // another request was faster
		}
	}
	for {
		at := set.hand
		set.hand = (at + 1) % agentWays
		if known := set.agents[at].Load(); known == nil || !known.asked.Swap(false) {
			set.agents[at].Store(&knownAgent{key: key, told: told})
			set.keys[at].Store(key)
			return
		}
	}
}
