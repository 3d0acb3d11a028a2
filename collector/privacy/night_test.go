package privacy

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/hit"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// lastingGate is a gate whose visits go on over midnight. The site clinic is in Almaty, where the day begins at 19:00 UTC.
func lastingGate(tb testing.TB) *Gate {
	tb.Helper()
	known, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := policy.Default()
	if err != nil {
		tb.Fatal(err)
	}
	g, err := New(Options{
		Sites: known, Policy: rules, Salts: fixedSalts{}, Lookups: fixedLookups{}, Nights: visitor.NewNights(prometheus.NewRegistry()),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// step is a hit of a visitor, and the day whose salt its id must be made with.
type step struct{ visitor, at, day string }

func TestAVisitOverMidnightKeepsItsID(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"whoever is there goes on, whoever comes is new", []step{
			{"a", "22 18:45:00", "2026-11-22"},
			{"a", "22 19:10:00", "2026-11-22"},
			{"b", "22 19:11:00", "2026-11-23"},
			{"a", "22 19:40:00", "2026-11-22"},
			{"b", "22 19:41:00", "2026-11-23"},
			{"a", "22 20:10:00", "2026-11-22"},
			{"a", "22 20:40:01", "2026-11-23"},
			{"a", "22 20:41:00", "2026-11-23"},
		}},
		{"who left before the last half hour is new", []step{
			{"a", "22 18:29:59", "2026-11-22"},
			{"a", "22 19:00:00", "2026-11-23"},
		}},
		{"the half hour is that of the visitor, not of midnight", []step{
			{"a", "22 18:59:59", "2026-11-22"},
			{"a", "22 19:29:59", "2026-11-22"},
			{"a", "22 19:59:59", "2026-11-22"},
			{"a", "22 20:30:00", "2026-11-23"},
		}},
		{"the next midnight is like the first", []step{
			{"a", "22 18:59:00", "2026-11-22"},
			{"a", "22 19:01:00", "2026-11-22"},
			{"a", "23 18:50:00", "2026-11-23"},
			{"a", "23 19:10:00", "2026-11-23"},
			{"a", "23 19:50:00", "2026-11-24"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := lastingGate(t)
			for _, s := range tt.steps {
				s.check(t, g)
			}
		})
	}
}

func (s step) check(t *testing.T, g *Gate) {
	t.Helper()
	now, err := time.Parse("2006-01-02 15:04:05", "2026-11-"+s.at)
	if err != nil {
		t.Fatal(err)
	}
	agentText := agent + " " + s.visitor
	var c Cleared
	h := visit(func(h *hit.Hit) { h.Received, h.UserAgent, h.ID = now, agentText, "not an id" })
	if reason := g.Clear(h, &c, nil); reason != hit.Kept {
		t.Fatalf("dropped: %s", reason)
	}
	want := visitor.ID(fixedSalts{}.Salt(s.day), visitor.Source{Site: h.Site, Network: c.Facts().Event.Place.Network, UserAgent: agentText})
	if got := c.Facts().Event.Visitor; got != want {
		t.Errorf("visitor %s at %s: %x, want the id of %s, %x", s.visitor, s.at, got, s.day, want)
	}
}

// The salt of a day is destroyed when the day is over everywhere, at noon UTC: that ends the longest visit.
func TestTheEndOfTheSaltEndsTheLongestVisit(t *testing.T) {
	g := lastingGate(t)
	end := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	for now := time.Date(2026, time.November, 22, 18, 50, 0, 0, time.UTC); now.Before(end.Add(time.Hour)); now = now.Add(20 * time.Minute) {
		day := "2026-11-22"
		if !now.Before(end) {
			day = "2026-11-23"
		}
		step{"a", now.Format("02 15:04:05"), day}.check(t, g)
	}
}

func TestAPageIsFoundAgainOverMidnight(t *testing.T) {
	g := lastingGate(t)
	var view, engage Cleared
	evening := time.Date(2026, time.November, 22, 18, 59, 0, 0, time.UTC)
	g.Clear(visit(func(h *hit.Hit) { h.Received, h.ID = evening, "my page" }), &view, nil)
	g.Clear(visit(func(h *hit.Hit) {
		h.Received, h.ID, h.Page, h.Type = evening.Add(2*time.Minute), "1", "my page", "engage"
	}), &engage, nil)
	if view.Facts().Event.ID != engage.Facts().Event.Page {
		t.Error("the time spent on a page after midnight does not belong to its view any more")
	}
}

func TestTheNightCostsNothingByDay(t *testing.T) {
	g := lastingGate(t)
	h, c := visit(), Cleared{}
	g.Clear(h, &c, nil)
	if n := testing.AllocsPerRun(100, func() { g.Clear(h, &c, nil) }); n != 0 {
		t.Errorf("%v allocations by day", n)
	}
	if n := testing.AllocsPerRun(100, func() { g.sites[h.Site].today(h.Received) }); n != 0 {
		t.Errorf("%v allocations for the day", n)
	}
}
