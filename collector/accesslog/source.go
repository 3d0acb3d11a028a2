package accesslog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Source is a log that is open, unpacked as it is read.
type Source struct {
	Name string
	Size int64 // of the file, packed as it is; 0 for a pipe

	raw      counter
	content  *bufio.Reader
	closers  []func() error
	finished bool // nobody writes to it any more: its last line is whole, whether it has an end or not
}

const (
	peeked    = 64 << 10 // of the content, looked at before anything is read
	maxWindow = 128 << 20
)

// Stdin is the name of the standard input among the files.
const Stdin = "-"

// Open opens the file of this name, or stdin for "-". What cannot be a log is an error that says what it is. Reading ends
// with ctx.
func Open(ctx context.Context, name string, stdin io.Reader) (*Source, error) {
	s := &Source{Name: name, raw: counter{ctx: ctx}}
	if name == Stdin {
		s.Name, s.finished = "standard input", true
		s.pipe(ctx, stdin)
	} else if err := s.openFile(); err != nil {
		return nil, err
	}
	if err := s.unpack(); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", s.Name, err), s.Close())
	}
	return s, nil
}

// pipe lets ctx end a read of a pipe through which nothing comes. The read itself goes on until something does, or the
// process ends.
func (s *Source) pipe(ctx context.Context, stdin io.Reader) {
	from, to := io.Pipe()
	go func() {
		_, err := io.Copy(to, stdin)
		_ = to.CloseWithError(err) // never errs; no error is the end
	}()
	stop := context.AfterFunc(ctx, func() { _ = to.CloseWithError(ctx.Err()) })
	s.raw.from = from
	s.closers = append(s.closers, from.Close, func() error { stop(); return nil })
}

func (s *Source) openFile() error {
	file, err := os.Open(s.Name)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder: name the files in it")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open the log %s: %w", s.Name, err), file.Close())
	}
	if info.Mode().IsRegular() {
		s.Size = info.Size()
	}
	s.raw.from, s.closers = file, append(s.closers, file.Close)
	return nil
}

// unpack knows by its first bytes what the log is packed with.
func (s *Source) unpack() error {
	packed := bufio.NewReaderSize(&s.raw, peeked)
	magic, err := packed.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var content io.Reader = packed
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		unzip, err := gzip.NewReader(packed)
		if err != nil {
			return err
		}
		content, s.finished = unzip, true
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		unzip, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
		s.closers = append(s.closers, func() error { unzip.Close(); return nil })
		content, s.finished = unzip, true
	case bytes.HasPrefix(magic, []byte("BZh")):
		content, s.finished = bzip2.NewReader(packed), true
	case bytes.HasPrefix(magic, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return errors.New("it is packed with xz: unpack it into a pipe (xzcat FILE | collector import access-log -)")
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		return errors.New("it is a zip archive: unpack it first")
	}
	s.content = bufio.NewReaderSize(content, peeked)
	head, err := s.content.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return err
	}
	if at := bytes.IndexByte(head, 0); at >= 0 {
		return fmt.Errorf("it is no text: byte %d of its content is zero", at+1)
	}
	return nil
}

// Head is the beginning of the content, at most 64 KiB. It may be called until something was read.
func (s *Source) Head() []byte {
	head, _ := s.content.Peek(peeked) // what follows after an error is told by reading
	return head
}

// Done is how much of the file was read, packed as it is. Safe for concurrent use.
func (s *Source) Done() int64 { return s.raw.n.Load() }

// Close closes the file.
func (s *Source) Close() error {
	var problems []error
	for _, closeOne := range s.closers {
		problems = append(problems, closeOne())
	}
	return errors.Join(problems...)
}

// counter counts what goes through it.
type counter struct {
	ctx  context.Context //nolint:containedctx // a Read has none
	from io.Reader
	n    atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	return n, err
}
