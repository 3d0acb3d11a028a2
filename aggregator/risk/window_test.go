package risk

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mayak/schema/geoip"
)

type nowhere struct{}

func (nowhere) Locate(netip.Addr) geoip.Location { return at(geoip.ISP, "KZ") }

func sighting(n int, visitor uint64, when time.Time, address string) *Sighting {
	return &Sighting{
		Site: "demo", At: when, ID: fmt.Sprint("id", n), Visitor: visitor, Address: netip.MustParseAddr(address), View: true, Look: "Chrome Android",
		Browser: Browser{OS: "Android", Script: true},
	}
}

// consented makes it one of somebody who consented.
func (s *Sighting) consented() *Sighting {
	s.Consented, s.Browser.Consented = true, true
	return s
}

func ask(w *Window, address string, visitor uint64, when time.Time) *Facts {
	return w.Facts(&Question{Site: "demo", Address: netip.MustParseAddr(address), Visitor: visitor}, nil, when)
}

func TestAnEventCountsOnceWhateverIsReadTwice(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	s := sighting(1, 7, noon(), "192.0.2.1").consented()
	if !w.Add(s) || w.Add(s) {
		t.Error("an event is new once")
	}
	if f := ask(w, "192.0.2.1", 7, noon()); f.Address.Events != 1 || f.Visitor.Events != 1 || f.Network.Events != 1 {
		t.Errorf("%+v %+v %+v", f.Address, f.Visitor, f.Network)
	}
	if w.Add(&Sighting{Site: "demo", At: noon(), ID: "x"}) {
		t.Error("who refused is nobody")
	}
}

func TestAnHourLaterNothingIsLeft(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	for i := range 100 {
		w.Add(sighting(i, uint64(i+1), noon(), "192.0.2.1").consented())
	}
	if f := ask(w, "192.0.2.9", 0, noon().Add(59*time.Minute)); f.Network.Visitors != 100 || f.Network.Events != 100 {
		t.Errorf("within the hour: %+v", f.Network)
	}
	later := noon().Add(2*length + time.Minute)
	for name, n := range w.Sweep(later) {
		if n != 0 && name != "trails" {
			t.Errorf("%d %s are left", n, name)
		}
	}
	if f := ask(w, "192.0.2.1", 0, later); f.Network.Events != 0 || f.AskedAddress != 1 {
		t.Errorf("after it: %+v", f)
	}
	if left := w.Sweep(noon().Add(trailLength + time.Minute)); left["trails"] != 0 {
		t.Errorf("%d trails are left after a day", left["trails"])
	}
}

func TestMidnightForgetsNothingOfTheLastHourAndYesterdaysKeyGoes(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	midnight := time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)
	w.Add(sighting(1, 7, midnight.Add(-10*time.Minute), "192.0.2.1"))
	w.Add(sighting(2, 8, midnight.Add(10*time.Minute), "192.0.2.1"))
	f := ask(w, "192.0.2.1", 0, midnight.Add(20*time.Minute))
	if f.Address.Visitors != 2 || f.Address.Events != 2 {
		t.Errorf("%+v", f.Address)
	}
	if e, ok := w.visitorOf("demo", "id1", midnight.Add(20*time.Minute)); !ok || e.visitor != 7 {
		t.Errorf("the page view before midnight is of %d", e.visitor)
	}
	w.Sweep(midnight.Add(3 * time.Hour))
	if n := len(w.keys.day); n != 1 {
		t.Errorf("%d keys are left, want today's", n)
	}
}

func TestEachKindHasABoundOfItsOwnAndAnswersSaySo(t *testing.T) {
	for _, tt := range []struct {
		name      string
		bounds    Bounds
		cut       string
		consented bool // who is asked about
		complete  bool
	}{
		{"room for all", Bounds{}, "", true, true},
		{"addresses", Bounds{Addresses: 640}, "addresses", false, false},
		{"networks", Bounds{Networks: 64}, "networks", false, false},
		{"guests", Bounds{Guests: 640}, "guests", false, false},
		{"events", Bounds{Events: 640}, "events", false, false},
		{"people", Bounds{People: 64}, "people", false, false},
		{"trails, of somebody who has one", Bounds{Trails: 64}, "trails", true, false},
		{"trails, of somebody who has none", Bounds{Trails: 64}, "trails", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWindow(nowhere{}, tt.bounds)
			for i := range 2000 {
				w.Add(sighting(i, uint64(i+1), noon(), fmt.Sprintf("10.%d.%d.1", i/250, i%250)).consented())
			}
			visitor := uint64(0)
			if tt.consented {
				visitor = 1
			}
			if f := ask(w, "192.0.2.1", visitor, noon()); f.Complete != tt.complete {
				t.Errorf("complete: %t", f.Complete)
			}
			held := w.Sweep(noon())
			for k, n := range w.cuts.take() {
				if n > 0 != (k.String() == tt.cut) {
					t.Errorf("%d %s found no room", n, k)
				}
				if most := 2 * 2000; held[k.String()] > most {
					t.Errorf("%d %s", held[k.String()], k)
				}
			}
			if f := ask(w, "192.0.2.1", visitor, noon().Add(trailLength+time.Minute)); !f.Complete {
				t.Error("what was left out is over, and answers are not complete yet")
			}
		})
	}
}

