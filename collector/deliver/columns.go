package deliver

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"mayak/schema/event"
)

// columnOf gathers one column of a batch. It copies what it takes of a row, and its memory is used again for the next batch.
type columnOf[R any] interface {
	name() string
	add(row *R)
	grow(rows int)
	clear()
	show(row *R) any
	encode(to *proto.Buffer) // the type that it travels as over HTTP, and its values in the format Native
	values() any             // what the driver's batches take
}

type header struct{ column, kind string }

func (h header) name() string { return h.column }

// field is a column of values of a fixed size.
type field[R, V any] struct {
	header
	value func(row *R) V
	put   func(to *proto.Buffer, value V)
	list  []V
}

func (f *field[R, V]) add(row *R)      { f.list = append(f.list, f.value(row)) }
func (f *field[R, V]) grow(rows int)   { f.list = make([]V, 0, rows) }
func (f *field[R, V]) clear()          { f.list = f.list[:0] }
func (f *field[R, V]) show(row *R) any { return f.value(row) }
func (f *field[R, V]) values() any     { return f.list }

func (f *field[R, V]) encode(to *proto.Buffer) {
	to.PutString(f.kind)
	for _, value := range f.list {
		f.put(to, value)
	}
}

func of[R, V any](name, kind string, put func(*proto.Buffer, V), value func(row *R) V) columnOf[R] {
	return &field[R, V]{header: header{name, kind}, value: value, put: put}
}

func putUint8(to *proto.Buffer, v uint8) { to.Buf = append(to.Buf, v) }

func putUint16(to *proto.Buffer, v uint16) { to.Buf = binary.LittleEndian.AppendUint16(to.Buf, v) }

func putUint32(to *proto.Buffer, v uint32) { to.Buf = binary.LittleEndian.AppendUint32(to.Buf, v) }

func putUint64(to *proto.Buffer, v uint64) { to.Buf = binary.LittleEndian.AppendUint64(to.Buf, v) }

func putFloat32(to *proto.Buffer, v float32) { putUint32(to, math.Float32bits(v)) }

func putFloat64(to *proto.Buffer, v float64) { putUint64(to, math.Float64bits(v)) }

func putMillis(to *proto.Buffer, v int64) { putUint64(to, uint64(v)) } //nolint:gosec // the bits of a DateTime64.

func putSeconds(to *proto.Buffer, v int64) { putUint32(to, uint32(v)) } //nolint:gosec // a DateTime ends in 2106.

// text is a column of strings that seldom repeat.
type text[R any] struct {
	header
	value func(row *R) string
	list  proto.ColStr
}

func (t *text[R]) add(row *R)      { t.list.Append(t.value(row)) }
func (t *text[R]) grow(rows int)   { t.list.Pos = make([]proto.Position, 0, rows) }
func (t *text[R]) clear()          { t.list.Reset() }
func (t *text[R]) show(row *R) any { return t.value(row) }

func (t *text[R]) encode(to *proto.Buffer) {
	to.PutString(t.kind)
	t.list.EncodeColumn(to)
}

func (t *text[R]) values() any {
	list := make([]string, t.list.Rows())
	for i := range list {
		list[i] = t.list.Row(i)
	}
	return list
}

func unique[R any](name string, value func(row *R) string) columnOf[R] {
	return &text[R]{header: header{name, "String"}, value: value}
}

// dictionary is a column of strings that repeat: each travels once, and a row has its number.
type dictionary[R any] struct {
	header
	value   func(row *R) string
	numbers map[string]entry
	words   proto.ColStr // by their numbers; the empty one is 0
	rows    []uint32
	last    string // the word before, as numbers holds it, for words that come in runs
	number  uint32
	wire    proto.ColLowCardinalityRaw
}

// entry is a word with memory of its own.
type entry struct {
	word   string
	number uint32
}

func repeated[R any](name string, value func(row *R) string) columnOf[R] {
	d := &dictionary[R]{header: header{name, "LowCardinality(String)"}, value: value, numbers: map[string]entry{}}
	d.wire.Index = &d.words
	d.words.Append("")
	return d
}

func (d *dictionary[R]) add(row *R) {
	word := d.value(row)
	if word == "" {
		d.rows = append(d.rows, 0)
		return
	}
	if word != d.last {
		d.look(word)
	}
	d.rows = append(d.rows, d.number)
}

func (d *dictionary[R]) look(word string) {
	known, found := d.numbers[word]
	if !found {
		known = entry{word: strings.Clone(word), number: uint32(len(d.words.Pos))} //nolint:gosec // at most the rows of a segment.
		d.words.Append(word)
		d.numbers[known.word] = known
	}
	d.last, d.number = known.word, known.number
}

