package main

import (
	"math/rand/v2"
	"slices"

	"mayak/aggregator/diagnose"
)

// kind is what can go wrong.
type kind string

const (
	slowNetwork kind = "slow for one network"
	slowPage    kind = "slow on one page"
	slowAll     kind = "slow for all"
	creeping    kind = "slowly slower"
	errorBurst  kind = "script errors on one page"
	failPage    kind = "server errors on one page"
	failAll     kind = "server errors for all"
	dropped     kind = "no traffic"
	resolver    kind = "names not resolved in one network"
)

func kinds() []kind {
	return []kind{slowNetwork, slowPage, slowAll, creeping, errorBurst, failPage, failAll, dropped, resolver}
}

// fault is one time that something is wrong: the label.
type fault struct {
	site       string
	kind       kind
	start, end int64 // minutes
	size       float64
	network    int // of networks, or -1
	page       int // of pages, or -1
	touched    int // page views that met it
	detected   int64
	cause      bool // the incident named the right part
}

// signals are those that may tell of it.
func (f *fault) signals() []diagnose.Signal {
	switch f.kind {
	case slowNetwork, slowPage, slowAll, creeping:
		return []diagnose.Signal{diagnose.TTFB, diagnose.LCP}
	case errorBurst:
		return []diagnose.Signal{diagnose.Errors}
	case failPage, failAll:
		return []diagnose.Signal{diagnose.Failures}
	case dropped:
		return []diagnose.Signal{diagnose.Views}
	case resolver:
		return []diagnose.Signal{diagnose.Network, diagnose.Views}
	}
	return nil
}

const (
	quietDays = 10
	apart     = 6 * 60 // minutes from one fault to the next
	enough    = 20     // page views that a fault has to touch to be somebody's
)

// newFaults puts about fifty faults into a year.
func newFaults(chance *rand.Rand, name string, days int) []*fault {
	var all []*fault
	for range max(4, (days-quietDays)/7) {
		f := &fault{site: name, kind: kinds()[chance.IntN(len(kinds()))], network: -1, page: -1, detected: -1}
		day := quietDays + chance.IntN(days-quietDays)
		f.start = int64(day*1440 + chance.IntN(1440))
		if f.kind == slowPage || f.kind == errorBurst || f.kind == failPage { // of a deployment, while people are at work
			f.start = int64(day*1440 + 4*60 + chance.IntN(11*60))
		}
		f.end = f.start + 20 + int64(chance.IntN(160))
		switch f.kind {
		case slowNetwork:
			f.network, f.size = chance.IntN(4), 3+3*chance.Float64()
		case slowPage:
			f.page, f.size = chance.IntN(4), 3+3*chance.Float64()
		case slowAll:
			f.size = 2 + 3*chance.Float64()
		case creeping:
			f.size = 2.5 + 2*chance.Float64()
			f.end = f.start + 90 + int64(chance.IntN(150))
		case errorBurst:
			f.page, f.size = chance.IntN(5), 0.5+0.5*chance.Float64()
		case failPage:
			f.page, f.size = chance.IntN(5), 0.3+0.6*chance.Float64()
		case failAll:
			f.size = 0.1 + 0.7*chance.Float64()
		case dropped:
			f.size = 0.15 * chance.Float64()
		case resolver:
			f.network, f.size = chance.IntN(4), 0.1
		}
		if !slices.ContainsFunc(all, func(o *fault) bool { return f.start < o.end+apart && o.start < f.end+apart }) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *fault) int { return int(a.start - b.start) })
	return all
}

// meets tells whether the fault concerns a visitor.
func (f *fault) meets(h *hit) bool {
	return (f.network < 0 || int(h.network) == f.network) && (f.page < 0 || int(h.page) == f.page)
}

// named tells whether a cause is the fault's own. Of a fault that all meet, none is right.
func (f *fault) named(causes []diagnose.Cause) bool {
	switch {
	case f.network >= 0:
		return slices.ContainsFunc(causes, func(c diagnose.Cause) bool {
			return c.Dimension == diagnose.ASN && c.Value == networks()[f.network].value
		})
	case f.page >= 0:
		return slices.ContainsFunc(causes, func(c diagnose.Cause) bool {
			return (c.Dimension == diagnose.Path || c.Dimension == diagnose.Section) && c.Value == pages()[f.page].value
		})
	}
	return len(causes) == 0
}
