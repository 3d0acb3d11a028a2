package access

import (
	"net/netip"
	"sync"
	"time"
)

// Failures bounds how often a client may show a token that nobody holds, or a wrong password. Who shows a right one is not held up by it: a token
// cannot be guessed, and a lock-out would let anybody behind the same address take the reports away from the others.
// It is safe for concurrent use; its memory is bounded.
type Failures struct {
	now func() time.Time

	mu   sync.Mutex
	full map[tried]time.Time // when it may fail as often as at first again
}

// tried is what failures are counted by: an address, or a user's name.
type tried struct {
	client netip.Addr
	name   string
}

const (
	failuresAtOnce  = 10
	failureInterval = 6 * time.Second // ten a minute in the long run
	clientsKept     = 10_000
)

// NewFailures counts by the clock now.
func NewFailures(now func() time.Time) *Failures {
	return &Failures{now: now, full: map[tried]time.Time{}}
}

// Count takes note of a failure and returns how long the client should wait, which is 0 while it may go on.
func (f *Failures) Count(client netip.Addr) time.Duration {
	return f.count(tried{client: network(client)})
}

// CountName takes note of a failure to be the user with this name, from wherever.
func (f *Failures) CountName(name string) time.Duration { return f.count(tried{name: name}) }

// Wait is how long it takes until a client may try a password, and one for the name: those may be guessed, so they are not even looked at
// while too many were wrong.
func (f *Failures) Wait(client netip.Addr, name string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	return max(f.wait(tried{client: network(client)}, now), f.wait(tried{name: name}, now), 0)
}

// network is the client, of IPv6 its network.
func network(client netip.Addr) netip.Addr {
	client = client.Unmap()
	if client.Is6() {
		if network, err := client.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return client
}

func (f *Failures) wait(key tried, now time.Time) time.Duration {
	full, known := f.full[key]
	if !known {
		return 0
	}
	return full.Sub(now) - (failuresAtOnce-1)*failureInterval
}

func (f *Failures) count(key tried) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if len(f.full) >= clientsKept {
		f.forget(now)
	}
	if wait := f.wait(key, now); wait > 0 {
		return wait
	}
	full := f.full[key]
	if full.Before(now) {
		full = now
	}
	f.full[key] = full.Add(failureInterval)
	return 0
}

// forget drops who has rested, and everybody when that is not enough: to be forgotten only favours a client.
func (f *Failures) forget(now time.Time) {
	for key, full := range f.full {
		if full.Before(now) {
			delete(f.full, key)
		}
	}
	if len(f.full) >= clientsKept {
		clear(f.full)
	}
}
