package visitor

import "time"

// IsLive tells whether it is this day somewhere, or soon will be: whether the day's salt is shared between collectors. Before,
// there is none yet, and afterwards none any more.
func IsLive(day string, now time.Time) bool { return possible(day, now) }
