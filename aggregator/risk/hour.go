package risk

import "time"

// hour counts what happens by minutes, of the last hour.
type hour struct {
	newest int64           // minute of the newest count
	of     [minutes]uint16 // around
}

const mostInMinuteCounted = 1 << 15

func minuteOf(at time.Time) int64 { return at.Unix() / 60 }

// add counts one. What is older than the hour before the newest is left out.
func (h *hour) add(at time.Time) {
	minute := minuteOf(at)
	h.advance(minute)
	if h.newest-minute < int64(minutes) {
		slot := &h.of[minute%int64(minutes)]
		*slot = min(*slot+1, mostInMinuteCounted)
	}
}

// so is how many there were in the hour before now, and how many in the busiest minute.
func (h *hour) so(now time.Time) (all, peak int) {
	h.advance(minuteOf(now))
	for _, n := range h.of {
		all += int(n)
		peak = max(peak, int(n))
	}
	return all, peak
}

// advance empties the minutes between the newest and the one that comes.
func (h *hour) advance(minute int64) {
	if minute <= h.newest {
		return
	}
	if minute-h.newest >= int64(minutes) {
		clear(h.of[:])
	} else {
		for m := h.newest + 1; m <= minute; m++ {
			h.of[m%int64(minutes)] = 0
		}
	}
	h.newest = minute
}
