package geoip

import (
	"net/netip"

	"mayak/schema/event"
)

// Location is a place as exactly as the databases know it: for security only, which asks about one address at a time and keeps none.
type Location struct {
	event.Place

	Organisation string  // who runs the autonomous system
	Latitude     float64 // of the middle of where the address may be
	Longitude    float64
	AccuracyKM   uint16 // radius around it; 0: no point is known
}

// Locate tells all that the databases know of an address. It decodes records each time, which takes microseconds.
func (p *Places) Locate(address netip.Addr) Location {
	if !address.IsValid() {
		return Location{}
	}
	address = address.Unmap().WithZone("")
	found := Location{Place: p.Place(address)}
	a := p.current.Load()
	if d := a.databases[0]; d != nil {
		record, err := d.geoip.City(address)
		switch {
		case err != nil:
			p.metrics.errors.Inc()
		case record.Location.Latitude != nil && record.Location.Longitude != nil:
			found.Latitude, found.Longitude = *record.Location.Latitude, *record.Location.Longitude
			found.AccuracyKM = max(record.Location.AccuracyRadius, 1)
		}
	}
	if d := a.databases[2]; d != nil {
		record, err := d.geoip.ASN(address)
		if err != nil {
			p.metrics.errors.Inc()
			return found
		}
		found.Organisation = record.AutonomousSystemOrganization
	}
	return found
}
