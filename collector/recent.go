package main

import (
	"hash/maphash"
	"math/bits"
	"sync"

	"mayak/schema/event"
)

// recent remembers the ids of the events that were stored last, so that a client's second try is seen at once. It is
// bounded, and only a first sieve: what it has forgotten, and what another collector took, meets its twin in the
// table, which merges rows of the same id.
type recent struct {
	seed maphash.Seed
	// locks each guard the buckets whose number ends alike.
	locks   [recentLocks]recentLock
	buckets []recentBucket
}

const (
	recentLocks   = 64
	recentBuckets = 1 << 17 // of 64 bytes: 8 MB
	recentEach    = 8       // ids: of the last quarter of a million one in a thousand has been forgotten, of the last half one in twenty
)

// recentLock has a line of the processor's cache to itself.
type recentLock struct {
	sync.Mutex
	_ [56]byte
}

// recentBucket holds the last ids that fell into it, the newest first, in one line of the processor's cache. 0 is none.
type recentBucket [recentEach]uint64

func newRecent() *recent {
	return &recent{seed: maphash.MakeSeed(), buckets: make([]recentBucket, recentBuckets)}
}

// key is what is remembered of an id. It is never 0.
func (r *recent) key(site, id string) uint64 {
	return max(1, bits.RotateLeft64(maphash.String(r.seed, site), 1)^maphash.String(r.seed, id))
}

// of is the key of an event. What a server sent with its key is told from what any page may send, and from what comes with other keys:
// nobody without the key can take its id first.
func (r *recent) of(e *event.Event, sender string) uint64 {
	key := r.key(e.Site, e.ID)
	if e.Origin == event.API {
		return max(1, bits.RotateLeft64(key, 31)^maphash.String(r.seed, sender))
	}
	return key
}

func (r *recent) has(key uint64) bool {
	at := key % recentBuckets
	lock := &r.locks[at%recentLocks]
	lock.Lock()
	defer lock.Unlock()
	for _, known := range r.buckets[at] {
		if known == key {
			return true
		}
	}
	return false
}

// add is called when the event is durable, never before: a try that failed must not make the next one a duplicate.
func (r *recent) add(key uint64) {
	at := key % recentBuckets
	lock := &r.locks[at%recentLocks]
	lock.Lock()
	defer lock.Unlock()
	bucket := &r.buckets[at]
	copy(bucket[1:], bucket[:])
	bucket[0] = key
}
