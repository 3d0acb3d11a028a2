package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mayak/collector/client"
)

// importEventsCommand is `collector import events`: what is too large for one request, or must not be lost when the collector is away.
type importEventsCommand struct {
	Collector string   `required:"" help:"address of the collector, like https://stats.clinic.example"`
	KeyFile   string   `required:"" help:"file that holds the site's key, as keys create printed it"`
	Files     []string `arg:"" name:"file" help:"files of events, an object a line with the keys of /api/events; - is standard input"`
}

// eventsImport is one run of the command.
type eventsImport struct {
	to            *client.Client
	stderr        io.Writer
	lines, unread int
}

// importEvents sends files of events to a collector, until it has each on disk or has said that it will never take it.
func importEvents(ctx context.Context, command *importEventsCommand, stdin io.Reader, stdout, stderr io.Writer) error {
	key, err := os.ReadFile(command.KeyFile)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	to, err := client.New(client.Options{
		URL: command.Collector, Key: strings.TrimSpace(string(key)),
		Failed: func(why error, again time.Duration) {
			fmt.Fprintf(stderr, "%v; again in %v\n", why, again.Round(time.Millisecond))
		},
		Rejected: func(event []byte, why string) { fmt.Fprintf(stderr, "rejected: %s: %s\n", why, idOf(event)) },
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- to.Run(ctx) }()
	run := &eventsImport{to: to, stderr: stderr}
	err = run.readAll(ctx, command.Files, stdin)
	err = errors.Join(err, to.Close(ctx), <-ended)
	told := to.Stats()
	fmt.Fprintf(stdout, "%d lines: %d stored, %d rejected, %d not readable, %d not sent; %d tries more\n",
		run.lines, told.Accepted, told.Rejected, run.unread, told.Unsent, told.Retries)
	if err == nil && run.unread+int(told.Rejected) > 0 { //nolint:gosec // far fewer than there are numbers.
		err = errors.New("not all events are stored")
	}
	return err
}

func (r *eventsImport) readAll(ctx context.Context, files []string, stdin io.Reader) error {
	for _, name := range files {
		if name == "-" {
			if err := r.read(ctx, "standard input", stdin); err != nil {
				return err
			}
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(r.read(ctx, name, file), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// read queues each line as an event. A line that is none is told by its place, and those behind it are read all the same.
func (r *eventsImport) read(ctx context.Context, name string, from io.Reader) error {
	lines, room := bufio.NewReaderSize(from, 64<<10), []byte(nil)
	for number, ended := 1, false; !ended; number++ {
		line, problem := readLine(lines, room[:0])
		room, ended = line, errors.Is(problem, io.EOF)
		if problem != nil && !ended && !errors.Is(problem, errLongLine) {
			return fmt.Errorf("%s: %w", name, problem)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		r.lines++
		var event client.Event
		if !errors.Is(problem, errLongLine) {
			problem = strictly(line, &event)
		}
		if problem != nil {
			r.unread++
			fmt.Fprintf(r.stderr, "%s: line %d: %v\n", name, number, problem)
			continue
		}
		if err := r.to.Send(ctx, event); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, number, err)
		}
	}
	return nil
}

// strictly reads one object whose keys are all known. Its errors tell nothing of the values.
func strictly(line []byte, into *client.Event) error {
	from := json.NewDecoder(bytes.NewReader(line))
	from.DisallowUnknownFields()
	err := from.Decode(into)
	if err == nil && from.More() {
		err = errors.New("more than one object")
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not JSON")
	case errors.As(err, &kind):
		return fmt.Errorf("%s: want %s", kind.Field, kind.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New("a key that is not known; /api/openapi.json has those that are")
	case strings.HasPrefix(err.Error(), "more than"):
		return err
	default:
		return errors.New("a value of the wrong kind")
	}
}

// idOf is what an event is called in its file.
func idOf(event []byte) string {
	var named struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(event, &named) != nil || named.ID == "" {
		return "an event without an id"
	}
	return fmt.Sprintf("id %.64q", named.ID)
}
