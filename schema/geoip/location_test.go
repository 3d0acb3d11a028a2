package geoip

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"mayak/schema/event"
)

func TestALocationHasAPointWhereTheDatabasesKnowOne(t *testing.T) {
	dir := t.TempDir()
	almaty := cityRecord("KZ", "75", "Almaty")
	almaty["location"] = record{"latitude": mmdbtype.Float64(43.25), "longitude": mmdbtype.Float64(76.95), "accuracy_radius": mmdbtype.Uint16(20)}
	writeDatabase(t, filepath.Join(dir, "city.mmdb"), "GeoLite2-City", 1_700_000_000, map[string]record{
		"2.132.0.0/16": almaty, "95.56.0.0/24": cityRecord("KZ", "", ""),
	})
	asnDatabase(t, filepath.Join(dir, "asn.mmdb"))
	p, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]Location{
		"2.132.0.1": {
			Place:        event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, NetworkKind: ISP},
			Organisation: "JSC Kazakhtelecom", Latitude: 43.25, Longitude: 76.95, AccuracyKM: 20,
		},
		"95.56.0.9": {Place: event.Place{Country: "KZ"}},
		"8.8.8.8":   {Place: event.Place{ASN: 15169, NetworkKind: Hosting}, Organisation: "Google LLC"},
		"192.0.2.1": {},
	} {
		if diff := cmp.Diff(want, p.Locate(netip.MustParseAddr(address))); diff != "" {
			t.Errorf("Locate(%s) (-want +got):\n%s", address, diff)
		}
	}
	if got := p.Locate(netip.Addr{}); got != (Location{}) {
		t.Errorf("Locate of no address = %+v", got)
	}
}
