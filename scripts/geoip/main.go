// Command geoip builds the GeoIP databases that the collector reads, in the user's cache directory, once, verified.
//
//	go run ./scripts/geoip        country and networks: DB-IP, RouteViews and NRO, CC BY 4.0, may be passed on
//	go run ./scripts/geoip city   GeoLite2 City as well, for who accepts MaxMind's terms, which it prints
//
// The files are written in GeoLite2's schema. The same sources give the same bytes: a receipt beside them holds their
// SHA-256, and a run that finds everything as the receipt says ends at once. It prints where the files lie.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"

	"mayak/schema/settings"
	"mayak/scripts/fetch/npm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "geoip:", err)
		os.Exit(1) //nolint:gocritic // stop only unhooks signals
	}
}

func run(ctx context.Context, arguments []string, getenv func(string) string, stdout, stderr io.Writer) error {
	wanted := []database{country(), networks()}
	switch {
	case len(arguments) == 0:
	case len(arguments) == 1 && arguments[0] == "city":
		fmt.Fprint(stderr, cityTerms)
		wanted = append(wanted, city())
	default:
		return errors.New("nothing, or the word city, is all that can be asked for")
	}
	dir, err := cacheDir(getenv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the cache directory: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end unlocks too
	w := &workshop{dir: dir, out: stderr, client: &npm.Client{HTTP: http.DefaultClient, Progress: stderr}}
	for _, d := range wanted {
		if err := w.provide(ctx, &d); err != nil {
			return fmt.Errorf("%s: %w", d.file, err)
		}
		fmt.Fprintln(stdout, filepath.Join(dir, d.file))
	}
	return nil
}

// cacheDir is where the databases lie; the collector is pointed there.
func cacheDir(getenv func(string) string) (string, error) {
	base, err := settings.CacheFolder(getenv)
	return filepath.Join(base, "geoip"), err
}
