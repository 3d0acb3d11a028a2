package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// beat is how often events are stored while the aggregator works, as a collector with much to do delivers.
const beat = 500 * time.Millisecond

// What comes in is a part of the history once more, with visitors and ids of their own, as if it happened now.
const (
	liveRows = `CREATE TABLE scale.live ENGINE = MergeTree ORDER BY place AS
SELECT *, rowNumberInAllBlocks() AS place FROM (SELECT * FROM events WHERE ts >= ? ORDER BY ts LIMIT ?)`
	liveInsert = `INSERT INTO events SELECT * EXCEPT place REPLACE (
    now64(3) AS ts, now() AS received, substring(base64URLEncode(reinterpretAsFixedString(cityHash64(id, ?))), 1, 11) AS id,
    if(page = '', '', substring(base64URLEncode(reinterpretAsFixedString(cityHash64(page, ?))), 1, 11)) AS page,
    if(visitor = 0, 0, cityHash64(visitor, ?)) AS visitor)
FROM scale.live WHERE place >= ? AND place < ?`
)

// live lets the aggregator run while events come in, and counts what the rollups took of it.
func (s *stage) live(ctx context.Context, f *figures) error {
	if s.options.live == 0 {
		return nil
	}
	total := int(s.options.live.Seconds()) * s.rate
	// Not among Mayak's tables: the aggregator refuses a database with columns that no policy names.
	for _, statement := range []string{"DROP DATABASE IF EXISTS scale SYNC", "CREATE DATABASE scale"} {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare events: %w", err)
		}
	}
	if err := s.conn.Exec(ctx, liveRows, s.until.Add(-24*time.Hour*time.Duration(2+total*s.days/s.size)), total); err != nil {
		return fmt.Errorf("prepare events: %w", err)
	}
	started, err := s.ask(ctx, "SELECT toUnixTimestamp64Milli(now64(3))")
	if err != nil {
		return err
	}
	if err := s.aggregator.Run(ctx); err != nil {
		return err
	}
	sent, late, err := s.send(ctx, total)
	if err != nil {
		return err
	}
	f.LiveRate, f.LiveLate = float64(sent)/s.options.live.Seconds(), late.Seconds()
	const since = " FROM rollup_windows WHERE toUnixTimestamp64Milli(toDateTime64(computed, 3)) >= ?"
	seconds, err := s.ask(ctx, "SELECT sum(seconds)"+since, int64(started))
	if err != nil {
		return err
	}
	f.WorkAMinute = seconds / s.options.live.Minutes()
	f.LiveWindows, err = s.ask(ctx, "SELECT count()"+since, int64(started))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  %.0f events a second came in; the rollups worked %.1f s a minute on %.0f windows\n", f.LiveRate, f.WorkAMinute, f.LiveWindows)
	stop, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.aggregator.Stop(stop)
}

// send inserts at the rate, and tells how far behind it fell at most.
func (s *stage) send(ctx context.Context, total int) (sent int, late time.Duration, err error) {
	step := max(1, int(float64(s.rate)*beat.Seconds()))
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"optimize_on_insert": 0}))
	begun, salt := time.Now(), time.Now().UnixNano()
	for sent < total {
		due := begun.Add(time.Duration(float64(sent) / float64(s.rate) * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				timer.Stop()
				return sent, late, ctx.Err()
			case <-timer.C:
			}
		} else {
			late = max(late, -wait)
		}
		if time.Since(begun) > 2*s.options.live {
			return sent, late, fmt.Errorf("%d of %d events came in within %v: the machine does not take %d a second", sent, total, time.Since(begun), s.rate)
		}
		if err := s.conn.Exec(ctx, liveInsert, salt, salt, salt, sent, sent+step); err != nil {
			return sent, late, fmt.Errorf("insert: %w", err)
		}
		sent += step
	}
	return sent, late, nil
}
