package diagnose_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"mayak/aggregator/diagnose"
)

// scattered are times that spread as they do in the world, many small and a few large; one of every so many takes times as long.
func scattered(count, every int, times float64) (all diagnose.Times) {
	for i := range count {
		share := (float64(i) + 0.5) / float64(count)
		ms := 150 * math.Exp(0.7*math.Sqrt2*math.Erfinv(2*share-1))
		if i%every == 1%every {
			ms *= times
		}
		all.Add(ms)
	}
	return all
}

// A part of the visitors who wait far longer are seen by their number, before they move a quantile for sure, if they ever do.
func TestAPartThatWaitsFarLongerIsFoundByItsNumber(t *testing.T) {
	const never = 60
	for _, tt := range []struct {
		every  int
		times  float64
		within int
	}{{4, 3, 10}, {5, 4, 10}, {6, 4, 10}, {1, 1.3, never}, {12, 2, never}} {
		t.Run(fmt.Sprintf("one of %d waits %v times as long", tt.every, tt.times), func(t *testing.T) {
			s := &site{Detector: diagnose.NewDetector(time.UTC), now: start()}
			five := diagnose.Numbers{Views: 200, Times: [3]diagnose.Times{scattered(200, 1, 1)}}
			for at := start().AddDate(0, 0, -42); at.Before(start()); at = at.Add(diagnose.Step) {
				s.past = append(s.past, diagnose.Window{Start: at, Readings: five.Read()})
			}
			shows := func(every int, times float64) func(*diagnose.Numbers) {
				return func(n *diagnose.Numbers) {
					*n = diagnose.Numbers{Views: 40, Times: [3]diagnose.Times{scattered(40, every, times)}}
				}
			}
			s.live(240, shows(1, 1))
			s.live(tt.within, shows(tt.every, tt.times))
			if found := len(s.opened) > 0; found != (tt.within != never) {
				t.Errorf("after %d minutes it is found: %t; %v", tt.within, found, s.opened)
			}
		})
	}
}
