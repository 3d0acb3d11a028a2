// Command bots writes collector/enrich's table of robots from the lists that others keep: crawler-user-agents (MIT), which
// knows what each robot is for, and the words of isbot (Unlicense).
//
//	list ─► what the pattern says literally ─► unless it is in a real browser's agent ─► table_bots.go
//
// A pattern that real people's agents contain would count them as robots, so every one is tried on a corpus of real
// traffic (user-agents, BSD-2-Clause) and on the agents in collector/enrich/testdata first. The table says what was left out.
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
	"syscall"

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
	if len(arguments) != 2 {
		return errors.New("name the agents of real browsers and the table to write")
	}
	client := &npm.Client{HTTP: http.DefaultClient, Progress: stderr}
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
