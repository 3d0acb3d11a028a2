// Package visitor counts visitors without knowing them: an id is SipHash-2-4 of site, network and user agent, keyed
// by a random salt of the day.
//
// Salts keeps the salts of the days that are today somewhere: in memory and in one file of mode 0600, shared between
// collectors through Shared. A salt is destroyed when its day has ended in every time zone, and 48 hours after it was
// made at the latest; from then on nobody, with whatever help, can tell whose id was whose, nor link two days. A day
// whose salt is gone gets a new one if it is asked for again: no clock brings an old salt back.
//
// The file is text: "mayak salts 1", then a line "2026-11-22 SALT MADE" a day (hexadecimal, microseconds since 1970),
// then "sum CRC32C". It is replaced whole; what stood before is overwritten with zeros. A damaged file is set aside as
// salts.corrupt, and that one too is wiped after 48 hours: here the promise to forget is worth more than the evidence.
package visitor

import (
	"encoding/binary"

	"github.com/dchest/siphash"
)

// Salt is the key of one day's ids.
type Salt [16]byte

// Source is what an id is made of. Network is the truncated address.
type Source struct{ Site, Network, UserAgent string }

// Sizes of the parts that need no allocation: of most agents, and of an agent as long as the gate lets through. The first
// has a room of its own, since a room on the stack is cleared whenever it is entered.
const (
	usual = 320
	most  = 1280
)

// ID is the visitor's id. It is never 0, which stands for "no visitor". Each part goes in with its length, so
// that moving a character from one part to the next gives another id.
func ID(s Salt, src Source) uint64 {
	const lengths = 3 * 4
	if lengths+len(src.Site)+len(src.Network)+len(src.UserAgent) > usual {
		return longID(s, src)
	}
	var room [usual]byte
	return sum(s, src, room[:0])
}

func longID(s Salt, src Source) uint64 {
	var room [most]byte
	return sum(s, src, room[:0])
}

func sum(s Salt, src Source, text []byte) uint64 {
	for _, part := range [...]string{src.Site, src.Network, src.UserAgent} {
		text = binary.LittleEndian.AppendUint32(text, uint32(len(part))) //nolint:gosec // no part has 4 GiB.
		text = append(text, part...)
	}
	id := siphash.Hash(binary.LittleEndian.Uint64(s[:8]), binary.LittleEndian.Uint64(s[8:]), text)
	if id == 0 {
		return 1
	}
	return id
}
