package main

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"mayak/collector/accesslog"
	"mayak/collector/beacon"
	"mayak/collector/hit"
)

// chunk is the lines of a block that one worker takes at a time.
type chunk struct {
	data []byte
	from int64 // offset of its first byte
	line int64 // lines before it
}

const (
	chunkSize = 128 << 10
	atOnce    = 256 // hits that are made durable together
)

// work hands the block to the workers and gathers what became of it, in the order of the lines.
func (l *importLog) work(ctx context.Context, b *accesslog.Block) error {
	chunks := cut(b)
	done := make([]*importWorker, len(chunks))
	errs := make([]error, len(chunks))
	next := make(chan int)
	var running sync.WaitGroup
	for range min(workers(), len(chunks)) {
		running.Go(func() {
			for i := range next {
				w, _ := l.pool.Get().(*importWorker)
				w.reset(l)
				errs[i] = w.take(ctx, chunks[i])
				done[i] = w
			}
		})
	}
	for i := range chunks {
		next <- i
	}
	close(next)
	running.Wait()
	err := errors.Join(errs...)
	if b.Long > 0 {
		err = errors.Join(err, l.told.long(l.name, b))
	}
	for _, w := range done {
		err = errors.Join(err, l.told.add(l.name, &w.tally))
		l.pool.Put(w)
	}
	return err
}

// cut cuts a block between lines.
func cut(b *accesslog.Block) []chunk {
	var chunks []chunk
	from, line := b.From, b.Line
	for rest := b.Data; len(rest) > 0; {
		end := len(rest)
		if end > chunkSize {
			if newline := bytes.IndexByte(rest[chunkSize:], '\n'); newline >= 0 {
				end = chunkSize + newline + 1
			}
		}
		chunks = append(chunks, chunk{data: rest[:end], from: from, line: line})
		from, line = from+int64(end), line+int64(bytes.Count(rest[:end], []byte{'\n'}))
		rest = rest[end:]
	}
	return chunks
}

// importWorker takes lines through parser and pipeline.
type importWorker struct {
	log     *importLog
	now     time.Time
	line    accesslog.Line
	hits    []hit.Hit
	failed  bool // the line is no page view but an error
	bare    bool // of the hits: no rows for network_log
	reasons []hit.Reason
	places  []place // of the hits
	arena   []byte  // what the strings of the hits point into, where they could not point into the block
	tally   tally
}

// place is where a line stands.
type place struct {
	number int64
	text   []byte
}

func (w *importWorker) reset(l *importLog) {
	w.log, w.now = l, time.Now()
	w.tally.reset()
}

func (w *importWorker) take(ctx context.Context, c chunk) error {
	from, number := c.from, c.line
	for text := range bytes.Lines(c.data) {
		number++
		at := from
		from += int64(len(text))
		text = bytes.TrimRight(text, "\r\n")
		if len(text) == 0 {
			continue
		}
		w.tally.lines++
		reason := w.read(text)
		if reason != accesslog.Page {
			w.tally.refuse(reason, place{number, text})
			continue
		}
		if bare := w.line.Time.Before(w.log.restricted); bare != w.bare || len(w.hits) == atOnce {
			if err := w.flush(ctx); err != nil {
				return err
			}
			w.bare = bare
		}
		w.hit(at)
		w.places = append(w.places, place{number, text})
	}
	return w.flush(ctx)
}

// read tells whether the line is a page view that may be stored.
func (w *importWorker) read(text []byte) accesslog.Reason {
	if w.log.format == nil {
		return accesslog.Unreadable
	}
	if reason := w.log.format.Parse(alias(text), &w.line); reason != accesslog.Page {
		return reason
	}
	w.failed = w.log.command.Failures && w.line.Failed()
	if reason := w.line.Page(); reason != accesslog.Page && !w.failed {
		return reason
	}
	return w.line.InTime(w.log.oldest, w.now)
}

// hit is the line's request as a collector would have taken it at the time. The id is that of the log and the place in it.
func (w *importWorker) hit(at int64) {
	target := &w.log.target
	begin := len(w.arena)
	w.arena = appendID(w.arena, w.log.log.Entry.Name, at)
	middle := len(w.arena)
	w.arena = target.appendURL(w.arena, &w.line)
	id, url := w.arena[begin:middle], w.arena[middle:]
	w.hits = append(w.hits, hit.Hit{
		Way: hit.Log, Received: w.line.Time, Address: w.line.Address, UserAgent: w.line.UserAgent,
		Site: target.of(&w.line), URL: alias(url), ID: alias(id), Referrer: w.line.Referrer,
		AcceptLanguage: w.line.Language, GPC: w.line.GPC, DNT: w.line.DNT, Purpose: w.line.Purpose,
		Exchange: exchange(&w.line),
	})
	if w.failed {
		h := &w.hits[len(w.hits)-1]
		h.Type, h.Error.Kind, h.Error.Type, h.Exchange.Method = "error", "response", blame(w.line.Status), w.line.Method
	}
	w.reasons = append(w.reasons, hit.Kept)
}

// exchange is what the server says of the request.
func exchange(l *accesslog.Line) hit.Exchange {
	return hit.Exchange{
		Protocol: l.Protocol, Status: int64(l.Status), Bytes: l.Bytes,
		DurationMS: milliseconds(l.RequestTime), ServerMS: milliseconds(l.UpstreamTime),
	}
}

// milliseconds is 0 for what is not known, and which the log has as less than nothing.
func milliseconds(d time.Duration) float64 { return float64(max(d, 0)) / float64(time.Millisecond) }

// blame says whose error a status tells of.
func blame(status int) string {
	const firstOfServer = 500
	if status >= firstOfServer {
		return "server"
	}
	return "client"
}

// appendID appends twelve digits to the name. Together they are hexadecimal, which the gate takes for no one's number.
func appendID(dst []byte, name string, at int64) []byte {
	const digits = "000000000000"
	var room [len(digits)]byte
	number := strconv.AppendInt(room[:0], at, 16)
	dst = append(dst, name...)
	dst = append(dst, digits[:max(0, len(digits)-len(number))]...)
	return append(dst, number...)
}

// flush stores the hits. A full disk is waited for: the log does not run away.
func (w *importWorker) flush(ctx context.Context) error {
	if len(w.hits) == 0 {
		return nil
	}
	flow := w.log.flow
	if w.bare {
		flow = w.log.bare
	}
	for err := flow.Accept(w.hits, w.reasons); err != nil; err = flow.Accept(w.hits, w.reasons) {
		if !errors.Is(err, beacon.ErrOverloaded) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
	for i, reason := range w.reasons {
		w.tally.decide(reason, w.places[i])
	}
	w.hits, w.reasons, w.places, w.arena = w.hits[:0], w.reasons[:0], w.places[:0], w.arena[:0]
	return nil
}

// alias is a string of these bytes, which must not change while it is used.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // see above
}
