package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mayak/scripts/load"
	"mayak/scripts/processes"
)

// judge waits until the backlog is gone and holds everything to what was promised.
func (st *stage) judge(ctx context.Context, report *load.Report) error {
	began := time.Now()
	draining, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := st.engine.AwaitReady(draining); err != nil {
		return err
	}
	counters, err := st.collector.Drained(draining) // when the counters add up and nothing waits
	if err != nil {
		return fmt.Errorf("the backlog does not go back to zero, or counters do not add up: %w", err)
	}
	fmt.Fprintf(st.out, "soak: the backlog was gone %v after the last answer; most that waited: %d\n",
		time.Since(began).Round(10*time.Millisecond), st.most(func(s sample) int { return s.pending }))
	rows, err := st.count(ctx, "events")
	if err != nil {
		return err
	}
	merged, err := st.count(ctx, "events FINAL")
	if err != nil {
		return err
	}
	st.tell(report, counters)
	problems := []error{
		st.keptUp(report),
		answers(report, counters),
		same("rows in the database", rows, "hits answered as stored", report.Stored),
		same("rows after merging twins", merged, "rows in the database", rows),
	}
	for _, g := range st.growths() {
		fmt.Fprintf(st.out, "soak: memory of the %v\n", g)
		problems = append(problems, g.problem())
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("it did not hold: %w", err)
	}
	_, err = fmt.Fprintf(st.out, "soak: all held: %d hits stored, %d in the database, p99 %v, dropped %v\n",
		report.Stored, rows, report.Quantile(0.99), counters["mayak_collector_dropped_total"])
	return err
}

// tell prints what came back over the whole time.
func (st *stage) tell(report *load.Report, counters processes.Counters) {
	for _, outcome := range slices.Sorted(maps.Keys(report.Outcomes)) {
		fmt.Fprintf(st.out, "soak: %9d × %s\n", report.Outcomes[outcome], outcome)
	}
	fmt.Fprintf(st.out, "soak: %d requests, %d hits in %v: p50 %v, p99 %v, p99.9 %v, worst %v; %v deliveries repeated; load average %s\n",
		report.Requests, report.Hits, report.Took.Round(time.Millisecond), report.Quantile(0.5), report.Quantile(0.99), report.Quantile(0.999),
		report.Quantile(1), counters["mayak_collector_deliver_retries_total"], loadAverage())
}

// patience is how long after the last hit was due the last answer may come.
const patience = 30 * time.Second

// keptUp tells whether the rate was one that can be kept for ever.
func (st *stage) keptUp(report *load.Report) error {
	if late := report.Took - st.length; late > patience {
		return fmt.Errorf("the last answer came %v after its time: %v hits a second are more than this machine takes", late.Round(time.Second), st.rate)
	}
	return nil
}

// answers holds what was answered to what was counted: every hit arrived, and was stored. The traffic is such that nothing
// of it may be dropped.
func answers(report *load.Report, counters processes.Counters) error {
	return errors.Join(
		same("hits received", int(counters["mayak_collector_received_total"]), "hits sent", report.Hits),
		same("hits answered as stored", report.Stored, "hits sent", report.Hits),
		same("events spooled", int(counters["mayak_collector_spool_records_total"]), "hits answered as stored", report.Stored),
	)
}

func same(what string, got int, other string, want int) error {
	if got != want {
		return fmt.Errorf("%s: %d, %s: %d", what, got, other, want)
	}
	return nil
}

func (st *stage) most(of func(sample) int) int {
	most := 0
	for _, s := range st.samples {
		most = max(most, of(s))
	}
	return most
}
