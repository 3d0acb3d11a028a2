package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3/database"

	"mayak/schema/cluster"
)

// store keeps which migrations were applied, with the checksums of their files. The newest row of a version counts.
type store struct {
	names map[int64]string
	sums  map[int64]string

	cluster  cluster.Name
	database string
}

func newStore(files fs.FS) (*store, error) {
	s := &store{names: map[int64]string{}, sums: map[int64]string{}}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || version <= 0 {
			return nil, fmt.Errorf("migration %s: the name must begin with a number", name)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		sum := sha256.Sum256(text)
		s.names[version], s.sums[version] = name, hex.EncodeToString(sum[:])
	}
	return s, nil
}

// Tablename is the table that the store keeps its rows in.
func (s *store) Tablename() string { return "migrations" }

const versionTable = `CREATE TABLE IF NOT EXISTS migrations
(
    version Int64 COMMENT 'number of the migration',
    name String COMMENT 'name of its file',
    sha256 String COMMENT 'checksum of its file when it was applied',
    applied DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was applied'
)
ENGINE = ReplacingMergeTree
ORDER BY version
COMMENT 'migrations: which schema files this database has';`

// CreateVersionTable makes the table; it may be there.
func (s *store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	text, err := s.cluster.Migration(s.database, versionTable)
	if err != nil {
		return fmt.Errorf("create table migrations: %w", err)
	}
	if _, err := db.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("create table migrations: %w", err)
	}
	return nil
}

// Insert records an applied migration.
func (s *store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	_, err := db.ExecContext(ctx, "INSERT INTO migrations (version, name, sha256) SELECT ?, ?, ?",
		req.Version, s.names[req.Version], s.sums[req.Version])
	if err != nil {
		return fmt.Errorf("record migration %d: %w", req.Version, err)
	}
	return nil
}

// Delete is refused: migrations go forward only.
func (s *store) Delete(context.Context, database.DBTxConn, int64) error {
	return database.ErrNotImplemented
}

// GetMigration tells whether a version was applied.
func (s *store) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	done, err := s.applied(ctx, db)
	if err != nil {
		return nil, err
	}
	if _, ok := done[version]; !ok {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

// GetLatestVersion is the highest version applied.
func (s *store) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	all, err := s.ListMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, database.ErrVersionNotFound
	}
	return all[0].Version, nil
}

// ListMigrations lists what was applied, newest first.
func (s *store) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	done, err := s.applied(ctx, db)
	if err != nil {
		return nil, err
	}
	all := make([]*database.ListMigrationsResult, 0, len(done))
	for version := range done {
		all = append(all, &database.ListMigrationsResult{Version: version, IsApplied: true})
	}
	slices.SortFunc(all, func(a, b *database.ListMigrationsResult) int { return int(b.Version - a.Version) })
	return all, nil
}

// applied is the checksum that each applied version had.
func (s *store) applied(ctx context.Context, db database.DBTxConn) (map[int64]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT version, argMax(sha256, applied) FROM migrations GROUP BY version")
	if err != nil {
		return nil, fmt.Errorf("read table migrations: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	done := map[int64]string{}
	for rows.Next() {
		var version int64
		var sum string
		if err := rows.Scan(&version, &sum); err != nil {
			return nil, fmt.Errorf("read table migrations: %w", err)
		}
		done[version] = sum
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read table migrations: %w", err)
	}
	return done, nil
}

// verify refuses a changed file and a database that is ahead.
func (s *store) verify(ctx context.Context, db database.DBTxConn) error {
	done, err := s.applied(ctx, db)
	if err != nil {
		return err
	}
	var problems []error
	for version, sum := range done {
		switch {
		case version == 0: // goose's own beginning
		case s.names[version] == "":
			problems = append(problems, fmt.Errorf("%w: it has migration %d", ErrNewer, version))
		case s.sums[version] != sum:
			problems = append(problems, fmt.Errorf("migration %s: %w", s.names[version], ErrChanged))
		}
	}
	return errors.Join(problems...)
}
