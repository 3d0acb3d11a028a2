//nolint:gosec // calling C without cgo is unsafe by nature; every such call stands here or in chdb.go
package embedded

import (
	"errors"
	"runtime"
	"unsafe"
)

// connection is one session inside the engine. A request opens its own and closes it (0.4 ms), so that USE, SET and
// temporary tables of one request are never seen by another. Only one statement runs on it at a time.
type connection struct {
	lib   *library
	outer handle // chdb_connection *, what chdb_close_conn wants
	inner handle // chdb_connection, what everything else wants
}

// summary counts what a statement read and wrote, as X-ClickHouse-Summary tells it.
type summary struct {
	readRows, readBytes, writtenRows, writtenBytes uint64
}

func openConnection(lib *library, arguments ...string) (*connection, error) {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	argv := make([]*byte, 0, len(arguments)+2)
	for _, argument := range append([]string{"mayak-engine"}, arguments...) {
		text := append([]byte(argument), 0)
		pinned.Pin(&text[0])
		argv = append(argv, &text[0])
	}
	outer := lib.connect(int32(len(argv)), unsafe.SliceData(append(argv, nil)))
	if outer == nil {
		return nil, errors.New("the engine refuses a connection; what it found wrong stands above this line")
	}
	return &connection{lib: lib, outer: outer, inner: *(*handle)(outer)}, nil
}

func (c *connection) close() { c.lib.close(c.outer) }

// classControl is chdb_query_class for what acts on the session or outside the engine.
const classControl = 3

// analyse asks the engine's parser what a text holds.
func (c *connection) analyse(sql string) analysis {
	found := analysis{structSize: uint32(unsafe.Sizeof(analysis{}))}
	address, size := bytesOf(sql)
	c.lib.classify(c.inner, address, size, nil, 0, &found)
	runtime.KeepAlive(sql)
	return found
}

// query runs a statement whose answer is small by its nature, and copies the answer.
func (c *connection) query(sql, format string, params map[string]string) ([]byte, summary, error) {
	return c.lib.take(newParameters(params).start(c.lib.query, c.inner, sql, format))
}

// run is query for a statement that has no answer.
func (c *connection) run(sql string) error {
	_, _, err := c.query(sql, "TabSeparated", nil)
	return err
}

// take copies a result out of the engine's memory and gives that back.
func (l *library) take(result handle) ([]byte, summary, error) {
	if result == nil {
		return nil, summary{}, newException("the engine gave no result")
	}
	defer l.destroyResult(result)
	if text := l.resultError(result); text != "" {
		return nil, summary{}, newException(text)
	}
	counts := summary{l.rowsRead(result), l.bytesRead(result), l.rowsWritten(result), l.bytesWritten(result)}
	size := l.resultLength(result)
	if size == 0 {
		return nil, counts, nil
	}
	answer := make([]byte, size)
	copy(answer, unsafe.Slice((*byte)(l.resultBuffer(result)), size))
	return answer, counts, nil
}

// stream is a running SELECT whose blocks are fetched one after the other: the engine waits for us between them.
type stream struct {
	conn   *connection
	handle handle
}

func (c *connection) stream(sql, format string, params map[string]string) (*stream, error) {
	started := newParameters(params).start(c.lib.streamQuery, c.inner, sql, format)
	if started == nil {
		return nil, newException("the engine gave no stream")
	}
	if text := c.lib.resultError(started); text != "" {
		c.lib.destroyResult(started)
		return nil, newException(text)
	}
	return &stream{conn: c, handle: started}, nil
}

// next gives the next block, or nothing at the end.
func (s *stream) next() ([]byte, summary, error) {
	return s.conn.lib.take(s.conn.lib.fetch(s.conn.inner, s.handle))
}

// close ends the statement wherever it is.
func (s *stream) close() {
	s.conn.lib.cancelQuery(s.conn.inner, s.handle)
	s.conn.lib.destroyResult(s.handle)
}

// insertion is a running INSERT that is fed bytes of its format, cut anywhere.
type insertion struct {
	lib    *library
	handle handle
}

func (c *connection) insert(sql, format string, params map[string]string) (*insertion, error) {
	started := newParameters(params).start(c.lib.insert, c.inner, sql, format)
	if started == nil {
		return nil, newException("the engine gave no insert stream")
	}
	if text := c.lib.insertError(started); text != "" {
		c.lib.destroyInsert(started)
		return nil, newException(text)
	}
	return &insertion{lib: c.lib, handle: started}, nil
}

// Write hands bytes over and blocks while the engine is behind. What went wrong is told by done.
func (i *insertion) Write(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	if i.lib.appendData(i.handle, unsafe.SliceData(data), uintptr(len(data))) != 0 {
		return 0, errInsertEnded
	}
	return len(data), nil
}

var errInsertEnded = errors.New("the insert has ended")

// done says that all data was given and waits until the rows are in the table.
func (i *insertion) done() (summary, error) {
	_, counts, err := i.lib.take(i.lib.insertDone(i.handle))
	return counts, err
}

// close frees the insert and cancels it when done was not called.
func (i *insertion) close() { i.lib.destroyInsert(i.handle) }
