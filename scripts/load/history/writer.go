package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"mayak/collector/deliver"
	"mayak/schema/event"
)

// batchRows is how many rows travel at once, and inserters how many batches. Large batches make few parts, and few parts
// leave the engine little to merge: of what it costs to store a row, merging was most.
const (
	batchRows = 150_000
	inserters = 1
)

// writer makes rows on one goroutine and inserts them on others, so that neither waits for the other.
type writer struct {
	conn     driver.Conn
	history  *history
	token    string
	progress *progress
}

// batch is rows on their way.
type batch struct {
	rows   *deliver.Rows
	number int
}

// write returns how long it took.
func (w *writer) write(ctx context.Context) (time.Duration, error) {
	started := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	full, empty := make(chan batch), make(chan *deliver.Rows, inserters+1)
	for range cap(empty) {
		empty <- deliver.NewRows(w.conn, batchRows)
	}
	group.Go(func() error {
		defer close(full)
		return w.make(ctx, empty, full)
	})
	for range inserters {
		group.Go(func() error {
			for b := range full {
				rows := b.rows.Len()
				if err := b.rows.Insert(ctx, fmt.Sprintf("%s-%d", w.token, b.number)); err != nil {
					return fmt.Errorf("batch %d: %w", b.number, err)
				}
				w.progress.add(rows)
				empty <- b.rows
			}
			return nil
		})
	}
	err := group.Wait()
	w.progress.close()
	return time.Since(started), err
}

// make fills batches until the history ends. Each batch has the same rows whenever it is made.
func (w *writer) make(ctx context.Context, empty <-chan *deliver.Rows, full chan<- batch) error {
	var row event.Record
	more := true
	for number := 0; more; number++ {
		var rows *deliver.Rows
		select {
		case rows = <-empty:
		case <-ctx.Done():
			return ctx.Err()
		}
		for rows.Len() < batchRows {
			if more = w.history.fill(&row); !more {
				break
			}
			rows.Add(&row)
		}
		if rows.Len() == 0 {
			return nil
		}
		select {
		case full <- batch{rows, number}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// progress is a bar for a person, a line each tenth for a log. It is safe for concurrent use.
type progress struct {
	mu         sync.Mutex
	out        io.Writer
	bar        *progressbar.ProgressBar
	total      int
	sent, told int
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total}
	if file, isFile := out.(*os.File); isFile && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("events"),
			progressbar.OptionShowIts(), progressbar.OptionShowCount(), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	return p
}

func (p *progress) add(rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent += rows
	if p.bar != nil {
		_ = p.bar.Add(rows) // drawing only
		return
	}
	if tenth := p.sent * 10 / p.total; tenth > p.told {
		p.told = tenth
		fmt.Fprintf(p.out, "%3d %%: %d of %d events\n", tenth*10, p.sent, p.total)
	}
}

func (p *progress) close() {
	if p.bar != nil {
		_ = p.bar.Close() // drawing only
	}
}
