// Command fetch brings what the repository does not hold into the user's cache directory, once, verified, with progress
// shown, and prints where it lies: `go run ./scripts/fetch engine`. Two at once are safe.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"mayak/scripts/fetch/npm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1) //nolint:gocritic // stop only unhooks signals
	}
}

func run(ctx context.Context, arguments []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(arguments) != 1 || arguments[0] != "engine" {
		return fmt.Errorf("say what to fetch: engine")
	}
	path, err := fetchEngine(ctx, &npm.Client{HTTP: http.DefaultClient, Progress: stderr}, getenv, stderr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, path)
	return err
}
