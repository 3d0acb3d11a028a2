package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/backup"
	"mayak/aggregator/schedule"
	"mayak/schema/clickhouse"
	"mayak/schema/settings"
	visitorkey "mayak/schema/visitor"
)

// BackupConfig is the settings of backups.
type BackupConfig struct {
	BackupFolder string         `env:"MAYAK_AGGREGATOR_BACKUP_FOLDER" help:"the database's folder of backups, if it is on this machine: only then can one hold what another lacks, and are old ones removed"`
	BackupEvery  time.Duration  `env:"MAYAK_AGGREGATOR_BACKUP_EVERY" default:"0" help:"how often the aggregator has the database backed up into that folder; 0 leaves it to the command backup"`
	BackupWhole  time.Duration  `env:"MAYAK_AGGREGATOR_BACKUP_WHOLE" default:"156h" help:"how old a whole backup may be that others are made on, which hold only what it lacks; 0 makes each whole"`
	BackupsKept  int            `env:"MAYAK_AGGREGATOR_BACKUPS_KEPT" default:"7" help:"how many of the newest backups are kept; of older ones those that are whole; 0 keeps all"`
	BackupSpare  settings.Bytes `env:"MAYAK_AGGREGATOR_BACKUP_SPARE" default:"2GiB" help:"what backups leave free of their disk: the oldest go before their time; 0 does not look"`
}

func (c *BackupConfig) check() error {
	if c.BackupEvery > 0 && c.BackupFolder == "" {
		return errors.New("MAYAK_AGGREGATOR_BACKUP_EVERY needs MAYAK_AGGREGATOR_BACKUP_FOLDER: without it nobody knows when the last one was made")
	}
	if c.BackupEvery < 0 || c.BackupWhole < 0 || c.BackupsKept < 0 || c.BackupSpare < 0 {
		return errors.New("settings of backups: want nothing below 0")
	}
	return nil
}

// backupCommand has the database write itself into a file.
type backupCommand struct {
	Whole bool `help:"make it whole, whatever there is"`

	Why string `default:"backup" help:"what it is made for, for the audit log"`
}

// restoreCommand brings a database back.
type restoreCommand struct {
	File string `arg:"" help:"name of the backup, as mayak-20261123T050000Z.tar, in the database's folder of backups"`
	Why  string `required:"" help:"what happened to the database, for the audit log"`

	WithoutJournal bool `help:"go on though MAYAK_AGGREGATOR_ERASED is lost: who was erased since the backup was made comes back"`
}

var errNoJournal = errors.New("the journal of the erased is not there: put it back where MAYAK_AGGREGATOR_ERASED says, or give --without-journal and erase again, by your letters, who asked for it since")

var errCluster = errors.New("a cluster is backed up by its own means, BACKUP DATABASE … ON CLUSTER to a disk that every node reaches: see docs/operations.md")

// backups are made and brought back over a connection that does not need the database to be there.
func backups(c *Config, log *slog.Logger) (*backup.Backups, func() error, error) {
	if c.Cluster != "" {
		return nil, nil, errCluster
	}
	conn, name, err := clickhouse.OpenServer(c.database())
	if err != nil {
		return nil, nil, err
	}
	return backup.New(backup.Options{
		Conn: conn, Name: name, Kept: c.Backups, Folder: c.BackupFolder, Whole: c.BackupWhole, Recent: c.BackupsKept, Spare: uint64(c.BackupSpare), //nolint:gosec // it is positive
		Free: backup.Free, Log: log, Now: time.Now,
	}), conn.Close, nil
}

