package main

import (
	"context"
	"errors"
	"os"
	"os/user"
	"time"

	"mayak/aggregator/audit"
	"mayak/aggregator/subject"
	"mayak/schema/cluster"
	"mayak/schema/settings"
)

// SubjectConfig is the settings of requests about one person's data.
type SubjectConfig struct {
	VisitorKey      string        `env:"MAYAK_VISITOR_KEY" help:"file of the key of lasting visitor ids, the same as the collectors'; default: visitor.key under MAYAK_DATA or under the user's data folder"`
	AuditAnchors    string        `env:"MAYAK_AGGREGATOR_AUDIT_ANCHORS" help:"file that holds the hashes of the audit log outside of the database; default: aggregator/audit.anchors under MAYAK_DATA or under the user's data folder"`
	RequestDeadline time.Duration `env:"MAYAK_AGGREGATOR_REQUEST_DEADLINE" default:"72h" help:"how long a request about a person's data may take before it counts as overdue"`
	Erased          string        `env:"MAYAK_AGGREGATOR_ERASED" help:"file that holds keyed hashes of who was erased outside of the database, for as long as backups are kept; default: aggregator/erased.journal under MAYAK_DATA or under the user's data folder"`
	Backups         time.Duration `env:"MAYAK_AGGREGATOR_BACKUPS" default:"720h" help:"how long backups of the database are kept, which receipts of erasures state; 0 when there are none"`
	EraseRewrite    time.Duration `env:"MAYAK_AGGREGATOR_ERASE_REWRITE" default:"1h" help:"shortest time between two rewritings of a table's files for erasures; erased rows are in no answer before that already"`
}

// newDesk makes the audit log and the desk of requests that writes into it.
func (a *aggregator) newDesk() error {
	anchors, err := settings.DataFile(os.Getenv, a.config.AuditAnchors, "aggregator", "audit.anchors")
	if err != nil {
		return err
	}
	file, err := a.config.keyFile()
	if err != nil {
		return err
	}
	erased, err := a.config.journal()
	if err != nil {
		return err
	}
	a.keys = &keyring{file: file, conn: a.conn}
	a.audit = audit.New(audit.Options{Conn: a.conn, Anchors: anchors, Now: time.Now, Registerer: a.registry})
	a.subjects = subject.New(subject.Options{
		Conn: a.conn, Cluster: cluster.Name(a.config.Cluster), Policy: a.rules, Audit: a.audit, Erased: erased, Rollups: a.engine, Log: a.log, Registerer: a.registry,
		Now: time.Now, Deadline: a.config.RequestDeadline, Backups: a.config.Backups, Rewrite: a.config.EraseRewrite, Key: a.keys.now,
	})
	return nil
}

// keyFile is where the visitor key is.
func (c *SubjectConfig) keyFile() (string, error) {
	return settings.DataFile(os.Getenv, c.VisitorKey, "visitor.key")
}

// journal is that of who was erased.
func (c *SubjectConfig) journal() (*subject.Journal, error) {
	file, err := settings.DataFile(os.Getenv, c.Erased, "aggregator", "erased.journal")
	return &subject.Journal{Path: file, Kept: c.Backups}, err
}

// atTerminal is who acts at the command line.
func atTerminal(why string) subject.Actor {
	name := "unknown"
	if account, err := user.Current(); err == nil {
		name = account.Username
	}
	return subject.Actor{Name: "account " + name, Role: "command", Origin: "command", Why: why}
}

// withAggregator runs a command that needs the parts, and no server.
func withAggregator(ctx context.Context, a *aggregator, err error, do func(context.Context, *aggregator) error) error {
	if err != nil {
		return err
	}
	defer a.reports.close()
	return errors.Join(do(ctx, a), a.conn.Close())
}
