package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// auditCommands are about the audit log.
type auditCommands struct {
	Verify struct{} `cmd:"" help:"find changed and missing entries of the audit log, and print its head"`
	List   struct {
		Ticket string `help:"entries of this request only"`
		Limit  int    `default:"50" help:"how many, the newest first"`
	} `cmd:"" help:"list entries of the audit log"`
}

var errAudit = errors.New("the audit log is not whole")

func (c *auditCommands) run(ctx context.Context, command string, a *aggregator, out io.Writer) error {
	if command == "audit list" {
		return c.list(ctx, a, out)
	}
	v, err := a.audit.Verify(ctx, time.Duration(a.rules.Tables["audit_log"].Retention))
	if err != nil {
		return err
	}
	for _, problem := range v.Problems {
		if _, err := fmt.Fprintln(out, problem); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d entries in %d chains, %d anchors of this machine, %d of them past their time; head %s\n", v.Entries, v.Chains, v.Anchors, v.Expired, v.Head)
	if err == nil && len(v.Problems) > 0 {
		err = errAudit
	}
	return err
}

func (c *auditCommands) list(ctx context.Context, a *aggregator, out io.Writer) error {
	all, err := a.audit.Newest(ctx, c.List.Ticket, c.List.Limit)
	if err != nil {
		return err
	}
	for _, e := range all {
		line := []string{e.At.Format(time.RFC3339), e.Who, e.Role, e.Action, e.Ticket, e.Site, e.Why, e.Detail, e.Entry}
		if _, err := fmt.Fprintln(out, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return nil
}
