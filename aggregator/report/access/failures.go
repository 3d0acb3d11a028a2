package access

import (
	"net/netip"
	"sync"
	"time"
)

// Failures bounds how often a client may show a token that nobody holds. Who shows a right one is not held up by it: a token
// cannot be guessed, and a lock-out would let anybody behind the same address take the reports away from the others.
// It is safe for concurrent use; its memory is bounded.
type Failures struct {
	now func() time.Time

	mu   sync.Mutex
	full map[netip.Addr]time.Time // when the client may fail as often as at first again
}

const (
	failuresAtOnce  = 10
	failureInterval = 6 * time.Second // ten a minute in the long run
	clientsKept     = 10_000
)

// NewFailures counts by the clock now.
func NewFailures(now func() time.Time) *Failures {
	return &Failures{now: now, full: map[netip.Addr]time.Time{}}
}

// Count takes note of a failure and returns how long the client should wait, which is 0 while it may go on.
func (f *Failures) Count(client netip.Addr) time.Duration {
	client = client.Unmap()
	if client.Is6() {
		if network, err := client.WithZone("").Prefix(64); err == nil {
			client = network.Addr()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if len(f.full) >= clientsKept {
		f.forget(now)
	}
	full := f.full[client]
	if full.Before(now) {
		full = now
	}
	if wait := full.Sub(now) - (failuresAtOnce-1)*failureInterval; wait > 0 {
		return wait
	}
	f.full[client] = full.Add(failureInterval)
	return 0
}

// forget drops who has rested, and everybody when that is not enough: to be forgotten only favours a client.
func (f *Failures) forget(now time.Time) {
	for client, full := range f.full {
		if full.Before(now) {
			delete(f.full, client)
		}
	}
	if len(f.full) >= clientsKept {
		clear(f.full)
	}
}
