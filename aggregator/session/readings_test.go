package session

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoeverAsksWithinSecondsSharesAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readings
		written := uint64(0)
		write := func() (uint64, error) { written++; <-time.After(time.Second); return written, nil }
		begin := time.Now()
		ask := func() uint64 {
			n, err := r.latest("demo", []Span{{begin, time.Now().Add(24 * time.Hour)}}, 4*time.Second, write)
			if err != nil {
				t.Error(err)
			}
			return n
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if n := ask(); n != 1 {
					t.Errorf("who asked at once was told of reading %d, want 1", n)
				}
			})
		}
		all.Wait()
		<-time.After(2 * time.Second)
		if n := ask(); n != 1 {
			t.Errorf("after three seconds: reading %d, want 1", n)
		}
		<-time.After(2 * time.Second)
		if n := ask(); n != 2 {
			t.Errorf("after five seconds: reading %d, want another", n)
		}
		if n, _ := r.latest("demo", []Span{{begin.Add(time.Minute), begin.Add(24 * time.Hour)}}, 4*time.Second, write); n != 3 {
			t.Errorf("other gaps share reading %d", n)
		}
		if n, _ := r.latest("shop", []Span{{begin, begin.Add(24 * time.Hour)}}, 4*time.Second, write); n != 4 {
			t.Errorf("another site shares reading %d", n)
		}
	})
}

func TestWhatIsAskedForIsKeptFreshUntilNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readings
		gaps := []Span{{time.Now(), time.Now().Add(24 * time.Hour)}}
		if _, err := r.latest("demo", gaps, 4*time.Second, func() (uint64, error) { return 1, nil }); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{time.Second, 0}, {2 * time.Second, 1}, {40 * time.Second, 0}} {
			<-time.After(step.after)
			if old := r.stale(time.Now(), 2*time.Second); len(old) != step.want {
				t.Errorf("%v later %d readings are to be made anew, want %d", step.after, len(old), step.want)
			}
		}
		if len(r.all) != 0 {
			t.Errorf("%d readings are remembered that nobody asks for", len(r.all))
		}
	})
}

func TestAReadingThatFailedIsTriedAgain(t *testing.T) {
	var r readings
	broken := errors.New("broken")
	gaps := []Span{{time.Now(), time.Now().Add(time.Hour)}}
	if _, err := r.latest("demo", gaps, time.Hour, func() (uint64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the writer", err)
	}
	if n, err := r.latest("demo", gaps, time.Hour, func() (uint64, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("reading %d, error %v, want the second try", n, err)
	}
}
