package visitor

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// table is a Shared in memory that may be away.
type table struct {
	mu    sync.Mutex
	away  bool
	salts map[string]Salt
}

var errAway = errors.New("away")

func (d *table) Agree(_ context.Context, day string, mine Salt) (Salt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return Salt{}, errAway
	}
	if _, ok := d.salts[day]; !ok {
		d.salts[day] = mine
	}
	return d.salts[day], nil
}

func (d *table) Forget(_ context.Context, before string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return errAway
	}
	for day := range d.salts {
		if day < before {
			delete(d.salts, day)
		}
	}
	return nil
}

func (d *table) set(away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away = away
}

func (d *table) days() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for day := range d.salts {
		names = append(names, day)
	}
	return names
}

// run runs the salts inside a synctest bubble until the test ends.
func run(t *testing.T, s *Salts) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

func TestTwoCollectorsAgreeAndTheFirstOfferWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &table{salts: map[string]Salt{}}
		a, b := open(t, Options{Now: time.Now, Shared: shared}), open(t, Options{Now: time.Now, Shared: shared})
		first, other := a.Salt("2000-01-01"), b.Salt("2000-01-01")
		if first == other {
			t.Fatal("two collectors made the same salt")
		}
		run(t, a)
		synctest.Wait()
		replaced := b.live.Load().entries[0]
		run(t, b)
		synctest.Wait()
		if b.Salt("2000-01-01") != first || a.Salt("2000-01-01") != first {
			t.Error("they do not use the first one")
		}
		if replaced.salt() != (Salt{}) {
			t.Error("the salt that lost is still in memory")
		}
		if got := counted(b.metrics.adopted); got != 1 {
			t.Errorf("adopted = %v, want 1", got)
		}
		kept, err := readFile(b.o.Path)
		if err != nil || len(kept) != 1 || kept[0].salt() != first {
			t.Errorf("the adopted salt is not in the file (%v)", err)
		}
	})
}

func TestTheNextDaysSaltIsAgreedOnBeforeItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &table{salts: map[string]Salt{}}
		a, b := open(t, Options{Now: time.Now, Shared: shared}), open(t, Options{Now: time.Now, Shared: shared})
		run(t, a)
		run(t, b)
		<-time.After(23*time.Hour + 2*time.Minute)
		synctest.Wait()
		if a.Salt("2000-01-02") != b.Salt("2000-01-02") {
			t.Error("an hour before midnight they have two salts")
		}
	})
}

func TestACollectorRunsWithoutTheDatabaseAndAgreesWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &table{salts: map[string]Salt{"2000-01-01": {42}}, away: true}
		var log bytes.Buffer // read only while everything else waits
		s := open(t, Options{Now: time.Now, Shared: shared, Log: slog.New(slog.NewTextHandler(&log, nil))})
		own := s.Salt("2000-01-01")
		run(t, s)
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if s.Salt("2000-01-01") != own {
			t.Error("the own salt is gone while the database is away")
		}
		if counted(s.metrics.sharedErrors) == 0 {
			t.Error("the failures are not counted")
		}
		shared.set(false)
		<-time.After(period)
		synctest.Wait()
		if s.Salt("2000-01-01") != (Salt{42}) {
			t.Error("the salt in force was not adopted")
		}
		if text := log.String(); strings.Count(text, "salts not shared") != 1 || strings.Count(text, "salts shared again") != 1 {
			t.Errorf("an outage is logged at its begin and its end, but:\n%s", text)
		}
	})
}

func TestSaltsGoEverywhereAtTheMomentTheirDayEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &table{salts: map[string]Salt{}}
		s := open(t, Options{Now: time.Now, Shared: shared})
		run(t, s)
		<-time.After(36*time.Hour - time.Nanosecond) // the last nanosecond of 2000-01-01 at UTC-12
		synctest.Wait()
		if diff := cmp.Diff([]string{"2000-01-01", "2000-01-02"}, liveDays(s)); diff != "" {
			t.Errorf("before the end: %s", diff)
		}
		<-time.After(time.Millisecond)
		synctest.Wait()
		if diff := cmp.Diff([]string{"2000-01-02"}, liveDays(s)); diff != "" {
			t.Errorf("in memory: %s", diff)
		}
		if diff := cmp.Diff([]string{"2000-01-02"}, shared.days()); diff != "" {
			t.Errorf("in the database: %s", diff)
		}
	})
}
