package load

import (
	"math/bits"
	"time"
)

// Latencies counts latencies in steps of about 1.6 %, so that hours of load need no more memory than seconds. The zero
// Latencies is empty and ready.
type Latencies struct {
	counts [64 * perDoubling]int
	all    int
	worst  time.Duration
}

// perDoubling is how many steps lie between a time and its double.
const perDoubling = 64

// Add counts one.
func (l *Latencies) Add(took time.Duration) {
	l.counts[step(took)]++
	l.all++
	l.worst = max(l.worst, took)
}

// step is the number of the step that a time lies in, in microseconds.
func step(took time.Duration) int {
	us := uint64(max(took.Microseconds(), 0))
	if us < perDoubling {
		return int(us)
	}
	doubling := bits.Len64(us) - bits.Len64(perDoubling)
	return (doubling+1)*perDoubling + int(us>>doubling) - perDoubling //nolint:gosec // below 64 × perDoubling
}

// Quantile is the latency that this share of the requests stayed below, to the step; of all of them it is the worst.
func (l *Latencies) Quantile(share float64) time.Duration {
	rank := int(share * float64(l.all))
	if rank >= l.all {
		return l.worst
	}
	for number := range l.counts {
		if rank -= l.counts[number]; rank < 0 {
			return min(upper(number), l.worst)
		}
	}
	return l.worst
}

// upper is the longest time of a step.
func upper(number int) time.Duration {
	if number < perDoubling {
		return time.Duration(number+1) * time.Microsecond
	}
	doubling, part := number/perDoubling-1, number%perDoubling+perDoubling
	return time.Duration((part+1)<<doubling) * time.Microsecond
}
