package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mayak/scripts/processes"
)

// delivery is how the backlog went into the database.
type delivery struct {
	rows              float64
	took              time.Duration
	collector, engine time.Duration // processor time
	rowsPerSecond     float64
}

const (
	deliveredRows  = "mayak_collector_deliver_rows_total"
	askInterval    = 200 * time.Millisecond
	deliverTimeout = 3 * time.Minute
	deliverLongest = 20 * time.Second // what is in by then is enough to know the speed
)

// deliver brings the engine back and measures from the first rows that arrive to the last.
func (st *stage) deliver(ctx context.Context) (delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	if err := st.engine.Run(ctx); err != nil {
		return delivery{}, err
	}
	first, err := st.deliveredAfter(ctx, func(c processes.Counters) bool { return c[deliveredRows] > 0 })
	if err != nil {
		return delivery{}, err
	}
	last, err := st.deliveredAfter(ctx, func(c processes.Counters) bool { return c.Pending() == 0 || time.Since(first.at) > deliverLongest })
	if err != nil {
		return delivery{}, err
	}
	d := delivery{rows: last.rows - first.rows, took: last.at.Sub(first.at), collector: last.collector - first.collector, engine: last.engine - first.engine}
	d.rowsPerSecond = d.rows / d.took.Seconds()
	return d, nil
}

// moment is how far delivery has come.
type moment struct {
	at                time.Time
	rows              float64
	collector, engine time.Duration
}

func (st *stage) deliveredAfter(ctx context.Context, enough func(processes.Counters) bool) (moment, error) {
	var m moment
	next := time.Now()
	err := processes.Poll(ctx, func() (bool, error) {
		if time.Now().Before(next) {
			return false, nil // what asking costs is counted as the collector's
		}
		next = time.Now().Add(askInterval)
		counters, err := st.collector.Counters(ctx)
		if err != nil || !enough(counters) {
			return false, err
		}
		m = moment{at: time.Now(), rows: counters[deliveredRows]}
		if m.collector, err = cpuOf(st.collector.PID()); err != nil {
			return false, err
		}
		m.engine, err = cpuOf(st.engine.PID())
		return true, err
	})
	return m, err
}

// bytesPerRow is what a row takes once its parts have been merged.
func (st *stage) bytesPerRow(ctx context.Context) (float64, error) {
	if err := st.collector.Stop(ctx); err != nil {
		return 0, err
	}
	if _, err := st.engine.Query(ctx, "OPTIMIZE TABLE "+database+".events FINAL"); err != nil {
		return 0, err
	}
	text, err := st.engine.Query(ctx, "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND database = '"+database+"' AND table = 'events'")
	if err != nil {
		return 0, err
	}
	bytes, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("bytes a row: %w", err)
	}
	return bytes, nil
}
