// Package geoip tells where an address is and whose network it is in, from MaxMind DB files that the operator has put into a folder.
//
// All files may be missing: what none tells stays empty, and an unknown country is no error. They are read into memory, looked
// at again every few seconds, and one that is damaged changes nothing. No address is kept: what is remembered are the places of networks.
// Safe for concurrent use.
package geoip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/schema/event"
)

// Options say where the GeoIP databases are. All of them may be missing; a file that is named must be there.
type Options struct {
	Directory   string // every *.mmdb in it counts; it may be missing
	CityFile    string // GeoLite2, GeoIP2 or DB-IP; named files win over the directory's
	CountryFile string
	ASNFile     string

	CacheSize int           // places that are remembered; 0 is 10,000
	Poll      time.Duration // how often the files are looked at; 0 is 10 seconds

	Log        *slog.Logger
	Registerer prometheus.Registerer // nil registers nothing
	Metrics    string                // what the names of its metrics begin with, as "mayak_collector_enrich_geoip"
}

// Places looks addresses up in the newest databases that could be opened.
type Places struct {
	options Options
	metrics *metrics
	current atomic.Pointer[atlas]
	seen    map[string]stamp // owned by Run
}

// atlas is one opened set of databases; it never changes, a reload makes another.
type atlas struct {
	databases [3]*database // by kinds(); nil is none
	networks  *networkIndex
	near      nearby
	cache     *otter.Cache[placeKey, *event.Place]
}

// placeKey names one place: the records that the databases hold for an address. Many addresses share them.
type placeKey [3]uintptr

// New opens the databases. It starts nothing: Run watches the files.
func New(o Options) (*Places, error) {
	if o.CacheSize <= 0 {
		o.CacheSize = 10_000
	}
	if o.Poll <= 0 {
		o.Poll = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Places{options: o, metrics: newMetrics(o.Registerer, o.Metrics), seen: o.stamps()}
	found, err := o.open()
	if err != nil {
		return nil, err
	}
	if err := p.use(found); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		o.Log.Warn("no geoip database; country, region, city and asn stay empty", "directory", o.Directory)
	}
	return p, nil
}

func (p *Places) use(found map[kind]*database) error {
	cache, err := otter.New(&otter.Options[placeKey, *event.Place]{MaximumSize: p.options.CacheSize})
	if err != nil {
		return fmt.Errorf("make the cache of places: %w", err)
	}
	a := &atlas{cache: cache, networks: newNetworkIndex()}
	for i, k := range kinds() {
		a.databases[i] = found[k]
		built, there := 0.0, 0.0
		if d := found[k]; d != nil {
			built, there = float64(d.built().Unix()), 1
			p.options.Log.Info("geoip database in use", "kind", k, "file", d.path,
				"type", d.tree.Metadata.DatabaseType, "built", d.built().UTC())
		}
		p.metrics.databases.WithLabelValues(string(k)).Set(there)
		p.metrics.built.WithLabelValues(string(k)).Set(built)
	}
	p.current.Store(a)
	return nil
}

// Run reloads the databases whenever their files change, until ctx ends.
func (p *Places) Run(ctx context.Context) error {
	ticker := time.NewTicker(p.options.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			p.reload()
		}
	}
}

// reload opens the files again when one has changed. A file that is refused is tried again once it changes:
// it may have been looked at while it was being written.
func (p *Places) reload() {
	now := p.options.stamps()
	if maps.Equal(now, p.seen) {
		return
	}
	p.seen = now
	found, err := p.options.open()
	if err == nil {
		err = p.use(found)
	}
	if err != nil {
		p.metrics.reloads.WithLabelValues(reloadRefused).Inc()
		p.options.Log.Error("geoip databases not reloaded, the ones before stay in use", "err", err)
		return
	}
	p.metrics.reloads.WithLabelValues(reloadTaken).Inc()
}

// Place tells where the address is; Network stays empty.
func (p *Places) Place(address netip.Addr) event.Place {
	if !address.IsValid() {
		return event.Place{}
	}
	address = address.Unmap().WithZone("")
	a := p.current.Load()
	network := networkOf(address)
	if place := a.near.get(network); place != nil {
		return *place
	}
	place, whole := p.find(a, address)
	if whole {
		a.near.put(network, place)
	}
	return *place
}

// find asks the databases, and tells whether the address's whole network is in that place.
func (p *Places) find(a *atlas, address netip.Addr) (place *event.Place, whole bool) {
	var key placeKey
	known := false
	whole = true
	for i, d := range a.databases {
		if d == nil {
			continue
		}
		result := d.tree.Lookup(address)
		whole = whole && result.Err() == nil && coversNetwork(result.Prefix(), address)
		if result.Found() {
			key[i] = result.Offset() + 1 // 0 is "no record"
			known = true
		}
	}
	if !known {
		return new(event.Place), whole
	}
	if place, ok := a.cache.GetIfPresent(key); ok {
		return place, whole
	}
	read, err := a.read(address, key)
	if err != nil {
		p.metrics.errors.Inc()
		return &read, false
	}
	a.cache.Set(key, &read)
	return &read, whole
}

// read decodes the records of an address. What one database cannot tell the others still may.
func (a *atlas) read(address netip.Addr, key placeKey) (event.Place, error) {
	var place event.Place
	var problems []error
	if d := a.databases[0]; d != nil && key[0] != 0 {
		problems = append(problems, d.addCity(&place, address))
	}
	if d := a.databases[1]; d != nil && key[1] != 0 && place.Country == "" {
		problems = append(problems, d.addCountry(&place, address))
	}
	if d := a.databases[2]; d != nil && key[2] != 0 {
		problems = append(problems, d.addASN(&place, address, a.networks))
	}
	return place, errors.Join(problems...)
}

func (d *database) addCity(place *event.Place, address netip.Addr) error {
	record, err := d.geoip.City(address)
	if err != nil {
		return err
	}
	place.Country = record.Country.ISOCode
	place.City = record.City.Names.English
	if len(record.Subdivisions) > 0 {
		place.Region = record.Subdivisions[0].ISOCode
	}
	return nil
}

func (d *database) addCountry(place *event.Place, address netip.Addr) error {
	record, err := d.geoip.Country(address)
	if err != nil {
		return err
	}
	place.Country = record.Country.ISOCode
	return nil
}

func (d *database) addASN(place *event.Place, address netip.Addr, networks *networkIndex) error {
	record, err := d.geoip.ASN(address)
	if err != nil {
		return err
	}
	place.ASN = uint32(record.AutonomousSystemNumber) //nolint:gosec // an AS number has 32 bits.
	place.NetworkKind = networks.kind(record.AutonomousSystemOrganization)
	return nil
}
