package clickhousetest

import (
	"log/slog"
	"testing"

	"mayak/schema/clickhouse"
	"mayak/schema/migrate"
)

// Migrated makes a database with the schema in it.
func Migrated(t testing.TB) *DB {
	t.Helper()
	db := New(t)
	if _, err := migrate.Up(t.Context(), clickhouse.Options{DSN: db.DSN}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return db
}