func (d *dictionary[R]) grow(rows int) { d.rows = make([]uint32, 0, rows) }

func (d *dictionary[R]) clear() {
	clear(d.numbers)
	d.last, d.number = "", 0
	d.words.Reset()
	d.words.Append("")
	d.rows = d.rows[:0]
}

func (d *dictionary[R]) show(row *R) any { return d.value(row) }

func (d *dictionary[R]) encode(to *proto.Buffer) {
	to.PutString(d.kind)
	w := &d.wire
	w.Keys8, w.Keys16, w.Keys32 = w.Keys8[:0], w.Keys16[:0], w.Keys32[:0]
	switch words := len(d.words.Pos); {
	case words <= math.MaxUint8+1:
		w.Key = proto.KeyUInt8
	case words <= math.MaxUint16+1:
		w.Key = proto.KeyUInt16
	default:
		w.Key = proto.KeyUInt32
	}
	for _, number := range d.rows {
		w.AppendKey(int(number))
	}
	w.EncodeState(to)
	w.EncodeColumn(to)
}

func (d *dictionary[R]) values() any {
	list := make([]string, len(d.rows))
	for i, number := range d.rows {
		list[i] = d.words.Row(int(number))
	}
	return list
}

// entries is a column of maps, one entry after the other.
type entries[R, E, V any] struct {
	header
	value func(row *R) []E
	split func(E) (key string, value V)
	ends  []uint64 // of each row
	keys  proto.ColStr
	items []V
	put   func(to *proto.Buffer, item V)
}

func pairs[R any](name string, value func(row *R) []event.Pair) columnOf[R] {
	return &entries[R, event.Pair, string]{
		header: header{name, "Map(String, String)"}, value: value, put: (*proto.Buffer).PutString,
		// The memory of a record is only lent, and its properties are few.
		split: func(p event.Pair) (string, string) { return p.Key, strings.Clone(p.Value) },
	}
}

func measures[R any](name string, value func(row *R) []event.Measure) columnOf[R] {
	return &entries[R, event.Measure, float32]{
		header: header{name, "Map(String, Float32)"}, value: value, put: putFloat32,
		split: func(m event.Measure) (string, float32) { return m.Name, m.Value },
	}
}

func (e *entries[R, E, V]) add(row *R) {
	for _, entry := range e.value(row) {
		key, item := e.split(entry)
		e.keys.Append(key)
		e.items = append(e.items, item)
	}
	e.ends = append(e.ends, uint64(len(e.items)))
}

func (e *entries[R, E, V]) grow(rows int) { e.ends = make([]uint64, 0, rows) }

func (e *entries[R, E, V]) clear() {
	clear(e.items) // or they would keep strings
	e.ends, e.items = e.ends[:0], e.items[:0]
	e.keys.Reset()
}

func (e *entries[R, E, V]) show(row *R) any {
	m := map[string]V{}
	for _, entry := range e.value(row) {
		key, item := e.split(entry)
		m[key] = item
	}
	return m
}

func (e *entries[R, E, V]) encode(to *proto.Buffer) {
	to.PutString(e.kind)
	for _, end := range e.ends {
		putUint64(to, end)
	}
	e.keys.EncodeColumn(to)
	for _, item := range e.items {
		e.put(to, item)
	}
}

func (e *entries[R, E, V]) values() any {
	list, begin := make([]column.IterableOrderedMap, len(e.ends)), 0
	for i, end := range e.ends {
		list[i] = &span[R, E, V]{of: e, begin: begin, end: int(end)} //nolint:gosec // a place in items.
		begin = int(end)                                             //nolint:gosec // as above.
	}
	return list
}

// span gives the driver the map of one row without making one.
type span[R, E, V any] struct {
	of         *entries[R, E, V]
	begin, end int
}

// Put is asked for by the driver's interface; it is called when a map is read, which never happens to these.
func (*span[R, E, V]) Put(_, _ any) {}

// Iterator walks the entries.
func (s *span[R, E, V]) Iterator() column.MapIterator {
	return &walk[R, E, V]{span: *s, at: s.begin - 1}
}

type walk[R, E, V any] struct {
	span[R, E, V]
	at int
}

// Next goes on to the next entry, if there is one.
func (w *walk[R, E, V]) Next() bool { w.at++; return w.at < w.end }

// Key is the entry's key.
func (w *walk[R, E, V]) Key() any { return w.of.keys.Row(w.at) }

// Value is the entry's value.
func (w *walk[R, E, V]) Value() any { return w.of.items[w.at] }
