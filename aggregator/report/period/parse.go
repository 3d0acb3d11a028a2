package period

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Forms says what Parse reads, for an error and for the documentation.
const Forms = "today, yesterday, 24h, 7d, 4w, 12mo, 2y, 2026-01-31, 2026-01, 2026, 2026-01-01..2026-02-01 or an ISO 8601 interval (the end is not part of it)"

// maxYears is the longest range; nothing is kept longer.
const maxYears = 10

var (
	lastForm     = regexp.MustCompile(`^([1-9][0-9]{0,3})(h|d|w|mo|y)$`)
	durationForm = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?$`)
)

// Parse reads a range as a caller writes it, in the zone of the site, whose weeks begin on first. What begins with a number is
// counted back from the hour, day, week or month that now lies in, which is the last of them.
func Parse(text string, now time.Time, zone *time.Location, first time.Weekday) (Range, error) {
	r, err := parse(text, now.In(zone), first)
	if err != nil {
		return Range{}, fmt.Errorf("range %q: %w; there are %s", clip(text), err, Forms)
	}
	switch {
	case !r.From.Before(r.To):
		err = errors.New("its end must be after its beginning, and is itself not part of it")
	case r.To.After(r.From.AddDate(maxYears, 0, 1)):
		err = fmt.Errorf("it is longer than %d years", maxYears)
	case r.From.Year() < 1990 || r.To.Year() > 2100:
		err = errors.New("its years must lie between 1990 and 2100")
	case !Floor(r.From).Equal(r.From) || !Floor(r.To).Equal(r.To):
		err = errors.New("it must begin and end on whole five minutes")
	}
	if err != nil {
		return Range{}, fmt.Errorf("range %q: %w", clip(text), err)
	}
	r.step = r.distance(r.step)
	return r, nil
}

// clip keeps an error from repeating a long text.
func clip(text string) string {
	if len(text) > 80 {
		return text[:80] + "…"
	}
	return text
}

func parse(text string, now time.Time, first time.Weekday) (Range, error) {
	today := Begin(now, Day, first)
	switch text {
	case "today":
		return Range{From: today, To: next(today, Day)}, nil
	case "yesterday":
		return Range{From: shift{days: 1}.before(today), To: today}, nil
	}
	if found := lastForm.FindStringSubmatch(text); found != nil {
		count, _ := strconv.Atoi(found[1]) // the form has digits only
		return last(count, found[2], now, first), nil
	}
	for _, separator := range []string{"..", "/"} {
		if from, to, ok := strings.Cut(text, separator); ok {
			return interval(from, to, now.Location())
		}
	}
	return whole(text, now.Location())
}

// last is the range of count units of which the last one is that of now.
func last(count int, unit string, now time.Time, first time.Weekday) Range {
	switch unit {
	case "h":
		to := next(Begin(now, Hour, first), Hour)
		return Range{From: to.Add(-time.Duration(count) * time.Hour), To: to}
	case "d":
		to := next(Begin(now, Day, first), Day)
		return Range{From: shift{days: count}.before(to), To: to}
	case "w":
		to := next(Begin(now, Week, first), Week)
		return Range{From: shift{days: 7 * count}.before(to), To: to}
	default:
		if unit == "y" {
			count *= 12
		}
		to := next(Begin(now, Month, first), Month)
		return Range{From: shift{months: count}.before(to), To: to, step: shift{months: count}}
	}
}

// whole is the range of a day, month or year.
func whole(text string, zone *time.Location) (Range, error) {
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{{time.DateOnly, 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.Parse(form.layout, text); err == nil {
			return Range{From: startOf(dateOf(t), zone), To: startOf(dateOf(t.AddDate(form.years, form.months, form.days)), zone)}, nil
		}
	}
	return Range{}, errors.New("no such form")
}

// interval reads both sides of an interval, one of which may be a duration.
func interval(from, to string, zone *time.Location) (Range, error) {
	if strings.HasPrefix(from, "P") {
		end, err := instant(to, zone)
		if err != nil {
			return Range{}, err
		}
		begin, err := add(end, from, -1)
		return Range{From: begin, To: end}, err
	}
	begin, err := instant(from, zone)
	if err != nil {
		return Range{}, err
	}
	if strings.HasPrefix(to, "P") {
		end, err := add(begin, to, 1)
		return Range{From: begin, To: end}, err
	}
	end, err := instant(to, zone)
	return Range{From: begin, To: end}, err
}

// instant reads a date, which means its beginning, or a date and time; without an offset it is the site's time.
func instant(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return startOf(dateOf(t), zone), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.In(zone), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return atClock(dateOf(t), t), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date and no time", clip(text))
}

// add moves t by an ISO 8601 duration, months and days by the calendar.
func add(t time.Time, duration string, sign int) (time.Time, error) {
	found := durationForm.FindStringSubmatch(duration)
	var n [6]int
	sum := 0
	for i := range len(found) - 1 {
		n[i], _ = strconv.Atoi(found[i+1]) // digits only or nothing, which is 0
		sum += n[i]
	}
	if sum == 0 {
		return t, fmt.Errorf("%q is no duration like P7D or PT6H", clip(duration))
	}
	d := date{t.Year() + sign*n[0], t.Month() + time.Month(sign*n[1]), t.Day() + sign*(7*n[2]+n[3])}
	if d.year < 1 || d.year > 9999 {
		return t, fmt.Errorf("%q is too long", clip(duration))
	}
	return atClock(d.normal(), t).Add(time.Duration(sign*n[4])*time.Hour + time.Duration(sign*n[5])*time.Minute), nil
}

// distance is how far the period before lies: whole months of a range of whole months, whole days of a range from a time of
// day to the same one, otherwise the range's length.
func (r Range) distance(known shift) shift {
	if known != (shift{}) {
		return known
	}
	from, to := dateOf(r.From), dateOf(r.To)
	if !sameClock(r.From, r.To) {
		return shift{length: r.To.Sub(r.From)}
	}
	if from.day == 1 && to.day == 1 && r.From.Equal(startOf(from, r.From.Location())) {
		return shift{months: 12*(to.year-from.year) + int(to.month-from.month)}
	}
	return shift{days: int(time.Date(to.year, to.month, to.day, 0, 0, 0, 0, time.UTC).
		Sub(time.Date(from.year, from.month, from.day, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))}
}

// sameClock tells whether both are the beginning of a date or show the same time of day, on different dates.
func sameClock(a, b time.Time) bool {
	if dateOf(a) == dateOf(b) {
		return false
	}
	if a.Equal(startOf(dateOf(a), a.Location())) && b.Equal(startOf(dateOf(b), b.Location())) {
		return true
	}
	return a.Format(time.TimeOnly) == b.Format(time.TimeOnly)
}
