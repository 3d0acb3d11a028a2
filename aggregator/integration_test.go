package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"mayak/schema/clickhouse/clickhousetest"
)

// TestMain keeps what the tests' aggregators write beside the database out of the data folder of whoever runs them.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mayak-aggregator-")
	if err == nil {
		err = os.Setenv("MAYAK_DATA", dir)
	}
	if err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(dir) // a temporary folder
	os.Exit(status)
}

func made(t *testing.T, c *Config) *aggregator {
	t.Helper()
	a, err := newAggregator(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.conn.Close() }) // nothing hangs on it
	return a
}

func TestReadinessFollowsTheDatabase(t *testing.T) {
	db := clickhousetest.New(t)
	a := made(t, &Config{AdminListen: "127.0.0.1:0", DSN: db.DSN})
	ready := func(when string, check func(context.Context) (string, error), want string) {
		t.Helper()
		detail, err := check(t.Context())
		if err != nil {
			detail = err.Error()
		}
		if !strings.Contains(detail, want) {
			t.Errorf("%s: %q, want %q", when, detail, want)
		}
	}
	ready("before", a.checkDatabase, "answers")
	ready("before migrating", a.checkSchema, "migrations are missing")
	if err := a.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ready("after migrating", a.checkSchema, "up to date")
	if err := db.Conn(t).Exec(t.Context(), "DROP TABLE migrations SYNC"); err != nil {
		t.Fatal(err)
	}
	ready("of a database put in its place", a.checkSchema, "migrations are missing")
}

func TestWhatAnotherTryCannotMendEndsTheMigrating(t *testing.T) {
	db := clickhousetest.New(t)
	a := made(t, &Config{AdminListen: "127.0.0.1:0", DSN: db.DSN})
	if err := a.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Conn(t).Exec(t.Context(), "INSERT INTO migrations (version, name, sha256) VALUES (1, '0001_events.sql', 'another')"); err != nil {
		t.Fatal(err)
	}
	if err := a.migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "0001_events.sql") {
		t.Errorf("a file that was changed: error = %v", err)
	}
}
