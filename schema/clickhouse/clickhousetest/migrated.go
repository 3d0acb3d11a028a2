package clickhousetest

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/clickhouse"
	"mayak/schema/migrate"
)

// Migrated gives a test a database with the schema in it and no rows. To migrate takes seconds, so on the test binary's own engine
// a database that a test leaves with the schema as it was is emptied and given to the next one; any other is dropped.
func Migrated(tb testing.TB) *DB {
	tb.Helper()
	if os.Getenv(given) != "" { // nobody would drop what is kept when the binary ends
		db := New(tb)
		up(tb, db)
		return db
	}
	own := own(tb)
	admin := open(tb, own.DSN()) // before the cleanup that uses it, and therefore closed after it
	var used *spare
	select {
	case used = <-own.spares:
	default:
		db := create(tb, own.DSN(), admin)
		up(tb, db)
		used = &spare{DB: db}
		var err error
		if used.tables, _, err = look(admin, db.Name); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(func() {
		if !tb.Failed() && used.emptied(admin) {
			select {
			case own.spares <- used:
				return
			default: // there are more than tests that run at once can use
			}
		}
		drop(tb, admin, used.Name)
	})
	return used.DB
}

func up(tb testing.TB, db *DB) {
	tb.Helper()
	if _, err := migrate.Up(tb.Context(), clickhouse.Options{DSN: db.DSN}, slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
}

// spare is a migrated database that waits for its next test.
type spare struct {
	*DB

	tables map[string]string // how each was made by the migrations
}

// emptied makes the database as it was after the migrations. False means that this cannot be done: another statement still runs
// there, or the test changed the schema.
func (s *spare) emptied(admin driver.Conn) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own context has ended in Cleanup
	defer cancel()
	var running uint64
	if err := admin.QueryRow(ctx, "SELECT count() FROM system.processes WHERE current_database = ?", s.Name).Scan(&running); err != nil || running > 0 {
		return false
	}
	tables, filled, err := look(admin, s.Name)
	if err != nil {
		return false
	}
	for name := range tables {
		if _, ours := s.tables[name]; ours {
			continue
		}
		if err := admin.Exec(ctx, "DROP TABLE "+s.Name+"."+clickhouse.Quote(name)+" SYNC"); err != nil {
			return false
		}
		delete(tables, name)
	}
	if !maps.Equal(s.tables, tables) {
		return false
	}
	for _, name := range filled {
		if _, ours := s.tables[name]; !ours || name == "migrations" {
			continue
		}
		// This forgets the tokens of inserts too.
		if err := admin.Exec(ctx, "TRUNCATE TABLE "+s.Name+"."+clickhouse.Quote(name)); err != nil {
			return false
		}
	}
	return true
}

// look tells how each table and view of a database is made, and which have rows.
func look(admin driver.Conn, database string) (made map[string]string, filled []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a test's own context has ended in Cleanup
	defer cancel()
	rows, err := admin.Query(ctx, "SELECT name, create_table_query, assumeNotNull(total_rows) FROM system.tables WHERE database = ?", database)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }() // read to its end
	made = map[string]string{}
	for rows.Next() {
		var name, query string
		var count uint64
		if err := rows.Scan(&name, &query, &count); err != nil {
			return nil, nil, err
		}
		made[name] = strings.ReplaceAll(query, database, "")
		if count > 0 {
			filled = append(filled, name)
		}
	}
	return made, filled, rows.Err()
}
