// Command aggregator keeps the database in shape for the people who read it.
//
//	aggregator            migrate, keep the rollups up to date, and answer reports
//	aggregator migrate    bring the database to this program's schema, and end
//	aggregator rebuild    compute the rollups of some days anew, and end
//	aggregator report     print a report, straight from the database
//	aggregator token      make, list and revoke the tokens that the report API answers
//	aggregator user       add, list and remove the people who may log in
//	aggregator subject    find, export, block and erase what is kept of one person
//	aggregator risk       say how well the signals of fraud did, by the verdicts that came back
//	aggregator incidents  list what was wrong with sites' servers, since when and for whom; close what is over
//	aggregator deployments list when sites got new versions; tell that one did
//	aggregator reference  tell what happened in the visit of somebody who reads out a support reference
//	aggregator backup     have the database write itself into a file
//	aggregator restore    bring the database back from there, without who was erased since
//	aggregator dashboards write dashboards, data sources and alert rules for Grafana
//	aggregator audit      look at who touched a person's rows, and whether the log is whole
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"mayak/schema/migrate"
	"mayak/schema/policy"
	"mayak/schema/settings"
	"mayak/schema/sites"
	"mayak/schema/telemetry"
)

// commands is what kong reads: the settings are common to all.
type commands struct {
	Config

	Serve   struct{} `cmd:"" default:"withargs" help:"migrate, keep the rollups up to date, and answer reports (default)"`
	Migrate struct{} `cmd:"" help:"bring the database to this program's schema, and end"`

	Rebuild   rebuildCommand      `cmd:"" help:"compute the rollups of some days anew, with progress, and end"`
	Report    reportCommand       `cmd:"" help:"print a report, straight from the database"`
	Token     tokenCommands       `cmd:"" help:"make, list and revoke the tokens that the report API answers"`
	User      userCommands        `cmd:"" help:"add, list and remove the people who may log in, and change their passwords"`
	Subject   subjectCommands     `cmd:"" help:"find, export, block and erase what is kept of one person"`
	Policies  policyCommands      `cmd:"" name:"policy" help:"show the policy file in words, and compare the database with it"`
	Retention retentionCommands   `cmd:"" help:"tell what the policy file lets go, and when"`
	Roles     rolesCommands       `cmd:"" help:"word who may read what, for a server or for the embedded engine"`
	Risk      riskCommands        `cmd:"" help:"say how well the signals of fraud did, by the verdicts that came back"`
	Incidents incidentsCommands   `cmd:"" help:"list what was wrong with sites' servers, since when and for whom, and close what is over"`
	Deployed  deploymentsCommands `cmd:"" name:"deployments" help:"list when sites got new versions, and tell that one did"`
	Reference referenceCommand    `cmd:"" help:"tell what happened in the visit of somebody who reads out a support reference"`
	Backup    backupCommand       `cmd:"" help:"have the database write itself into a file of its folder of backups"`
	Restore   restoreCommand      `cmd:"" help:"bring an empty database back from a backup, without who was erased since it was made"`
	Boards    boardsCommands      `cmd:"" name:"dashboards" help:"write dashboards, data sources and alert rules for Grafana"`
	Audit     auditCommands       `cmd:"" help:"look at who touched a person's rows, and whether the log is whole"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "aggregator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c commands
	chosen, err := settings.Parse(&c, settings.Options{
		Name: "aggregator", Description: "Keeps the database in shape for the people who read it.",
		Args: args, Environ: os.Environ(), Stdout: stdout, Stderr: stderr,
		Foreign: []string{"MAYAK_COLLECTOR_", "MAYAK_ENGINE_", "MAYAK_DATA", "MAYAK_CACHE", "MAYAK_TEST_", "MAYAK_RUN_"},
	})
	switch {
	case errors.Is(err, settings.ErrDone):
		return nil
	case err != nil:
		return err
	case c.Version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	case c.Check:
		return check(&c.Config, stdout)
	}
	log, err := telemetry.Logger(stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	if err := telemetry.NoCoreFiles(); err != nil {
		return err
	}
	switch chosen.Command() {
	case "migrate":
		return migrateOnce(ctx, &c.Config, log, stdout)
	case "rebuild":
		return rebuild(ctx, &c.Config, &c.Rebuild, log, stdout)
	case "report <name>":
		return printReport(ctx, &c.Config, &c.Report, log, stdout)
	case "restore <file>":
		return restore(ctx, &c.Config, &c.Restore, log, stdout)
	case "token create", "token list", "token revoke <name>":
		return c.Token.run(chosen.Command(), &c.Config, stdout)
	case "user create", "user list", "user remove <name>", "user password <name>":
		return c.User.run(chosen.Command(), &c.Config, os.Stdin, stdout)
	case "dashboards provision":
		return c.Boards.run(stdout)
	}
	do := c.onDatabase(chosen.Command(), stdout)
	c.serving = do == nil
	a, err := newAggregator(&c.Config, log)
	switch {
	case do != nil:
		return withAggregator(ctx, a, err, do)
	case err != nil:
		return err
	}
	return a.run(ctx)
}

// onDatabase is what a command does with the aggregator's parts; nil is to serve.
func (c *commands) onDatabase(command string, stdout io.Writer) func(context.Context, *aggregator) error {
	switch group, _, _ := strings.Cut(command, " "); group {
	case "subject":
		return func(ctx context.Context, a *aggregator) error {
			return c.Subject.run(ctx, command, a, os.Stdin, stdout)
		}
	case "policy", "retention", "roles":
		return func(ctx context.Context, a *aggregator) error { return c.runPolicy(ctx, command, a, stdout) }
	case "risk":
		return func(ctx context.Context, a *aggregator) error { return c.Risk.run(ctx, command, a, stdout) }
	case "incidents":
		return func(ctx context.Context, a *aggregator) error { return c.Incidents.run(ctx, command, a, stdout) }
	case "deployments":
		return func(ctx context.Context, a *aggregator) error { return c.Deployed.run(ctx, command, a, stdout) }
	case "reference":
		return func(ctx context.Context, a *aggregator) error { return c.Reference.run(ctx, a, stdout) }
	case "backup":
		return func(ctx context.Context, a *aggregator) error { return c.Backup.run(ctx, a, stdout) }
	case "audit":
		return func(ctx context.Context, a *aggregator) error { return c.Audit.run(ctx, command, a, stdout) }
	}
	return nil
}

// check reads every file that the settings name.
func check(c *Config, stdout io.Writer) error {
	if c.Sites != "" {
		if _, err := sites.Load(c.Sites); err != nil {
			return err
		}
	}
	rules, err := policy.Load(c.Policy)
	if err != nil {
		return err
	}
	if _, err := describe(rules); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "settings are valid")
	return err
}

func migrateOnce(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) error {
	applied, err := migrate.Up(ctx, c.database(), log)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d migrations applied, the database is up to date\n", len(applied))
	return err
}

// version is that of the build, as the linker or Go's own stamp tells.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
