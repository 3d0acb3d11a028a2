package diagnose_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/diagnose"
)

func slice(d diagnose.Dimension, value string, before, after, bad float64) diagnose.Slice {
	return diagnose.Slice{
		Dimension: d, Value: value,
		Before: diagnose.Cell{Count: before, Bad: before / 10, Value: 200}, Now: diagnose.Cell{Count: after, Bad: bad, Value: 800},
	}
}

func TestTheCauseIsThePartThatMostOfTheChangeIsOf(t *testing.T) {
	everybody := slice("", "", 1000, 500, 200)
	for _, tt := range []struct {
		name   string
		signal diagnose.Signal
		slices []diagnose.Slice
		want   diagnose.Dimension
		value  string
	}{
		{"one network, not the country that it is most of", diagnose.TTFB, []diagnose.Slice{
			slice(diagnose.Country, "KZ", 800, 400, 190), slice(diagnose.Country, "RU", 200, 100, 10),
			slice(diagnose.ASN, "9198", 400, 200, 170), slice(diagnose.ASN, "21299", 600, 300, 30),
		}, diagnose.ASN, "9198"},
		{"everybody alike", diagnose.TTFB, []diagnose.Slice{
			slice(diagnose.Country, "KZ", 800, 400, 160), slice(diagnose.Country, "RU", 200, 100, 40),
		}, "", ""},
		{"the page, not its section, where both are the same visitors", diagnose.Failures, []diagnose.Slice{
			slice(diagnose.Path, "/booking", 200, 100, 150), slice(diagnose.Section, "/booking", 200, 100, 150),
		}, diagnose.Path, "/booking"},
		{"who does not come any more", diagnose.Views, []diagnose.Slice{
			slice(diagnose.ASN, "9198", 400, 0, 0), slice(diagnose.ASN, "21299", 600, 600, 0),
		}, diagnose.ASN, "9198"},
		{"what is not known is no cause", diagnose.TTFB, []diagnose.Slice{slice(diagnose.ASN, "", 100, 50, 150)}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := everybody
			if tt.signal == diagnose.Views {
				all.Now.Count = 600
			}
			got, _ := diagnose.Explain(tt.signal, all, tt.slices, 1)
			if got.Dimension != tt.want || got.Value != tt.value {
				t.Errorf("cause %s %q, want %s %q", got.Dimension, got.Value, tt.want, tt.value)
			}
		})
	}
}

func TestACauseIsSoughtWithinTheFirstOne(t *testing.T) {
	asked := 0
	causes, err := diagnose.Causes(diagnose.TTFB, 1, func(within []diagnose.Cause) (diagnose.Slice, []diagnose.Slice, error) {
		asked++
		if len(within) == 0 {
			return slice("", "", 1000, 500, 200), []diagnose.Slice{slice(diagnose.ASN, "9198", 400, 200, 170)}, nil
		}
		return slice("", "", 400, 200, 170), []diagnose.Slice{
			slice(diagnose.Country, "KZ", 10, 5, 170), slice(diagnose.Path, "/booking", 80, 40, 150),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range causes {
		got = append(got, string(c.Dimension)+" "+c.Value)
	}
	if diff := cmp.Diff([]string{"asn 9198", "path /booking"}, got); diff != "" || asked != 2 {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
}

func TestAnIncidentIsSaidInOneLine(t *testing.T) {
	almaty := time.FixedZone("Asia/Almaty", 5*3600)
	began := time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC)
	for _, tt := range []struct {
		finding diagnose.Finding
		causes  []diagnose.Cause
		want    string
	}{
		{
			diagnose.Finding{Signal: diagnose.TTFB, Verdict: diagnose.Verdict{Ratio: 2.1, Usual: 200, Reading: diagnose.Reading{Count: 300, Value: 420}}},
			[]diagnose.Cause{{Dimension: diagnose.ASN, Value: "9198", Ratio: 3}, {Dimension: diagnose.Path, Value: "/booking", Ratio: 4}},
			"TTFB p75 ×4 (of all 420 ms, usually 200) for AS9198 on /booking since 14:05",
		},
		{
			diagnose.Finding{Signal: diagnose.Views, Verdict: diagnose.Verdict{Ratio: 800, Usual: 400, Minutes: 10}},
			nil,
			"no page views in 10 minutes, usually 400, since 14:05",
		},
		{
			diagnose.Finding{Signal: diagnose.Failures, Verdict: diagnose.Verdict{Ratio: 40, Usual: 0.002, Reading: diagnose.Reading{Count: 100, Value: 8}}},
			[]diagnose.Cause{{Dimension: diagnose.Protocol, Value: "h3", Ratio: 60}},
			"server errors ×60 (8 % of answers, usually 0.2) over h3 since 14:05",
		},
	} {
		tt.finding.Started, tt.finding.At = began, began.Add(4*time.Minute)
		if got := diagnose.NewIncident("demo", almaty, tt.finding, tt.causes).Text; got != tt.want {
			t.Errorf("said %q\nwant %q", got, tt.want)
		}
	}
}
