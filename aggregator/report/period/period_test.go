package period

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func zone(tb interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func TestARangeIsReadInTheSitesZone(t *testing.T) {
	const almaty, now = "Asia/Almaty", "2026-11-22T14:12:00Z" // a Sunday, 19:12 there
	for _, tt := range []struct{ name, text, zone, now, want string }{
		{"today", "today", almaty, now, "2026-11-22T00:00:00+05:00/2026-11-23T00:00:00+05:00"},
		{"today begins in UTC while it is tomorrow in Almaty", "today", almaty, "2026-11-22T20:00:00Z", "2026-11-23T00:00:00+05:00/2026-11-24T00:00:00+05:00"},
		{"yesterday", "yesterday", almaty, now, "2026-11-21T00:00:00+05:00/2026-11-22T00:00:00+05:00"},
		{"seven days end with today", "7d", almaty, now, "2026-11-16T00:00:00+05:00/2026-11-23T00:00:00+05:00"},
		{"hours end with this one", "24h", almaty, now, "2026-11-21T20:00:00+05:00/2026-11-22T20:00:00+05:00"},
		{"weeks end with this one, which began on Monday", "2w", almaty, now, "2026-11-09T00:00:00+05:00/2026-11-23T00:00:00+05:00"},
		{"months end with this one", "12mo", almaty, now, "2025-12-01T00:00:00+05:00/2026-12-01T00:00:00+05:00"},
		{"years count twelve months", "1y", almaty, now, "2025-12-01T00:00:00+05:00/2026-12-01T00:00:00+05:00"},
		{"a day", "2026-02-28", almaty, now, "2026-02-28T00:00:00+05:00/2026-03-01T00:00:00+05:00"},
		{"a month", "2026-02", almaty, now, "2026-02-01T00:00:00+05:00/2026-03-01T00:00:00+05:00"},
		{"a year over the change of 2024", "2024", almaty, now, "2024-01-01T00:00:00+06:00/2025-01-01T00:00:00+05:00"},
		{"the day of the change has 25 hours", "2024-02-29", almaty, now, "2024-02-29T00:00:00+06:00/2024-03-01T00:00:00+05:00"},
		{"the end is not part of it", "2026-01-01..2026-02-01", almaty, now, "2026-01-01T00:00:00+05:00/2026-02-01T00:00:00+05:00"},
		{"an ISO interval of dates", "2026-01-01/2026-02-01", almaty, now, "2026-01-01T00:00:00+05:00/2026-02-01T00:00:00+05:00"},
		{"of instants elsewhere", "2026-01-01T00:00:00Z/2026-01-01T06:00:00+03:00", almaty, now, "2026-01-01T05:00:00+05:00/2026-01-01T08:00:00+05:00"},
		{"of times without an offset", "2026-01-01T10:00/2026-01-01T12:30:00", almaty, now, "2026-01-01T10:00:00+05:00/2026-01-01T12:30:00+05:00"},
		{"of a beginning and a duration", "2026-01-31/P1W", almaty, now, "2026-01-31T00:00:00+05:00/2026-02-07T00:00:00+05:00"},
		{"of a duration and an end", "P1M/2026-03-01", almaty, now, "2026-02-01T00:00:00+05:00/2026-03-01T00:00:00+05:00"},
		{"of hours", "2026-01-01T10:00Z/PT6H30M", "UTC", now, "2026-01-01T10:00:00Z/2026-01-01T16:30:00Z"},
		{"23 hours when clocks go forward", "2026-03-29", "Europe/Berlin", now, "2026-03-29T00:00:00+01:00/2026-03-30T00:00:00+02:00"},
		{"25 hours when they go back", "2026-10-25", "Europe/Berlin", now, "2026-10-25T00:00:00+02:00/2026-10-26T00:00:00+01:00"},
		{"a day without midnight", "2026-03-29", "Asia/Beirut", now, "2026-03-29T01:00:00+03:00/2026-03-30T00:00:00+03:00"},
		{"a day with two midnights begins at the first", "2026-11-01", "America/Havana", now, "2026-11-01T00:00:00-04:00/2026-11-02T00:00:00-05:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Parse(tt.text, at(t, tt.now), zone(t, tt.zone), time.Monday)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.String(); got != tt.want {
				t.Errorf("Parse(%q) = %s, want %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestWeeksBeginAsTheSiteSays(t *testing.T) {
	now, almaty := at(t, "2026-11-22T14:12:00Z"), zone(t, "Asia/Almaty")
	for first, want := range map[time.Weekday]string{
		time.Monday:   "2026-11-16T00:00:00+05:00/2026-11-23T00:00:00+05:00",
		time.Sunday:   "2026-11-22T00:00:00+05:00/2026-11-29T00:00:00+05:00",
		time.Saturday: "2026-11-21T00:00:00+05:00/2026-11-28T00:00:00+05:00",
	} {
		r, err := Parse("1w", now, almaty, first)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.String(); got != want {
			t.Errorf("the week from %s on = %s, want %s", first, got, want)
		}
	}
}

func TestABadRangeIsRefusedWithWhatExists(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "no such form; there are today"},
		{"last week", "no such form"},
		{"0d", "no such form"},
		{"2026-02-30", "no such form"},
		{"2026-01-01..2026-01-01", "its end must be after"},
		{"2026-02-01/2026-01-01", "its end must be after"},
		{"2026-01-01/x", `"x" is no date`},
		{"2026-01-01/P", `"P" is no duration`},
		{"2026-01-01/P9999Y", "too long"},
		{"P1D/P1D", `"P1D" is no date`},
		{"9999d", "longer than 10 years"},
		{"1900", "between 1990 and 2100"},
		{"2026-01-01T00:00:01Z/PT1H", "whole five minutes"},
		{strings.Repeat("x", 1000), "…"},
	} {
		_, err := Parse(tt.text, at(t, "2026-11-22T14:12:00Z"), time.UTC, time.Monday)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 500 {
			t.Errorf("Parse(%.20q) error = %v, want it to tell %q", tt.text, err, tt.want)
		}
	}
}

func TestThePeriodBefore(t *testing.T) {
	const almaty, now = "Asia/Almaty", "2026-11-22T14:12:00Z"
	for _, tt := range []struct{ name, text, zone, now, want string }{
		{"a running day is compared up to the same time", "today", almaty, now, "2026-11-21T00:00:00+05:00/2026-11-21T19:10:00+05:00"},
		{"a day that is over as a whole", "yesterday", almaty, now, "2026-11-20T00:00:00+05:00/2026-11-21T00:00:00+05:00"},
		{"running days", "7d", almaty, now, "2026-11-09T00:00:00+05:00/2026-11-15T19:10:00+05:00"},
		{"a month with the month before, not with 28 days", "2026-03", almaty, now, "2026-02-01T00:00:00+05:00/2026-03-01T00:00:00+05:00"},
		{"running months", "3mo", almaty, now, "2026-06-01T00:00:00+05:00/2026-08-22T19:10:00+05:00"},
		{"hours", "6h", almaty, now, "2026-11-22T08:00:00+05:00/2026-11-22T13:10:00+05:00"},
		{"the day after the change of 2024", "2024-03-01", almaty, now, "2024-02-29T00:00:00+06:00/2024-03-01T00:00:00+05:00"},
		{"a day of 23 hours with one of 24", "2026-03-29", "Europe/Berlin", now, "2026-03-28T00:00:00+01:00/2026-03-29T00:00:00+01:00"},
		{"the last of a month with the last of a shorter one", "1mo", almaty, "2026-03-31T10:00:00Z", "2026-02-01T00:00:00+05:00/2026-02-28T15:00:00+05:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Parse(tt.text, at(t, tt.now), zone(t, tt.zone), time.Monday)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Before(at(t, tt.now)).String(); got != tt.want {
				t.Errorf("before %s: %s, want %s", r, got, tt.want)
			}
		})
	}
}

