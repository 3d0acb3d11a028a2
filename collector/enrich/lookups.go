// Package enrich tells what a hit means: the browser, the system and the device behind a user agent and its client
// hints, whether a person is there at all, the place of an address, and the channel that a visit came through.
//
// Lookups answers the privacy gate, which alone holds raw values; Enricher completes what the gate has cleared.
// Neither keeps a string that it was given: cache keys are cloned and live in memory only. Both are safe for
// concurrent use. What an agent or an address does not tell stays empty: an unknown country is no error.
//
// An agent is read in one order: mssola/useragent first, then the layer that mends it (browser.go, system.go, model.go,
// hints.go, device.go, bot.go), each file over a table of its own (table_*.go). README.md says what names come out.
package enrich

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/geoip"
)

// Options say where the GeoIP databases are. All of them may be missing; a file that is named must be there.
type Options struct {
	Directory   string // every *.mmdb in it counts; it may be missing
	CityFile    string // GeoLite2, GeoIP2 or DB-IP; named files win over the directory's
	CountryFile string
	ASNFile     string

	CacheSize int           // entries of the agents' and of the places' cache; 0 is 10,000
	Poll      time.Duration // how often the files are looked at; 0 is 10 seconds

	Log        *slog.Logger
	Registerer prometheus.Registerer // nil registers nothing
}

// Lookups turns an agent and an address into what may be known of them.
type Lookups struct {
	agents *agents
	places *geoip.Places
}

// NewLookups opens the databases. It starts nothing: Run watches the files.
func NewLookups(o Options) (*Lookups, error) {
	if o.CacheSize <= 0 {
		o.CacheSize = 10_000
	}
	places, err := geoip.New(geoip.Options{
		Directory: o.Directory, CityFile: o.CityFile, CountryFile: o.CountryFile, ASNFile: o.ASNFile,
		CacheSize: o.CacheSize, Poll: o.Poll, Log: o.Log, Registerer: o.Registerer, Metrics: "mayak_collector_enrich_geoip",
	})
	if err != nil {
		return nil, err
	}
	return &Lookups{agents: newAgents(o.CacheSize, newMetrics(o.Registerer)), places: places}, nil
}

// Run reloads the databases whenever their files change, until ctx ends.
func (l *Lookups) Run(ctx context.Context) error { return l.places.Run(ctx) }

// Agent tells what the hit's user agent, client hints, touch points and webdriver flag say.
func (l *Lookups) Agent(h *hit.Hit) event.Agent { return l.agents.agent(h) }

// Place tells where the address is; Network stays empty.
func (l *Lookups) Place(address netip.Addr) event.Place { return l.places.Place(address) }
