package main

import (
	"testing"

	"mayak/aggregator/diagnose"
)

// Another year than those that the rules were made on, and a part of it, since each minute of it is lived through.
func TestIncidentsAreFoundAndFewThatAreNone(t *testing.T) {
	if testing.Short() {
		t.Skip("lives through two months of three sites")
	}
	const (
		seed   = 20261123
		days   = 60
		ofTen  = 0.9
		median = 5
	)
	all := everySite()
	r := evaluate(seed, days, []site{all[0], all[2], all[3]})
	f := r.figures()
	if f.faults < 15 || f.precision < ofTen || f.recall < ofTen || f.median > median {
		if err := r.write(t.Output(), false); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%d faults, precision %.3f, recall %.3f, median time to detect %.0f min; want at least %.1f, %.1f, at most %d", f.faults, f.precision, f.recall, f.median, ofTen, ofTen, median)
	}
	t.Logf("%d faults: precision %.3f, recall %.3f, median time to detect %.0f min, right part of the visitors named %.3f", f.faults, f.precision, f.recall, f.median, f.confined)
}

func TestAFaultIsNamedByItsOwnPartOfTheVisitors(t *testing.T) {
	network := fault{network: 1, page: -1}
	page := fault{network: -1, page: 1}
	everybody := fault{network: -1, page: -1}
	asn := []diagnose.Cause{{Dimension: diagnose.ASN, Value: networks()[1].value}}
	path := []diagnose.Cause{{Dimension: diagnose.Country, Value: "KZ"}, {Dimension: diagnose.Path, Value: pages()[1].value}}
	if !network.named(asn) || network.named(path) || !page.named(path) || page.named(asn) || everybody.named(asn) || !everybody.named(nil) {
		t.Error("a fault was taken for another one")
	}
}
