package beacon

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Bounds of an upload, as senders know them.
const (
	maxUploadBytes = 5 << 20 // as it travels, and after it is decompressed
	maxItemBytes   = 64 << 10
	maxItems       = 20_000

	maxWindow = 8 << 20 // what zstd may ask for to look back
)

var (
	errUploadTooLarge = errors.New("want at most 5 MiB, also after decompression")
	errItemTooLarge   = errors.New("want at most 65536 bytes")
	errNotJSON        = errors.New(notJSON)
	errEmpty          = errors.New("want items: an array of objects, or an object a line")
	errCoding         = errors.New("what Content-Encoding says cannot be undone")
)

const errCut = "did not come whole: send it again, with at least 32 KiB a second"

// capped ends with an error behind so many bytes.
type capped struct {
	from io.Reader
	left int
}

// Read implements io.Reader.
func (b *capped) Read(into []byte) (int, error) {
	n, err := b.from.Read(into[:min(len(into), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, errUploadTooLarge
	}
	return n, err
}

// exact is a body of known length: one that ends before it is cut off.
type exact struct {
	from io.Reader
	left int
}

// Read implements io.Reader.
func (e *exact) Read(into []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.from.Read(into[:min(len(into), e.left)])
	if e.left -= n; errors.Is(err, io.EOF) && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// decoded undoes the coding of a body. close must be called.
func decoded(coding string, body io.Reader) (plain io.Reader, closing func(), err error) {
	body, closing = &capped{body, maxUploadBytes}, func() {}
	switch coding {
	case "":
		return body, closing, nil
	case codingGzip:
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, closing, errors.Join(errCoding, err)
		}
		body = unzipped
	case codingZstd:
		unpacked, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, closing, errors.Join(errCoding, err)
		}
		body, closing = unpacked, unpacked.Close
	}
	return &capped{&undone{body}, maxUploadBytes}, closing, nil
}

// undone tells errors of the coding from those of the connection.
type undone struct{ from io.Reader }

// Read implements io.Reader.
func (u *undone) Read(into []byte) (int, error) {
	n, err := u.from.Read(into)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errUploadTooLarge) {
		err = errors.Join(errCoding, err)
	}
	return n, err
}

const (
	codingGzip = "gzip"
	codingZstd = "zstd"
)

// codingOf is how a body is packed; "" is not at all.
func codingOf(header string) (string, bool) {
	switch coding := strings.ToLower(strings.TrimSpace(header)); coding {
	case "", "identity":
		return "", true
	case codingGzip, codingZstd:
		return coding, true
	case "x-gzip":
		return codingGzip, true
	default:
		return "", false
	}
}

// shape is what stands between the items of a body.
type shape uint8

const (
	unknownShape shape = iota // nothing has been read of it
	lines                     // a line break
	array                     // commas
	lone                      // there is only one
)

// items cuts a body into its items, without looking into them: of the body no more is held than is read at a time.
type items struct {
	from  *bufio.Reader
	shape shape
	json  bool // the content type says that it is one JSON value
	read  int
	ended bool
}

func newItems(body io.Reader, contentType string) *items {
	it := &items{from: bufio.NewReaderSize(body, 16<<10)}
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		it.shape = lines
	case "application/json":
		it.json = true
	}
	return it
}

// next appends the next item to room. io.EOF tells that there is none; errItemTooLarge that it was left out, and others follow. What
// else goes wrong is the end.
func (it *items) next(room []byte) ([]byte, error) {
	if it.shape == unknownShape {
		if err := it.begin(); err != nil {
			return room, err
		}
	}
	if it.shape == lines {
		return it.line(room)
	}
	return it.value(room)
}

func (it *items) begin() error {
	c, err := it.peek()
	switch {
	case errors.Is(err, io.EOF):
		return errEmpty
	case err != nil:
		return err
	case c == '[':
		_, _ = it.from.Discard(1) // it has been peeked at
		it.shape = array
	case it.json:
		it.shape = lone
	default:
		it.shape = lines
	}
	return nil
}

// line reads to the end of the next line that holds anything.
func (it *items) line(room []byte) ([]byte, error) {
	for start := len(room); ; room = room[:start] {
		var err error
		tooLong := false
		for {
			var part []byte
			part, err = it.from.ReadSlice('\n')
			if tooLong = tooLong || len(room)-start+len(part) > maxItemBytes; !tooLong {
				room = append(room, part...)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return room[:start], err
		case tooLong:
			return room[:start], errItemTooLarge
		case len(bytes.TrimSpace(room[start:])) > 0:
			return room, nil
		case err != nil:
			return room[:start], io.EOF
		}
	}
}

// peek is the next byte that is no space.
func (it *items) peek() (byte, error) {
	for {
		held, err := it.from.Peek(1)
		if len(held) == 0 {
			return 0, err
		}
		switch held[0] {
		case ' ', '\t', '\r', '\n':
			_, _ = it.from.Discard(1) // it has been peeked at
		default:
			return held[0], nil
		}
	}
}

// value reads the next value of an array, or the only one.
func (it *items) value(room []byte) ([]byte, error) {
	c, err := it.peek()
	if it.ended || it.shape == lone && it.read > 0 {
		if err == nil {
			err = errNotJSON // something stands behind the end
		}
		return room, err
	}
	if it.shape == array && err == nil {
		switch {
		case c == ']':
			_, _ = it.from.Discard(1) // it has been peeked at
			it.ended = true
			return it.value(room)
		case it.read > 0 && c != ',':
			return room, errNotJSON
		case it.read > 0:
			_, _ = it.from.Discard(1) // it has been peeked at
			if c, err = it.peek(); c == ']' {
				return room, errNotJSON
			}
		}
	}
	if errors.Is(err, io.EOF) {
		return room, errNotJSON
	}
	if err != nil {
		return room, err
	}
	it.read++
	return it.scan(room)
}

// scan reads to where a value ends: at its last bracket, or before the comma or bracket behind it. Whether it is JSON it does not ask.
func (it *items) scan(room []byte) ([]byte, error) {
	var s scanner
	start := len(room)
	for {
		held, err := it.from.Peek(1)
		if len(held) == 0 {
			if errors.Is(err, io.EOF) && it.shape == lone && s.depth == 0 {
				return room, nil
			}
			if errors.Is(err, io.EOF) {
				err = errNotJSON
			}
			return room[:start], err
		}
		held, _ = it.from.Peek(it.from.Buffered())
		size, ended := s.scan(held)
		if len(room)-start+size > maxItemBytes {
			return room[:start], errors.Join(errNotJSON, errItemTooLarge) // nobody knows where the next one begins
		}
		room = append(room, held[:size]...)
		_, _ = it.from.Discard(size) // it has been peeked at
		if ended {
			return room, nil
		}
	}
}

// scanner knows how deep it is in a value.
type scanner struct {
	depth         int
	text, escaped bool
}

// scan goes over bytes of a value, and tells how many of them are of it and whether it has ended.
func (s *scanner) scan(held []byte) (size int, ended bool) {
	for i, c := range held {
		switch {
		case s.escaped:
			s.escaped = false
		case s.text:
			s.escaped = c == '\\'
			s.text = c != '"'
		case c == '"':
			s.text = true
		case c == '{', c == '[':
			s.depth++
		case s.depth == 0 && (c == ',' || c == ']' || c == '}'):
			return i, true
		case c == '}', c == ']':
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(held), false
}
