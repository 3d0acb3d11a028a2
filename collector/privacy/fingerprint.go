package privacy

import (
	"math"
	"strings"

	"mayak/schema/event"
)

// Fingerprint is the same for faults of the same cause, on whichever day, page and device: a hash of what is stored of kind, type, message,
// source, method and status, in which numbers and the hashes in names of built files are left out. Where in the source it
// happened is left out too: lines move with each release.
func Fingerprint(e *event.Event) uint64 {
	if e.Error.Kind == "" && e.Error.Message == "" {
		return 0
	}
	h := fnvStart
	h.text(e.Error.Kind)
	h.text(e.Error.Type)
	h.shape(e.Error.Message)
	h.shape(e.Error.Source)
	h.text(e.Exchange.Method)
	h.text(e.Exchange.Phase)
	h.byte(byte(e.Exchange.Status >> 8))
	h.byte(byte(e.Exchange.Status & math.MaxUint8))
	return max(uint64(h), 1)
}

// fnv is FNV-1a, written out so that nothing is allocated.
type fnv uint64

const (
	fnvStart fnv = 14695981039346656037
	fnvPrime fnv = 1099511628211
)

func (h *fnv) byte(b byte) { *h = (*h ^ fnv(b)) * fnvPrime }

func (h *fnv) number(n uint64) {
	for range 8 {
		h.byte(byte(n))
		n >>= 8
	}
}

func (h *fnv) text(text string) {
	for i := range len(text) {
		h.byte(text[i])
	}
	h.byte(0)
}

// shape adds a text whose words with digits in them count as a zero if they are long, and else have one for their digits.
func (h *fnv) shape(text string) {
	const longWord = 6
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && isAlphanumeric(text[end]) {
			end++
		}
		word := text[i:end]
		switch {
		case word == "":
			h.byte(text[i])
			end++
		case !strings.ContainsAny(word, "0123456789"):
			for j := range len(word) {
				h.byte(word[j])
			}
		case len(word) >= longWord:
			h.byte('0')
		default:
			h.short(word)
		}
		i = end
	}
	h.byte(0)
}

func (h *fnv) short(word string) {
	for j := range len(word) {
		if digit := word[j] <= '9'; !digit {
			h.byte(word[j])
		} else if j == 0 || word[j-1] > '9' {
			h.byte('0')
		}
	}
}

func isAlphanumeric(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }
