package main

import (
	"hash/maphash"
	"math/bits"
	"sync"
)

// recent remembers the ids of the events that were stored last, so that a client's second try is seen at once. It is
// bounded, and only a first sieve: what it has forgotten, and what another collector took, meets its twin in the
// table, which merges rows of the same id.
type recent struct {
	seed   maphash.Seed
	shards [recentShards]recentShard
}

const (
	recentShards = 16
	recentEach   = 1 << 14 // ids a generation and shard: 2 × 16 × 16,384 at most, about 10 MB
)

// recentShard keeps two generations, so that forgetting costs nothing: the older goes when the newer is full.
type recentShard struct {
	mu           sync.Mutex
	newer, older map[uint64]struct{}
}

func newRecent() *recent {
	r := &recent{seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].newer = make(map[uint64]struct{})
	}
	return r
}

// key is what is remembered of an id.
func (r *recent) key(site, id string) uint64 {
	return bits.RotateLeft64(maphash.String(r.seed, site), 1) ^ maphash.String(r.seed, id)
}

func (r *recent) has(key uint64) bool {
	s := &r.shards[key%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	_, newer := s.newer[key]
	_, older := s.older[key]
	return newer || older
}

// add is called when the event is durable, never before: a try that failed must not make the next one a duplicate.
func (r *recent) add(key uint64) {
	s := &r.shards[key%recentShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.newer) >= recentEach {
		s.newer, s.older = make(map[uint64]struct{}, recentEach), s.newer
	}
	s.newer[key] = struct{}{}
}
