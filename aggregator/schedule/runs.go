package schedule

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Runs records runs in the table job_runs.
type Runs struct{ Conn driver.Conn }

// longestError is how much of an error is kept: the database adds whole stacks.
const longestError = 500

// Record adds a row.
func (r Runs) Record(ctx context.Context, run Run) error {
	text := ""
	if run.Err != nil {
		text = run.Err.Error()
	}
	batch, err := r.Conn.PrepareBatch(ctx, "INSERT INTO job_runs (job, started, ended, outcome, error, rows)")
	if err != nil {
		return fmt.Errorf("record run of %s: %w", run.Job, err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	if err := batch.Append(run.Job, run.Started, run.Ended, outcome(run.Err), text[:min(len(text), longestError)], run.Rows); err != nil {
		return fmt.Errorf("record run of %s: %w", run.Job, err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record run of %s: %w", run.Job, err)
	}
	return nil
}
