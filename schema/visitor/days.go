package visitor

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// dayForm is how a day is written.
const dayForm = time.DateOnly

// maxAge is how long a salt may exist, whatever its day says.
const maxAge = 48 * time.Hour

// The first place to see a day is at UTC+14, the last at UTC-12.
const (
	firstZone = 14 * time.Hour
	lastZone  = 12 * time.Hour
)

// maxDays live at one time: three at the most are today somewhere or about to be, and one more after a clock was set back.
const maxDays = 4

// entry is one day's salt. The salt is held in atomics, so that it can be wiped while somebody may be reading it.
type entry struct {
	day    string
	made   time.Time // with the monotonic reading where this process made it, so that setting the clock back prolongs nothing
	lo, hi atomic.Uint64
}

func newEntry(day string, salt Salt, made time.Time) *entry {
	e := &entry{day: day, made: made}
	e.set(salt)
	return e
}

func (e *entry) set(salt Salt) {
	e.lo.Store(binary.LittleEndian.Uint64(salt[:8]))
	e.hi.Store(binary.LittleEndian.Uint64(salt[8:]))
}

func (e *entry) salt() (s Salt) {
	binary.LittleEndian.PutUint64(s[:8], e.lo.Load())
	binary.LittleEndian.PutUint64(s[8:], e.hi.Load())
	return s
}

// ends is when the salt must be destroyed.
func (e *entry) ends() time.Time {
	end, oldest := dayEnds(e.day), e.made.Add(maxAge)
	if oldest.Before(end) {
		return oldest
	}
	return end
}

// alive tells whether the salt may still be used. One whose day is not near is what a wrong clock left behind.
func (e *entry) alive(now time.Time) bool {
	return now.Sub(e.made) < maxAge && possible(e.day, now)
}

// days is a snapshot of the live salts. It is never changed once published, but its entries are wiped when they are done with.
type days struct{ entries []*entry }

func (d *days) find(day string) *entry {
	for _, e := range d.entries {
		if e.day == day {
			return e
		}
	}
	return nil
}

// dayEnds is when the day has ended in every time zone. A day that is none ended long ago.
func dayEnds(day string) time.Time {
	start, err := time.Parse(dayForm, day)
	if err != nil {
		return time.Time{}
	}
	return start.AddDate(0, 0, 1).Add(lastZone)
}

// possible tells whether it is this day somewhere, or will be within the time that a salt is made ahead.
func possible(day string, now time.Time) bool {
	end := dayEnds(day)
	begin := end.Add(-lastZone - 24*time.Hour - firstZone - ahead)
	return now.Before(end) && !now.Before(begin)
}
