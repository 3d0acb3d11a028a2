package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"mayak/aggregator/diagnose"
)

// alarm is an incident of the detector, and the fault that it tells of, if there is one.
type alarm struct {
	*diagnose.Incident

	minute int64
	fault  *fault
}

// result is what an evaluation found.
type result struct {
	faults []*fault
	alarms []*alarm
	views  int
}

// start of every synthetic year.
func start() time.Time { return time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC) }

// evaluate lives through the days of every site, two at once.
func evaluate(seed uint64, days int, sites []site) *result {
	total := &result{}
	var mu sync.Mutex
	var running sync.WaitGroup
	room := make(chan struct{}, 2)
	for i := range sites {
		running.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			r := live(seed*1000+uint64(i), days, &sites[i]) //nolint:gosec // a handful of sites
			mu.Lock()
			defer mu.Unlock()
			total.faults = append(total.faults, r.faults...)
			total.alarms = append(total.alarms, r.alarms...)
			total.views += r.views
		})
	}
	running.Wait()
	slices.SortFunc(total.faults, func(a, b *fault) int { return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.start, b.start)) })
	slices.SortFunc(total.alarms, func(a, b *alarm) int { return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.minute, b.minute)) })
	return total
}

// recent is for how many minutes hits are kept, to explain what is found.
const recent = 240

// life is one site with its detector.
type life struct {
	site     *site
	zone     *time.Location
	detector *diagnose.Detector
	windows  []diagnose.Window
	current  diagnose.Numbers
	hits     [recent][]hit
	traffic  *traffic
	faults   []*fault
	alarms   []*alarm
}

func live(seed uint64, days int, s *site) *result {
	chance := rand.New(rand.NewPCG(seed, 7))
	zone, err := time.LoadLocation(s.zone)
	if err != nil {
		panic(err) // the zones above are built in
	}
	faults := newFaults(chance, s.name, days)
	l := &life{
		site: s, zone: zone, detector: diagnose.NewDetector(zone), faults: faults,
		traffic: &traffic{
			site: s, chance: chance, calendar: newCalendar(chance, days), faults: slices.Clone(faults),
			networks: networks(), countries: countries(), pages: pages(), devices: devices(), browsers: browsers(), protocols: protocols(),
		},
	}
	for minute := range int64(days * 1440) {
		l.minute(minute)
	}
	return &result{faults: faults, alarms: l.alarms, views: l.traffic.views}
}

func (l *life) minute(minute int64) {
	at := start().Add(time.Duration(minute) * time.Minute)
	place := minute % recent
	l.hits[place] = l.traffic.minute(at.In(l.zone), minute, l.hits[place][:0])
	var n diagnose.Numbers
	numbers(l.hits[place], &n)
	if slot := diagnose.Slot(at); l.detector.Slot() != slot {
		l.detector.Remember(slot, diagnose.Past(slot, l.zone, l.known(slot)))
	}
	l.detector.Minute(at, &n)
	for _, f := range l.detector.Look(at.Add(time.Minute)) {
		if f.Change == diagnose.Opened {
			l.alarm(f, minute)
		}
	}
	numbers(l.hits[place], &l.current)
	if minute%5 == 4 {
		l.windows = append(l.windows, diagnose.Window{Start: at.Add(-4 * time.Minute), Readings: l.current.Read()})
		l.current = diagnose.Numbers{}
	}
}

// known are the windows that a slot may be compared with.
func (l *life) known(slot diagnose.Span) (known []diagnose.Window) {
	for _, spans := range diagnose.Alike(slot, l.zone) {
		for _, span := range spans {
			first := int(span.Start.Sub(start()) / diagnose.Step)
			for i := max(0, first); i < min(len(l.windows), first+40) && l.windows[i].Start.Before(span.End); i++ {
				known = append(known, l.windows[i])
			}
		}
	}
	return known
}

// late is how long after a fault an incident may still tell of it, in minutes.
const late = 15

func (l *life) alarm(f diagnose.Finding, minute int64) {
	causes, _ := diagnose.Causes(f.Signal, l.scale(f, minute), func(within []diagnose.Cause) (diagnose.Slice, []diagnose.Slice, error) {
		everybody, parts := l.slices(f, minute, within)
		return everybody, parts, nil
	})
	a := &alarm{Incident: diagnose.NewIncident(l.site.name, l.zone, f, causes), minute: minute}
	for _, one := range l.faults {
		if minute >= one.start && minute < one.end+late && slices.Contains(one.signals(), f.Signal) {
			a.fault = one
			if one.detected < 0 {
				one.detected, one.cause = minute+1, one.named(causes)
			}
		}
	}
	if a.fault == nil {
		a.Text += l.traffic.around(minute)
	}
	l.alarms = append(l.alarms, a)
}
