package main

import (
	"slices"
	"sort"

	"mayak/aggregator/diagnose"
)

// before is how many minutes are compared with those in which something is wrong.
const before = 120

// since is the first minute in which something is wrong.
func since(f diagnose.Finding, minute int64) int64 {
	return max(minute-60, int64(f.Started.Sub(start()).Minutes()))
}

func (l *life) scale(f diagnose.Finding, minute int64) float64 {
	return float64(minute+1-since(f, minute)) / before
}

// tally is a slice under construction.
type tally struct {
	diagnose.Slice

	now, before []float64
}

// slices counts the hits of the last hours by every dimension, as the database does.
func (l *life) slices(f diagnose.Finding, minute int64, within []diagnose.Cause) (diagnose.Slice, []diagnose.Slice) {
	everybody, all := &tally{}, map[[2]string]*tally{}
	from := since(f, minute)
	for m := max(0, from-before); m <= minute; m++ {
		for i := range l.hits[m%recent] {
			h := &l.hits[m%recent][i]
			values := l.values(h)
			if slices.ContainsFunc(within, func(c diagnose.Cause) bool { return values[c.Dimension] != c.Value }) {
				continue
			}
			everybody.add(f.Signal, h, m >= from, l.detector.Slow(f.Signal))
			for dimension, value := range values {
				key := [2]string{string(dimension), value}
				if all[key] == nil {
					all[key] = &tally{Slice: diagnose.Slice{Dimension: dimension, Value: value}}
				}
				all[key].add(f.Signal, h, m >= from, l.detector.Slow(f.Signal))
			}
		}
	}
	parts := make([]diagnose.Slice, 0, len(all))
	for _, t := range all {
		parts = append(parts, t.done())
	}
	slices.SortFunc(parts, func(a, b diagnose.Slice) int {
		if a.Dimension == b.Dimension {
			return compare(a.Value, b.Value)
		}
		return compare(string(a.Dimension), string(b.Dimension))
	})
	return everybody.done(), parts
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (l *life) values(h *hit) map[diagnose.Dimension]string {
	t := l.traffic
	return map[diagnose.Dimension]string{
		diagnose.ASN: t.networks[h.network].value, diagnose.Country: t.countries[h.country].value, diagnose.Path: t.pages[h.page].value,
		diagnose.Device: t.devices[h.device].value, diagnose.Browser: t.browsers[h.browser].value, diagnose.Protocol: t.protocols[h.protocol].value,
	}
}

func (t *tally) add(s diagnose.Signal, h *hit, now bool, slow float64) {
	cell, times := &t.Before, &t.before
	if now {
		cell, times = &t.Now, &t.now
	}
	count, bad := h.view, 0.0
	switch s {
	case diagnose.TTFB, diagnose.LCP, diagnose.INP:
		ms := float64([...]float32{h.ttfb, h.lcp, h.inp}[s-diagnose.TTFB])
		if count = ms > 0; count {
			*times = append(*times, ms)
		}
		if ms >= slow {
			bad = 1
		}
	case diagnose.Errors:
		bad = float64(min(1, h.errors))
	case diagnose.Network:
		bad = float64(min(1, h.unreached))
	case diagnose.Failures:
		if count = h.answered; h.failed {
			bad = 1
		}
	case diagnose.Views, diagnose.ServerFailures: // no site here has imported logs
	}
	if count {
		cell.Count++
	}
	cell.Bad += bad
}

func (t *tally) done() diagnose.Slice {
	for _, one := range []struct {
		cell  *diagnose.Cell
		times []float64
	}{{&t.Now, t.now}, {&t.Before, t.before}} {
		if n := len(one.times); n > 0 {
			sort.Float64s(one.times)
			one.cell.Value = one.times[n*3/4]
		}
	}
	return t.Slice
}
