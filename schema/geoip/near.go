package geoip

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"mayak/schema/event"
)

// nearby remembers the places of networks that are as wide as what is kept of an address anyway, so that no address is
// remembered. The databases' trees are tens of megabytes, and each step down one waits for memory. A look-up takes no lock;
// networks that share a slot forget each other.
type nearby [1 << nearBits]atomic.Pointer[nearPlace]

const nearBits = 13

// nearPlace never changes.
type nearPlace struct {
	network uint64
	place   *event.Place
}

// The networks that are remembered, in bits.
const (
	nearBits4 = 24
	nearBits6 = 48
)

// networkOf is the network of an address; no two have the same number.
func networkOf(address netip.Addr) uint64 {
	if address.Is4() {
		whole := address.As4()
		return 1<<63 | uint64(binary.BigEndian.Uint32(whole[:])>>(32-nearBits4))
	}
	whole := address.As16()
	return binary.BigEndian.Uint64(whole[:8]) >> (64 - nearBits6)
}

// coversNetwork tells whether a record that is of all addresses with this prefix is of the address's whole network.
func coversNetwork(record netip.Prefix, address netip.Addr) bool {
	if address.Is4() {
		return record.IsValid() && (record.Addr().Is6() || record.Bits() <= nearBits4) // or of more than all IPv4 addresses
	}
	return record.IsValid() && record.Bits() <= nearBits6
}

func (n *nearby) slot(network uint64) *atomic.Pointer[nearPlace] {
	return &n[network*0x9e3779b97f4a7c15>>(64-nearBits)]
}

// get is nil for a network that is not remembered.
func (n *nearby) get(network uint64) *event.Place {
	if known := n.slot(network).Load(); known != nil && known.network == network {
		return known.place
	}
	return nil
}

func (n *nearby) put(network uint64, place *event.Place) {
	n.slot(network).Store(&nearPlace{network, place})
}
