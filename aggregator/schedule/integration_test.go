package schedule_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/aggregator/schedule"
	"mayak/schema/clickhouse/clickhousetest"
)

func TestIntegrationRunsStandInTheTable(t *testing.T) {
	db := clickhousetest.Migrated(t)
	conn := db.Conn(t)
	began := time.Date(2026, 11, 2, 3, 4, 5, 678e6, time.UTC)
	table := schedule.Runs{Conn: conn}
	for _, r := range []schedule.Run{
		{Job: "rollups", Started: began, Ended: began.Add(time.Second), Rows: 12},
		{Job: "rollups", Started: began.Add(time.Minute), Ended: began.Add(time.Minute), Err: errors.New("code 60: it's away")},
	} {
		if err := table.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	type row struct {
		Job     string
		Started time.Time
		Ended   time.Time
		Outcome string
		Error   string
		Rows    uint64
	}
	var got []row
	rows, err := conn.Query(t.Context(), "SELECT job, started, ended, outcome, error, rows FROM job_runs ORDER BY started")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.Job, &r.Started, &r.Ended, &r.Outcome, &r.Error, &r.Rows); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []row{
		{"rollups", began, began.Add(time.Second), "done", "", 12},
		{"rollups", began.Add(time.Minute), began.Add(time.Minute), "failed", "code 60: it's away", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("job_runs (-want +got):\n%s", diff)
	}
}
