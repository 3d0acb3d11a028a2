// Command bots writes collector/enrich's table of robots from the lists that others keep: crawler-user-agents (MIT), which
// knows what each robot is for, and the words of isbot (Unlicense).
//
//	list ─► what the pattern says literally ─► unless it is in a real browser's agent ─► table_bots.go
//
// A pattern that real people's agents contain would count them as robots, so every one is tried on a corpus of real
// traffic (user-agents, BSD-2-Clause) and on the agents in collector/enrich/testdata first. The table says what was left out.
//
// The lists are fetched once into the user's cache, where the tests of this package and of collector/enrich find them, and
// with them agents that others have labelled, which only those tests read; `go run ./scripts/bots corpora` does nothing else.
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
