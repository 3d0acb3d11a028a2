package access

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Failures bounds how often a client may show a token that nobody holds, or a wrong password. Who shows a right token is not held up by it: a token
// cannot be guessed, and a lock-out would let anybody behind the same address take the reports away from the others. Passwords may be guessed, so
// they are not even looked at while too many were wrong: of a name from one address, of all names from one address, and, far later, of a name from
// everywhere. That last limit does not hold up an address which the name has logged in from: else anybody could lock a person out.
// It is safe for concurrent use; its memory is bounded, and ends with the process.
type Failures struct {
	now func() time.Time

	mu    sync.Mutex
	full  map[tried]time.Time     // when it may fail as often as at first again
	known map[string][]netip.Addr // where names have logged in from, the latest last
}

// tried is what failures are counted by.
type tried struct {
	what   what
	client netip.Addr
	name   string
}

// what was shown.
type what uint8

const (
	aToken           what = iota // from an address
	aPassword                    // for a name, from an address
	anyPassword                  // from an address
	passwordAnywhere             // for a name
)

// limit is how many failures there may be at once, and how long it takes until there may be another one.
type limit struct {
	atOnce   int
	interval time.Duration
}

const (
	failuresAtOnce  = 10
	failureInterval = 6 * time.Second // ten a minute in the long run
	clientsKept     = 10_000
	addressesKept   = 16 // of a name
)

func (w what) limit() limit {
	switch w {
	case anyPassword: // people of one office share it
		return limit{100, 600 * time.Millisecond}
	case passwordAnywhere:
		return limit{100, 36 * time.Second}
	case aToken, aPassword:
	}
	return limit{failuresAtOnce, failureInterval}
}

// NewFailures counts by the clock now.
func NewFailures(now func() time.Time) *Failures {
	return &Failures{now: now, full: map[tried]time.Time{}, known: map[string][]netip.Addr{}}
}

// Count takes note of a token that nobody holds, and returns how long the client should wait, which is 0 while it may go on.
func (f *Failures) Count(client netip.Addr) time.Duration {
	return f.count(tried{what: aToken, client: network(client)})
}

// Failed takes note of a wrong password for the name.
func (f *Failures) Failed(client netip.Addr, name string) {
	for _, key := range passwords(client, name) {
		f.count(key)
	}
}

// Succeeded takes note of a right password for the name.
func (f *Failures) Succeeded(client netip.Addr, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := network(client)
	others := slices.DeleteFunc(f.known[name], func(known netip.Addr) bool { return known == from })
	f.known[name] = append(others[max(0, len(others)-addressesKept+1):], from)
}

// Wait is how long it takes until a client may try a password for the name.
func (f *Failures) Wait(client netip.Addr, name string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, longest := f.now(), time.Duration(0)
	for _, key := range passwords(client, name) {
		if key.what == passwordAnywhere && slices.Contains(f.known[name], network(client)) {
			continue
		}
		longest = max(longest, f.wait(key, now))
	}
	return longest
}

// passwords is all that a password is counted by.
func passwords(client netip.Addr, name string) [3]tried {
	from := network(client)
	return [3]tried{{what: aPassword, client: from, name: name}, {what: anyPassword, client: from}, {what: passwordAnywhere, name: name}}
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
	bound := key.what.limit()
	return full.Sub(now) - time.Duration(bound.atOnce-1)*bound.interval
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
	f.full[key] = full.Add(key.what.limit().interval)
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
