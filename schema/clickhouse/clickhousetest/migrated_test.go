package clickhousetest_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/clickhouse/clickhousetest"
)

func TestAMigratedDatabaseIsGivenOnAsIfNobodyHadUsedIt(t *testing.T) {
	var first string
	insert := func(t *testing.T, db *clickhousetest.DB) uint64 {
		t.Helper()
		conn := db.Conn(t)
		ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": "same"}))
		if err := conn.Exec(ctx, "INSERT INTO events (site, ts, received, id) SELECT 'demo', now64(3), now(), 'one'"); err != nil {
			t.Fatal(err)
		}
		var rows, changes uint64
		if err := conn.QueryRow(ctx, "SELECT (SELECT count() FROM events), (SELECT count() FROM window_changes)").Scan(&rows, &changes); err != nil {
			t.Fatal(err)
		}
		if changes == 0 {
			t.Error("the view feeds no table")
		}
		return rows
	}
	for _, tt := range []struct {
		name   string
		use    string // what the test does beside an insert
		reused bool
	}{
		{"the first", "SELECT 1", true},
		{"a second after rows only", "CREATE VIEW more AS SELECT * FROM events", true},
		{"a third after a view was added", "ALTER TABLE events DROP COLUMN origin", true},
		{"a fourth after a column was dropped", "SELECT origin FROM events", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := clickhousetest.Migrated(t)
			if first == "" {
				first = db.Name
			}
			if (db.Name == first) != tt.reused {
				t.Errorf("database %s, the first was %s", db.Name, first)
			}
			if n := insert(t, db); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
			if err := db.Conn(t).Exec(t.Context(), tt.use); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("two at once are apart", func(t *testing.T) {
		if one, two := clickhousetest.Migrated(t), clickhousetest.Migrated(t); one.Name == two.Name {
			t.Error("one database for two")
		}
	})
}
