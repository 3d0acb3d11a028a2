package geoip

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/schema/event"
)

func TestPlace(t *testing.T) {
	dir := t.TempDir()
	cityDatabase(t, filepath.Join(dir, "city.mmdb"))
	asnDatabase(t, filepath.Join(dir, "asn.mmdb"))
	writeDatabase(t, filepath.Join(dir, "country.mmdb"), "DBIP-Country-Lite", 1_700_000_000, map[string]record{
		"8.8.8.0/24": cityRecord("US", "", ""), "2.132.0.0/16": cityRecord("RU", "", ""),
	})
	l, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, address string
		want          event.Place
	}{
		{"city, region, country and asn", "2.132.0.1", event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, NetworkKind: "isp"}},
		{"again, from the cache", "2.132.200.1", event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, NetworkKind: "isp"}},
		{"IPv4 in IPv6", "::ffff:2.132.0.1", event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, NetworkKind: "isp"}},
		{"country without a city", "95.56.0.9", event.Place{Country: "KZ"}},
		{"IPv6", "2a03:32c0::1", event.Place{Country: "KZ", Region: "71", City: "Astana"}},
		{"the country database knows what the city database does not", "8.8.8.8", event.Place{Country: "US", ASN: 15169, NetworkKind: "hosting"}},
		{"anycast has no country", "9.9.9.9", event.Place{}},
		{"unknown", "192.0.2.1", event.Place{}},
		{"zone", "fe80::1%eth0", event.Place{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // the second answer comes from the cache
				if diff := cmp.Diff(tt.want, l.Place(netip.MustParseAddr(tt.address))); diff != "" {
					t.Errorf("Place(%s) (-want +got):\n%s", tt.address, diff)
				}
			}
		})
	}
	if got := l.Place(netip.Addr{}); got != (event.Place{}) {
		t.Errorf("Place of no address = %+v", got)
	}
}

