package period

import "time"

// date is a day of the calendar, in no time zone.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year, month, day}
}

func (d date) add(days int) date { return date{d.year, d.month, d.day + days}.normal() }

// normal makes 31 February the 3 March.
func (d date) normal() date { return dateOf(time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC)) }

// startOf is the first instant of the date in the zone. Midnight may not exist there, when clocks jump over it, and may come
// twice, when they are set back to it: then the earlier one begins the day.
func startOf(d date, zone *time.Location) time.Time {
	noon := time.Date(d.year, d.month, d.day, 12, 0, 0, 0, zone)
	midnight := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	for _, around := range []time.Time{noon.Add(-24 * time.Hour), noon} { // the clock of the day before is the first to show midnight
		_, offset := around.Zone()
		start := midnight.Add(-time.Duration(offset) * time.Second).In(zone)
		if dateOf(start) == d && start.Hour() == 0 && start.Minute() == 0 {
			return start
		}
	}
	jump, _ := noon.ZoneBounds()
	return jump
}

// atClock is the time of day of t on another date. Where that time does not exist, Go moves it by the hour that was left out.
func atClock(d date, t time.Time) time.Time {
	hour, minute, second := t.Clock()
	if hour == 0 && minute == 0 && second == 0 {
		return startOf(d, t.Location())
	}
	return time.Date(d.year, d.month, d.day, hour, minute, second, 0, t.Location())
}
