package diagnose_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/diagnose"
)

// start is a Monday.
func start() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// minute is what a site shows in an ordinary minute.
func minute() *diagnose.Numbers {
	n := &diagnose.Numbers{Views: 40, Errors: 0.2, Answers: 36, Failed: 0.05, ServerAnswers: 40, ServerFailed: 0.05, Network: 0.05}
	for i := range n.Times {
		for j := range 40 {
			n.Times[i].Add(100 + 5*float64(j))
		}
	}
	return n
}

// site is a detector with six weeks of ordinary minutes behind it.
type site struct {
	*diagnose.Detector

	past   []diagnose.Window
	now    time.Time
	opened []diagnose.Finding
	closed []diagnose.Finding
}

func newSite(weeks int) *site {
	s := &site{Detector: diagnose.NewDetector(time.UTC), now: start()}
	five := diagnose.Numbers{Views: 200, Errors: 1, Answers: 180, Failed: 0.25, ServerAnswers: 200, ServerFailed: 0.25, Network: 0.25}
	for range 5 {
		for i := range five.Times {
			for j := range 40 {
				five.Times[i].Add(100 + 5*float64(j))
			}
		}
	}
	for at := start().AddDate(0, 0, -7*weeks); at.Before(start()); at = at.Add(diagnose.Step) {
		s.past = append(s.past, diagnose.Window{Start: at, Readings: five.Read()})
	}
	for range 240 {
		s.live(1, nil)
	}
	return s
}

// live lets minutes pass, each changed by what happens.
func (s *site) live(minutes int, happens func(*diagnose.Numbers)) {
	for range minutes {
		n := minute()
		if happens != nil {
			happens(n)
		}
		if slot := diagnose.Slot(s.now); s.Slot() != slot {
			s.Remember(slot, diagnose.Past(slot, time.UTC, s.past))
		}
		s.Minute(s.now, n)
		s.now = s.now.Add(time.Minute)
		for _, f := range s.Look(s.now) {
			if f.Change == diagnose.Opened {
				s.opened = append(s.opened, f)
			} else {
				s.closed = append(s.closed, f)
			}
		}
	}
}

func slower(by float64) func(*diagnose.Numbers) {
	return func(n *diagnose.Numbers) {
		n.Times[0] = diagnose.Times{}
		for j := range 40 {
			n.Times[0].Add(by * (100 + 5*float64(j)))
		}
	}
}

