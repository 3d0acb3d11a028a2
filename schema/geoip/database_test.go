package geoip

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"
)

// record is what a test puts into a database for a network.
type record = mmdbtype.Map

func cityRecord(country, region, city string) record {
	r := record{"country": record{"iso_code": mmdbtype.String(country)}}
	if region != "" {
		r["subdivisions"] = mmdbtype.Slice{record{"iso_code": mmdbtype.String(region)}}
	}
	if city != "" {
		r["city"] = record{"names": record{"en": mmdbtype.String(city), "ru": mmdbtype.String("город")}}
	}
	return r
}

func asnRecord(number uint32, organisation string) record {
	return record{
		"autonomous_system_number": mmdbtype.Uint32(number), "autonomous_system_organization": mmdbtype.String(organisation),
	}
}

// writeDatabase writes a small database and moves it into its place as an operator's tool would.
func writeDatabase(tb testing.TB, path, databaseType string, built int64, records map[string]record) {
	tb.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: databaseType, BuildEpoch: built, RecordSize: 24, IncludeReservedNetworks: true,
		Languages: []string{"en"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	for network, r := range records {
		if err := tree.Insert(netipx.PrefixIPNet(netip.MustParsePrefix(network)), r); err != nil {
			tb.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path+".new", b.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		tb.Fatal(err)
	}
}

func cityDatabase(tb testing.TB, path string) {
	tb.Helper()
	writeDatabase(tb, path, "GeoLite2-City", 1_700_000_000, map[string]record{
		"2.132.0.0/16":   cityRecord("KZ", "75", "Almaty"),
		"95.56.0.0/24":   cityRecord("KZ", "", ""),
		"9.9.9.0/24":     {"registered_country": record{"iso_code": mmdbtype.String("US")}},
		"2a03:32c0::/32": cityRecord("KZ", "71", "Astana"),
	})
}

func asnDatabase(tb testing.TB, path string) {
	tb.Helper()
	writeDatabase(tb, path, "GeoLite2-ASN", 1_700_000_000, map[string]record{
		"2.132.0.0/14": asnRecord(9198, "JSC Kazakhtelecom"), "8.8.8.0/24": asnRecord(15169, "Google LLC"),
	})
}

// missing skips a test whose data were not fetched; in CI they have to be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// cacheDir is where the scripts put what they fetch.
func cacheDir(t *testing.T) string {
	t.Helper()
	if base := os.Getenv("MAYAK_CACHE"); base != "" {
		return base
	}
	user, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache directory: ", err)
	}
	return filepath.Join(user, "mayak")
}