func (b *backupCommand) run(ctx context.Context, a *aggregator, out io.Writer) (err error) {
	made, end, err := backups(a.config, a.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	file, removed, err := a.backUp(ctx, made, b.Whole, acting("backup", b.Why, ""), progress(out, "written"))
	for _, line := range removed {
		if _, err := fmt.Fprintln(out, "removed", line); err != nil {
			return err
		}
	}
	if file != "" {
		if _, err := fmt.Fprintln(out, file); err != nil {
			return err
		}
	}
	return err
}

// backUp makes a backup, and removes those that it makes superfluous. The disk has room before, too.
func (a *aggregator) backUp(ctx context.Context, made *backup.Backups, whole bool, entry audit.Entry, show func(backup.Progress)) (file string, removed []string, err error) {
	if err := a.audit.Write(ctx, entry); err != nil {
		return "", nil, err
	}
	removed, err = made.Prune()
	if err != nil {
		return "", removed, err
	}
	if file, err = made.Make(ctx, whole, show); err != nil {
		return "", removed, err
	}
	after, err := made.Prune()
	return file, append(removed, after...), err
}

// backupJobs are the backups that the aggregator makes by itself.
func (a *aggregator) backupJobs() []schedule.Job {
	if a.config.BackupEvery <= 0 {
		return nil
	}
	return []schedule.Job{{Name: "backup", Every: min(a.config.BackupEvery, 10*time.Minute), Run: func(ctx context.Context) (n uint64, err error) {
		made, end, err := backups(a.config, a.log)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, end()) }()
		due, err := made.Due(a.config.BackupEvery)
		if err != nil || !due {
			return 0, err
		}
		entry := audit.Entry{Who: "aggregator", Role: "job", Action: "backup", Why: "it is time"}
		file, removed, err := a.backUp(ctx, made, false, entry, func(backup.Progress) {})
		if err == nil {
			a.log.Info("database backed up", "file", file, "removed", len(removed))
		}
		return 0, err
	}}}
}

// restore brings the database back, to what this program wants of it, and without who was erased since.
func restore(ctx context.Context, c *Config, r *restoreCommand, log *slog.Logger, out io.Writer) (err error) {
	if err := c.outlives(r.WithoutJournal); err != nil { // before hours go by
		return err
	}
	made, end, err := backups(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	at, err := made.Restore(ctx, r.File, progress(out, "read"))
	if err != nil {
		return err
	}
	a, err := newAggregator(c, log)
	return withAggregator(ctx, a, err, func(ctx context.Context, a *aggregator) error {
		if err := a.prepare(ctx); err != nil {
			return err
		}
		if err := a.audit.Write(ctx, acting("restore", r.Why, r.File)); err != nil {
			return err
		}
		again, err := a.subjects.Restored(ctx, atTerminal(r.Why))
		if err != nil {
			return fmt.Errorf("the data are back; an aggregator that is started erases again who was erased since, which failed here: %w", err)
		}
		if err := a.recount(ctx, at); err != nil {
			return err
		}
		var events uint64
		if err := a.conn.QueryRow(ctx, "SELECT count() FROM events").Scan(&events); err != nil {
			return fmt.Errorf("count events: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s is back: %d events, erased again %d\nRequests of persons that were opened, or blocked, after %s are not in it: take them from your letters.\n",
			r.File, events, len(again), at.Format(time.RFC3339))
		return err
	})
}

// outlives looks for what a database that is lost leaves beside it.
func (c *Config) outlives(withoutJournal bool) error {
	erased, err := c.journal()
	if err != nil {
		return err
	}
	if !erased.Exists() && !withoutJournal {
		return errNoJournal
	}
	file, err := c.keyFile()
	if err != nil {
		return err
	}
	_, err = visitorkey.ReadKey(file)
	return err
}

// recount has the last windows computed again: tables are written one after the other, while rows come.
func (a *aggregator) recount(ctx context.Context, at time.Time) error {
	rows, err := a.conn.Query(ctx, fmt.Sprintf("SELECT site, groupUniqArray(toStartOfFiveMinutes(ts)) FROM events WHERE received >= fromUnixTimestamp64Milli(%d) GROUP BY site",
		at.Add(-time.Hour).UnixMilli()))
	if err != nil {
		return fmt.Errorf("look for the newest events: %w", err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, Err tells
	changed := map[string][]time.Time{}
	for rows.Next() {
		var site string
		var windows []time.Time
		if err := rows.Scan(&site, &windows); err != nil {
			return fmt.Errorf("look for the newest events: %w", err)
		}
		changed[site] = windows
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for the newest events: %w", err)
	}
	for site, windows := range changed {
		if err := a.engine.Changed(ctx, site, windows); err != nil {
			return err
		}
	}
	return nil
}

// acting is an entry of the audit log about all of the database.
func acting(action, why, detail string) audit.Entry {
	who := atTerminal(why)
	return audit.Entry{Who: who.Name, Role: who.Role, Action: action, Why: why, Detail: detail}
}

// progress prints a line every few seconds.
func progress(out io.Writer, done string) func(backup.Progress) {
	const pause = 5 * time.Second
	last := time.Now()
	return func(p backup.Progress) {
		if time.Since(last) > pause {
			last = time.Now()
			_, _ = fmt.Fprintf(out, "%s: %d files, %d MB\n", done, p.Files, p.Bytes>>20) // a closed pipe stops no backup
		}
	}
}
