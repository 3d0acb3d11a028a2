package enrich

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	"mayak/schema/event"
)

// agentCache is a bounded cache of agents. Of an agent's key it keeps a keyed hash of 64 bits, which stands for the key:
// that two of ten thousand keys have the same one is less likely than a damaged bit in memory. A look-up takes no lock. A full
// set forgets the agent that nobody has asked for since longest.
type agentCache struct {
	seed maphash.Seed
	sets []agentSet
}

const agentWays = 8

// agentSet is two lines of the processor's cache and what they point to.
type agentSet struct {
	keys   [agentWays]atomic.Uint64 // to find an entry without looking into all of them
	agents [agentWays]atomic.Pointer[knownAgent]

	mu   sync.Mutex    // of whoever changes the set
	puts atomic.Uint32 // how often it was changed, the time by which its entries age
}

// knownAgent never changes but for when it was asked for.
type knownAgent struct {
	key   uint64
	told  event.Agent
	asked atomic.Uint32
}

// newAgentCache makes a cache for at least so many agents.
func newAgentCache(size int) *agentCache {
	return &agentCache{seed: maphash.MakeSeed(), sets: make([]agentSet, 1<<bits.Len(uint((size-1)/agentWays)))}
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
			if now := set.puts.Load(); known.asked.Load() != now {
				known.asked.Store(now)
			}
			return known.told, true
		}
	}
	return event.Agent{}, false
}

func (c *agentCache) put(key uint64, agent event.Agent) {
	set := c.setOf(key)
	set.mu.Lock()
	defer set.mu.Unlock()
	now := set.puts.Add(1)
	oldest, age := 0, uint32(0)
	for i := range set.agents {
		known := set.agents[i].Load()
		switch {
		case known == nil:
			oldest, age = i, math.MaxUint32
		case known.key == key:
			return // another request was faster
		case now-known.asked.Load() > age:
			oldest, age = i, now-known.asked.Load()
		}
	}
	told := &knownAgent{key: key, told: agent}
	told.asked.Store(now - agentWays) // most never come again, and make room before those that have
	set.agents[oldest].Store(told)
	set.keys[oldest].Store(key)
}
