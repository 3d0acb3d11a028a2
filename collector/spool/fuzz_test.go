package spool

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

var fuzzID = ident{number: 42, random: 0x5f3a9c1e}

// fuzzSegment is a sealed segment of the given groups.
func fuzzSegment(groups ...[][]byte) []byte {
	b := make([]byte, headerSize)
	putHeader(b, fuzzID, time.Unix(1, 0))
	var sum uint32
	var records int64
	for _, g := range groups {
		payload := appendRecords(nil, g)
		head := make([]byte, markSize)
		sum = chain(sum, groupMark(payload, len(g)).put(head, fuzzID, int64(len(b))))
		b = slices.Concat(b, head, payload)
		records += int64(len(g))
	}
	return slices.Concat(b, footer(fuzzID, int64(len(b)), records, sum))
}

// FuzzScan asks of any bytes as a segment's file that the reader neither panics, nor shows more
// than there is, and that a file judged whole is accounted for to its last byte.
func FuzzScan(f *testing.F) {
	whole := fuzzSegment([][]byte{[]byte("a"), nil}, [][]byte{bytes.Repeat([]byte("b"), 300)})
	f.Add(whole)
	f.Add(whole[:len(whole)-markSize])
	f.Add(whole[:60])
	f.Add(append(bytes.Clone(whole), 0))
	f.Add([]byte{})
	huge := bytes.Clone(whole)
	mark{length: maxSegment, records: 1 << 31}.put(huge[headerSize:], fuzzID, headerSize)
	f.Add(huge)
	f.Fuzz(func(t *testing.T, file []byte) {
		var groups [][][]byte
		size := 0
		v, err := scan(bytes.NewReader(file), int64(len(file)), fuzzID, func(group []byte, records int) error {
			size += len(group) + markSize
			var g [][]byte
			err := eachRecord(group, records, func(r []byte) error { g = append(g, bytes.Clone(r)); return nil })
			groups = append(groups, g)
			return err
		})
		if err != nil {
			t.Fatal(err) // memory does not fail to read, and only what is well formed is visited
		}
		if size > len(file) {
			t.Errorf("%d bytes of groups in %d bytes", size, len(file))
		}
		if v.whole() {
			var n int64
			for _, g := range groups {
				n += int64(len(g))
			}
			if n != v.records || size+headerSize+markSize != len(file) {
				t.Errorf("a whole file of %d bytes and %d records showed %d and %d", len(file), v.records, size, n)
			}
		}
		h, _, ok := readFooter(bytes.NewReader(file), int64(len(file)), fuzzID)
		if v.whole() && (!ok || !h.created.Equal(v.header.created)) {
			t.Error("the footer of a whole file is not found")
		}
	})
}