func TestARangeIsCutIntoSteps(t *testing.T) {
	for _, tt := range []struct {
		name, text, zone string
		step             Step
		want             []string
	}{
		{
			"the 25 hours of Almaty's 29 February 2024, of which 23:00 comes twice", "2024-02-29T22:00/2024-03-01T01:00", "Asia/Almaty", Hour,
			[]string{"2024-02-29T22:00:00+06:00", "2024-02-29T23:00:00+06:00", "2024-02-29T23:00:00+05:00", "2024-03-01T00:00:00+05:00"},
		},
		{
			"days over the change", "2024-02-28/P3D", "Asia/Almaty", Day,
			[]string{"2024-02-28T00:00:00+06:00", "2024-02-29T00:00:00+06:00", "2024-03-01T00:00:00+05:00"},
		},
		{
			"weeks from the one that the range begins in", "2026-11-01/P10D", "UTC", Week,
			[]string{"2026-10-26T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"},
		},
		{"months", "2025-12-15/P2M", "UTC", Month, []string{"2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}},
		{"nothing of what is to come", "today", "UTC", Hour, []string{"2026-11-22T00:00:00Z", "2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z"}},
		{"a date that the islands left out", "2011-12-29/P3D", "Pacific/Apia", Day, []string{"2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"}},
		{"no steps", "2026-01", "UTC", None, []string{"2026-01-01T00:00:00Z"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := at(t, "2026-11-22T02:12:00Z")
			r, err := Parse(tt.text, now, zone(t, tt.zone), time.Monday)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range r.Buckets(tt.step, time.Monday, now) {
				got = append(got, b.Format(time.RFC3339))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStepsCoverEachRangeWithoutGapAndBeforeTouchesIt(t *testing.T) {
	zones := []string{"UTC", "Asia/Almaty", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"}
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		from := Floor(time.Unix(rapid.Int64Range(1.2e9, 2e9).Draw(t, "from"), 0).In(z))
		to := Floor(from.Add(time.Duration(rapid.Int64Range(5, 200*24*60).Draw(t, "minutes")) * time.Minute))
		text := from.Format(time.RFC3339) + "/" + to.Format(time.RFC3339)
		now := to.Add(time.Hour)
		r, err := Parse(text, now, z, time.Monday)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(r.String(), now, z, time.Monday); err != nil || !again.From.Equal(from) || !again.To.Equal(to) {
			t.Fatalf("%s is read as %s, %v", r, again, err)
		}
		if p := r.Before(now); !p.To.Equal(r.From) || !p.From.Before(p.To) {
			t.Fatalf("the period before %s is %s", r, p)
		}
		step := rapid.SampledFrom(Steps()).Draw(t, "step")
		buckets := r.Buckets(step, time.Monday, now)
		if len(buckets) == 0 || buckets[0].After(from) || !buckets[len(buckets)-1].Before(to) {
			t.Fatalf("%s is not covered by %v", r, buckets)
		}
		for i, b := range buckets[1:] {
			if !buckets[i].Before(b) || step != None && !Begin(b.Add(-time.Second), step, time.Monday).Equal(buckets[i]) {
				t.Fatalf("between %s and %s a %s begins or is missing", buckets[i], b, step)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"today", "7d", "12mo", "2026-01", "2026-01-01..2026-02-01", "P1M/2026-03-01", "2026-01-01T10:00Z/PT6H30M", "2026-01-01T10:00/2026-01-01T12:30:00"} {
		f.Add(text)
	}
	almaty := zone(f, "Asia/Almaty")
	now := at(f, "2026-11-22T14:12:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text, now, almaty, time.Monday)
		if err == nil && (!r.From.Before(r.To) || !r.Before(now).From.Before(r.Before(now).To)) {
			t.Errorf("Parse(%q) = %s", text, r)
		}
	})
}
