package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"mayak/aggregator/diagnose"
)

// hit is what one page view told, or one that was not to be.
type hit struct {
	network, country, page, device, browser, protocol uint8

	view           bool
	answered       bool
	failed         bool
	errors         uint8
	unreached      uint8
	ttfb, lcp, inp float32 // ms; 0 is not known
}

// traffic makes a site's minutes, one after the other.
type traffic struct {
	site     *site
	chance   *rand.Rand
	calendar *calendar
	faults   []*fault
	walk     float64 // of the number of visitors: what is not chance alone
	pace     float64 // of the server
	views    int

	networks, countries, pages, devices, browsers, protocols []part
}

// minute makes the hits of one, and reuses the memory that it is given.
func (t *traffic) minute(at time.Time, minute int64, into []hit) []hit {
	for len(t.faults) > 0 && t.faults[0].end <= minute {
		t.faults = t.faults[1:]
	}
	var wrong *fault
	if len(t.faults) > 0 && t.faults[0].start <= minute {
		wrong = t.faults[0]
	}
	t.walk = 0.97*t.walk + 0.03*t.chance.NormFloat64()
	t.pace = 0.95*t.pace + 0.02*t.chance.NormFloat64()
	usual := t.site.usual(at, minute, t.calendar)
	busy := usual / t.site.peak * 5
	speed := t.site.ttfb * (0.9 + 0.2*min(2, busy)) * math.Exp(t.pace)
	if times, ok := t.calendar.blips[minute]; ok {
		speed *= times
	}
	for range t.poisson(usual * math.Exp(t.walk)) {
		h := t.hit(speed)
		if wrong != nil && wrong.meets(&h) {
			t.strike(&h, wrong, minute)
		}
		if h.view {
			t.views++
		}
		into = append(into, h)
	}
	return into
}

func (t *traffic) hit(speed float64) hit {
	c := t.chance
	h := hit{
		network: pick(c, t.networks), country: pick(c, t.countries), page: pick(c, t.pages), device: pick(c, t.devices),
		browser: pick(c, t.browsers), protocol: pick(c, t.protocols), view: true,
	}
	device := t.devices[h.device].slow
	ttfb := speed * t.pages[h.page].slow * t.networks[h.network].slow * t.protocols[h.protocol].slow * math.Exp(0.5*c.NormFloat64())
	if c.Float64() < 0.01 { // heavy tails
		ttfb *= 2 + 10*c.Float64()
	}
	h.ttfb = float32(ttfb)
	if c.Float64() < 0.9 {
		h.lcp = float32(ttfb + 900*device*math.Exp(0.45*c.NormFloat64()))
	}
	if c.Float64() < 0.6 {
		h.inp = float32(70 * device * math.Exp(0.6*c.NormFloat64()))
	}
	h.answered = c.Float64() < 0.9
	h.failed = h.answered && c.Float64() < 0.002
	if c.Float64() < 0.006 {
		h.errors = 1
		if c.Float64() < 0.15 { // a page that goes on failing
			h.errors = uint8(1 + c.IntN(9)) //nolint:gosec // below ten
		}
	}
	if c.Float64() < 0.002 {
		h.unreached = uint8(1 + c.IntN(2)) //nolint:gosec // one or two
	}
	return h
}

// strike does to a hit what is wrong.
func (t *traffic) strike(h *hit, f *fault, minute int64) {
	f.touched++
	switch f.kind {
	case slowNetwork, slowPage, slowAll:
		h.slower(f.size)
	case creeping:
		h.slower(1 + (f.size-1)*min(1, float64(minute-f.start)/float64(f.end-f.start)*1.3))
	case errorBurst:
		if t.chance.Float64() < f.size {
			h.errors += uint8(1 + t.chance.IntN(2)) //nolint:gosec // one or two
		}
	case failPage, failAll:
		if h.answered && t.chance.Float64() < f.size {
			h.failed = true
		}
	case dropped:
		if t.chance.Float64() >= f.size {
			*h = hit{}
		}
	case resolver:
		if t.chance.Float64() >= f.size {
			*h = hit{network: h.network, country: h.country, page: h.page, device: h.device, browser: h.browser, protocol: h.protocol}
			if t.chance.Float64() < 0.7 {
				h.unreached = 1
			}
		}
	}
}

func (h *hit) slower(times float64) {
	more := float32(times-1) * h.ttfb
	h.ttfb += more
	if h.lcp > 0 {
		h.lcp += more
	}
}

// poisson draws how many come when so many come on average.
func (t *traffic) poisson(mean float64) int {
	if mean > 50 {
		return int(max(0, math.Round(mean+math.Sqrt(mean)*t.chance.NormFloat64())))
	}
	limit, product, n := math.Exp(-mean), t.chance.Float64(), 0
	for product > limit {
		product *= t.chance.Float64()
		n++
	}
	return n
}

// numbers adds hits up as the database does.
func numbers(hits []hit, n *diagnose.Numbers) {
	for i := range hits {
		h := &hits[i]
		n.Errors += float64(min(1, h.errors))
		n.Network += float64(min(1, h.unreached))
		if !h.view {
			continue
		}
		n.Views++
		if h.answered {
			n.Answers++
		}
		if h.failed {
			n.Failed++
		}
		for j, ms := range [...]float32{h.ttfb, h.lcp, h.inp} {
			if ms > 0 {
				n.Times[j].Add(float64(ms))
			}
		}
	}
}

// around is what was unusual, and no fault, in the minutes before.
func (t *traffic) around(minute int64) string {
	text := []string{fmt.Sprintf("pace ×%.2f", math.Exp(t.pace))}
	for back := range int64(30) {
		if times, ok := t.calendar.blips[minute-back]; ok {
			text = append(text, fmt.Sprintf("%d min after one minute of ×%.1f", back, times))
		}
	}
	for _, c := range t.calendar.campaigns {
		if minute >= c.start && minute < c.end+120 {
			text = append(text, fmt.Sprintf("%d min into a campaign of ×%.1f for %d min", minute-c.start, c.times, c.end-c.start))
		}
	}
	if day := start().Add(time.Duration(minute) * time.Minute); t.calendar.holidays[day.YearDay()+366*day.Year()] > 0 {
		times := t.calendar.holidays[day.YearDay()+366*day.Year()]
		text = append(text, fmt.Sprintf("on a holiday of ×%.1f", times))
	}
	return "; " + strings.Join(text, ", ")
}