func TestTrailsPushNothingElseOut(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{Trails: 640, People: 640, Addresses: 640, Networks: 640})
	for i := range 5000 {
		w.follow("demo", uint64(i+1), "10.0.0.0/24", "Windows", noon().Add(-5*time.Hour), noon().Add(-4*time.Hour))
	}
	w.Add(sighting(1, 9999, noon(), "192.0.2.1").consented())
	if f := ask(w, "192.0.2.1", 9999, noon()); f.Visitor.Events != 1 || f.Address.Events != 1 || f.Network.Events != 1 {
		t.Errorf("%+v", f)
	}
}

func TestQuestionsPushNothingElseOut(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{Asked: 640, Addresses: 640})
	for i := range 5000 {
		ask(w, fmt.Sprintf("10.%d.%d.1", i/250, i%250), 0, noon())
	}
	w.Add(sighting(1, 7, noon(), "192.0.2.1"))
	if f := ask(w, "192.0.2.1", 0, noon()); f.Address.Events != 1 || f.Complete {
		t.Errorf("%+v", f)
	}
}

func TestTheOnlyVisitorOfAnAddressIsMeant(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	w.Add(sighting(1, 7, noon(), "192.0.2.1"))
	if f := ask(w, "192.0.2.1", 0, noon()); f.Visitor.Events != 1 || !f.Shared {
		t.Errorf("alone: %+v", f.Visitor)
	}
	w.Add(sighting(2, 8, noon(), "192.0.2.1"))
	if f := ask(w, "192.0.2.1", 0, noon()); f.Visitor.Events != 0 {
		t.Errorf("of two, none is meant: %+v", f.Visitor)
	}
}

func TestWithoutConsentNobodyAnswersForOthersOfTheNetwork(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	robot := sighting(1, 7, noon(), "192.0.2.9") // the same agent in the same network: the same number
	robot.Browser.Bot = "automation:webdriver"
	w.Add(robot)
	for i := range 100 {
		w.Add(sighting(100+i, 7, noon().Add(time.Duration(i)*time.Second/10), "192.0.2.9"))
	}
	own := sighting(2, 7, noon(), "192.0.2.1")
	w.Add(own)
	for i := range 20 {
		w.Facts(&Question{Site: "demo", Address: netip.MustParseAddr("192.0.2.9"), Page: "id100"}, nil, noon().Add(time.Duration(i)*time.Second))
	}
	f := w.Facts(&Question{Site: "demo", Address: own.Address, Page: own.ID}, nil, noon())
	if f.Browser.Bot != "" || f.Visitor.Events != 1 || f.AskedVisitor != 0 || f.AskedAddress != 1 {
		t.Errorf("%+v, asked %d and %d times, %+v", f.Visitor, f.AskedAddress, f.AskedVisitor, f.Browser)
	}
	behind := w.Facts(&Question{Site: "demo", Address: robot.Address, Page: "id150"}, nil, noon())
	if behind.Browser.Bot != "" || !behind.Shared {
		t.Errorf("behind the robot's own address, a page of somebody else is a robot's: %+v", behind.Browser)
	}
	if f := w.Facts(&Question{Site: "demo", Address: robot.Address, Page: robot.ID}, nil, noon()); f.Browser.Bot == "" {
		t.Error("the robot's own page is not a robot's")
	}
}

func TestAttentionBelongsToItsPage(t *testing.T) {
	views := func(w *Window, n int) {
		for i := range n {
			w.Add(sighting(i, 7, noon().Add(time.Duration(i)*time.Second), "192.0.2.1"))
		}
	}
	attention := func(n, page int, visitor uint64) *Sighting {
		s := sighting(1000+n, visitor, noon().Add(time.Minute), "192.0.2.1")
		s.View, s.Page, s.Engaged = false, fmt.Sprint("id", page), 6*time.Second
		return s
	}
	for _, tt := range []struct {
		name string
		do   func(*Window)
		once int
	}{
		{"pages that nobody looks at", func(w *Window) { views(w, 20) }, 20},
		{"one that somebody looks at for long is one", func(w *Window) {
			views(w, 20)
			for i := range 5 {
				w.Add(attention(i, 3, 7))
			}
		}, 19},
		{"attention may come before its page, when it is read newest first", func(w *Window) {
			w.Add(attention(0, 3, 7))
			views(w, 20)
		}, 19},
		{"attention of somebody else is none", func(w *Window) {
			w.Add(attention(0, 3, 8))
			views(w, 20)
			w.Add(attention(1, 4, 8))
		}, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWindow(nowhere{}, Bounds{})
			tt.do(w)
			check := func(when string) {
				if f := ask(w, "192.0.2.1", 0, noon()); f.Network.Openings != 20 || f.Network.Once != tt.once {
					t.Errorf("%s: %d of %d page views were not read, want %d of 20", when, f.Network.Once, f.Network.Openings, tt.once)
				}
			}
			check("as it came")
			w.Sweep(noon().Add(time.Minute))
			check("counted anew")
		})
	}
}

