package risk

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"mayak/schema/visitor"
)

// kind is what the window holds.
type kind byte

const (
	ofAddress kind = iota + 1
	ofNetwork
	ofVisitor
	ofEvent
	ofGuest
	ofTrail
	ofAsked
)

// keys turn addresses into numbers that nobody can turn back: each day (UTC) has a random key, which is in memory only and is forgotten when
// nothing of its day can be in the window any more.
type keys struct {
	mu  sync.Mutex
	day map[int64]*[32]byte
}

func newKeys() *keys { return &keys{day: map[int64]*[32]byte{}} }

const dayLength = 24 * time.Hour

// of is the key of a moment's day. Asking about one day forgets those that are over for longer than the window.
func (k *keys) of(at time.Time) *[32]byte {
	day := at.Unix() / int64(dayLength.Seconds())
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.day[day]; key != nil {
		return key
	}
	key := new([32]byte)
	_, _ = rand.Read(key[:]) // never fails
	k.day[day] = key
	return key
}

// forget drops the keys of days that ended before the moment.
func (k *keys) forget(before time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for day := range k.day {
		if time.Unix((day+1)*int64(dayLength.Seconds()), 0).Before(before) {
			delete(k.day, day)
		}
	}
}

// hash is a keyed hash of a site's thing.
func hash(key *[32]byte, k kind, site, value string) uint64 {
	text := make([]byte, 0, 160)                                                      // on the stack, for all but the longest
	text = binary.LittleEndian.AppendUint32(append(text, byte(k)), uint32(len(site))) //nolint:gosec // no site has 4 GiB
	return visitor.Blind(visitor.Salt(key[:16]), append(append(text, site...), value...))
}

// hashed is a keyed hash of a number.
func hashed(key *[32]byte, k kind, site string, value uint64) uint64 {
	var text [8]byte
	binary.LittleEndian.PutUint64(text[:], value)
	return hash(key, k, site, string(text[:]))
}

// client is the part of an address that one client is behind: all of an IPv4 address, and a /64 of IPv6.
func client(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		return cut(address, 64)
	}
	return cut(address, 32)
}

// NetworkOf is what is kept of an address elsewhere: a /24 of IPv4, a /48 of IPv6, as the column network has it.
func NetworkOf(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		return cut(address, 48)
	}
	return cut(address, 24)
}

func cut(address netip.Addr, bits int) string {
	prefix, err := address.Prefix(bits)
	if err != nil {
		return "" // of no address
	}
	return prefix.String()
}
