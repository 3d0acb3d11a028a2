package visitor

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is set by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func at(text string) *clock {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return &clock{now: t}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at(text).now
}

func open(t *testing.T, o Options) *Salts {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "salts")
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := OpenSalts(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func counted(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}

func tend(t *testing.T, s *Salts) {
	t.Helper()
	if err := s.tend(); err != nil {
		t.Fatal(err)
	}
}

func liveDays(s *Salts) []string {
	var names []string
	for _, e := range s.live.Load().entries {
		names = append(names, e.day)
	}
	slices.Sort(names)
	return names
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestADaysSaltStaysTheSameAndTheNextDayHasAnother(t *testing.T) {
	c := at("2026-11-22 08:00:00")
	s := open(t, Options{Now: c.Now})
	today := s.Salt("2026-11-22")
	c.set("2026-11-22 23:30:00")
	tend(t, s)
	if s.Salt("2026-11-22") != today {
		t.Error("the salt changed within its day")
	}
	if s.Salt("2026-11-23") == today {
		t.Error("two days have one salt")
	}
}

func TestTomorrowsSaltIsMadeAnHourAheadInEachZone(t *testing.T) {
	c := at("2026-11-22 08:00:00")
	s := open(t, Options{Now: c.Now, Zones: []*time.Location{zone(t, "Asia/Almaty"), zone(t, "America/New_York")}})
	for _, tt := range []struct {
		now  string
		want []string
	}{
		{"2026-11-22 17:59:59", []string{"2026-11-22"}},
		{"2026-11-22 18:00:00", []string{"2026-11-22", "2026-11-23"}},
		{"2026-11-23 05:00:00", []string{"2026-11-22", "2026-11-23"}},
		{"2026-11-23 11:59:59", []string{"2026-11-22", "2026-11-23"}},
		{"2026-11-23 12:00:00", []string{"2026-11-23"}},
	} {
		c.set(tt.now)
		tend(t, s)
		if diff := cmp.Diff(tt.want, liveDays(s)); diff != "" {
			t.Errorf("at %s: %s", tt.now, diff)
		}
	}
}

func TestASaltIsDestroyedWhenItsDayHasEndedEverywhere(t *testing.T) {
	c := at("2026-11-22 08:00:00")
	path, registry := filepath.Join(t.TempDir(), "salts"), prometheus.NewRegistry()
	s := open(t, Options{Now: c.Now, Path: path, Registry: registry})
	old, was := s.live.Load().entries[0], s.Salt("2026-11-22")

	c.set("2026-11-23 12:00:00")
	tend(t, s)
	if old.salt() != (Salt{}) {
		t.Error("the salt is still in memory")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "2026-11-22") {
		t.Errorf("the day is still in the file:\n%s", text)
	}
	if s.Salt("2026-11-22") == was {
		t.Error("the destroyed salt came back")
	}
	if got := counted(s.metrics.destroyed); got != 1 {
		t.Errorf("destroyed = %v, want 1", got)
	}
}

func TestASaltNeverLivesLongerThan48Hours(t *testing.T) {
	kiritimati := zone(t, "Pacific/Kiritimati") // UTC+14, where a day begins
	c := at("2026-11-21 09:00:00")              // an hour before the 22nd there
	s := open(t, Options{Now: c.Now, Zones: []*time.Location{kiritimati}})
	was := s.Salt("2026-11-22")
	c.set("2026-11-23 08:59:59")
	tend(t, s)
	if s.Salt("2026-11-22") != was {
		t.Error("the salt went before its time")
	}
	c.set("2026-11-23 09:00:00") // it is still the 22nd at UTC-12
	tend(t, s)
	if s.Salt("2026-11-22") == was {
		t.Error("the salt is older than 48 hours")
	}
}

func TestAClockSetBackBringsNothingBackAndBreaksNothing(t *testing.T) {
	c := at("2026-11-22 08:00:00")
	s := open(t, Options{Now: c.Now})
	first := s.Salt("2026-11-22")
	c.set("2026-11-25 08:00:00")
	tend(t, s)
	c.set("2026-11-22 08:00:00")
	tend(t, s)
	again := s.Salt("2026-11-22")
	if again == first {
		t.Error("the destroyed salt came back")
	}
	if s.Salt("2026-11-22") != again {
		t.Error("the new salt is not kept")
	}
	if diff := cmp.Diff([]string{"2026-11-22"}, liveDays(s)); diff != "" {
		t.Errorf("live days: %s", diff)
	}
}

func TestADayThatIsNotNearGetsASaltThatNobodyKeeps(t *testing.T) {
	s := open(t, Options{Now: at("2026-11-22 08:00:00").Now})
	for _, day := range []string{"2026-11-19", "2026-11-25", "", "not a day"} {
		if one, two := s.Salt(day), s.Salt(day); one == two {
			t.Errorf("the salt of %q is kept", day)
		}
	}
	if got := liveDays(s); len(got) != 1 {
		t.Errorf("live days = %v, want one", got)
	}
}

func TestARestartKeepsTheSaltOfTheDayAndDestroysTheOld(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "salts"), at("2026-11-22 23:30:00")
	first := open(t, Options{Now: c.Now, Path: path})
	yesterday, today := first.Salt("2026-11-22"), first.Salt("2026-11-23")

	c.set("2026-11-23 13:00:00")
	second := open(t, Options{Now: c.Now, Path: path})
	if second.Salt("2026-11-23") != today {
		t.Error("the restart changed the salt of the day")
	}
	if second.Salt("2026-11-22") == yesterday {
		t.Error("the restart kept a salt whose day is over")
	}
}

func TestReadersSeeOneSaltADayWhileSaltsComeAndGo(t *testing.T) {
	c := at("2026-11-22 08:00:00")
	s := open(t, Options{Now: c.Now})
	want := s.Salt("2026-11-22")
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 2000 {
				if s.Salt("2026-11-22") != want {
					t.Error("another salt was seen")
					return
				}
			}
		})
	}
	for range 200 {
		s.mu.Lock()
		e := newEntry("2026-11-23", random(), c.Now())
		s.add(e)
		s.publish(slices.DeleteFunc(slices.Clone(s.live.Load().entries), func(o *entry) bool { return o == e }))
		s.mu.Unlock()
	}
	readers.Wait()
}