func TestTwentyThousandBehindAnOperatorAreCountedAndAnsweredAtOnce(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	for i := range 30_000 {
		s := sighting(i, uint64(i+1), noon(), fmt.Sprintf("192.0.2.%d", i%6)).consented()
		s.Look = fmt.Sprint("look", i%40)
		w.Add(s)
	}
	f := ask(w, "192.0.2.1", 7, noon())
	if f.Network.Visitors != 30_000 || f.Network.Openings != 30_000 || f.Network.Crowd != 750 {
		t.Errorf("%+v", f.Network)
	}
	if n := testing.AllocsPerRun(100, func() { ask(w, "192.0.2.1", 7, noon()) }); n > 50 {
		t.Errorf("%v allocations a question: the guests are counted each time", n)
	}
}

func TestSitesKnowNothingOfEachOther(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	s := sighting(1, 7, noon(), "192.0.2.1")
	s.Site = "other"
	w.Add(s)
	if f := ask(w, "192.0.2.1", 7, noon()); f.Address.Events+f.Visitor.Events+f.Network.Events != 0 {
		t.Errorf("%+v", f)
	}
}

func TestWhoWasErasedIsForgotten(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	w.Add(sighting(1, 7, noon(), "192.0.2.1").consented())
	w.Add(sighting(2, 8, noon(), "192.0.2.1").consented())
	w.barred.erase(func(site string, visitor uint64) uint64 { return visitor + 100 }, map[string][]uint64{"demo": {107}})
	w.forget()
	if f := ask(w, "192.0.2.1", 7, noon()); f.Visitor.Events != 0 || f.visitor != 0 {
		t.Errorf("%+v", f.Visitor)
	}
	if _, ok := w.visitorOf("demo", "id1", noon()); ok {
		t.Error("an event still tells whose it was")
	}
	if f := ask(w, "192.0.2.1", 8, noon()); f.Visitor.Events != 1 || f.Address.Visitors != 1 {
		t.Errorf("%+v", f.Visitor)
	}
	if w.Add(sighting(3, 7, noon(), "192.0.2.1").consented()) {
		t.Error("an event that comes late is taken in")
	}
	w.follow("demo", 7, "192.0.2.0/24", "Windows", noon(), noon())
	if held := w.Sweep(noon()); held["trails"] != 1 || held["people"] != 1 {
		t.Errorf("%v, want what is of the other", held)
	}
}

func TestOnlyWhoConsentedIsFollowed(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	for i, consented := range []bool{false, true} {
		s := sighting(i, uint64(i+1), noon(), "192.0.2.1")
		if consented {
			s.consented()
		}
		w.Add(s)
		if f := ask(w, "192.0.2.1", uint64(i+1), noon()); len(f.Trail) > 0 != consented {
			t.Errorf("consented %t: a trail of %d", consented, len(f.Trail))
		}
	}
}

func TestNoEvidenceNamesAnAddressOrAVisitor(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	for i := range 200 {
		s := sighting(i, 123456789, noon().Add(time.Duration(i)*100*time.Millisecond), "192.0.2.1")
		w.Add(s.consented())
	}
	for range 30 {
		ask(w, "192.0.2.1", 123456789, noon())
	}
	a := Assess(ask(w, "192.0.2.1", 123456789, noon()))
	if text := fmt.Sprint(a); len(a.Signals) < 3 || strings.Contains(text, "192.0.2") || strings.Contains(text, "123456789") {
		t.Error(text)
	}
}

func BenchmarkAsk(b *testing.B) {
	w := NewWindow(nowhere{}, Bounds{})
	for i := range 200_000 {
		s := sighting(i, uint64(i%60_000+1), noon(), fmt.Sprintf("10.%d.%d.%d", i%4, i/4%250, 1+i%250)).consented()
		s.Browser.TimeZone = "Asia/Almaty"
		w.Add(s)
	}
	address := netip.MustParseAddr("10.1.2.3")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Assess(w.Facts(&Question{Site: "demo", Address: address, Visitor: uint64(i%60_000 + 1), Declared: "KZ", Amount: 5, Caller: "till"}, nil, noon()))
	}
}
