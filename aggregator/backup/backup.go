// Package backup has the database write itself into one file, and brings it back from there, with ClickHouse's own BACKUP and RESTORE.
//
// A backup holds every table and view but the salts: with one of those, ids of a day that is over could be made from addresses again, for as
// long as the backup is kept. It goes into the folder that the database allows, under a name that tells when it was made, so that
// nothing is brought back that receipts of erasures say is thrown away. It is brought back into an empty database only.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/clickhouse"
)

// Options say of which database.
type Options struct {
	Conn   driver.Conn // to the server, with another database chosen
	Name   string      // of the database
	Kept   time.Duration
	Folder string // of backups, where this process sees it; otherwise empty
	Now    func() time.Time
}

// Backups makes backups and brings them back.
type Backups struct{ o Options }

// New asks nothing.
func New(o Options) *Backups { return &Backups{o} }

// Progress is how far a backup or its restoring is.
type Progress struct{ Files, Bytes uint64 }

// salts is the table that no backup holds.
const salts = "salts"

// filed is the name of a backup: which database, and when.
var filed = regexp.MustCompile(`^([A-Za-z0-9_]+)-(\d{8}T\d{6}Z)\.tar$`)

const stamp = "20060102T150405Z"

// made tells when a backup was made.
func made(file string) (at time.Time, err error) {
	parts := filed.FindStringSubmatch(file)
	if parts == nil {
		return at, fmt.Errorf("%q is no name of a backup: want one like mayak-20261123T050000Z.tar, without a folder", file)
	}
	return time.Parse(stamp, parts[2])
}

// Make writes a backup, and returns its name once it is whole.
func (b *Backups) Make(ctx context.Context, show func(Progress)) (file string, err error) {
	parts, err := b.parts(ctx)
	if err != nil {
		return "", err
	}
	file = b.o.Name + "-" + b.o.Now().UTC().Format(stamp) + ".tar"
	statement := "BACKUP " + strings.Join(parts, ", ") + " TO File(" + clickhouse.Text(file) + ") ASYNC"
	return file, b.follow(ctx, statement, "BACKUP_CREATED", show)
}

// parts are what is written: of the salts no partition that there is, so that restoring makes the table, empty.
func (b *Backups) parts(ctx context.Context) (all []string, err error) {
	tables, err := b.tables(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tables, "migrations") {
		return nil, fmt.Errorf("the database %s holds nothing of Mayak's", b.o.Name)
	}
	for _, name := range tables {
		part := "TABLE " + clickhouse.Quote(b.o.Name) + "." + clickhouse.Quote(name)
		if name == salts {
			part += " PARTITIONS '1970-01-01'"
		}
		all = append(all, part)
	}
	return all, nil
}

func (b *Backups) tables(ctx context.Context) (all []string, err error) {
	err = b.o.Conn.QueryRow(ctx, "SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = "+clickhouse.Text(b.o.Name)).Scan(&all)
	if err != nil {
		return nil, fmt.Errorf("ask for tables: %w", err)
	}
	return all, nil
}

// ErrHolds is what is said of a database that somebody still uses.
var ErrHolds = errors.New("a backup is brought back into an empty database only")

// Restore brings a backup back, and tells when it was made. Whoever else works on the database has to be stopped.
func (b *Backups) Restore(ctx context.Context, file string, show func(Progress)) (at time.Time, err error) {
	if at, err = made(file); err != nil {
		return at, err
	}
	if age := b.o.Now().Sub(at); b.o.Kept > 0 && age > b.o.Kept {
		return at, fmt.Errorf("%s is %d days old, and receipts of erasures say that backups are thrown away after %d", file, int(age.Hours()/24), int(b.o.Kept.Hours()/24))
	}
	if err := b.empty(ctx); err != nil {
		return at, err
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS %s SYNC", "CREATE DATABASE %s"} {
		if err := b.o.Conn.Exec(ctx, fmt.Sprintf(statement, clickhouse.Quote(b.o.Name))); err != nil {
			return at, fmt.Errorf("make room: %w", err)
		}
	}
	return at, b.follow(ctx, "RESTORE ALL FROM File("+clickhouse.Text(file)+") ASYNC", "RESTORED", show)
}

// incidental are tables that an aggregator fills in a database that nobody has used.
func incidental() []string {
	return []string{"migrations", "sites", "rollup_windows", "job_runs", "visitor_keys", salts}
}

// empty refuses a database with rows that somebody might miss.
func (b *Backups) empty(ctx context.Context) error {
	var full []string
	err := b.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT arraySort(groupArray(name)) FROM system.tables
		WHERE database = %s AND engine LIKE '%%MergeTree' AND total_rows > 0 AND name NOT IN ('%s')`,
		clickhouse.Text(b.o.Name), strings.Join(incidental(), "', '"))).Scan(&full)
	if err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	if len(full) > 0 {
		return fmt.Errorf("%w: %s has rows in %s; to give those up, stop whoever writes and run: DROP DATABASE %s SYNC",
			ErrHolds, b.o.Name, strings.Join(full, ", "), b.o.Name)
	}
	return nil
}

// patience is how long the database may leave questions about how far it is unanswered.
const patience = 2 * time.Minute

// follow starts a statement that goes on by itself, and waits for its end: no connection has to last that long.
func (b *Backups) follow(ctx context.Context, statement, done string, show func(Progress)) error {
	var id, status string
	if err := b.o.Conn.QueryRow(ctx, statement).Scan(&id, &status); err != nil {
		return explained(err)
	}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	asked := time.Now()
	for {
		var problem string
		var files, bytes uint64
		err := b.o.Conn.QueryRow(ctx, "SELECT toString(status), error, num_files, total_size FROM system.backups WHERE id = "+clickhouse.Text(id)).
			Scan(&status, &problem, &files, &bytes)
		switch {
		case err == nil:
			asked = time.Now()
		case ctx.Err() != nil || time.Since(asked) > patience: // a database that is busy does not answer everybody at once
			return fmt.Errorf("how far it is cannot be asked, and it goes on in the database (system.backups, %s): %w", id, err)
		default:
			status, problem = "", ""
		}
		show(Progress{Files: files, Bytes: bytes})
		switch {
		case status == done:
			return nil
		case problem != "" || strings.HasSuffix(status, "FAILED") || strings.HasSuffix(status, "CANCELLED"):
			first, _, _ := strings.Cut(problem, "\n")
			return explained(errors.New(strings.TrimSuffix(first, ", Stack trace (when copying this message, always include the lines below):")))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it goes on in the database (system.backups, %s): %w", id, ctx.Err())
		case <-ticker.C:
		}
	}
}

func explained(err error) error {
	if strings.Contains(err.Error(), "allowed") {
		return fmt.Errorf("the database server allows no backups: its configuration needs <backups><allowed_path>: %w", err)
	}
	return err
}

// Prune removes backups that are older than they may be kept, where this process sees them, and returns their names.
func (b *Backups) Prune() (removed []string, err error) {
	if b.o.Folder == "" || b.o.Kept <= 0 {
		return nil, nil
	}
	entries, err := os.ReadDir(b.o.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for old backups: %w", err)
	}
	for _, entry := range entries {
		at, named := made(entry.Name())
		if named != nil || !strings.HasPrefix(entry.Name(), b.o.Name+"-") || b.o.Now().Sub(at) <= b.o.Kept {
			continue
		}
		if err := os.Remove(filepath.Join(b.o.Folder, entry.Name())); err != nil {
			return removed, fmt.Errorf("remove an old backup: %w", err)
		}
		removed = append(removed, entry.Name())
	}
	return removed, nil
}
