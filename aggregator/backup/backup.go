// Package backup has the database write itself into one file, and brings it back from there, with ClickHouse's own BACKUP and RESTORE.
//
// A backup holds every table and view but the salts: with one of those, ids of a day that is over could be made from addresses again, for as
// long as the backup is kept. It goes into the folder that the database allows, under a name that tells when it was made, so that
// nothing is brought back that receipts of erasures say is thrown away. It is brought back into an empty database only.
//
//	mayak-20261123T031700Z.tar                      whole
//	mayak-20261124T031700Z-on-20261123T031700Z.tar  what the whole one of that moment lacks
//
// Where the folder is seen here, one is whole in a while, and those between hold what it lacks: never what another of them lacks, so that
// two files bring a night back. What others are made on is removed with them or after them, never before.
package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
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
	Folder string        // of backups, where this process sees it; otherwise empty
	Whole  time.Duration // how old one may be that others are made on; zero when each is whole
	Recent int           // how many of the newest are kept; older ones only if they are whole; zero is all
	Spare  uint64        // bytes of the folder's disk that backups leave free
	Free   func(folder string) (uint64, error)
	Log    *slog.Logger
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

// Make writes a backup, and returns its name once it is whole. A base that the database cannot read is done without.
func (b *Backups) Make(ctx context.Context, whole bool, show func(Progress)) (file string, err error) {
	parts, err := b.parts(ctx)
	if err != nil {
		return "", err
	}
	all, err := b.list()
	if err != nil {
		return "", err
	}
	now := b.o.Now().UTC()
	write := func(base *archive) (string, error) {
		a := archive{database: b.o.Name, at: now}
		statement := "BACKUP " + strings.Join(parts, ", ") + " TO File(%s)"
		if base != nil {
			a.base = base.at
			statement += " SETTINGS base_backup = File(" + clickhouse.Text(base.name()) + ")"
		}
		id, err := b.follow(ctx, fmt.Sprintf(statement, clickhouse.Text(a.name()))+" ASYNC", "BACKUP_CREATED", show)
		if err == nil {
			err = b.check(ctx, id, &a)
		}
		return a.name(), err
	}
	base := b.base(all)
	if whole || base == nil {
		return write(nil)
	}
	file, err = write(base)
	if err == nil || ctx.Err() != nil || errors.Is(err, errPart) { // a whole one needs more room still
		return file, err
	}
	b.o.Log.Warn("no backup on the last whole one; this one is whole", "base", base.name(), "err", err)
	return write(nil)
}

// errPart is a backup that lacks its end.
var errPart = errors.New("this backup is not all there")

// check holds what was written against what the database says that it wrote: it takes no notice when the disk gets full at the end of a
// file. Each entry has a header of 512 bytes. What is not all there is removed, so that nobody relies on it.
func (b *Backups) check(ctx context.Context, id string, a *archive) error {
	var entries, content, size uint64
	err := b.o.Conn.QueryRow(ctx, "SELECT num_entries, uncompressed_size, compressed_size FROM system.backups WHERE id = "+clickhouse.Text(id)).Scan(&entries, &content, &size)
	if err != nil {
		return fmt.Errorf("ask how large %s is: %w", a.name(), err)
	}
	path := filepath.Join(b.o.Folder, a.name())
	seen := b.o.Folder != "" && present(path)
	if size >= content+512*entries && (!seen || ended(path)) {
		return nil
	}
	err = fmt.Errorf("%s: %w: of %d bytes %d were written; is the disk of the backups full?", a.name(), errPart, content+512*entries, size)
	if seen {
		_, removing := b.remove(nil, a, &[]string{})
		err = errors.Join(err, removing)
	}
	return err
}

// base is the newest whole one that is young enough.
func (b *Backups) base(all []archive) *archive {
	most := b.o.Whole
	if b.o.Kept > 0 {
		most = min(most, b.o.Kept/2) // or it would be thrown away under those that are made on it
	}
	for i := range all {
		if all[i].whole() && b.o.Now().Sub(all[i].at) < most {
			return &all[i]
		}
	}
	return nil
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
	a, err := named(file)
	if err != nil {
		return at, err
	}
	at = a.at
	if err := b.complete(&a); err != nil {
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
	_, err = b.follow(ctx, "RESTORE ALL FROM File("+clickhouse.Text(file)+") ASYNC", "RESTORED", show)
	return at, err
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

// follow starts a statement that goes on by itself, and waits for its end: no connection has to last that long. The database knows it by
// the id.
func (b *Backups) follow(ctx context.Context, statement, done string, show func(Progress)) (id string, err error) {
	var status string
	if err := b.o.Conn.QueryRow(ctx, statement).Scan(&id, &status); err != nil {
		return "", explained(err)
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
			return id, fmt.Errorf("how far it is cannot be asked, and it goes on in the database (system.backups, %s): %w", id, err)
		default:
			status, problem = "", ""
		}
		show(Progress{Files: files, Bytes: bytes})
		switch {
		case status == done:
			return id, nil
		case problem != "" || strings.HasSuffix(status, "FAILED") || strings.HasSuffix(status, "CANCELLED"):
			first, _, _ := strings.Cut(problem, "\n")
			return id, explained(errors.New(strings.TrimSuffix(first, ", Stack trace (when copying this message, always include the lines below):")))
		}
		select {
		case <-ctx.Done():
			return id, fmt.Errorf("it goes on in the database (system.backups, %s): %w", id, ctx.Err())
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
