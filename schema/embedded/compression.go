package embedded

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decodeBody undoes what a client did to a body: HTTP's Content-Encoding outside, ClickHouse's compressed frames inside.
func decodeBody(body io.Reader, encoding string, frames bool) (io.Reader, error) {
	var err error
	switch strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "br":
		body = brotli.NewReader(body)
	case "lz4":
		body = lz4.NewReader(body)
	case "zstd":
		var decoder *zstd.Decoder
		decoder, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		body = decoder
	default:
		return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "Unknown content encoding %q", encoding)
	}
	if err != nil {
		return nil, asException(err, "The body is not "+encoding)
	}
	if frames {
		body = newFrameReader(body)
	}
	return body, nil
}

// frameReader reads ClickHouse's compressed frames. A body that ends inside one is cut, not finished, wherever it ends.
type frameReader struct {
	raw    *countingReader
	frames *compress.Reader
}

func newFrameReader(body io.Reader) *frameReader {
	raw := &countingReader{from: body}
	return &frameReader{raw: raw, frames: compress.NewReader(raw)}
}

func (r *frameReader) Read(p []byte) (int, error) {
	before := r.raw.count
	n, err := r.frames.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && r.raw.count == before:
		return n, io.EOF
	}
	return n, refuse(codeCannotDecompress, "CANNOT_DECOMPRESS", "Cannot decompress the body: %v", err)
}

type countingReader struct {
	from  io.Reader
	count int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.count += int64(n)
	return n, err
}

// asException words an error of reading a body as a server does, unless it is worded already.
func asException(err error, doing string) error {
	var known *exception
	if errors.As(err, &known) {
		return known
	}
	return refuse(codeCannotDecompress, "CANNOT_DECOMPRESS", "%s: %v", doing, err)
}

// acceptedEncoding picks how an answer is compressed: only when both the header and the setting ask for it, as on a server.
func acceptedEncoding(header string, enabled bool) string {
	if !enabled {
		return ""
	}
	for offered := range strings.SplitSeq(header, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(offered), ";")
		switch name = strings.ToLower(name); name {
		case "gzip", "deflate", "br", "zstd", "lz4":
			return name
		}
	}
	return ""
}

// flushWriter is a compressor that can push out what it holds.
type flushWriter interface {
	io.WriteCloser
	Flush() error
}

// encodeAnswer is acceptedEncoding's compressor over an answer.
func encodeAnswer(w io.Writer, encoding string) (flushWriter, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, flate.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, brotli.BestSpeed), nil
	case "lz4":
		return lz4.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	return nil, fmt.Errorf("unknown encoding %q", encoding)
}

// frameSize is how much goes into one of ClickHouse's compressed frames at most.
const frameSize = 1 << 20

// frameWriter writes ClickHouse's compressed frames (checksummed with CityHash).
type frameWriter struct {
	to       io.Writer
	compress *compress.Writer
	pending  []byte
}

func newFrameWriter(to io.Writer, useZSTD bool) *frameWriter {
	method := compress.LZ4
	if useZSTD {
		method = compress.ZSTD
	}
	return &frameWriter{to: to, compress: compress.NewWriter(compress.LevelZero, method)}
}

func (w *frameWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), frameSize-len(w.pending))
		w.pending, p = append(w.pending, p[:n]...), p[n:]
		if len(w.pending) == frameSize {
			if err := w.Flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

// Flush ends the frame.
func (w *frameWriter) Flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	if err := w.compress.Compress(w.pending); err != nil {
		return fmt.Errorf("compress a frame: %w", err)
	}
	w.pending = w.pending[:0]
	_, err := w.to.Write(w.compress.Data)
	return err
}

// plain writes a frame that is not compressed: clickhouse-go looks for an exception in the bytes as they travel.
func (w *frameWriter) plain(p []byte) error {
	if err := w.Flush(); err != nil {
		return err
	}
	uncompressed := compress.NewWriter(compress.LevelZero, compress.None)
	if err := uncompressed.Compress(p); err != nil {
		return fmt.Errorf("frame an exception: %w", err)
	}
	_, err := w.to.Write(uncompressed.Data)
	return err
}

// Close ends the last frame.
func (w *frameWriter) Close() error { return w.Flush() }
