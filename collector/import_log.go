package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"mayak/collector/accesslog"
)

// importLog is one log of a run.
type importLog struct {
	*importing

	name   string
	log    *accesslog.Log
	format *accesslog.Format
	ahead  *accesslog.Pending // the round that an earlier run did not get to the end of
}

// file imports one log: round by round, each written down before it begins.
func (im *importing) file(ctx context.Context, name string, stdin io.Reader) error {
	im.told.begin(name)
	log, err := im.journal.Continue(ctx, name, stdin, im.command.Again)
	if err != nil {
		if ctx.Err() != nil {
			return nil // the end that was asked for
		}
		return err
	}
	defer func() { _ = log.Close() }() // it was only read
	l := &importLog{importing: im, name: log.Name, log: log, ahead: log.Entry.Pending}
	im.told.opened(log)
	if err := l.rounds(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil // the round that comes next is told of by end
	}
	im.told.ended(l.name)
	return im.journal.End(log.Entry)
}

// rounds reads each block while the one before is worked on.
func (l *importLog) rounds(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	blocks := l.read(ctx)
	defer func() {
		stop()
		for range blocks { // until the reader has noticed
		}
	}()
	for next := range blocks {
		if next.block.Data != nil || next.block.Long > 0 {
			if err := l.round(ctx, &next.block); err != nil {
				return err
			}
		}
		next.free()
		switch {
		case errors.Is(next.err, io.EOF):
			l.told.open(next.block.Open)
			return nil
		case ctx.Err() != nil:
			return nil
		case next.err != nil:
			return next.err
		}
	}
	return nil
}

// readAhead is a block that was read, and what ended the log instead.
type readAhead struct {
	block accesslog.Block
	err   error
	free  func() // its memory may be used for another
}

// read reads the log until ctx ends, two blocks ahead at most. The round that was cut off is read as it was.
func (l *importLog) read(ctx context.Context) <-chan readAhead {
	blocks, rooms := make(chan readAhead), make(chan []byte, 2)
	for range cap(rooms) {
		rooms <- make([]byte, accesslog.BlockSize)
	}
	first := accesslog.BlockSize
	if l.ahead != nil {
		first = int(min(int64(first), l.ahead.Size-l.log.Entry.Done.Size+1)) // with one more byte, an end is seen as such
	}
	go func() {
		defer close(blocks)
		for size := first; ; size = accesslog.BlockSize {
			select {
			case <-ctx.Done():
				return
			case room := <-rooms:
				block, err := l.log.Next(room[:size])
				select {
				case <-ctx.Done():
					return
				case blocks <- readAhead{block: block, err: err, free: func() { rooms <- room }}:
				}
				if err != nil {
					return
				}
			}
		}
	}()
	return blocks
}

// round imports one block, and may be cut off anywhere: the next run does it again and leaves out what is stored.
func (l *importLog) round(ctx context.Context, b *accesslog.Block) error {
	if err := l.room(ctx); err != nil {
		return nil //nolint:nilerr // the end that was asked for.
	}
	if err := l.know(b); err != nil {
		return err
	}
	if err := l.resume(ctx, b); err != nil {
		return err
	}
	if err := l.journal.Begin(l.log.Entry, b, l.salts.secret, l.salts.made); err != nil {
		return err
	}
	if err := l.work(ctx, b); err != nil {
		return err
	}
	l.log.Entry.Did(b)
	return nil
}

// room waits until little enough waits for the database.
func (im *importing) room(ctx context.Context) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, _, waiting := im.spool.Pending(); ctx.Err() != nil || waiting < mostWaiting {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// sampled is how many lines are looked at to find out a format, or that it is the wrong one.
const sampled = 1000

// know finds out the format by the first lines.
func (l *importLog) know(b *accesslog.Block) error {
	if l.format != nil {
		return nil
	}
	lines := sample(b.Data)
	if len(lines) == 0 {
		return nil
	}
	format := accesslog.Detect(lines, l.meaning)
	if l.command.Format != accesslog.Auto {
		var err error
		if format, err = accesslog.Compile(l.command.Format, l.meaning); err != nil {
			return err
		}
	}
	if format == nil || !reads(format, lines) {
		return l.wrongFormat(b)
	}
	if l.target.only == nil && !format.HasHost() {
		return fmt.Errorf("%s: %w; there are %s", l.name, errNoSite, names(l.target.sites))
	}
	l.format = format
	l.told.format(format)
	return nil
}

func (l *importLog) wrongFormat(b *accesslog.Block) error {
	asked := l.command.Format
	if asked == accesslog.Auto {
		asked = strings.Join(accesslog.Formats(), ", ")
	}
	return fmt.Errorf("%s: none of the lines %d to %d can be read as %s; --format takes these names, and formats in the words of nginx's log_format or Apache's LogFormat; times that name no zone need --timezone",
		l.name, b.Line+1, b.Line+min(b.Lines, sampled), asked)
}

func sample(data []byte) []string {
	var lines []string
	for line := range bytes.Lines(data) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			lines = append(lines, string(line))
		}
		if len(lines) == sampled {
			break
		}
	}
	return lines
}

func reads(format *accesslog.Format, lines []string) bool {
	var line accesslog.Line
	for _, text := range lines {
		if reason := format.Parse(text, &line); reason != accesslog.Unreadable && reason != accesslog.TooLong {
			return true
		}
	}
	return false
}

// resume takes up a round that an earlier run began: with its secret, and knowing which of its lines are stored.
func (l *importLog) resume(ctx context.Context, b *accesslog.Block) error {
	if l.ahead == nil {
		return nil
	}
	pending := l.ahead
	l.ahead = nil
	if secret, ok := pending.Open(b, time.Now()); ok {
		l.salts.adopt(secret, pending.Made)
	} else {
		l.importing.log.Warn("the secret of the import that was cut off is gone; who came before and after that line on the same day counts twice", "log", l.name, "line", b.Line+1)
	}
	return l.recall(ctx, b)
}

// recall remembers the events of the block that the database has. Those that are still in the spool are remembered.
func (l *importLog) recall(ctx context.Context, b *accesslog.Block) error {
	first, last := l.span(b)
	if first.IsZero() {
		return nil
	}
	rows, err := l.conn.Query(ctx, "SELECT site, id FROM events WHERE origin = 'log' AND ts >= ? AND ts <= ? AND startsWith(id, ?)", first, last, l.log.Entry.Name)
	if err != nil {
		return fmt.Errorf("ask which lines of %s are stored: %w", l.name, err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var site, id string
		if err := rows.Scan(&site, &id); err != nil {
			return fmt.Errorf("ask which lines of %s are stored: %w", l.name, err)
		}
		l.flow.recent.add(l.flow.recent.key(site, id))
	}
	return rows.Err()
}

// span is from when to when the requests of a block were.
func (l *importLog) span(b *accesslog.Block) (first, last time.Time) {
	if l.format == nil {
		return first, last
	}
	var line accesslog.Line
	for text := range bytes.Lines(b.Data) {
		if l.format.Parse(alias(bytes.TrimRight(text, "\r\n")), &line) != accesslog.Page {
			continue
		}
		if first.IsZero() || line.Time.Before(first) {
			first = line.Time
		}
		if line.Time.After(last) {
			last = line.Time
		}
	}
	return first, last
}

// workers is more than there are processors: each waits for the disk now and then.
func workers() int { return 4 * runtime.GOMAXPROCS(0) }
