package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"mayak/aggregator/report"
	"mayak/aggregator/rollup"
	"mayak/schema/policy"
	"mayak/scripts/processes"
)

// rebuild computes every rollup of the whole history, by the command that an operator would type.
func (s *stage) rebuild(ctx context.Context, f *figures) error {
	command := s.aggregator.Command(ctx, "rebuild", "--from", s.until.AddDate(0, 0, -s.days-1).Format(time.DateOnly), "--to", s.until.AddDate(0, 0, 2).Format(time.DateOnly))
	command.Stdout, command.Stderr = s.out, s.out
	started := time.Now()
	if err := command.Run(); err != nil {
		return fmt.Errorf("aggregator rebuild: %w", err)
	}
	took := time.Since(started).Seconds()
	f.RebuildSeconds, f.RebuiltASecond = took, f.Filled/took
	return nil
}

// sizes is what lies on the disk, once old generations and superseded parts are no more.
func (s *stage) sizes(ctx context.Context, f *figures) error {
	rows, err := s.conn.Query(ctx, `SELECT table, sum(bytes_on_disk), sum(rows) FROM system.parts
		WHERE database = 'mayak' AND active GROUP BY table HAVING sum(rows) > 0 ORDER BY 2 DESC`)
	if err != nil {
		return fmt.Errorf("sizes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var t tableSize
		if err := rows.Scan(&t.Table, &t.Bytes, &t.Rows); err != nil {
			return fmt.Errorf("sizes: %w", err)
		}
		if t.Table == "events" {
			f.EventBytes = float64(t.Bytes) / float64(t.Rows)
			f.eventsOnDisk = t.Bytes
			continue
		}
		f.Tables = append(f.Tables, t)
		f.RollupShare += float64(t.Bytes)
	}
	f.RollupShare /= float64(max(1, f.eventsOnDisk))
	return rows.Err()
}

// spans are the ranges that every report is asked for.
func (s *stage) spans() map[string][2]time.Time {
	return map[string][2]time.Time{
		"30 days":   {s.until.AddDate(0, 0, -30), s.until},
		"all of it": {s.until.AddDate(0, 0, -s.days), s.until},
	}
}

// reports asks for every report as the report API does, a number of times.
func (s *stage) reports(ctx context.Context, f *figures) error {
	rules, err := policy.Default()
	if err != nil {
		return err
	}
	rollups, err := rollup.Catalogue()
	if err != nil {
		return err
	}
	definitions, err := report.Definitions(rollups, rules)
	if err != nil {
		return err
	}
	reports, err := report.New(report.Options{
		Conn: s.conn, Sites: report.StoredSites(s.conn), Definitions: definitions, Now: time.Now,
		Lag: func(context.Context, string) (time.Duration, error) { return 0, nil },
	})
	if err != nil {
		return err
	}
	for _, d := range reports.Catalogue(report.Reader{}) {
		for _, name := range []string{"30 days", "all of it"} {
			t, err := s.timeReport(ctx, reports, d.Name, s.spans()[name])
			if err != nil {
				return fmt.Errorf("report %s over %s: %w", d.Name, name, err)
			}
			t.Range = name
			f.Reports = append(f.Reports, t)
			fmt.Fprintf(s.out, "  %-18s %-8s p50 %6.0f ms  p95 %6.0f ms  first %6.0f ms  %d rows\n", t.Report, t.Range, t.P50, t.P95, t.First, t.Rows)
		}
	}
	return nil
}

func (s *stage) timeReport(ctx context.Context, reports *report.Reports, name string, span [2]time.Time) (timing, error) {
	t := timing{Report: name}
	values := url.Values{
		"site": {processes.Site}, "limit": {"100"},
		"range": {span[0].Format(time.RFC3339) + "/" + span[1].Format(time.RFC3339)},
	}
	all := make([]float64, 0, s.runs)
	for i := range s.runs + 1 {
		started := time.Now()
		question, err := reports.Parse(ctx, name, values, report.Reader{})
		if err != nil {
			return t, err
		}
		answer, err := reports.Run(ctx, question)
		if err != nil {
			return t, err
		}
		if _, err := json.Marshal(answer); err != nil {
			return t, err
		}
		took := float64(time.Since(started).Microseconds()) / 1000
		if i == 0 {
			t.First, t.Rows = took, len(answer.Rows)
			continue
		}
		all = append(all, took)
		if took > slowest {
			break // what takes this long needs no percentile
		}
	}
	slices.Sort(all)
	t.P50, t.P95 = all[len(all)/2], all[(len(all)*95-1)/100]
	return t, nil
}

// slowest is how long a report may take before it is asked for only once more, in milliseconds.
const slowest = 20_000
