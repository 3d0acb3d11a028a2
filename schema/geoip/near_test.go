package geoip

import (
	"net/netip"
	"path/filepath"
	"testing"
)

// A network is remembered as a whole only where the databases tell the same of all its addresses.
func TestNeighboursInPlacesOfTheirOwnAreToldApart(t *testing.T) {
	dir := t.TempDir()
	writeDatabase(t, filepath.Join(dir, "city.mmdb"), "GeoLite2-City", 1_700_000_000, map[string]record{
		"2.132.7.0/25": cityRecord("KZ", "75", "Almaty"), "2.132.7.128/25": cityRecord("KZ", "71", "Astana"), "2.132.8.0/22": cityRecord("KZ", "75", "Almaty"),
		"2a00:db8:1:2::/64": cityRecord("KZ", "71", "Astana"), "2a00:db8:1:3::/64": cityRecord("KZ", "75", "Almaty"), "2a00:db8:2::/47": cityRecord("KZ", "75", "Almaty"),
	})
	l, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for address, city := range map[string]string{
			"2.132.7.1": "Almaty", "2.132.7.127": "Almaty", "2.132.7.128": "Astana", "2.132.7.255": "Astana", "2.132.8.1": "Almaty", "2.132.8.2": "Almaty",
			"2.133.0.1": "", "2.133.0.2": "", "2a00:db8:1:2::1": "Astana", "2a00:db8:1:3::1": "Almaty", "2a00:db8:2::1": "Almaty", "2a00:db9::1": "",
		} {
			if got := l.Place(netip.MustParseAddr(address)).City; got != city {
				t.Errorf("%s is in %q, want %q", address, got, city)
			}
		}
	}
	near := &l.current.Load().near
	for network, remembered := range map[string]bool{"2.132.7.1": false, "2.132.8.1": true, "2.133.0.1": true, "2a00:db8:1:2::1": false, "2a00:db8:2::1": true} {
		if got := near.get(networkOf(netip.MustParseAddr(network))) != nil; got != remembered {
			t.Errorf("the network of %s is remembered: %t", network, got)
		}
	}
}
