package beacon

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// connection is one admitted connection. It saves what the library asks of the system for each request: a call for the
// first byte alone, read so that a connection that waits for it holds no buffer, which brings the rest with it here; and
// the setting of deadlines, where nobody waits or the one before will do.
type connection struct {
	net.Conn
	home    *connections
	peer    netip.Addr
	client  netip.Addr // peer, or its network
	counted bool
	heard   atomic.Bool // the client has sent something
	linger  atomic.Bool // closing waits for the client
	stage   atomic.Int32

	raw   syscall.RawConn // nil where the system's own calls cannot be had
	fill  func(fd uintptr) bool
	ahead *chunk // what was read and not asked for yet; of the one who reads

	deadlines sync.Mutex
	wanted    time.Time // until when a read may wait; set when one does
	reading   time.Time // what is set
	writing   time.Time
}

// The stages of a connection: a plain request is answered whole before somebody else can close what it came on.
const (
	resting int32 = iota
	serving
	closing // once the answer is written
)

// chunk is what one call reads when one byte is asked for: most requests whole.
type chunk struct {
	bytes    [4 << 10]byte
	from, to int
	err      error
}

func newConnection(plain net.Conn, home *connections, peer netip.Addr, counted bool) *connection {
	c := &connection{Conn: plain, home: home, peer: peer, client: clientOf(peer), counted: counted}
	if system, ok := plain.(syscall.Conn); ok {
		if raw, err := system.SyscallConn(); err == nil {
			c.raw, c.fill = raw, c.readAhead
		}
	}
	return c
}

const (
	lingerBytes = 6 << 20 // that a client may still send of what has been refused: the largest body that is taken, for a proxy hands on no answer before
	lingerTime  = time.Second
	silentTime  = 100 * time.Millisecond
)

// Read answers plain requests by itself, and returns with the first byte of one that is none.
func (c *connection) Read(b []byte) (int, error) {
	for c.ahead == nil {
		if err := c.arm(); err != nil {
			return 0, err
		}
		if len(b) != 1 || c.raw == nil {
			n, err := c.Conn.Read(b)
			c.hear(n)
			return n, err
		}
		// Nothing is held while it waits: the chunk is taken when there is something to read.
		if err := c.raw.Read(c.fill); err != nil {
			return 0, err
		}
		if c.home.plain == nil {
			break
		}
		answered, err := c.home.plain(c)
		if err != nil {
			return 0, err
		}
		if !answered {
			break
		}
	}
	return c.drain(b)
}

// readAhead is called by the system's poller, again and again until it has read something.
func (c *connection) readAhead(fd uintptr) bool {
	into := c.ahead
	if into == nil {
		into, _ = c.home.chunks.Get().(*chunk)
	}
	for {
		n, err := syscall.Read(int(fd), into.bytes[into.to:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			if c.ahead == nil {
				c.home.chunks.Put(into)
			}
			return false
		case err != nil:
			err = &net.OpError{Op: "read", Net: "tcp", Err: err}
		case n == 0:
			err = io.EOF
		}
		c.hear(n)
		into.to += max(n, 0)
		into.err = err
		c.ahead = into
		return true
	}
}

// readOn reads until so many bytes have been read ahead, for so long at most; tells whether they are there.
func (c *connection) readOn(size int, longest time.Duration) bool {
	held := c.ahead
	if held.to >= size {
		return true
	}
	if size > len(held.bytes) || c.SetReadDeadline(time.Now().Add(longest)) != nil || c.arm() != nil {
		return false
	}
	for held.to < size && held.err == nil {
		if err := c.raw.Read(c.fill); err != nil {
			held.err = err
		}
	}
	return held.to >= size
}

// drain hands out what was read ahead, and the error that ended it in the end.
func (c *connection) drain(b []byte) (int, error) {
	held := c.ahead
	n := copy(b, held.bytes[held.from:held.to])
	if held.from += n; held.from < held.to {
		return n, nil
	}
	err := held.err
	c.putBack()
	return n, err
}

func (c *connection) putBack() {
	held := c.ahead
	c.ahead, held.from, held.to, held.err = nil, 0, 0, nil
	c.home.chunks.Put(held)
}

func (c *connection) hear(n int) {
	if n > 0 && !c.heard.Load() {
		c.heard.Store(true)
	}
}

// SetReadDeadline counts from the next read that has to wait.
func (c *connection) SetReadDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.wanted = t
	return nil
}

// arm sets the deadline of the read that is about to wait.
func (c *connection) arm() error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if c.willDo(c.reading, c.wanted) {
		return nil
	}
	c.reading = c.wanted
	return c.Conn.SetReadDeadline(c.wanted)
}

// SetWriteDeadline counts at once.
func (c *connection) SetWriteDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if c.willDo(c.writing, t) {
		return nil
	}
	c.writing = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline sets both.
func (c *connection) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// willDo tells whether the deadline that is set is the one that is wanted, or so little earlier that it does not matter.
func (c *connection) willDo(set, wanted time.Time) bool {
	if wanted.IsZero() || set.IsZero() {
		return wanted.Equal(set)
	}
	earlier := wanted.Sub(set)
	return earlier >= 0 && earlier <= c.home.slack
}

// hurry sets the read deadline at once, also for a read that waits already.
func (c *connection) hurry(until time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.wanted, c.reading = until, until
	return c.Conn.SetReadDeadline(until)
}

// begin tells whether a plain request may be answered, and puts off a close until end.
func (c *connection) begin() bool { return c.stage.CompareAndSwap(resting, serving) }

// end tells that it has been answered. The connection may wait for the next until then.
func (c *connection) end(until time.Time) error {
	if !c.stage.CompareAndSwap(serving, resting) {
		_ = c.cut() // it was to be closed, and nothing more was promised on it
		return net.ErrClosed
	}
	c.heard.Store(false) // it owes nothing: a stop need not wait for it
	return c.SetReadDeadline(until)
}

// Close closes, or lets the answer that is under way be the last. When the connection lingers, it first lets the client
// read the answer: to close while bytes are still coming in makes the system reset the connection, and the client loses
// the answer with it.
func (c *connection) Close() error {
	if c.stage.CompareAndSwap(serving, closing) {
		return nil
	}
	return c.cut()
}

// cut closes at once.
func (c *connection) cut() error {
	defer c.home.remove(c)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Load() {
		if half.CloseWrite() == nil && c.hurry(time.Now().Add(lingerTime)) == nil {
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
