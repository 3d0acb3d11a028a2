package embedded_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func connect(tb testing.TB, dsn string) driver.Conn {
	tb.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	must(tb, err)
	conn, err := clickhouse.Open(options)
	must(tb, err)
	tb.Cleanup(func() { _ = conn.Close() }) // nothing hangs on it
	return conn
}

func mustExec(tb testing.TB, conn driver.Conn, sql string) {
	tb.Helper()
	if err := conn.Exec(context.Background(), sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// scanOne reads the only column of a row as the type that the driver prefers.
func scanOne(tb testing.TB, rows driver.Rows) any {
	tb.Helper()
	value := reflect.New(rows.ColumnTypes()[0].ScanType())
	must(tb, rows.Scan(value.Interface()))
	return value.Elem().Interface()
}

// exceptionCode is the number of the server's exception in an error.
func exceptionCode(err error) int32 {
	if known := new(clickhouse.Exception); errors.As(err, &known) {
		return known.Code
	}
	return 0
}
