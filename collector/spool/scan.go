package spool

import (
	"bufio"
	"errors"
	"io"
)

// verdict is what reading a segment from end to end has shown.
type verdict struct {
	header   header
	headerOK bool
	records  int64 // in the groups that are whole
	footer   bool  // the footer stands at the very end and agrees with what is before it
	damaged  bool  // something valid stands behind something invalid: not a torn tail
	torn     int64 // bytes at the end that are no part of anything valid
}

// whole says that every byte of a sealed segment is as it was written.
func (v verdict) whole() bool { return v.headerOK && v.footer && !v.damaged && v.torn == 0 }

// visit is called with each whole group; its memory is used again for the next one.
type visit func(group []byte, records int) error

// scan reads a segment, calling visit for each whole group, and judges it. It goes on behind damage. An error is
// the reader's or visit's, never the content's. Memory is bounded by the largest group that is really there.
func scan(f io.ReaderAt, size int64, id ident, fn visit) (verdict, error) {
	s := scanner{file: f, size: size, id: id, visit: fn}
	var head [headerSize]byte
	if err := s.readAt(head[:min(headerSize, size)], 0); err != nil {
		return verdict{}, err
	}
	s.header, s.headerOK = parseHeader(head[:], id)
	s.offset = headerSize
	s.restart()
	for s.offset < size {
		valid, err := s.group()
		if err != nil {
			return s.verdict, err
		}
		if valid {
			s.damaged = s.damaged || s.invalid
			continue
		}
		s.invalid = true
		next, err := s.resync(s.offset + 1)
		if err != nil {
			return s.verdict, err
		}
		if next < 0 {
			s.torn = size - s.offset
			break
		}
		s.offset = next
		s.restart()
	}
	if !s.headerOK && s.records > 0 {
		s.damaged = true
	}
	return s.verdict, nil
}

type scanner struct {
	verdict
	file    io.ReaderAt
	size    int64
	id      ident
	visit   visit
	in      *bufio.Reader // stands at offset
	offset  int64
	invalid bool   // something invalid was passed
	chain   uint32 // checksum of the marks so far
	buf     []byte
}

func (s *scanner) restart() {
	if s.in == nil {
		s.in = bufio.NewReaderSize(nil, int(min(max(s.size, 512), 256<<10)))
	}
	s.in.Reset(io.NewSectionReader(s.file, s.offset, max(0, s.size-s.offset)))
}

// group reads what stands at the offset and moves behind it. It leaves the offset where it is, and says false, when
// that is no whole group or footer.
func (s *scanner) group() (bool, error) {
	var b [markSize]byte
	if ok, err := s.take(b[:]); !ok {
		return false, err
	}
	m, check, ok := parseMark(b[:], s.id, s.offset)
	if !ok {
		return false, nil
	}
	if m.isFooter() {
		s.offset += markSize
		s.footer = s.offset == s.size && int64(m.records) == s.records && m.sum == s.chain
		s.invalid = s.invalid || !s.footer
		return true, nil
	}
	end := s.offset + markSize + int64(m.length)
	if end > s.size {
		return false, nil
	}
	if cap(s.buf) < int(m.length) {
		s.buf = make([]byte, m.length)
	}
	s.buf = s.buf[:m.length]
	if ok, err := s.take(s.buf); !ok {
		return false, err
	}
	if checksum(s.buf) != m.sum || !wellFormed(s.buf, int(m.records)) {
		return false, nil
	}
	s.offset, s.chain, s.records = end, chain(s.chain, check), s.records+int64(m.records)
	if s.visit == nil {
		return true, nil
	}
	return true, s.visit(s.buf, int(m.records))
}

// take fills b with what comes next, and says false at the end of the file.
func (s *scanner) take(b []byte) (bool, error) {
	_, err := io.ReadFull(s.in, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return err == nil, err
}

func wellFormed(group []byte, records int) bool {
	return eachRecord(group, records, func([]byte) error { return nil }) == nil
}

// resync finds the next place from which a valid mark begins, or -1. A mark knows its place, so a false find needs
// a collision of 32 bits, and the group's own checksum behind it one more.
func (s *scanner) resync(from int64) (int64, error) {
	window := make([]byte, min(256<<10, max(0, s.size-from)))
	for ; from+markSize <= s.size; from += int64(len(window)) - markSize + 1 {
		window = window[:min(int64(len(window)), s.size-from)]
		if err := s.readAt(window, from); err != nil {
			return 0, err
		}
		for i := 0; i+markSize <= len(window); i++ {
			at := from + int64(i)
			m, _, ok := parseMark(window[i:], s.id, at)
			if ok && (m.isFooter() || at+markSize+int64(m.length) <= s.size) {
				return at, nil
			}
		}
	}
	return -1, nil
}

func (s *scanner) readAt(b []byte, at int64) error {
	n, err := s.file.ReadAt(b, at)
	if n == len(b) || errors.Is(err, io.EOF) {
		clear(b[n:]) // the file is shorter than listed; zeros are nothing valid
		return nil
	}
	return err
}

// readFooter reads a sealed segment's count of records without reading the segment. It says false when only a scan
// can tell.
func readFooter(f io.ReaderAt, size int64, id ident) (header, int64, bool) {
	var head [headerSize]byte
	var foot [markSize]byte
	if size < headerSize+markSize {
		return header{}, 0, false
	}
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return header{}, 0, false
	}
	h, ok := parseHeader(head[:], id)
	if !ok {
		return header{}, 0, false
	}
	if n, _ := f.ReadAt(foot[:], size-markSize); n != markSize {
		return h, 0, false
	}
	m, _, ok := parseMark(foot[:], id, size-markSize)
	return h, int64(m.records), ok && m.isFooter()
}
