package api

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"mayak/aggregator/series"
	"mayak/dashboards"
)

// lastMinute knows figures of the minute before now, as what keeps metrics of processes does.
type lastMinute struct{ now time.Time }

func (m lastMinute) Instant(_ context.Context, _ string, at time.Time) ([]series.Line, error) {
	if at.Sub(m.now) > time.Minute {
		return nil, nil
	}
	return []series.Line{{Points: []series.Point{{At: at, Value: 7}}}}, nil
}

func (m lastMinute) Range(ctx context.Context, expression string, _, to time.Time, _ time.Duration) ([]series.Line, error) {
	return m.Instant(ctx, expression, to)
}

// The end of a range is brought to five minutes for reports. What is asked of metrics is not of minutes to come.
func TestMetricsAreThoseOfNowAtEveryMinuteOfFive(t *testing.T) {
	set, err := dashboards.Load()
	if err != nil {
		t.Fatal(err)
	}
	for minute := range 5 {
		now := time.Date(2026, 11, 23, 8, 30+minute, 1, 0, time.UTC)
		f := newFixture(t, func(o *Options) {
			o.Boards.Set, o.Boards.Metrics, o.Now = set, lastMinute{now}, func() time.Time { return now }
		})
		code, _, body := f.get(t, "ops", fmt.Sprintf("/api/dashboards/collector/panels/4?from=%d&to=%d", now.Add(-time.Hour).UnixMilli(), now.UnixMilli()))
		var answer struct{ Frames []Frame }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Frames) == 0 {
			t.Errorf("at %v the panel answers %d %s", now.Format(time.TimeOnly), code, body)
		}
	}
}
