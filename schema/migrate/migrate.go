// Package migrate brings a database to the schema of this program: the numbered SQL files, applied once each, in
// order, forward only.
//
// Every statement may run twice, so a migration that was cut off is simply run again, and two processes that
// migrate at once do each other no harm. The table migrations keeps each file's checksum: a file that changed
// after it was applied is refused, and so is a database that a newer program has migrated.
//
// On a cluster the same files are worded for all of its nodes (schema/cluster) while they are read; the checksums are
// those of the files.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	"mayak/schema"
	"mayak/schema/clickhouse"
	"mayak/schema/cluster"
)

// Applied is one migration that Up has just applied.
type Applied struct {
	Version int64
	Name    string
}

var (
	// ErrNewer is a database that a newer program has migrated.
	ErrNewer = errors.New("the database is newer than this program")
	// ErrChanged is a migration whose file is not what it was when it was applied.
	ErrChanged = errors.New("the file changed after it was applied: put the old text back and write a new migration")
)

// IsFinal tells an error that another try cannot mend from a database that is away or busy.
func IsFinal(err error) bool { return errors.Is(err, ErrNewer) || errors.Is(err, ErrChanged) }

// Up creates the database if it is not there and applies what is missing.
func Up(ctx context.Context, o clickhouse.Options, log *slog.Logger) ([]Applied, error) {
	files, err := fs.Sub(schema.Migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return apply(ctx, o, files, log)
}

func apply(ctx context.Context, o clickhouse.Options, files fs.FS, log *slog.Logger) ([]Applied, error) {
	name := cluster.Name(o.Cluster)
	if err := name.Check(); err != nil {
		return nil, err
	}
	if err := clickhouse.CreateDatabase(ctx, o, name.On()); err != nil {
		return nil, err
	}
	database, err := clickhouse.Database(o)
	if err != nil {
		return nil, err
	}
	db, err := open(o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // nothing is left unsent
	store, err := newStore(files)
	if err != nil {
		return nil, err
	}
	store.cluster, store.database = name, database
	if err := store.CreateVersionTable(ctx, db); err != nil {
		return nil, err
	}
	if err := store.verify(ctx, db); err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectCustom, db, &worded{files, name, database}, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	applied := make([]Applied, 0, len(results))
	for _, r := range results {
		applied = append(applied, Applied{Version: r.Source.Version, Name: store.names[r.Source.Version]})
		log.Info("migration applied", "migration", store.names[r.Source.Version], "took", r.Duration)
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}

// Pending counts the migrations that the database still lacks; a database that is not there lacks all.
func Pending(ctx context.Context, o clickhouse.Options) (int, error) {
	files, err := fs.Sub(schema.Migrations, "migrations")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	store, err := newStore(files)
	if err != nil {
		return 0, err
	}
	db, err := open(o)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }() // nothing is left unsent
	done, err := store.applied(ctx, db)
	if isMissing(err) {
		return len(store.names), nil
	}
	if err != nil {
		return 0, err
	}
	missing := 0
	for version := range store.names {
		if _, ok := done[version]; !ok {
			missing++
		}
	}
	return missing, nil
}

func open(o clickhouse.Options) (*sql.DB, error) {
	options, err := clickhouse.Parse(o)
	if err != nil {
		return nil, err
	}
	db := driver.OpenDB(options)
	db.SetMaxOpenConns(1)
	return db, nil
}

const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
)

func isMissing(err error) bool {
	var exception *driver.Exception
	return errors.As(err, &exception) && (exception.Code == codeUnknownTable || exception.Code == codeUnknownDatabase)
}