func TestWhatIsOutOfTheOrdinaryOpensAnIncidentOfItsSignal(t *testing.T) {
	for _, tt := range []struct {
		name    string
		minutes int
		happens func(*diagnose.Numbers)
		want    []diagnose.Signal
	}{
		{"nothing", 120, nil, nil},
		{"four times as slow", 10, slower(4), []diagnose.Signal{diagnose.TTFB}},
		{"a third slower is no effect, however sure it is", 120, slower(1.3), nil},
		{"one bad minute", 1, slower(8), nil},
		{"nobody comes any more", 10, func(n *diagnose.Numbers) { *n = diagnose.Numbers{} }, []diagnose.Signal{diagnose.Views}},
		{"half as many come", 120, func(n *diagnose.Numbers) { n.Views /= 2 }, nil},
		{"three times as many come", 120, func(n *diagnose.Numbers) {
			n.Views, n.Answers = 3*n.Views, 3*n.Answers
		}, nil},
		{"a page breaks", 10, func(n *diagnose.Numbers) { n.Errors = 4 }, []diagnose.Signal{diagnose.Errors}},
		{"two errors are few", 10, func(n *diagnose.Numbers) { n.Errors = 0.4 }, nil},
		{"a tenth of the answers fails", 10, func(n *diagnose.Numbers) { n.Failed = 4 }, []diagnose.Signal{diagnose.Failures}},
		{"a tenth of the answers in the server's log fails", 10, func(n *diagnose.Numbers) { n.ServerFailed = 4 }, []diagnose.Signal{diagnose.ServerFailures}},
		{"both tell of the same failures", 10, func(n *diagnose.Numbers) { n.Failed, n.ServerFailed = 4, 4 }, []diagnose.Signal{diagnose.Failures}},
		{"a network does not reach the server", 10, func(n *diagnose.Numbers) { n.Network = 5 }, []diagnose.Signal{diagnose.Network}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(6)
			s.live(tt.minutes, tt.happens)
			s.live(10, nil)
			var got []diagnose.Signal
			for _, f := range s.opened {
				got = append(got, f.Signal)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("opened (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnIncidentOpensWithinMinutesAndClosesAfterTenCalmOnes(t *testing.T) {
	s := newSite(6)
	began := s.now
	s.live(30, slower(4))
	ended := s.now
	s.live(40, nil)
	if len(s.opened) != 1 || len(s.closed) != 1 {
		t.Fatalf("opened %d, closed %d; want one each", len(s.opened), len(s.closed))
	}
	if took := s.opened[0].At.Sub(began); took > 4*time.Minute {
		t.Errorf("opened after %s", took)
	}
	if early := s.opened[0].Started.Sub(began); early < -2*time.Minute || early > 2*time.Minute {
		t.Errorf("said to have begun %s off", early)
	}
	if took := s.closed[0].At.Sub(ended); took < 10*time.Minute || took > 20*time.Minute {
		t.Errorf("closed %s after the end", took)
	}
	if got := s.closed[0].Worst.Ratio; got < 3 || got > 4.2 {
		t.Errorf("worst ratio %.2f, want about 4", got)
	}
}

func TestASiteThatIsTooYoungIsNotJudged(t *testing.T) {
	s := newSite(0)
	s.live(30, func(n *diagnose.Numbers) { *n = diagnose.Numbers{} })
	if len(s.opened) > 0 {
		t.Errorf("opened %v without a past", s.opened)
	}
}

func TestAYoungSiteIsComparedWithTheDaysBefore(t *testing.T) {
	s := newSite(1)
	s.past = s.past[5*288:] // two days
	s.Remember(diagnose.Slot(s.now), diagnose.Past(diagnose.Slot(s.now), time.UTC, s.past))
	s.live(20, slower(4))
	if len(s.opened) != 1 {
		t.Errorf("opened %d, want one", len(s.opened))
	}
}

func TestABadWeekOfThePastChangesNothing(t *testing.T) {
	s := newSite(6)
	for i := range s.past {
		if s.past[i].Start.After(start().AddDate(0, 0, -8)) {
			s.past[i].Readings[diagnose.TTFB].Value *= 10
			s.past[i].Readings[diagnose.TTFB].Tail *= 10
			s.past[i].Readings[diagnose.Failures].Value = 90
			s.past[i].Readings[diagnose.Views].Value = 0
		}
	}
	s.Remember(diagnose.Slot(s.now), diagnose.Past(diagnose.Slot(s.now), time.UTC, s.past))
	s.live(20, func(n *diagnose.Numbers) {
		slower(4)(n)
		n.Failed = 10
	})
	if len(s.opened) != 2 {
		t.Errorf("opened %d, want two: slow, and failing", len(s.opened))
	}
}

func TestTheHourOfTheWeekIsThatOfTheClockOnTheWall(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	slot := diagnose.Slot(time.Date(2026, 3, 30, 9, 0, 0, 0, berlin)) // the clocks were put forward the day before
	got := diagnose.Alike(slot, berlin)[0][0]
	want := time.Date(2026, 3, 23, 8, 45, 0, 0, berlin).UTC()
	if !got.Start.Equal(want) {
		t.Errorf("compared with %s, want %s", got.Start, want)
	}
}

func TestQuantilesAreThoseOfTheTimes(t *testing.T) {
	var times diagnose.Times
	for ms := 1.0; ms <= 1000; ms++ {
		times.Add(ms)
	}
	for share, want := range map[float64]float64{0.5: 500, 0.75: 750, 0.9: 900} {
		if got := times.Quantile(share); got < want*0.97 || got > want*1.03 {
			t.Errorf("quantile %.2f = %.0f, want %.0f", share, got, want)
		}
	}
}
