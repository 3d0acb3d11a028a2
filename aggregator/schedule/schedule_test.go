package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"mayak/aggregator/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal remembers runs; while broken it refuses them.
type journal struct {
	mu     sync.Mutex
	runs   []schedule.Run
	broken bool
}

func (j *journal) Record(_ context.Context, r schedule.Run) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		return errors.New("database is away")
	}
	j.runs = append(j.runs, r)
	return nil
}

// during runs the jobs for a while of the test's own clock.
func during(t *testing.T, how time.Duration, j schedule.Recorder, jobs ...schedule.Job) (*schedule.Scheduler, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	s := schedule.New(schedule.Options{Jobs: jobs, Recorder: j, Log: slog.New(slog.DiscardHandler), Registerer: registry})
	ctx, cancel := context.WithTimeout(t.Context(), how)
	defer cancel()
	s.Run(ctx)
	return s, registry
}

func TestAJobRunsAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fast, slow int
		during(t, time.Minute+time.Millisecond, &journal{},
			schedule.Job{Name: "fast", Every: time.Second, Run: func(context.Context) (uint64, error) { fast++; return 0, nil }},
			schedule.Job{Name: "slow", Every: 20 * time.Second, Run: func(context.Context) (uint64, error) { slow++; return 0, nil }})
		if diff := cmp.Diff([]int{61, 4}, []int{fast, slow}); diff != "" {
			t.Errorf("runs in a minute (-want +got):\n%s", diff)
		}
	})
}

func TestAFailingJobIsTriedLaterEachTimeAndStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed []time.Duration
		well, began := 0, time.Now()
		s, registry := during(t, time.Hour+time.Millisecond, &journal{},
			schedule.Job{Name: "bad", Every: time.Second, Run: func(context.Context) (uint64, error) {
				failed = append(failed, time.Since(began))
				if len(failed)%2 == 0 {
					panic("out of range")
				}
				return 0, errors.New("table is away")
			}},
			schedule.Job{Name: "good", Every: time.Minute, Run: func(context.Context) (uint64, error) { well++; return 1, nil }})
		if well != 61 {
			t.Errorf("the other job ran %d times in an hour, want 61", well)
		}
		if len(failed) < 12 || len(failed) > 25 {
			t.Errorf("a job that always fails ran %d times in an hour, want every five minutes in the end", len(failed))
		}
		last := failed[len(failed)-1] - failed[len(failed)-2]
		if last < 3*time.Minute || last > 7*time.Minute {
			t.Errorf("the last tries were %v apart, want about 5m", last)
		}
		detail, err := s.Check(t.Context())
		if err != nil || !strings.Contains(detail, "bad failed ") || !strings.Contains(detail, "good done at ") || strings.Contains(detail, "\n") {
			t.Errorf("Check() = %q, %v; want one line that tells how each job is doing", detail, err)
		}
		if got := testutil.CollectAndCount(registry, "mayak_aggregator_schedule_runs_total"); got != 4 {
			t.Errorf("%d series of runs, want one for each job and outcome", got)
		}
	})
}

func TestTheJournalHoldsWhatWasDoneAndWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, runs := &journal{}, 0
		s, _ := during(t, 10*time.Second+time.Millisecond, j, schedule.Job{Name: "job", Every: time.Second, Run: func(context.Context) (uint64, error) {
			runs++
			switch runs {
			case 1:
				return 0, nil // nothing to do leaves no row
			case 2:
				return 0, errors.New("refused")
			case 3:
				return 7, nil
			}
			return 0, nil
		}})
		type kept struct {
			Rows   uint64
			Failed bool
		}
		var got []kept
		for _, r := range j.runs {
			got = append(got, kept{r.Rows, r.Err != nil})
		}
		if diff := cmp.Diff([]kept{{0, true}, {7, false}}, got); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		if detail, err := s.Check(t.Context()); !strings.HasPrefix(detail, "job done at ") || err != nil {
			t.Errorf("after a good run Check() = %q, %v", detail, err)
		}
	})
}

func TestAJournalThatIsAwayStopsNoJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		during(t, 10*time.Second+time.Millisecond, &journal{broken: true},
			schedule.Job{Name: "job", Every: time.Second, Run: func(context.Context) (uint64, error) { runs++; return 1, nil }})
		if runs != 11 {
			t.Errorf("runs = %d, want 11", runs)
		}
	})
}

func TestTheEndOfTheProcessIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s, _ := during(t, time.Second, j, schedule.Job{Name: "job", Every: time.Second, Run: func(ctx context.Context) (uint64, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}})
		if detail, _ := s.Check(t.Context()); len(j.runs) != 0 || strings.Contains(detail, "failed") {
			t.Errorf("journal %v, detail %q; want nothing told", j.runs, detail)
		}
	})
}
