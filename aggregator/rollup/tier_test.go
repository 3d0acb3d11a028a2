package rollup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func located(tb testing.TB, name string) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

func instant(tb testing.TB, text string) time.Time {
	tb.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return moment
}

func TestDaysAreThoseOfTheSite(t *testing.T) {
	for _, tt := range []struct{ name, zone, moment, start, end string }{
		{"UTC", "UTC", "2026-11-22T10:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"},
		{"Almaty before the change", "Asia/Almaty", "2024-02-27T20:00:00Z", "2024-02-27T18:00:00Z", "2024-02-28T18:00:00Z"},
		{"Almaty's last hour at UTC+6 comes twice", "Asia/Almaty", "2024-02-29T18:30:00Z", "2024-02-28T18:00:00Z", "2024-02-29T19:00:00Z"},
		{"Almaty after the change", "Asia/Almaty", "2024-03-01T19:00:00Z", "2024-03-01T19:00:00Z", "2024-03-02T19:00:00Z"},
		{"half an hour", "Asia/Kolkata", "2026-01-01T18:29:59Z", "2025-12-31T18:30:00Z", "2026-01-01T18:30:00Z"},
		{"three quarters", "Asia/Kathmandu", "2026-01-01T18:15:00Z", "2026-01-01T18:15:00Z", "2026-01-02T18:15:00Z"},
		{"clocks go forward", "America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"clocks go back", "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"midnight is left out", "America/Asuncion", "2024-10-06T12:00:00Z", "2024-10-06T04:00:00Z", "2024-10-07T03:00:00Z"},
		{"midnight comes twice", "America/Asuncion", "2024-03-24T02:30:00Z", "2024-03-23T03:00:00Z", "2024-03-24T04:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := dayOf(instant(t, tt.moment), located(t, tt.zone))
			if diff := cmp.Diff(Window{Day, instant(t, tt.start), instant(t, tt.end)}, got); diff != "" {
				t.Errorf("dayOf() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnHourBeginsWhereAClockShowsOne(t *testing.T) {
	zone := located(t, "Australia/Lord_Howe") // whose summer time is half an hour
	day := dayOf(instant(t, "2026-10-03T20:00:00Z"), zone)
	var lengths []time.Duration
	for _, hour := range hours(day, zone) {
		if local := hour.Start.In(zone); local.Minute() != 0 && lengths[len(lengths)-1] != time.Hour {
			t.Errorf("an hour begins at %s", local)
		}
		lengths = append(lengths, hour.End.Sub(hour.Start))
	}
	var total time.Duration
	for _, one := range lengths {
		total += one
	}
	if total != day.End.Sub(day.Start) || total != 23*time.Hour+30*time.Minute {
		t.Errorf("hours of %v, a day of %v", total, day.End.Sub(day.Start))
	}
}

// Tiers nest: a day is whole hours, an hour whole 5-minute windows, without a gap and without an overlap, in every zone.
func TestTiersNest(t *testing.T) {
	names := []string{"UTC", "Asia/Almaty", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham", "America/Asuncion", "Africa/Cairo", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		for _, seconds := range rapid.SliceOfN(rapid.Int64Range(1_000_000_000, 1_900_000_000), 200, 200).Draw(t, "moments") {
			nests(t, zone, time.Unix(seconds, 0))
		}
	})
}

func nests(t *rapid.T, zone *time.Location, moment time.Time) {
	day := dayOf(moment, zone)
	if moment.Before(day.Start) || !moment.Before(day.End) {
		t.Fatalf("%v is not in its day %v", moment, day)
	}
	if next := dayOf(day.End, zone); !next.Start.Equal(day.End) {
		t.Fatalf("the day after %v begins at %v", day, next.Start)
	}
	end := day.Start
	for _, hour := range hours(day, zone) {
		if !hour.Start.Equal(end) || hour.End.Sub(hour.Start) > time.Hour {
			t.Fatalf("hour %v after %v", hour, end)
		}
		end = hour.End
		all := fives(hour)
		if !all[0].Start.Equal(hour.Start) || !all[len(all)-1].End.Equal(hour.End) {
			t.Fatalf("hour %v is not whole 5-minute windows", hour)
		}
	}
	if !end.Equal(day.End) {
		t.Fatalf("the hours of %v end at %v", day, end)
	}
}
