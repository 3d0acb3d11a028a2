package beacon

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// connection is one admitted connection. The library reads the first byte of a request alone, so that a connection that
// waits for one holds no buffer; the call to the system for that byte brings the rest with it here.
type connection struct {
	net.Conn
	home    *connections
	client  netip.Addr
	counted bool
	heard   atomic.Bool // the client has sent something
	linger  atomic.Bool // closing waits for the client

	raw   syscall.RawConn // nil where the system's own calls cannot be had
	fill  func(fd uintptr) bool
	ahead *chunk // what was read and not asked for yet; of the one who reads
}

// chunk is what one call reads when one byte is asked for: most requests whole.
type chunk struct {
	bytes    [4 << 10]byte
	from, to int
	err      error
}

func newConnection(plain net.Conn, home *connections, client netip.Addr, counted bool) *connection {
	c := &connection{Conn: plain, home: home, client: client, counted: counted}
	if system, ok := plain.(syscall.Conn); ok {
		if raw, err := system.SyscallConn(); err == nil {
			c.raw, c.fill = raw, c.readAhead
		}
	}
	return c
}

const (
	lingerBytes = 1 << 20 // that a client may still send of what has been refused
	lingerTime  = time.Second
	silentTime  = 100 * time.Millisecond
)

func (c *connection) Read(b []byte) (int, error) {
	if c.ahead == nil {
		if len(b) != 1 || c.raw == nil {
			n, err := c.Conn.Read(b)
			c.hear(n)
			return n, err
		}
		// Nothing is held while it waits: the chunk is taken when there is something to read.
		if err := c.raw.Read(c.fill); err != nil {
			return 0, err
		}
	}
	return c.drain(b)
}

// readAhead is called by the system's poller, again and again until it has read something.
func (c *connection) readAhead(fd uintptr) bool {
	into, _ := c.home.chunks.Get().(*chunk)
	for {
		n, err := syscall.Read(int(fd), into.bytes[:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			c.home.chunks.Put(into)
			return false
		case err != nil:
			err = &net.OpError{Op: "read", Net: "tcp", Err: err}
		case n == 0:
			err = io.EOF
		}
		c.hear(n)
		into.from, into.to, into.err = 0, max(n, 0), err
		c.ahead = into
		return true
	}
}

// drain hands out what was read ahead, and the error that ended it in the end.
func (c *connection) drain(b []byte) (int, error) {
	held := c.ahead
	n := copy(b, held.bytes[held.from:held.to])
	if held.from += n; held.from < held.to {
		return n, nil
	}
	err := held.err
	c.ahead, held.err = nil, nil
	c.home.chunks.Put(held)
	return n, err
}

func (c *connection) hear(n int) {
	if n > 0 && !c.heard.Load() {
		c.heard.Store(true)
	}
}

// Close closes. When the connection lingers, it first lets the client read the answer: to close while bytes are still
// coming in makes the system reset the connection, and the client loses the answer with it.
func (c *connection) Close() error {
	defer c.home.remove(c)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Load() {
		if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes) // whatever ends it, the next step is to close
		}
	}
	return c.Conn.Close()
}

// lingerOn marks the connection below.
func lingerOn(c net.Conn) {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	if one, ok := c.(*connection); ok {
		one.linger.Store(true)
	}
}
