package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mayak/collector/accesslog"
)

// importReport tells a person how far the import is, and at the end of each log what became of its lines. Lines that were
// rejected are written aside, by default their places only: a line holds an address, and a copy of it outlives the log.
type importReport struct {
	dir, mode      string
	stdout, stderr io.Writer

	mu      sync.Mutex
	name    string
	doing   string
	log     *accesslog.Log
	began   time.Time
	counts  tally
	unended int
	shown   bool // a line of progress stands on the terminal

	aside     *os.File
	asideText *bufio.Writer
}

// The ways to write lines aside.
const (
	asidePlaces = "places"
	asideLines  = "lines"
	asideNone   = "none"
)

func newImportReport(dir, mode string, stdout, stderr io.Writer) *importReport {
	return &importReport{dir: dir, mode: mode, stdout: stdout, stderr: stderr}
}

func (r *importReport) begin(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.name, r.doing, r.log, r.began, r.unended = name, "looking whether it was imported before", nil, time.Now(), 0
	r.counts = tally{}
}

// opened says where the import of the log begins.
func (r *importReport) opened(log *accesslog.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.name, r.doing, r.log, r.began = log.Name, "", log, time.Now()
	if e := log.Entry; e.Done.Size > 0 {
		r.print("%s: %d lines were imported before; going on behind them", r.name, e.Lines)
	}
}

func (r *importReport) format(format *accesslog.Format) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.print("%s: read as %s", r.name, format.Name())
	if !format.HasAgent() {
		r.print("%s: this format has no user agent, so robots cannot be told from people: every page view is kept as a robot's", r.name)
	}
}

func (r *importReport) phase(doing string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doing = doing
}

// open notes that the log ends within a line.
func (r *importReport) open(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unended = bytes
}

// long counts the line that filled a block.
func (r *importReport) long(name string, b *accesslog.Block) error {
	var t tally
	t.reset()
	t.lines++
	t.refuse(accesslog.TooLong, place{number: b.Line + 1})
	return r.add(name, &t)
}

// add adds the counts of some lines and writes aside what was rejected.
func (r *importReport) add(name string, t *tally) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.add(t)
	if len(t.rejected) == 0 || r.mode == asideNone {
		return nil
	}
	if err := r.openAside(); err != nil {
		return err
	}
	for _, one := range t.rejected {
		fmt.Fprintf(r.asideText, "%s\t%d\t%s", name, one.number, one.reason)
		if r.mode == asideLines {
			_, _ = r.asideText.WriteString("\t") // as below
			_, _ = r.asideText.Write(one.text)   // the flush tells
		}
		_, _ = r.asideText.WriteString("\n")
	}
	if err := r.asideText.Flush(); err != nil {
		return fmt.Errorf("write lines aside: %w", err)
	}
	return nil
}

func (r *importReport) openAside() error {
	if r.aside != nil {
		return nil
	}
	path := filepath.Join(r.dir, "rejected-"+time.Now().UTC().Format("20060102T150405.000")+".tsv")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write lines aside: %w", err)
	}
	r.aside, r.asideText = file, bufio.NewWriter(file)
	return nil
}

// ended says what became of the log.
func (r *importReport) ended(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
	took := time.Since(r.began)
	fmt.Fprintf(r.stdout, "%s: %d lines, %d page views, %s, %.0f lines/s\n",
		name, r.counts.lines, r.counts.stored, took.Round(time.Millisecond), float64(r.counts.lines)/max(took.Seconds(), 1e-3))
	for _, m := range meanings() {
		if n := r.counts.reasons[m.reason]; n > 0 {
			fmt.Fprintf(r.stdout, "%12d  %-13s %s\n", n, m.reason, m.words)
		}
	}
	if r.unended > 0 {
		fmt.Fprintf(r.stdout, "%12d  bytes of a last line without an end are left for the next import\n", r.unended)
	}
}

// close says where the rejected lines are.
func (r *importReport) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
	if r.aside == nil {
		return nil
	}
	what := "places of rejected lines"
	if r.mode == asideLines {
		what = "rejected lines, with the addresses in them"
	}
	fmt.Fprintf(r.stdout, "%s: %s\n", what, r.aside.Name())
	return errors.Join(r.asideText.Flush(), r.aside.Close())
}

const (
	terminalEvery = 200 * time.Millisecond
	logEvery      = 10 * time.Second
)

// start shows progress until it is told to stop: on a terminal in one line, elsewhere now and then.
func (r *importReport) start() (stop func()) {
	every, terminal := logEvery, false
	if file, isFile := r.stderr.(*os.File); isFile {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			every, terminal = terminalEvery, true
		}
	}
	ticker, ended := time.NewTicker(every), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				r.tick(terminal)
			}
		}
	})
	return func() {
		ticker.Stop()
		close(ended)
		running.Wait()
	}
}

func (r *importReport) tick(terminal bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.name
	if r.doing == "" && r.log != nil && r.log.Size > 0 {
		text += fmt.Sprintf(": %d %%", min(100, r.log.Done()*100/r.log.Size))
	}
	if r.doing != "" {
		text += ": " + r.doing
	}
	text += fmt.Sprintf(", %d lines, %d page views, %.0f lines/s",
		r.counts.lines, r.counts.stored, float64(r.counts.lines)/max(time.Since(r.began).Seconds(), 1e-3))
	if !terminal {
		fmt.Fprintln(r.stderr, text)
		return
	}
	fmt.Fprint(r.stderr, "\r\x1b[K"+text)
	r.shown = true
}

// print says something on a line of its own.
func (r *importReport) print(format string, arguments ...any) {
	r.wipe()
	fmt.Fprintf(r.stderr, format+"\n", arguments...)
}

// wipe takes the line of progress off the terminal.
func (r *importReport) wipe() {
	if r.shown {
		fmt.Fprint(r.stderr, "\r\x1b[K")
		r.shown = false
	}
}
