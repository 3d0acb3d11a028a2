package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/oschwald/maxminddb-golang/v2"
	"go4.org/netipx"
)

// newTree makes an empty database in GeoLite2's form. Reserved networks are included, so that what a source says of
// them is refused only where the form itself cannot hold it: in the networks that are aliases of IPv4.
func newTree(databaseType, description string, built int64) (*mmdbwriter.Tree, error) {
	return mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: databaseType, Description: map[string]string{"en": description}, BuildEpoch: built,
		IncludeReservedNetworks: true, RecordSize: 24, Languages: []string{"en"},
		KeyGenerator: plainKeys{},
	})
}

// plainKeys names a record by what it says, many times faster than the default, which hashes its serialised form.
type plainKeys struct{}

// Key implements mmdbwriter.KeyGenerator for the two records that are made here.
func (plainKeys) Key(value mmdbtype.DataType) ([]byte, error) {
	record, ok := value.(mmdbtype.Map)
	if !ok {
		return nil, fmt.Errorf("a record of type %T", value)
	}
	if country, ok := record["country"].(mmdbtype.Map); ok {
		return fmt.Append(nil, country["iso_code"]), nil
	}
	return fmt.Append(nil, record["autonomous_system_number"], " ", record["autonomous_system_organization"]), nil
}

// makeCountry turns DB-IP's flat records into GeoLite2's: {"country": {"iso_code": "KZ"}}.
func makeCountry(parts []*os.File, to, out io.Writer) error {
	source, err := maxminddb.Open(parts[0].Name())
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	defer func() { _ = source.Close() }() // it was only read
	tree, err := newTree("GeoLite2-Country", "DB-IP Lite countries, CC BY 4.0, https://db-ip.com", countryEpoch)
	if err != nil {
		return err
	}
	records := map[string]mmdbtype.Map{}
	counted := counter{out: out, what: "country.mmdb"}
	for result := range source.Networks() {
		var flat struct {
			Code string `maxminddb:"country_code"`
		}
		if err := result.Decode(&flat); err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		if flat.Code == "" {
			continue
		}
		record, ok := records[flat.Code]
		if !ok {
			record = mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(flat.Code)}}
			records[flat.Code] = record
		}
		if err := counted.add(tree.Insert(netipx.PrefixIPNet(result.Prefix()), record)); err != nil {
			return err
		}
	}
	return counted.finish(tree, to)
}

// makeNetworks turns the ranges "first,last,number,organisation" into GeoLite2's ASN records.
func makeNetworks(parts []*os.File, to, out io.Writer) error {
	tree, err := newTree("GeoLite2-ASN", "AS numbers by RouteViews, DB-IP and NRO, CC BY 4.0, https://db-ip.com", networkEpoch)
	if err != nil {
		return err
	}
	counted := counter{out: out, what: "asn.mmdb"}
	for _, part := range parts {
		lines := csv.NewReader(part)
		lines.FieldsPerRecord, lines.ReuseRecord = 4, true
		for {
			fields, err := lines.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("read the source: %w", err)
			}
			if err := addRange(tree, &counted, fields); err != nil {
				return err
			}
		}
	}
	return counted.finish(tree, to)
}

func addRange(tree *mmdbwriter.Tree, counted *counter, fields []string) error {
	first, err1 := netip.ParseAddr(fields[0])
	last, err2 := netip.ParseAddr(fields[1])
	number, err3 := strconv.ParseUint(fields[2], 10, 32)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	record := mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(number),
		"autonomous_system_organization": mmdbtype.String(fields[3]),
	}
	return counted.add(tree.InsertRange(net.IP(first.AsSlice()), net.IP(last.AsSlice()), record))
}

// makeCity unpacks GeoLite2 City and makes sure that it is one.
func makeCity(parts []*os.File, to, out io.Writer) error {
	plain, err := gzip.NewReader(parts[0])
	if err != nil {
		return fmt.Errorf("unpack the source: %w", err)
	}
	bytes, err := io.ReadAll(plain)
	if err != nil {
		return fmt.Errorf("unpack the source: %w", err)
	}
	source, err := maxminddb.OpenBytes(bytes)
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	if source.Metadata.DatabaseType != "GeoLite2-City" {
		return fmt.Errorf("the source holds %s, not GeoLite2-City", source.Metadata.DatabaseType)
	}
	fmt.Fprintf(out, "city.mmdb: built by MaxMind on %s\n", source.Metadata.BuildTime().UTC().Format(time.DateOnly))
	_, err = to.Write(bytes)
	return err
}

// counter shows progress and counts the ranges that the form cannot hold.
type counter struct {
	out            io.Writer
	what           string
	taken, refused int
}

const progressEvery = 250_000

func (c *counter) add(err error) error {
	var reserved *mmdbwriter.ReservedNetworkError
	var aliased *mmdbwriter.AliasedNetworkError
	switch {
	case err == nil:
		if c.taken++; c.taken%progressEvery == 0 {
			fmt.Fprintf(c.out, "%s: %d ranges\n", c.what, c.taken)
		}
	case errors.As(err, &reserved), errors.As(err, &aliased):
		c.refused++
	default:
		return fmt.Errorf("add a range: %w", err)
	}
	return nil
}

func (c *counter) finish(tree *mmdbwriter.Tree, to io.Writer) error {
	fmt.Fprintf(c.out, "%s: %d ranges taken, %d refused (reserved or aliases of IPv4)\n", c.what, c.taken, c.refused)
	if _, err := tree.WriteTo(to); err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	return nil
}
