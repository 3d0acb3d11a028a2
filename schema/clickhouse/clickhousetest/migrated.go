package clickhousetest

import (
	"log/slog"
	"testing"

	"mayak/schema/clickhouse"
	"mayak/schema/migrate"
)

// Migrated makes a database with the schema in it.
func Migrated(tb testing.TB) *DB {
	tb.Helper()
	db := New(tb)
	if _, err := migrate.Up(tb.Context(), clickhouse.Options{DSN: db.DSN}, slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
	return db
}
