package spool

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	magic         = "mayakseg"
	formatVersion = 1
	headerSize    = 40
	markSize      = 16
	footerLength  = math.MaxUint32 // the length that makes a mark a footer
	maxSegment    = 1 << 30        // keeps every length far from footerLength
)

// errMalformed says that a group's checksum holds but its records do not add up.
var errMalformed = errors.New("records do not fill their group")

// castagnoli is made once by the library, which has instructions of the processor for it.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli()) }

// ident is what makes a segment's name: the number gives the order, the random part makes the name unique even
// if the directory is lost and numbering begins again.
type ident struct {
	number uint64
	random uint32
}

func (i ident) String() string {
	return fmt.Sprintf("%d-%08x", i.number, i.random)
}

func compareIdent(a, b ident) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.random, b.random))
}

// parseFile splits "42-5f3a9c1e.sealed" into its parts. Names that the spool would not write itself are refused.
func parseFile(file string) (ident, string, bool) {
	name, suffix, found := strings.Cut(file, ".")
	number, random, dashed := strings.Cut(name, "-")
	if !found || !dashed {
		return ident{}, "", false
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return ident{}, "", false
	}
	r, err := strconv.ParseUint(random, 16, 32)
	if err != nil {
		return ident{}, "", false
	}
	id := ident{number: n, random: uint32(r)}
	return id, suffix, id.String() == name
}

// putHeader fills b[:headerSize].
func putHeader(b []byte, id ident, created time.Time) {
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], formatVersion)
	binary.LittleEndian.PutUint32(b[12:], id.random)
	binary.LittleEndian.PutUint64(b[16:], id.number)
	binary.LittleEndian.PutUint64(b[24:], uint64(created.UnixNano()))
	binary.LittleEndian.PutUint32(b[32:], 0)
	binary.LittleEndian.PutUint32(b[36:], checksum(b[:36]))
}

// header is what the first bytes of a segment say.
type header struct {
	version uint32
	created time.Time
}

// parseHeader reports false unless b begins with the unharmed header of the segment id, of whatever version.
func parseHeader(b []byte, id ident) (header, bool) {
	if len(b) < headerSize || !bytes.HasPrefix(b, []byte(magic)) ||
		binary.LittleEndian.Uint32(b[36:]) != checksum(b[:36]) ||
		binary.LittleEndian.Uint32(b[12:]) != id.random || binary.LittleEndian.Uint64(b[16:]) != id.number {
		return header{}, false
	}
	return header{
		version: binary.LittleEndian.Uint32(b[8:]),
		created: time.Unix(0, int64(binary.LittleEndian.Uint64(b[24:]))), //nolint:gosec // any moment will do
	}, true
}

// mark stands before every group and, with the length footerLength, at the end of a sealed segment.
type mark struct {
	length  uint32 // bytes of the group's records, or footerLength
	records uint32 // in the group; in a footer: in the whole segment
	sum     uint32 // checksum of the group's records; in a footer: of all marks before it
}

func (m mark) isFooter() bool { return m.length == footerLength }

// put fills b[:markSize] and returns the mark's own checksum, which covers the place where it stands: bytes that
// were left over from another segment, or moved within this one, are no mark.
func (m mark) put(b []byte, id ident, offset int64) uint32 {
	binary.LittleEndian.PutUint32(b, m.length)
	binary.LittleEndian.PutUint32(b[4:], m.records)
	binary.LittleEndian.PutUint32(b[8:], m.sum)
	check := placeSum(b, id, offset)
	binary.LittleEndian.PutUint32(b[12:], check)
	return check
}

func parseMark(b []byte, id ident, offset int64) (m mark, check uint32, ok bool) {
	check = binary.LittleEndian.Uint32(b[12:])
	if check != placeSum(b, id, offset) {
		return mark{}, 0, false
	}
	return mark{
		length:  binary.LittleEndian.Uint32(b),
		records: binary.LittleEndian.Uint32(b[4:]),
		sum:     binary.LittleEndian.Uint32(b[8:]),
	}, check, true
}

// placeSum is the checksum of a mark's first twelve bytes that begins from the identity and the offset. Mixing these
// into one number (the last steps of SplitMix64), instead of summing their bytes too, needs no memory.
func placeSum(b []byte, id ident, offset int64) uint32 {
	x := id.number<<32 ^ uint64(id.random) ^ uint64(offset)<<16 //nolint:gosec // an offset is not negative
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return crc32.Update(uint32(x^x>>31), castagnoli(), b[:12]) //nolint:gosec // half of it is enough
}

// chain extends the checksum of all marks, which the footer carries, by one mark's own checksum.
func chain(sum, check uint32) uint32 {
	return (sum ^ check) * 16777619 // as FNV does, by words
}

// encodedSize is how many bytes the records take within a group.
func encodedSize(records [][]byte) int64 {
	var size int64
	for _, r := range records {
		size += int64(uvarintSize(uint64(len(r))) + len(r))
	}
	return size
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

func appendRecords(b []byte, records [][]byte) []byte {
	for _, r := range records {
		b = binary.AppendUvarint(b, uint64(len(r)))
		b = append(b, r...)
	}
	return b
}

// eachRecord hands out the n records of a group in order. They share memory with it.
func eachRecord(group []byte, n int, fn func(record []byte) error) error {
	for ; n > 0; n-- {
		size, width := binary.Uvarint(group)
		if width <= 0 || size > maxSegment || int(size) > len(group)-width {
			return errMalformed
		}
		end := width + int(size)
		if err := fn(group[width:end:end]); err != nil {
			return err
		}
		group = group[end:]
	}
	if len(group) != 0 {
		return errMalformed
	}
	return nil
}

// groupMark is the mark that belongs before a group.
func groupMark(group []byte, records int) mark {
	//nolint:gosec // a group fits into a segment, and that into maxSegment
	return mark{length: uint32(len(group)), records: uint32(records), sum: checksum(group)}
}

// footer is the mark that closes a segment at the offset.
func footer(id ident, offset, records int64, sum uint32) []byte {
	b := make([]byte, markSize)
	//nolint:gosec // a record takes a byte at least, and all fit into maxSegment
	mark{length: footerLength, records: uint32(records), sum: sum}.put(b, id, offset)
	return b
}
