package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"mayak/aggregator/diagnose"
)

// deploymentsCommands are about new versions of sites, which the dashboards draw over the panels.
type deploymentsCommands struct {
	List struct {
		Site  string `help:"of this site only"`
		Limit int    `default:"20" help:"how many, the newest first"`
	} `cmd:"" default:"withargs" help:"list when sites got new versions (default)"`
	Add struct {
		Site    string     `required:"" help:"which got it"`
		Version string     `arg:"" help:"its name, as 1.4.2 or a commit"`
		Text    string     `help:"what is new, in a line; no names, addresses or numbers of persons"`
		At      *time.Time `help:"when visitors got it, as 2026-11-23T09:00:00Z; default: now"`
	} `cmd:"" help:"tell that a site got a new version"`
}

func (c *deploymentsCommands) run(ctx context.Context, command string, a *aggregator, out io.Writer) error {
	if command != "deployments add <version>" {
		return c.list(ctx, a, out)
	}
	told := diagnose.Deployment{Site: c.Add.Site, Version: c.Add.Version, Text: c.Add.Text}
	if c.Add.At != nil {
		told.At = *c.Add.At
	}
	if all := a.sites.All(); len(all) > 0 && a.sites.Find(told.Site) == nil {
		names := make([]string, len(all))
		for i, site := range all {
			names[i] = site.ID
		}
		return fmt.Errorf("site %q does not exist; there are %s", told.Site, strings.Join(names, ", "))
	}
	if err := a.diagnosis.Deploy(ctx, &told); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s: version %s since %s\n", told.Site, told.Version, told.At.Format(time.RFC3339))
	return err
}

func (c *deploymentsCommands) list(ctx context.Context, a *aggregator, out io.Writer) error {
	all, err := a.diagnosis.Deployments(ctx, c.List.Site, c.List.Limit)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "at\tsite\tversion\twhat is new")
	for _, one := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.At.Format(time.RFC3339), one.Site, one.Version, one.Text)
	}
	return table.Flush()
}
