package deliver

import (
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// rows gathers the rows of one table column by column, which is how they travel.
type rows[R any] struct {
	table     string
	statement string
	columns   []columnOf[R]
	number    int
	buffer    proto.Buffer
	compress  *compress.Writer
}

func newRows[R any](table string, columns ...columnOf[R]) *rows[R] {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name()
	}
	return &rows[R]{
		table: table, statement: "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")", columns: columns,
		compress: compress.NewWriter(compress.LevelZero, compress.LZ4),
	}
}

func (r *rows[R]) add(row *R) {
	for _, c := range r.columns {
		c.add(row)
	}
	r.number++
}

func (r *rows[R]) clear() {
	for _, c := range r.columns {
		c.clear()
	}
	r.number = 0
}

const (
	frameSize  = 256 << 10 // of what is compressed at once
	keepBuffer = 4 << 20   // a column that needed more than this is rare
)

// body is a batch as one block of the format Native in ClickHouse's compressed frames, made column by column while it is
// sent. It is one block because a body that is cut anywhere is then no block: nobody can take a part of it for the whole.
type body[R any] struct {
	mu      sync.Mutex // the driver's HTTP client may read on while, and after, it returns an error
	rows    *rows[R]
	column  int    // the next to be encoded
	encoded []byte // not yet compressed
	ready   []byte // compressed, not yet read
	over    bool
}

var errBodyOver = errors.New("the insert is over")

func (r *rows[R]) body() *body[R] {
	r.buffer.Buf = r.buffer.Buf[:0]
	r.buffer.PutInt(len(r.columns))
	r.buffer.PutInt(r.number)
	return &body[R]{rows: r}
}

// Read gives what comes next.
func (b *body[R]) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, errBodyOver
	}
	if len(b.ready) == 0 {
		if err := b.frame(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.ready)
	b.ready = b.ready[n:]
	return n, nil
}

// frame compresses the next piece, encoding columns until there is enough for one.
func (b *body[R]) frame() error {
	r := b.rows
	if len(b.encoded) == 0 {
		for b.column < len(r.columns) && len(r.buffer.Buf) < frameSize {
			c := r.columns[b.column]
			r.buffer.PutString(c.name())
			c.encode(&r.buffer)
			b.column++
		}
		b.encoded = r.buffer.Buf
		r.buffer.Buf = r.buffer.Buf[:0] // written again only once encoded is used up
	}
	if len(b.encoded) == 0 {
		return io.EOF
	}
	n := min(len(b.encoded), frameSize)
	if err := r.compress.Compress(b.encoded[:n]); err != nil {
		return err
	}
	b.ready, b.encoded = r.compress.Data, b.encoded[n:]
	return nil
}

// end takes the batch's memory back from whoever may still read.
func (b *body[R]) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if cap(b.rows.buffer.Buf) > keepBuffer {
		b.rows.buffer.Buf = nil
	}
}
