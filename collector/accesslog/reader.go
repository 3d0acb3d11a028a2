package accesslog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Block is a run of whole lines.
type Block struct {
	Data  []byte
	From  int64  // offset of its first byte in the content
	To    int64  // offset behind its last
	Line  int64  // lines before it
	Lines int64  // in it
	Long  int64  // of these, lines that were too long to be in Data
	Ends  Digest // of all content up to To
	Open  int    // at the end of the content: bytes of a line that nobody has ended yet
}

// Digest names content by its hash. It is not stored: see seal.
type Digest [sha256.Size]byte

// Reader cuts the content of a source into blocks.
type Reader struct {
	source *Source
	hash   hash.Hash
	offset int64
	line   int64
	carry  []byte // the begin of a line whose end was not in the block
	open   int    // bytes of a last line that nobody has ended yet
	ended  error  // what ended the content
}

// BlockSize is how much of a log is looked at in one go.
const BlockSize = 4 << 20

// NewReader reads s from its beginning.
func NewReader(s *Source) *Reader { return &Reader{source: s, hash: sha256.New()} }

// Skip reads on to the offset, which has to be the end of a line, and tells what the content up to there is.
func (r *Reader) Skip(to int64) (Digest, error) {
	room := make([]byte, peeked)
	for r.offset < to {
		n, err := r.source.content.Read(room[:min(int64(len(room)), to-r.offset)])
		r.pass(room[:n])
		if err != nil {
			return Digest{}, r.problem(err)
		}
	}
	return r.digest(), nil
}

// Next reads the next lines into room, as many as fit. io.EOF says that there are none.
func (r *Reader) Next(room []byte) (Block, error) {
	n := copy(room, r.carry)
	r.carry = r.carry[:0]
	for n < len(room) && r.ended == nil {
		var more int
		more, r.ended = r.source.content.Read(room[n:])
		n += more
	}
	b := Block{From: r.offset, Line: r.line}
	end := bytes.LastIndexByte(room[:n], '\n') + 1
	tail := room[end:n]
	switch {
	case r.ended == nil && end == 0:
		return r.long(b, tail)
	case r.ended == nil:
		r.carry = append(r.carry, tail...)
	case r.whole() && len(tail) > 0:
		end = n
	case n > 0:
		r.open = len(tail)
	}
	if end == 0 {
		b.Open = r.open
		return b, r.problem(r.ended)
	}
	b.Data = room[:end]
	r.pass(b.Data)
	if b.Data[end-1] != '\n' {
		r.line++
	}
	return r.closed(b), nil
}

// whole tells whether the last line is all there although nothing ends it.
func (r *Reader) whole() bool { return r.source.finished && errors.Is(r.ended, io.EOF) }

// long reads past a line that fills a block.
func (r *Reader) long(b Block, part []byte) (Block, error) {
	for {
		r.pass(part)
		rest, err := r.source.content.ReadSlice('\n')
		part = rest
		if err == nil {
			r.pass(part)
			b.Long = 1
			return r.closed(b), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			r.ended = err
			b.Open = int(r.offset - b.From)
			return b, r.problem(err)
		}
	}
}

func (r *Reader) closed(b Block) Block {
	b.To, b.Lines, b.Ends = r.offset, r.line-b.Line, r.digest()
	return b
}

// pass counts and hashes what was read.
func (r *Reader) pass(part []byte) {
	_, _ = r.hash.Write(part) // never errs
	r.offset += int64(len(part))
	r.line += int64(bytes.Count(part, []byte{'\n'}))
}

func (r *Reader) digest() (d Digest) {
	r.hash.Sum(d[:0])
	return d
}

// problem names the place where the content ends with an error.
func (r *Reader) problem(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("read %s behind line %d: %w", r.source.Name, r.line, err)
}
