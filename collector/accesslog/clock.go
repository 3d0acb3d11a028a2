package accesslog

import (
	"strconv"
	"strings"
	"time"
)

// clock reads the times of a log. Zone is that of times that name none; nil refuses those.
type clock struct{ zone *time.Location }

// common reads 22/Nov/2026:10:11:12 +0500.
func (c clock) common(text string) (time.Time, bool) {
	const form = "02/Jan/2006:15:04:05"
	if len(text) < len(form) || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':' || text[17] != ':' {
		return time.Time{}, false
	}
	month := monthOf(text[3:6])
	d := date{ok: month != 0}
	t := d.at(d.number(text[7:11]), int(month), d.number(text[:2]), text[12:20])
	return c.placed(t, d.ok, strings.TrimPrefix(text[len(form):], " "))
}

// iso reads 2026-11-22T10:11:12+05:00, with or without a fraction of the second.
func (c clock) iso(text string) (time.Time, bool) {
	const form = "2006-01-02T15:04:05"
	if len(text) < len(form) || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' || text[10] != 'T' && text[10] != ' ' {
		return time.Time{}, false
	}
	d := date{ok: true}
	t := d.at(d.number(text[:4]), d.number(text[5:7]), d.number(text[8:10]), text[11:19])
	rest := text[len(form):]
	if strings.HasPrefix(rest, ".") {
		end := 1
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		fraction, err := strconv.ParseFloat("0"+rest[:end], 64)
		d.ok = d.ok && err == nil
		t = t.Add(time.Duration(fraction * float64(time.Second)).Truncate(time.Millisecond))
		rest = rest[end:]
	}
	return c.placed(t, d.ok, rest)
}

// seconds reads 1795327872.123, seconds since 1970.
func (clock) seconds(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	since, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || since < 0 || since > 1<<40 {
		return time.Time{}, false
	}
	t := time.Unix(since, 0).UTC()
	if fraction != "" {
		d := date{ok: true}
		const digits = "000"
		t = t.Add(time.Duration(d.number((fraction + digits)[:len(digits)])) * time.Millisecond)
		return t, d.ok
	}
	return t, true
}

// placed takes a time that was read as if it were UTC to the zone that stands behind it.
func (c clock) placed(t time.Time, ok bool, zone string) (time.Time, bool) {
	if !ok {
		return t, false
	}
	switch {
	case zone == "" && c.zone != nil:
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), c.zone).UTC(), true
	case zone == "Z":
		return t, true
	case len(zone) == len("+05:00") && zone[3] == ':':
		return offset(t, zone[0], zone[1:3], zone[4:])
	case len(zone) == len("+0500"):
		return offset(t, zone[0], zone[1:3], zone[3:])
	}
	return t, false
}

func offset(t time.Time, sign byte, hours, minutes string) (time.Time, bool) {
	d := date{ok: true}
	by := time.Duration(d.number(hours))*time.Hour + time.Duration(d.number(minutes))*time.Minute
	if sign == '-' {
		by = -by
	} else if sign != '+' {
		d.ok = false
	}
	return t.Add(-by), d.ok
}

// date gathers whether all its parts could be read.
type date struct{ ok bool }

// number reads digits only.
func (d *date) number(text string) int {
	n := 0
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			d.ok = false
		}
		n = n*10 + int(c)
	}
	return n
}

// at refuses what time.Date would turn into another day.
func (d *date) at(year, month, day int, clock string) time.Time {
	hour, minute, second := d.number(clock[:2]), d.number(clock[3:5]), d.number(clock[6:8])
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if day < 1 || t.Day() != day || hour > 23 || minute > 59 || second > 60 || year < 1990 {
		d.ok = false
	}
	return t
}

func monthOf(name string) time.Month {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for at := 0; at < len(names); at += 3 {
		if names[at:at+3] == name {
			return time.Month(at/3 + 1)
		}
	}
	return 0
}
