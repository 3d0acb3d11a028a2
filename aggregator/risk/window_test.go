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

func ask(w *Window, address string, visitor uint64, when time.Time) *Facts {
	return w.Facts(&Question{Site: "demo", Address: netip.MustParseAddr(address), Visitor: visitor}, nil, when)
}

func TestAnEventCountsOnceWhateverIsReadTwice(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	s := sighting(1, 7, noon(), "192.0.2.1")
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
		w.Add(sighting(i, uint64(i+1), noon(), "192.0.2.1"))
	}
	if f := ask(w, "192.0.2.9", 0, noon().Add(59*time.Minute)); f.Network.Visitors != 100 || f.Network.Events != 100 {
		t.Errorf("within the hour: %+v", f.Network)
	}
	if groups, _ := w.Sweep(noon().Add(2*length + time.Minute)); groups != 0 {
		t.Errorf("%d groups left", groups)
	}
	if f := ask(w, "192.0.2.1", 0, noon().Add(2*length+time.Minute)); f.Network.Events != 0 || f.AskedAddress != 1 {
		t.Errorf("after it: %+v", f)
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
	if visitor, ok := w.VisitorOf("demo", "id1", midnight.Add(20*time.Minute)); !ok || visitor != 7 {
		t.Errorf("the page view before midnight is of %d", visitor)
	}
	w.Sweep(midnight.Add(3 * time.Hour))
	if n := len(w.keys.day); n != 1 {
		t.Errorf("%d keys are left, want today's", n)
	}
}

func TestABoundedWindowLeavesOutWhatItHasNoRoomForAndSaysSo(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{Groups: 640, Guests: 640, Events: 6400})
	for i := range 5000 {
		w.Add(sighting(i, uint64(i+1), noon(), fmt.Sprintf("10.%d.%d.1", i/250, i%250)))
	}
	groups, skipped := w.Sweep(noon())
	if groups > 640 || skipped == 0 {
		t.Errorf("%d groups, %d left out", groups, skipped)
	}
}

func TestTheOnlyVisitorOfAnAddressIsMeant(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	w.Add(sighting(1, 7, noon(), "192.0.2.1"))
	if f := ask(w, "192.0.2.1", 0, noon()); f.Visitor.Events != 1 {
		t.Errorf("alone: %+v", f.Visitor)
	}
	w.Add(sighting(2, 8, noon(), "192.0.2.1"))
	if f := ask(w, "192.0.2.1", 0, noon()); f.Visitor.Events != 0 {
		t.Errorf("of two, none is meant: %+v", f.Visitor)
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
	w.Add(sighting(1, 7, noon(), "192.0.2.1"))
	w.Add(sighting(2, 8, noon(), "192.0.2.1"))
	w.Forget(func(site string, visitor uint64) bool { return site == "demo" && visitor == 7 })
	if f := ask(w, "192.0.2.1", 7, noon()); f.Visitor.Events != 0 {
		t.Errorf("%+v", f.Visitor)
	}
	if _, ok := w.VisitorOf("demo", "id1", noon()); ok {
		t.Error("an event still tells whose it was")
	}
	if f := ask(w, "192.0.2.1", 8, noon()); f.Visitor.Events != 1 || f.Address.Visitors != 1 {
		t.Errorf("%+v", f.Visitor)
	}
}

func TestOnlyWhoConsentedIsFollowed(t *testing.T) {
	w := NewWindow(nowhere{}, Bounds{})
	for i, consented := range []bool{false, true} {
		s := sighting(i, uint64(i+1), noon(), "192.0.2.1")
		s.Consented = consented
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
		s.Consented = true
		w.Add(s)
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
		w.Add(sighting(i, uint64(i%60_000+1), noon(), fmt.Sprintf("10.%d.%d.%d", i%4, i/4%250, 1+i%250)))
	}
	address := netip.MustParseAddr("10.1.2.3")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Assess(w.Facts(&Question{Site: "demo", Address: address, Visitor: uint64(i%60_000 + 1), Declared: "KZ", Amount: 5, Caller: "till"}, nil, noon()))
	}
}
