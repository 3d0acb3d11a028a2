package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/oschwald/geoip2-golang/v2"
	"go4.org/netipx"

	"mayak/scripts/fetch/npm"
)

func fileOf(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "part")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}

func flatCountries(t *testing.T, codes map[string]string) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "country ipvAll", RecordSize: 24, BuildEpoch: 1})
	if err != nil {
		t.Fatal(err)
	}
	for network, code := range codes {
		record := mmdbtype.Map{"country_code": mmdbtype.String(code)}
		if err := tree.Insert(netipx.PrefixIPNet(netip.MustParsePrefix(network)), record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCountriesComeOutInGeoLite2sSchema(t *testing.T) {
	source := fileOf(t, flatCountries(t, map[string]string{"2.132.0.0/16": "KZ", "2a02:6b8::/32": "RU"}))
	var made, said bytes.Buffer
	if err := makeCountry([]*os.File{source}, &made, &said); err != nil {
		t.Fatal(err)
	}
	reader, err := geoip2.OpenBytes(made.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"2.132.0.1": "KZ", "2a02:6b8::2:242": "RU", "8.8.8.8": ""} {
		record, err := reader.Country(netip.MustParseAddr(address))
		if err != nil || record.Country.ISOCode != want {
			t.Errorf("Country(%s) = %q, %v; want %q", address, record.Country.ISOCode, err, want)
		}
	}
	if got := reader.Metadata().BuildEpoch; got != countryEpoch {
		t.Errorf("build epoch = %d, want %d", got, countryEpoch)
	}
}

const (
	ranges4 = "2.132.0.0,2.135.255.255,9198,JSC Kazakhtelecom\n8.8.8.0,8.8.8.255,15169,\"Google, LLC\"\n"
	ranges6 = "2001::,2001::ffff:ffff:ffff:ffff:ffff:ffff,6939,Hurricane Electric LLC\n2a03:32c0::,2a03:32c7:ffff:ffff:ffff:ffff:ffff:ffff,29555,Altel\n"
)

func TestNetworksComeOutInGeoLite2sSchemaAndRefusedRangesAreCounted(t *testing.T) {
	var made, again, said bytes.Buffer
	if err := makeNetworks([]*os.File{fileOf(t, ranges4), fileOf(t, ranges6)}, &made, &said); err != nil {
		t.Fatal(err)
	}
	if want := "3 ranges taken, 1 refused"; !strings.Contains(said.String(), want) {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
	reader, err := geoip2.OpenBytes(made.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]uint{"2.133.0.1": 9198, "8.8.8.8": 15169, "2a03:32c0::1": 29555, "9.9.9.9": 0} {
		record, err := reader.ASN(netip.MustParseAddr(address))
		if err != nil || record.AutonomousSystemNumber != want {
			t.Errorf("ASN(%s) = %d, %v; want %d", address, record.AutonomousSystemNumber, err, want)
		}
	}
	if err := makeNetworks([]*os.File{fileOf(t, ranges4), fileOf(t, ranges6)}, &again, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made.Bytes(), again.Bytes()) {
		t.Error("the same source gave other bytes")
	}
}

func TestDamagedSourcesAreErrors(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"too few fields", "1.0.0.0,1.0.0.255,13335\n"},
		{"no address", "1.0.0,1.0.0.255,13335,x\n"},
		{"no number", "1.0.0.0,1.0.0.255,AS1,x\n"},
		{"the wrong way round", "1.0.0.255,1.0.0.0,1,x\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := makeNetworks([]*os.File{fileOf(t, tt.text)}, io.Discard, io.Discard); err == nil {
				t.Error("no error")
			}
		})
	}
	if err := makeCountry([]*os.File{fileOf(t, "no database")}, io.Discard, io.Discard); err == nil {
		t.Error("a country source that is no database: no error")
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = io.WriteString(zip, flatCountries(t, map[string]string{"2.132.0.0/16": "KZ"})) // into memory
	_ = zip.Close()
	if err := makeCity([]*os.File{fileOf(t, packed.String())}, io.Discard, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "not GeoLite2-City") {
		t.Errorf("a city source of another type: %v", err)
	}
}

func TestReceiptTellsWhetherAFileIsWhole(t *testing.T) {
	w := &workshop{dir: t.TempDir()}
	d := &database{file: "x.mmdb", source: npm.Package{Name: "source", Version: "1"}}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(w.dir, d.file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(step string, want bool) {
		t.Helper()
		if got := w.isWhole(d); got != want {
			t.Errorf("%s: whole = %v, want %v", step, got, want)
		}
	}
	expect("nothing there", false)
	write("whole")
	expect("no receipt", false)
	if err := w.sign(d, sumOf("another")); err != nil {
		t.Fatal(err)
	}
	expect("another file's receipt", false)
	if err := w.sign(d, sumOf("whole")); err != nil {
		t.Fatal(err)
	}
	expect("signed", true)
	write("torn")
	expect("torn", false)
	write("whole")
	expect("mended", true)
	d.source.Version = "2"
	expect("a newer source", false)
}

func TestOnlyCityCanBeAskedFor(t *testing.T) {
	err := run(t.Context(), []string{"planets"}, func(string) string { return t.TempDir() }, io.Discard, io.Discard)
	if err == nil {
		t.Error("no error")
	}
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
