package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// site is one synthetic site.
type site struct {
	name    string
	zone    string
	peak    float64 // page views in five minutes of a busy hour
	ttfb    float64 // ms, in the middle
	weekend float64 // times a working day
	growth  float64 // a week
}

func everySite() []site {
	return []site{
		{"clinic", "Asia/Almaty", 400, 180, 0.5, 1.004},
		{"news", "Asia/Almaty", 900, 90, 1.1, 1.002},
		{"shop", "Europe/Moscow", 220, 260, 1.3, 1.008},
		{"school", "Asia/Tashkent", 110, 350, 0.3, 0.999},
		{"office", "Europe/Berlin", 45, 140, 0.25, 1.003},
	}
}

// hours is how busy each hour of a site's day is.
func hours() [24]float64 {
	return [...]float64{.22, .14, .09, .07, .06, .08, .14, .28, .5, .72, .88, .95, .93, .9, .92, .94, .93, .9, .92, .97, 1, .9, .65, .4}
}

// part is a value of a dimension with its part of the visitors and what it does to times.
type part struct {
	value string
	share float64
	slow  float64
}

func networks() []part {
	return []part{{"9198", .34, 1}, {"21299", .22, 1.2}, {"29355", .15, 1.1}, {"50482", .11, 1}, {"13238", .07, 1.3}, {"8359", .06, 1.4}, {"15169", .05, 1.2}}
}

func countries() []part { return []part{{"KZ", .82, 1}, {"RU", .13, 1}, {"US", .05, 1}} }

func pages() []part {
	return []part{{"/", .3, 1}, {"/booking", .2, 1.3}, {"/doctors", .16, 1.1}, {"/prices", .13, 1}, {"/news/today", .11, .9}, {"/contacts", .06, .8}, {"/about", .04, .8}}
}

func devices() []part {
	return []part{{"mobile", .68, 1.4}, {"desktop", .29, .8}, {"tablet", .03, 1.2}}
}
func browsers() []part  { return []part{{"Chrome", .6, 1}, {"Safari", .24, 1}, {"Yandex", .16, 1}} }
func protocols() []part { return []part{{"h2", .55, 1}, {"h3", .35, .9}, {"http/1.1", .1, 1.2}} }

func pick(chance *rand.Rand, of []part) uint8 {
	at := chance.Float64()
	for i := range of {
		if at -= of[i].share; at < 0 {
			return uint8(i)
		}
	}
	return 0
}

// calendar is what a site's year has beside its hours and weeks, none of which is a fault.
type calendar struct {
	holidays  map[int]float64 // by day: how many come
	campaigns []campaign
	blips     map[int64]float64 // by minute: short slowness
}

type campaign struct {
	start, end int64 // minutes
	times      float64
}

func newCalendar(chance *rand.Rand, days int) *calendar {
	c := &calendar{holidays: map[int]float64{}, blips: map[int64]float64{}}
	for range max(1, days*14/365) {
		day := start().AddDate(0, 0, chance.IntN(days))
		c.holidays[day.YearDay()+366*day.Year()] = 0.35 + 0.4*chance.Float64()
	}
	for range max(1, days*24/365) {
		start := int64(chance.IntN(days * 1440))
		c.campaigns = append(c.campaigns, campaign{start, start + 60 + int64(chance.IntN(2*1440)), 1.6 + chance.Float64()})
	}
	for range days / 2 {
		c.blips[int64(chance.IntN(days*1440))] = 1.5 + chance.Float64()
	}
	return c
}

// usual is how many page views a minute has on average, without faults.
func (s *site) usual(at time.Time, minute int64, c *calendar) float64 {
	of := hours()
	hour, share := at.Hour(), float64(at.Minute())/60
	level := of[hour]*(1-share) + of[(hour+1)%24]*share
	if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
		level *= s.weekend
	}
	if times, ok := c.holidays[at.YearDay()+366*at.Year()]; ok {
		level *= times
	}
	for _, one := range c.campaigns {
		if minute >= one.start && minute < one.end {
			level *= one.times
		}
	}
	return s.peak / 5 * level * math.Pow(s.growth, float64(minute/1440)/7)
}
