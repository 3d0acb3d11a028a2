package consent_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mayak/schema/consent"
	"mayak/schema/event"
)

const (
	id  = "AQIDBAUGBwgJCgsMDQ4PEA"
	now = "2026-11-22T12:00:00Z"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestACookieIsReadOnlyIfItIsOfTheForm(t *testing.T) {
	accepted := consent.Choice{
		Level: event.Analytics, Policy: "2026-11", Day: at(t, "2026-11-22T00:00:00Z"),
		ID: consent.ID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	}
	dotted := accepted
	dotted.Policy = "2026.11.rc"
	refused := consent.Choice{Level: event.Refused, Policy: "2026-11", Day: accepted.Day}
	for _, tt := range []struct {
		name, header string
		want         consent.Choice
	}{
		{"who accepted has an id", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22." + id, accepted},
		{"who refused has none", "__Host-mayak-demo=1.refused.2026-11.2026-11-22", refused},
		{"among others", "a=b; __Host-mayak-demo=1.refused.2026-11.2026-11-22; c=d", refused},
		{"without spaces", "a=b;__Host-mayak-demo=1.refused.2026-11.2026-11-22;c=d", refused},
		{"a policy's version may have dots", "__Host-mayak-demo=1.analytics.2026.11.rc.2026-11-22." + id, dotted},
		{"no cookie", "", consent.Choice{}},
		{"of another site", "__Host-mayak-demo2=1.refused.2026-11.2026-11-22; __Host-mayak-dem=1.refused.2026-11.2026-11-22", consent.Choice{}},
		{"two of one name tell nothing", "__Host-mayak-demo=1.refused.2026-11.2026-11-22; __Host-mayak-demo=1.analytics.2026-11.2026-11-22." + id, consent.Choice{}},
		{"a name that anybody of the domain may set", "mayak-demo=1.advertising.2026-11.2026-11-22." + id, consent.Choice{}},
		{"beside one that anybody of the domain may set", "mayak-demo=1.advertising.2026-11.2026-11-22." + id + "; __Host-mayak-demo=1.refused.2026-11.2026-11-22", refused},
		{"the prefix written otherwise", "__host-mayak-demo=1.refused.2026-11.2026-11-22", consent.Choice{}},
		{"no site", "__Host-mayak-=1.refused.2026-11.2026-11-22", consent.Choice{}},
		{"a name that ends alike", "x-__Host-mayak-demo=1.refused.2026-11.2026-11-22", consent.Choice{}},
		{"an id that is missing", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22", consent.Choice{}},
		{"an id that is too short", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22.AQID", consent.Choice{}},
		{"an id that is too long", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22." + id + "AA", consent.Choice{}},
		{"an id of zeros, which is nobody's", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22.AAAAAAAAAAAAAAAAAAAAAA", consent.Choice{}},
		{"an id written otherwise", "__Host-mayak-demo=1.analytics.2026-11.2026-11-22.AQIDBAUGBwgJCgsMDQ4PEB", consent.Choice{}},
		{"a refusal with an id", "__Host-mayak-demo=1.refused.2026-11.2026-11-22." + id, consent.Choice{}},
		{"another version of the form", "__Host-mayak-demo=2.refused.2026-11.2026-11-22", consent.Choice{}},
		{"no level", "__Host-mayak-demo=1.all.2026-11.2026-11-22." + id, consent.Choice{}},
		{"no day", "__Host-mayak-demo=1.refused.2026-11", consent.Choice{}},
		{"a day that does not exist", "__Host-mayak-demo=1.refused.2026-11.2026-02-30", consent.Choice{}},
		{"no policy", "__Host-mayak-demo=1.refused..2026-11-22", consent.Choice{}},
		{"nothing", "__Host-mayak-demo=", consent.Choice{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, consent.Read(tt.header, "demo")); diff != "" {
				t.Errorf("Read() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConsentCountsForHalfAYearAndUnderItsPolicyOnly(t *testing.T) {
	for _, tt := range []struct {
		name, value, policy string
		want                event.Level
		asks                bool
	}{
		{"no choice is essential", "", "2026-11", event.Essential, true},
		{"accepted today", "1.analytics.2026-11.2026-11-22." + id, "2026-11", event.Analytics, false},
		{"advertising too", "1.advertising.2026-11.2026-11-22." + id, "2026-11", event.Advertising, false},
		{"only what is essential", "1.essential.2026-11.2026-11-22", "2026-11", event.Essential, false},
		{"refused", "1.refused.2026-11.2026-11-22", "2026-11", event.Refused, false},
		{"accepted 180 days ago", "1.analytics.2026-11.2026-05-26." + id, "2026-11", event.Analytics, false},
		{"accepted 181 days ago", "1.analytics.2026-11.2026-05-25." + id, "2026-11", event.Essential, true},
		{"accepted by a clock that is a day ahead", "1.analytics.2026-11.2026-11-23." + id, "2026-11", event.Analytics, false},
		{"accepted in the future", "1.analytics.2026-11.2026-11-24." + id, "2026-11", event.Essential, true},
		{"accepted another policy", "1.analytics.2026-10.2026-11-22." + id, "2026-11", event.Essential, true},
		{"refused under another policy stays refused", "1.refused.2026-10.2026-11-22", "2026-11", event.Refused, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			choice, _ := consent.Parse(tt.value)
			if got := choice.Under(tt.policy, at(t, now)); got != tt.want {
				t.Errorf("Under() = %v, want %v", got, tt.want)
			}
			if got := choice.Asks(tt.policy, at(t, now)); got != tt.asks {
				t.Errorf("Asks() = %v, want %v", got, tt.asks)
			}
		})
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := consent.Choice{
			Level:  event.Level(rapid.IntRange(0, 3).Draw(t, "level")),
			Policy: rapid.StringMatching(`[0-9A-Za-z._-]{1,32}`).Draw(t, "policy"),
			Day:    time.Date(2026, 1, rapid.IntRange(1, 400).Draw(t, "day"), 0, 0, 0, 0, time.UTC),
		}
		if want.Level.Consents() {
			want.ID = consent.NewID()
		}
		site := rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,20}`).Draw(t, "site")
		if diff := cmp.Diff(want, consent.Read("x=1; "+consent.Name(site)+"="+want.Value(), site)); diff != "" {
			t.Errorf("Read() (-want +got):\n%s", diff)
		}
	})
}

func TestReadingAsksForNoMemory(t *testing.T) {
	header := "a=b; __Host-mayak-demo=1.analytics.2026-11.2026-11-22." + id
	if allocs := testing.AllocsPerRun(100, func() { consent.Read(header, "demo") }); allocs > 0 {
		t.Errorf("Read allocates %v times", allocs)
	}
}

func BenchmarkRead(b *testing.B) {
	for name, others := range map[string]string{
		"alone": "", "last of six": "_ga=GA1.1.1122334455.1700000000; theme=dark; lang=kk; session=4fb1c2d3e4f5a6b7c8d9e0f1a2b3c4d5; _ym_uid=1700000000123456789; ",
	} {
		header := others + consent.Name("demo") + "=1.analytics.2026-11.2026-11-22." + id
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !consent.Read(header, "demo").Made() {
					b.Fatal("the cookie is not read")
				}
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a=b; __Host-mayak-demo=1.analytics.2026-11.2026-11-22."+id, "demo")
	f.Add("__Host-mayak-demo=1.refused.2026.11.2026-11-22;__Host-mayak-demo=", "demo")
	f.Fuzz(func(t *testing.T, header, site string) {
		choice := consent.Read(header, site)
		if !choice.Made() {
			if choice != (consent.Choice{}) {
				t.Errorf("half a choice: %+v", choice)
			}
			return
		}
		again, ok := consent.Parse(choice.Value())
		if !ok || again != choice {
			t.Errorf("%+v reads back as %+v", choice, again)
		}
	})
}
