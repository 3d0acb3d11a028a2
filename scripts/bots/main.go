// Command bots writes collector/enrich's table of robots from the lists that others keep: crawler-user-agents (MIT), which
// knows what each robot is for, and the words of isbot (Unlicense).
//
//	list ─► what the pattern says literally ─► unless it is in a real browser's agent ─► table_bots.go
//
// A pattern that real people's agents contain would count them as robots, so every one is tried on a corpus of real
// traffic (user-agents, BSD-2-Clause) and on the agents in collector/enrich/testdata first. The table says what was left out.
//
// `go run ./scripts/bots corpora` puts the corpora into the user's cache instead, where collector/enrich's tests find them.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"mayak/schema/settings"
	"mayak/scripts/fetch/npm"
)

func crawlers() npm.Package {
	return npm.Package{
		Name: "crawler-user-agents", Version: "1.60.0",
		Integrity: "sha512-p8hKVsnZl3msolBhGW8s86V0tmmcuBSwhTXkzkegGQzTt0A/ysKDHKzek9fichfqL5qBEgDrR9CuGBU0Y7bDrg==",
	}
}

func isbot() npm.Package {
	return npm.Package{
		Name: "isbot", Version: "5.2.3",
		Integrity: "sha512-e8gGz3VzAuImtTMnB5PqNRRWGAswObTc+X+X5a8PttKT78VSSFec98w9ZwUoy6jJdlvJkVdLiN+WMgA8TewoZg==",
	}
}

func people() npm.Package {
	return npm.Package{
		Name: "user-agents", Version: "2.1.198",
		Integrity: "sha512-cpFqEfpW1DW7MZYfJaknK5mNJZBgUwfroY0y1jSVy8Y93T4pmP0wp5HhXTOqZUbUbFppp0fwCyfttG9rsl3vqw==",
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bots:", err)
		os.Exit(1) //nolint:gocritic // stop only unhooks signals
	}
}

func run(ctx context.Context, arguments []string, stderr io.Writer) error {
	client := &npm.Client{HTTP: http.DefaultClient, Progress: stderr}
	if len(arguments) == 1 && arguments[0] == "corpora" {
		return keepCorpora(ctx, client, stderr)
	}
	if len(arguments) != 2 {
		return errors.New("name the agents of real browsers and the table to write, or say corpora")
	}
	patterns, err := fetchPatterns(ctx, client)
	if err != nil {
		return err
	}
	browsers, err := fetchPeople(ctx, client, arguments[0])
	if err != nil {
		return err
	}
	kept, left := filter(patterns, browsers)
	var table bytes.Buffer
	if err := write(&table, kept, left); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d marks of robots kept, %d left out because %d agents of people contain them\n",
		len(kept), len(left), len(browsers))
	return os.WriteFile(arguments[1], table.Bytes(), 0o644)
}

// keepCorpora puts the lists of agents where tests look for them.
func keepCorpora(ctx context.Context, client *npm.Client, stderr io.Writer) error {
	base, err := settings.CacheFolder(os.Getenv)
	if err != nil {
		return err
	}
	dir := filepath.Join(base, "agents")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache directory: %w", err)
	}
	for _, corpus := range []struct {
		pkg        npm.Package
		file, name string
	}{
		{people(), "dist/user-agents.json", "user-agents.json"},
		{crawlers(), "crawler-user-agents.json", "crawler-user-agents.json"},
	} {
		path := filepath.Join(dir, corpus.name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		text, err := fetch(ctx, client, corpus.pkg, corpus.file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".part", text, 0o644); err != nil {
			return fmt.Errorf("write into the cache directory: %w", err)
		}
		if err := os.Rename(path+".part", path); err != nil {
			return fmt.Errorf("put %s in place: %w", corpus.name, err)
		}
	}
	fmt.Fprintln(stderr, dir)
	return nil
}

// fetch reads one file of a package.
func fetch(ctx context.Context, client *npm.Client, pkg npm.Package, file string) ([]byte, error) {
	f, err := os.CreateTemp("", "mayak-bots-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // temporary
	err = client.Extract(ctx, pkg, "package/"+file, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}
