package migrate_test

import (
	"errors"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"mayak/schema"
	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/event"
	"mayak/schema/migrate"
	"mayak/schema/policy"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestMigratingTwiceAppliesNothingTheSecondTime(t *testing.T) {
	o := clickhouse.Options{DSN: clickhousetest.New(t).DSN}
	first, err := migrate.Up(t.Context(), o, quiet())
	if err != nil || len(first) == 0 {
		t.Fatalf("first: %v, %v", first, err)
	}
	second, err := migrate.Up(t.Context(), o, quiet())
	if err != nil || len(second) != 0 {
		t.Errorf("second: %v, %v", second, err)
	}
	if missing, err := migrate.Pending(t.Context(), o); err != nil || missing != 0 {
		t.Errorf("Pending() = %d, %v", missing, err)
	}
}

func TestTwoProcessesMayMigrateAtOnce(t *testing.T) {
	o := clickhouse.Options{DSN: clickhousetest.New(t).DSN}
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() { _, errs[i] = migrate.Up(t.Context(), o, quiet()) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if missing, err := migrate.Pending(t.Context(), o); err != nil || missing != 0 {
		t.Errorf("Pending() = %d, %v", missing, err)
	}
}

func TestAMigrationThatWasCutOffIsRunAgain(t *testing.T) {
	db := clickhousetest.New(t)
	o := clickhouse.Options{DSN: db.DSN}
	text := "-- +goose Up\nCREATE TABLE IF NOT EXISTS a (x UInt8 COMMENT 'x') ENGINE = MergeTree ORDER BY x;\n%s\n"
	if _, err := migrate.Apply(t.Context(), o, files(strings.ReplaceAll(text, "%s", "SELECT throwIf(1, 'cut off');")), quiet()); err == nil {
		t.Fatal("a failing statement was taken for a success")
	}
	if _, err := migrate.Apply(t.Context(), o, files(strings.ReplaceAll(text, "%s", "SELECT 1;")), quiet()); err != nil {
		t.Errorf("second try: %v", err)
	}
}

func TestAChangedFileIsRefused(t *testing.T) {
	o := clickhouse.Options{DSN: clickhousetest.New(t).DSN}
	if _, err := migrate.Apply(t.Context(), o, files("-- +goose Up\nSELECT 1;\n"), quiet()); err != nil {
		t.Fatal(err)
	}
	_, err := migrate.Apply(t.Context(), o, files("-- +goose Up\nSELECT 2;\n"), quiet())
	if !errors.Is(err, migrate.ErrChanged) || !strings.Contains(err.Error(), "0001_one.sql") {
		t.Errorf("error = %v", err)
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	o := clickhouse.Options{DSN: clickhousetest.New(t).DSN}
	two := files("-- +goose Up\nSELECT 1;\n")
	two["0002_two.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;\n")}
	if _, err := migrate.Apply(t.Context(), o, two, quiet()); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.Apply(t.Context(), o, files("-- +goose Up\nSELECT 1;\n"), quiet()); !errors.Is(err, migrate.ErrNewer) {
		t.Errorf("error = %v", err)
	}
}

func files(text string) fstest.MapFS {
	return fstest.MapFS{"0001_one.sql": &fstest.MapFile{Data: []byte(text)}}
}

func TestADatabaseThatIsNotThereLacksEveryMigration(t *testing.T) {
	db := clickhousetest.New(t)
	missing, err := migrate.Pending(t.Context(), clickhouse.Options{DSN: db.DSN})
	entries, _ := schema.Migrations.ReadDir("migrations")
	if err != nil || missing != len(entries) {
		t.Errorf("Pending() = %d, %v, want %d", missing, err, len(entries))
	}
}

// The policy file and the live tables must name the same columns, or something is stored on no ground.
func TestThePolicyNamesExactlyTheColumnsThatExist(t *testing.T) {
	db := clickhousetest.Migrated(t)
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Conn(t).Query(t.Context(), `SELECT table, name, comment FROM system.columns WHERE database = currentDatabase() AND table != 'migrations'
		AND table NOT IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine IN ('View', 'MaterializedView'))`) // which store nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	live := map[string]bool{}
	for rows.Next() {
		var table, name, comment string
		if err := rows.Scan(&table, &name, &comment); err != nil {
			t.Fatal(err)
		}
		live[table+"."+name] = true
		if comment == "" {
			t.Errorf("column %s.%s has no comment", table, name)
		}
		if _, ok := rules.Column(table, name); !ok {
			t.Errorf("column %s.%s exists and the policy does not name it", table, name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table, entry := range rules.Tables {
		for name := range entry.Columns {
			if !live[table+"."+name] {
				t.Errorf("the policy names %s.%s, which does not exist", table, name)
			}
		}
	}
	if rules.Level("events", "city") != event.Analytics {
		t.Error("city must need consent")
	}
}

func TestRetentionInTheTablesIsThatOfThePolicy(t *testing.T) {
	db := clickhousetest.Migrated(t)
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	ttl := regexp.MustCompile(`TTL .*toIntervalDay\((\d+)\)`)
	for table, entry := range rules.Tables {
		var text string
		if err := db.Conn(t).QueryRow(t.Context(), "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = ?", table).Scan(&text); err != nil {
			t.Fatal(err)
		}
		found := ttl.FindStringSubmatch(text)
		if want := entry.Retention.Days(); len(found) != 2 || found[1] != strconv.Itoa(want) {
			t.Errorf("table %s: TTL %v, policy %d days", table, found, want)
		}
	}
}
