// Command collector takes hits from browsers, gates them by the privacy policy, enriches and stores them durably,
// and delivers them into ClickHouse. Any number of collectors run side by side; they share nothing but the database.
//
//	collector            serve
//	collector explain    print for hits on standard input what would be stored of them, and why
//	collector import     bring in the page views of a web server's access logs, or events from files
//	collector email-link make the links that count opened e-mails and clicks in them
//	collector keys       make, list and revoke the keys of servers and apps
//	collector tail       print what becomes of hits, live
//	collector spool      list the segments that wait, or replay those that were set aside
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"mayak/schema/settings"
)

// commands is what kong reads: the settings are common to all.
type commands struct {
	Config

	Serve   struct{}       `cmd:"" default:"withargs" help:"take hits and deliver them (default)"`
	Explain explainCommand `cmd:"" help:"read JSON lines from standard input; print each as it would be stored, with what was dropped or shortened and why"`
	Import  struct {
		AccessLog importCommand       `cmd:"" help:"store the page views of a web server's access logs, through the same gate as live ones"`
		Events    importEventsCommand `cmd:"" help:"send files of events to a collector's /api/events, again and again until it has them"`
	} `cmd:"" help:"bring in what was recorded elsewhere"`
	EmailLink emailLink    `cmd:"" help:"print the link of the picture that counts an opened e-mail, or of a click"`
	EmailKey  emailKey     `cmd:"" help:"print the site's mail key, with which your own programs make links; whoever has it can"`
	Keys      keysCommands `cmd:"" help:"make, list and revoke the keys of servers and apps that send events"`
	Tail      tailCommand  `cmd:"" help:"print what becomes of the hits of the collector that runs with these settings, live: stored, or why not"`
	Spool     struct {
		List   struct{} `cmd:"" default:"1" help:"list the segments (default)"`
		Replay struct{} `cmd:"" help:"make the segments that were set aside deliverable again; the collector must not be running"`
	} `cmd:"" help:"look at the queue of events that wait for the database"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var c commands
	chosen, err := settings.Parse(&c, settings.Options{
		Name: "collector", Description: "Takes hits, gates them by the privacy policy, stores them durably and delivers them into ClickHouse.",
		Args: args, Environ: os.Environ(), Stdout: stdout, Stderr: stderr,
		Foreign: []string{"MAYAK_AGGREGATOR_", "MAYAK_ENGINE_", "MAYAK_CLICKHOUSE_CLUSTER", "MAYAK_DATA", "MAYAK_CACHE", "MAYAK_TEST_", "MAYAK_RUN_"},
	})
	switch {
	case errors.Is(err, settings.ErrDone):
		return nil
	case err != nil:
		return err
	case c.Version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	}
	switch chosen.Command() {
	case "explain":
		return explain(&c.Config, &c.Explain, stdin, stdout)
	case "import access-log <file>":
		return importAccessLog(ctx, &c.Config, &c.Import.AccessLog, stdin, stdout, stderr)
	case "import events <file>":
		return importEvents(ctx, &c.Import.Events, stdin, stdout, stderr)
	case "email-link":
		return c.EmailLink.run(&c.Config, stdout)
	case "email-key":
		return c.EmailKey.run(&c.Config, stdout)
	case "keys create", "keys list", "keys revoke <name>":
		return c.Keys.run(chosen.Command(), &c.Config, stdout)
	case "tail":
		return tail(ctx, &c.Config, &c.Tail, stdout)
	case "spool list":
		return listSpool(&c.Config, stdout)
	case "spool replay":
		return replaySpool(ctx, &c.Config, stdout)
	default:
		return serve(ctx, &c.Config, stdout, stderr)
	}
}

// version is that of the build, as the linker or Go's own stamp tells.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
