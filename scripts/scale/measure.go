package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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
	if err := rows.Err(); err != nil {
		return fmt.Errorf("sizes: %w", err)
	}
	return s.diagnostics(ctx, f)
}

// diagnosticTables are the rows of the rollups for diagnostics: bases, and the one report that has days of its own.
func diagnosticTables() []string {
	return []string{"vital_times", "page_faults", "told_answers", "told_reports", "network_requests", "page_responses", "errors_days"}
}

// diagnostics are what the rollups for diagnostics take of it all.
func (s *stage) diagnostics(ctx context.Context, f *figures) error {
	for _, t := range f.Tables {
		if slices.Contains(diagnosticTables(), t.Table) {
			f.DiagnosticBytes += float64(t.Bytes)
		}
	}
	var err error
	if f.DiagnosticEvents, err = s.ask(ctx, "SELECT count() FROM events WHERE type IN ('vitals', 'error', 'report')"); err != nil {
		return err
	}
	f.DiagnosticSeconds, err = s.ask(ctx, fmt.Sprintf("SELECT sum(seconds) FROM rollup_windows WHERE name IN ('%s')", strings.Join(diagnosticTables(), "', '")))
	return err
}

// spans are the ranges that every report is asked for.
func (s *stage) spans() map[string][2]time.Time {
	return map[string][2]time.Time{
		"30 days":   {s.until.AddDate(0, 0, -30), s.until},
		"all of it": {s.until.AddDate(0, 0, -s.days), s.until},
	}
}

// reports asks the report API for every report, a number of times.
func (s *stage) reports(ctx context.Context, f *figures) error {
	if err := s.aggregator.Run(ctx); err != nil {
		return err
	}
	defer s.aggregator.Kill()
	asked := map[string]bool{}
	for _, role := range []string{"analyst", "ops"} {
		created, err := s.aggregator.Command(ctx, "token", "create", "--name", "scale-"+role, "--role", role).Output()
		if err != nil {
			return fmt.Errorf("make a token: %w", err)
		}
		c := caller{api: s.aggregator.URL() + "/api/", token: strings.TrimSpace(string(created))}
		names, err := c.names(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			if asked[name] {
				continue
			}
			asked[name] = true
			if err := s.timeReport(ctx, &c, name, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// timeReport asks for a report over each range.
func (s *stage) timeReport(ctx context.Context, c *caller, name string, f *figures) error {
	for _, span := range []string{"30 days", "all of it"} {
		t, err := s.timeRange(ctx, c, name, s.spans()[span])
		if err != nil {
			return fmt.Errorf("report %s over %s: %w", name, span, err)
		}
		t.Range = span
		f.Reports = append(f.Reports, t)
		fmt.Fprintf(s.out, "  %-18s %-8s p50 %6.0f ms  p95 %6.0f ms  first %6.0f ms  %d rows\n", t.Report, t.Range, t.P50, t.P95, t.First, t.Rows)
	}
	return nil
}

func (s *stage) timeRange(ctx context.Context, c *caller, name string, span [2]time.Time) (timing, error) {
	t := timing{Report: name}
	query := url.Values{"site": {processes.Site}, "limit": {"100"}, "range": {span[0].Format(time.RFC3339) + "/" + span[1].Format(time.RFC3339)}}
	all := make([]float64, 0, s.runs)
	for i := range s.runs + 1 {
		started := time.Now()
		var answer struct{ Rows []json.RawMessage }
		if err := c.get(ctx, "report/"+name+"?"+query.Encode(), &answer); err != nil {
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

// caller asks the report API.
type caller struct{ api, token string }

func (c *caller) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.api+path, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read to its end
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %.200s", answer.Status, body)
	}
	return json.Unmarshal(body, into)
}

func (c *caller) names(ctx context.Context) ([]string, error) {
	var catalogue struct{ Reports []struct{ Name string } }
	if err := c.get(ctx, "reports", &catalogue); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(catalogue.Reports))
	for _, r := range catalogue.Reports {
		names = append(names, r.Name)
	}
	return names, nil
}

// slowest is how long a report may take before it is asked for only once more, in milliseconds.
const slowest = 20_000
