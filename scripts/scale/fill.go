package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// copies is how many rows one statement makes at most: it fits into the engine's memory.
const copies = 2_000_000

// A copy of a visit has a visitor and ids of its own, and happens up to a quarter of an hour earlier or later, all of it
// together: so the shape of sessions, the skew of pages and sources, days and weeks stay, and no two rows are the same.
// Nobody's rows stay nobody's. Ids are as random as real ones: they are most of what a row takes.
const copyRows = `INSERT INTO mayak.events SELECT * REPLACE (
    ts + toIntervalSecond(toInt32(modulo(cityHash64(visitor, copy), 1800)) - 900) AS ts,
    received + toIntervalSecond(toInt32(modulo(cityHash64(visitor, copy), 1800)) - 900) AS received,
    substring(base64URLEncode(reinterpretAsFixedString(cityHash64(id, copy))), 1, 11) AS id,
    if(page = '', '', substring(base64URLEncode(reinterpretAsFixedString(cityHash64(page, copy))), 1, 11)) AS page,
    if(visitor = 0, 0, cityHash64(visitor, copy, 1)) AS visitor)
FROM seed.events ARRAY JOIN range(%d, %d) AS copy WHERE toYYYYMM(ts) = %d`

// fill brings the events in.
func (s *stage) fill(ctx context.Context, f *figures) error {
	if there, err := s.ask(ctx, "SELECT count() FROM events"); err != nil || there > 0 {
		f.Filled = there
		return err
	}
	seed := min(s.seed, s.size)
	command := exec.CommandContext(ctx, s.history, "-dsn", s.engine.DSN(sample), "-events", strconv.Itoa(seed), "-days", strconv.Itoa(s.days),
		"-until", s.until.Format(time.RFC3339))
	command.Stdout, command.Stderr = s.out, s.out
	if err := command.Run(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	months, err := s.months(ctx)
	if err != nil {
		return err
	}
	started, made := time.Now(), 0
	settings := clickhouse.Settings{
		"optimize_on_insert": 0, "max_insert_threads": 1, "min_insert_block_size_rows": copies / 2, "min_insert_block_size_bytes": 0,
		"max_partitions_per_insert_block": 0, "max_threads": 2,
	}
	times := max(1, s.size/seed)
	for _, m := range months {
		step := max(1, copies/m.rows)
		for from := 0; from < times; from += step {
			to := min(times, from+step)
			if err := s.conn.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), fmt.Sprintf(copyRows, from, to, m.month)); err != nil {
				return fmt.Errorf("copy events of %d: %w", m.month, err)
			}
			made += m.rows * (to - from)
			fmt.Fprintf(s.out, "\r%d of %d events", made, times*seed)
		}
	}
	took := time.Since(started)
	fmt.Fprintf(s.out, "\r%d events copied in %v: %.0f a second\n", made, took.Round(time.Second), float64(made)/took.Seconds())
	f.Filled, f.CopiedASecond = float64(made), float64(made)/took.Seconds()
	return s.conn.Exec(ctx, "DROP DATABASE "+sample+" SYNC")
}

type month struct {
	month uint32
	rows  int
}

// months is what of the sample lies in each partition; one statement fills one.
func (s *stage) months(ctx context.Context) ([]month, error) {
	rows, err := s.conn.Query(ctx, "SELECT toYYYYMM(ts), count() FROM seed.events GROUP BY 1 ORDER BY 1")
	if err != nil {
		return nil, fmt.Errorf("months of the sample: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []month
	for rows.Next() {
		var m month
		var number uint64
		if err := rows.Scan(&m.month, &number); err != nil {
			return nil, fmt.Errorf("months of the sample: %w", err)
		}
		m.rows = int(number)
		all = append(all, m)
	}
	return all, rows.Err()
}
