package embedded_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	must(t, err)
	conn, err := clickhouse.Open(options)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // nothing hangs on it
	return conn
}

func mustExec(t testing.TB, conn driver.Conn, sql string) {
	t.Helper()
	if err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// scanOne reads the only column of a row as the type that the driver prefers.
func scanOne(t testing.TB, rows driver.Rows) any {
	t.Helper()
	value := reflect.New(rows.ColumnTypes()[0].ScanType())
	must(t, rows.Scan(value.Interface()))
	return value.Elem().Interface()
}

// exceptionCode is the number of the server's exception in an error.
func exceptionCode(err error) int32 {
	if known := new(clickhouse.Exception); errors.As(err, &known) {
		return known.Code
	}
	return 0
}