func TestWithoutDatabasesPlacesAreEmptyAndOneWarningSaysSo(t *testing.T) {
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	l, err := New(Options{
		Directory: filepath.Join(t.TempDir(), "none"), Log: slog.New(slog.NewTextHandler(&log, nil)), Registerer: registry, Metrics: "mayak_collector_enrich_geoip",
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := l.Place(netip.MustParseAddr("2.132.0.1")); got != (event.Place{}) {
			t.Errorf("Place = %+v, want nothing", got)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings, want 1:\n%s", n, log.String())
	}
	want := `
# HELP mayak_collector_enrich_geoip_databases GeoIP databases in use, by kind; 0 leaves the kind's columns empty.
# TYPE mayak_collector_enrich_geoip_databases gauge
mayak_collector_enrich_geoip_databases{kind="asn"} 0
mayak_collector_enrich_geoip_databases{kind="city"} 0
mayak_collector_enrich_geoip_databases{kind="country"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "mayak_collector_enrich_geoip_databases"); err != nil {
		t.Error(err)
	}
}

func TestBadDatabasesAreRefusedClearly(t *testing.T) {
	dir := t.TempDir()
	asn, damaged, whole := filepath.Join(dir, "a.mmdb"), filepath.Join(dir, "d.mmdb"), filepath.Join(dir, "c.mmdb")
	asnDatabase(t, asn)
	cityDatabase(t, whole)
	bytes, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged, bytes[:len(bytes)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		options Options
		want    string
	}{
		{"another kind", Options{CityFile: asn}, "is a asn database (GeoLite2-ASN), but a city database was asked for"},
		{"cut in two", Options{CityFile: damaged}, "is damaged or no MaxMind DB file"},
		{"missing", Options{CountryFile: filepath.Join(dir, "none.mmdb")}, "no such file"},
		{"damaged in the directory", Options{Directory: dir}, "is damaged or no MaxMind DB file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := New(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestDamageInTheMiddleOfADatabaseIsSeenWhenItIsOpened(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "asn.mmdb")
	networks := map[string]record{}
	for i := range 256 {
		networks["10."+strconv.Itoa(i)+".0.0/16"] = asnRecord(uint32(i), strconv.Itoa(i)) // damage inside a long text would only be another text
	}
	writeDatabase(t, path, "GeoLite2-ASN", 1_700_000_000, networks)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for part := 1; part < 9; part++ { // the last tenth is the metadata
		damaged := bytes.Clone(whole)
		at := len(damaged) * part / 10
		clear(damaged[at : at+64]) // a hole, as a copy that was broken off leaves
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Directory: dir}); err == nil || !strings.Contains(err.Error(), "asn.mmdb is damaged") {
			t.Errorf("damaged at %d of %d bytes: %v", at, len(damaged), err)
		}
	}
}

func TestAPlaceSeenBeforeCostsNoAllocation(t *testing.T) {
	dir := t.TempDir()
	cityDatabase(t, filepath.Join(dir, "city.mmdb"))
	asnDatabase(t, filepath.Join(dir, "asn.mmdb"))
	l, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	address := netip.MustParseAddr("2.132.0.1")
	l.Place(address)
	if got := testing.AllocsPerRun(1000, func() { l.Place(address) }); got >= 1 {
		t.Errorf("%v allocations a look-up, want none", got)
	}
}

func TestDatabaseThatTellsNoPlaceIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	writeDatabase(t, filepath.Join(dir, "x.mmdb"), "GeoIP2-Domain", 1, map[string]record{"2.132.0.0/16": {}})
	writeDatabase(t, filepath.Join(dir, "y.mmdb"), "Something-Else", 1, map[string]record{"2.132.0.0/16": {}})
	asnDatabase(t, filepath.Join(dir, "z.mmdb"))
	l, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Place(netip.MustParseAddr("8.8.8.8")); got.ASN != 15169 {
		t.Errorf("Place = %+v", got)
	}
}

func TestChangedFilesAreReloadedAndBadOnesChangeNothing(t *testing.T) {
	dir := t.TempDir()
	asn := filepath.Join(dir, "asn.mmdb")
	address := netip.MustParseAddr("8.8.8.8")
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		l, err := New(Options{Directory: dir, Poll: time.Second, Registerer: registry})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = l.Run(t.Context()) }()
		expect := func(step string, want uint32) {
			t.Helper()
			time.Sleep(1100 * time.Millisecond) //nolint:forbidigo // the bubble's clock, which jumps
			synctest.Wait()
			if got := l.Place(address).ASN; got != want {
				t.Errorf("%s: asn = %d, want %d", step, got, want)
			}
		}
		expect("no file", 0)
		asnDatabase(t, asn)
		expect("the file came", 15169)
		writeDatabase(t, asn, "GeoLite2-ASN", 1_800_000_000, map[string]record{"8.0.0.0/8": asnRecord(7, "")})
		expect("the file was replaced", 7)
		if err := os.WriteFile(asn, []byte("half a file"), 0o600); err != nil {
			t.Fatal(err)
		}
		expect("the file is damaged", 7)
		if got := testutil.ToFloat64(l.metrics.reloads.WithLabelValues(reloadRefused)); got != 1 {
			t.Errorf("%v reloads refused, want 1", got)
		}
		if err := os.Remove(asn); err != nil {
			t.Fatal(err)
		}
		expect("the file went", 0)
	})
}

func BenchmarkPlace(b *testing.B) {
	dir := b.TempDir()
	cityDatabase(b, filepath.Join(dir, "city.mmdb"))
	asnDatabase(b, filepath.Join(dir, "asn.mmdb"))
	l, err := New(Options{Directory: dir})
	if err != nil {
		b.Fatal(err)
	}
	address := netip.MustParseAddr("2.132.0.1")
	b.ReportAllocs()
	for b.Loop() {
		l.Place(address)
	}
}

// TestKnownPlaces asks the databases that scripts/geoip has put into the user's cache for addresses that everybody knows.
func TestKnownPlaces(t *testing.T) {
	directory := filepath.Join(cacheDir(t), "geoip")
	l, err := New(Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	if a := l.current.Load(); a.databases[2] == nil || a.databases[0] == nil && a.databases[1] == nil {
		missing(t, "the databases are not there; `make geoip` makes them")
	}
	for _, tt := range []struct {
		address, country, network string
		asn                       []uint32
	}{
		{"2.132.0.1", "KZ", ISP, []uint32{9198, 50482}},
		{"95.56.0.1", "KZ", ISP, []uint32{9198, 50482}},
		{"178.88.0.1", "KZ", ISP, []uint32{9198, 50482}},
		{"92.46.0.1", "KZ", ISP, []uint32{9198, 50482}},
		{"37.99.0.1", "KZ", Mobile, []uint32{21299}},
		{"5.34.0.1", "KZ", Mobile, []uint32{21299}},
		{"2a03:32c0::1", "KZ", Mobile, []uint32{29555}},
		{"77.88.55.88", "RU", Hosting, []uint32{13238}},
		{"2a02:6b8::2:242", "RU", Hosting, []uint32{13238}},
		{"8.8.8.8", "US", Hosting, []uint32{15169}},
	} {
		got := l.Place(netip.MustParseAddr(tt.address))
		if got.Country != tt.country || !slices.Contains(tt.asn, got.ASN) || got.NetworkKind != tt.network {
			t.Errorf("Place(%s) = %+v, want %s, %s, one of %v", tt.address, got, tt.country, tt.network, tt.asn)
		}
	}
}

// TestKnownCities asks GeoLite2 City, which only an operator's order brings, so it is skipped without.
func TestKnownCities(t *testing.T) {
	l, err := New(Options{Directory: filepath.Join(cacheDir(t), "geoip")})
	if err != nil {
		t.Fatal(err)
	}
	if l.current.Load().databases[0] == nil {
		t.Skip("the city database is not there; `make geoip-city` fetches it for who accepts its terms")
	}
	for address, want := range map[string]event.Place{
		"95.56.0.1":     {Country: "KZ", Region: "75", City: "Almaty"},
		"178.88.0.1":    {Country: "KZ", Region: "75", City: "Almaty"},
		"217.76.64.1":   {Country: "KZ", Region: "75", City: "Almaty"},
		"2a03:32c0::1":  {Country: "KZ", Region: "75", City: "Almaty"},
		"212.154.224.1": {Country: "KZ", Region: "71", City: "Astana"},
		"82.200.165.1":  {Country: "KZ", Region: "71", City: "Astana"},
		"62.84.32.1":    {Country: "KZ", Region: "71", City: "Astana"},
		"77.88.55.88":   {Country: "RU"},
	} {
		got := l.Place(netip.MustParseAddr(address))
		got.ASN, got.NetworkKind = 0, "" // of another database
		if got != want {
			t.Errorf("Place(%s) = %+v, want %+v", address, got, want)
		}
	}
}

func TestLookUpsGoOnWhileFilesAreReloaded(t *testing.T) {
	dir := t.TempDir()
	asnDatabase(t, filepath.Join(dir, "asn.mmdb"))
	l, err := New(Options{Directory: dir})
	if err != nil {
		t.Fatal(err)
	}
	var looking sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		looking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := l.Place(netip.MustParseAddr("8.8.8.8")).ASN; got == 0 {
					t.Error("a place was lost while the file was reloaded")
					return
				}
			}
		})
	}
	for i := range 20 {
		writeDatabase(t, filepath.Join(dir, "asn.mmdb"), "GeoLite2-ASN", int64(i+1), map[string]record{
			"8.8.8.0/24": asnRecord(uint32(i+1), ""),
		})
		l.seen = nil // the file system's clock may not have moved
		l.reload()
	}
	close(done)
	looking.Wait()
	if got := l.Place(netip.MustParseAddr("8.8.8.8")).ASN; got != 20 {
		t.Errorf("asn = %d after the last reload, want 20", got)
	}
}
