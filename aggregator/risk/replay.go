package risk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Moment is something that happened, or that the payment step asked.
type Moment struct {
	At       time.Time
	Sighting *Sighting
	Question *Question
	Verdict  Verdict   // what was found out about a question; empty is nothing
	Told     time.Time // when
}

// Replay scores what is over, as it would have been scored then, by a window of its own, and stores scores and verdicts under the times that
// they had. The token names what is played: the same one again stores nothing.
func Replay(ctx context.Context, conn driver.Conn, places Locator, all []Moment, token string) (scored int, err error) {
	slices.SortStableFunc(all, func(a, b Moment) int { return a.At.Compare(b.At) })
	window := NewWindow(places, Bounds{})
	var found []score
	var told []outcome
	swept := time.Time{}
	for i := range all {
		m := &all[i]
		if m.At.Sub(swept) >= time.Minute {
			window.Sweep(m.At)
			for _, s := range window.Standing(m.At) {
				found = append(found, score{Standing: s, id: newID(), at: m.At})
			}
			swept = m.At
		}
		if m.Sighting != nil {
			window.Add(m.Sighting)
			continue
		}
		s := asked(m.Question, window.Facts(m.Question, nil, m.At), m.At)
		found = append(found, s)
		if m.Verdict != "" {
			told = append(told, outcome{
				site: s.Site, at: m.Told, id: s.id, caller: s.caller, visitor: s.Visitor, verdict: m.Verdict, score: uint8(s.Score), signals: s.names(), //nolint:gosec // 0 to 100
			})
		}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": token, "insert_deduplicate": 1, "async_insert": 0}))
	if err := (&scores{conn: conn}).write(ctx, found); err != nil {
		return 0, fmt.Errorf("write risk scores: %w", err)
	}
	return len(found), storeOutcomes(ctx, conn, told)
}
