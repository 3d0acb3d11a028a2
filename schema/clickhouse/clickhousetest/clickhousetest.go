// Package clickhousetest gives a test a ClickHouse database of its own: on the server that MAYAK_TEST_DSN names, otherwise in an
// embedded engine that the first test of a test binary starts as a process of its own and that ends with the binary.
// Without the engine's library a test is skipped, but in CI it fails.
package clickhousetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/embedded"
)

// DB is a fresh, empty database; it is dropped when the test ends.
type DB struct {
	Name string // of the database
	DSN  string // what clickhouse.ParseDSN takes, the database in it
}

// given names a server to use instead of an engine of our own.
const given = "MAYAK_TEST_DSN"

// New makes a database for a test.
func New(tb testing.TB) *DB {
	tb.Helper()
	server := os.Getenv(given)
	if server == "" {
		server = own(tb).DSN()
	}
	admin := open(tb, server)
	db := create(tb, server, admin)
	tb.Cleanup(func() { drop(tb, admin, db.Name) })
	return db
}

// own gives the engine of this test binary.
func own(tb testing.TB) *engine {
	tb.Helper()
	one, err := started()
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	} else if err != nil {
		tb.Fatal(err)
	}
	return one
}

// create makes a database with a name of its own.
func create(tb testing.TB, server string, admin driver.Conn) *DB {
	tb.Helper()
	address, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("read %s: %v", given, err)
	}
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	db := &DB{Name: "test_" + hex.EncodeToString(random[:])}
	address.Path = "/" + db.Name
	db.DSN = address.String()
	run(tb, admin, "CREATE DATABASE "+db.Name+" ENGINE = Atomic")
	return db
}

func drop(tb testing.TB, admin driver.Conn, name string) {
	tb.Helper()
	run(tb, admin, "DROP DATABASE IF EXISTS "+name+" SYNC")
}

func run(tb testing.TB, admin driver.Conn, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own context has ended in Cleanup
	defer cancel()
	if err := admin.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// Conn opens a connection to the database, closed when the test ends.
func (d *DB) Conn(tb testing.TB) driver.Conn {
	tb.Helper()
	return open(tb, d.DSN)
}

// open connects to a DSN for the time of a test.
func open(tb testing.TB, dsn string) driver.Conn {
	tb.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("read the DSN: %v", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	tb.Cleanup(func() { _ = conn.Close() }) // nothing hangs on it
	return conn
}

// engine is the one of a test binary.
type engine struct {
	*Process

	spares chan *spare
}

// started gives the one engine of a test binary, started when needed. It is not stopped by anybody: it ends when the binary's end
// closes its standard input, which is why the whole process is kept: a forgotten pipe would be closed by the garbage collector.
//
//nolint:gochecknoglobals // a process has one engine, and testing offers no other place that outlives a test
var started = sync.OnceValues(func() (*engine, error) {
	sweep()
	dir, err := os.MkdirTemp("", sweepPattern)
	if err != nil {
		return nil, err
	}
	process, err := launch(dir, "127.0.0.1:0")
	return &engine{Process: process, spares: make(chan *spare, 8)}, err
})
