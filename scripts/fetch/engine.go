package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"

	"mayak/schema/embedded"
	"mayak/scripts/fetch/npm"
)

// enginePackage names the package that holds the library for a machine. Where no hash is pinned, because the package could
// not be had when this was written, npm's own word is taken and the user is told.
func enginePackage(system, processor string) (npm.Package, error) {
	pkg := npm.Package{Version: embedded.Version}
	switch system + "/" + processor {
	case "linux/amd64":
		pkg.Name = "@chdb/lib-linux-x64-gnu"
		pkg.Integrity = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
	case "linux/arm64":
		pkg.Name = "@chdb/lib-linux-arm64-gnu"
	case "darwin/arm64":
		pkg.Name = "@chdb/lib-darwin-arm64"
	case "darwin/amd64":
		pkg.Name = "@chdb/lib-darwin-x64"
	default:
		return pkg, embedded.Supported()
	}
	return pkg, nil
}

// fetchEngine gives the path of a whole library for this machine and fetches it when there is none.
func fetchEngine(ctx context.Context, client *npm.Client, getenv func(string) string, stderr io.Writer) (string, error) {
	if err := embedded.Supported(); err != nil {
		return "", err
	}
	pkg, err := enginePackage(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	return fetch(ctx, client, pkg, getenv, stderr)
}

func fetch(ctx context.Context, client *npm.Client, pkg npm.Package, getenv func(string) string, stderr io.Writer) (string, error) {
	path, err := embedded.Locate(getenv)
	if err == nil {
		return path, nil
	}
	if getenv("MAYAK_ENGINE_LIBRARY") != "" {
		return "", err // the operator's own file is not ours to replace
	}
	dir, err := embedded.CacheDir(getenv)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock the cache directory: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end unlocks too
	path = filepath.Join(dir, embedded.LibraryName)
	switch err := embedded.Check(path); {
	case err == nil:
		return path, nil // another process was quicker
	case !errors.Is(err, embedded.ErrMissing):
		fmt.Fprintln(stderr, err)
	}
	if pkg.Integrity == "" {
		fmt.Fprintf(stderr, "no hash is pinned for %s, trusting npm\n", pkg)
	}
	return path, bring(ctx, client, pkg, dir)
}

// bring puts the library into the cache directory, whole and recorded, or not at all. The directory is locked.
func bring(ctx context.Context, client *npm.Client, pkg npm.Package, dir string) error {
	left, _ := filepath.Glob(filepath.Join(dir, embedded.LibraryName+".part*")) // a fixed pattern has no error
	for _, part := range left {
		_ = os.Remove(part) // of a process that was killed
	}
	part, err := os.CreateTemp(dir, embedded.LibraryName+".part*")
	if err != nil {
		return fmt.Errorf("write into the cache directory: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone already when all went well
	err = client.Extract(ctx, pkg, npm.Files{"package/" + embedded.LibraryName: part})
	if err := errors.Join(err, part.Sync(), part.Chmod(0o644), part.Close()); err != nil {
		return err
	}
	receipt, err := embedded.NewReceipt(part.Name())
	if err != nil {
		return err
	}
	if err := os.Rename(part.Name(), filepath.Join(dir, embedded.LibraryName)); err != nil {
		return fmt.Errorf("put the library in place: %w", err)
	}
	return receipt.Write(dir)
}
