package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/sites"
)

// Words for what a client made up: nothing that it sent is a label, or shown.
const (
	unknownSite = "(unknown)"
	storedWord  = "stored"
	noType      = "-" // of what was not read, and of decisions
)

// outcomes tells what became of each hit: as counters by site, way in and outcome, which add up to what was received, and live to
// whoever watches. A nil outcomes tells nobody. Safe for concurrent use.
type outcomes struct {
	counters *prometheus.CounterVec
	bySite   map[string]*siteOutcomes
	nobodys  *siteOutcomes

	now      func() time.Time
	watching atomic.Int32
	mu       sync.Mutex
	watchers []*watcher
}

// siteOutcomes are the counters of one site, made as they are needed: most would stay 0.
type siteOutcomes struct {
	site string
	all  sync.Map // of kind to prometheus.Counter
}

type kind struct {
	way    hit.Way
	reason hit.Reason
}

func newOutcomes(known *sites.Sites, now func() time.Time, r prometheus.Registerer) *outcomes {
	o := &outcomes{bySite: map[string]*siteOutcomes{}, nobodys: &siteOutcomes{site: unknownSite}, now: now}
	o.counters = promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "mayak_collector_hits_total", Help: "What became of hits, by site, way in and outcome: stored, or why they were dropped.",
	}, []string{"site", "way", "outcome"})
	for _, site := range known.All() {
		o.bySite[site.ID] = &siteOutcomes{site: site.ID}
	}
	return o
}

// note takes note of one hit.
func (o *outcomes) note(site string, way hit.Way, typed string, reason hit.Reason) {
	if o == nil {
		return
	}
	of := o.bySite[site]
	if of == nil {
		of = o.nobodys
	}
	k := kind{way, reason}
	counter, known := of.all.Load(k)
	if !known {
		counter, _ = of.all.LoadOrStore(k, o.counters.WithLabelValues(of.site, string(way), wordOf(reason)))
	}
	if counter, ok := counter.(prometheus.Counter); ok {
		counter.Inc()
	}
	if o.watching.Load() > 0 {
		o.tell(outcome{At: o.now().UTC(), Site: of.site, Way: string(way), Type: typeOf(typed), Outcome: wordOf(reason)})
	}
}

func wordOf(reason hit.Reason) string {
	if reason == hit.Kept {
		return storedWord
	}
	return string(reason)
}

// typeOf is a type that there is.
func typeOf(text string) string {
	if text == noType {
		return noType
	}
	kind, ok := event.ParseType(text)
	if !ok {
		return unknownSite
	}
	return kind.String()
}

// outcome is what became of one hit, as somebody who watches sees it: nothing of a person is in it.
type outcome struct {
	At      time.Time `json:"at"`
	Site    string    `json:"site"`
	Way     string    `json:"way"`
	Type    string    `json:"type"`
	Outcome string    `json:"outcome"`
	Missed  int       `json:"missed,omitempty"` // hits before this one that came too quickly to be shown
}

// watcher is somebody who watches. Who reads too slowly misses some.
type watcher struct {
	comes  chan outcome
	missed int
}

// watched is how many outcomes wait for who watches.
const watched = 4096

// watch begins to watch; end ends it.
func (o *outcomes) watch() (comes <-chan outcome, end func()) {
	w := &watcher{comes: make(chan outcome, watched)}
	o.mu.Lock()
	o.watchers = append(o.watchers, w)
	o.mu.Unlock()
	o.watching.Add(1)
	return w.comes, func() {
		o.watching.Add(-1)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.watchers = slices.DeleteFunc(o.watchers, func(other *watcher) bool { return other == w })
	}
}

func (o *outcomes) tell(what outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.watchers {
		what.Missed = w.missed
		select {
		case w.comes <- what:
			w.missed = 0
		default:
			w.missed++
		}
	}
}
