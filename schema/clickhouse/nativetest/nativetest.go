// Package nativetest is a server that speaks ClickHouse's native protocol as far as a collector uses it, for tests of
// what no embedded engine can show: it authenticates, answers pings and SELECT 1, and takes inserts, whose blocks it
// decodes into rows with ch-go, which is not the code that the client encodes them with.
//
// It stores nothing, runs no SQL and forgets no insert: tests ask it what arrived. It fails on demand, at the query, in
// the middle of a block or after the last row, by dropping the connection or with an exception.
package nativetest

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
)

// Options say what the server is.
type Options struct {
	TLS      *tls.Config // nil is plain TCP
	User     string      // empty is default
	Password string
	Tables   map[string][]Column
	Faults   []Fault // of the first inserts, one each
}

// Column is a column of a table, its type spelt as ClickHouse spells it.
type Column struct{ Name, Type string }

// Moment is a point in the course of an insert.
type Moment int

// The moments at which an insert can fail.
const (
	Never     Moment = iota
	AtQuery          // before the client is told the columns
	InBlock          // with a part of the first block of rows read
	AfterRows        // with all rows taken, before the client is told
)

// Fault is how an insert fails. Without a code the connection is dropped, otherwise the exception with that code is answered.
type Fault struct {
	When Moment
	Code int
}

// Insert is what arrived of one, complete or not.
type Insert struct {
	Table      string
	Settings   map[string]string // that came with the statement
	Compressed bool
	Rows       []map[string]any // column to value
}

// Server listens on loopback.
type Server struct {
	Addr string // stays the same when it goes away and comes back

	options Options
	tb      testing.TB
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
	logins   int
	inserts  []*Insert
	faults   []Fault
}

// Start starts a server that ends with the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	o.User = cmp.Or(o.User, "default")
	s := &Server{Addr: "127.0.0.1:0", options: o, tb: tb, faults: o.Faults, conns: map[net.Conn]struct{}{}}
	s.Return()
	tb.Cleanup(s.GoAway)
	return s
}

// GoAway drops all connections and refuses new ones.
func (s *Server) GoAway() {
	s.mu.Lock()
	_ = s.listener.Close() // it may have gone already
	for conn := range s.conns {
		_ = conn.Close() // so may the client
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Return listens, again, on the server's address.
func (s *Server) Return() {
	s.tb.Helper()
	listener, err := new(net.ListenConfig).Listen(s.tb.Context(), "tcp", s.Addr)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	s.mu.Lock()
	s.listener = listener
	s.mu.Unlock()
	s.running.Go(func() { s.accept(listener) })
}

// Inserts are all that were begun, in their order.
func (s *Server) Inserts() []Insert {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Insert, len(s.inserts))
	for i, insert := range s.inserts {
		list[i] = *insert
	}
	return list
}

// Logins counts the clients that were let in.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.running.Go(func() {
			if err := s.serve(conn); err != nil && !isGone(err) {
				s.tb.Errorf("native protocol: %v", err)
			}
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

func (s *Server) serve(raw net.Conn) error {
	defer func() { _ = raw.Close() }() // the client may have been quicker
	conn := raw
	if s.options.TLS != nil {
		encrypted := tls.Server(raw, s.options.TLS)
		if encrypted.HandshakeContext(s.tb.Context()) != nil {
			return nil // a client that does not trust us tells its own side
		}
		conn = encrypted
	}
	err := newSession(s, conn).run()
	if tcp, ok := raw.(*net.TCPConn); ok && errors.Is(err, errDropped) {
		_ = tcp.SetLinger(0) // a reset, as of a machine that died
	}
	return err
}

// begin notes an insert and says how it shall fail.
func (s *Server) begin(insert *Insert) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inserts = append(s.inserts, insert)
	if len(s.faults) == 0 {
		return Fault{}
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault
}

func (s *Server) take(insert *Insert, rows []map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	insert.Rows = append(insert.Rows, rows...)
}

// isGone tells the end of a connection from what a client should not have sent.
func isGone(err error) bool {
	for _, end := range []error{errDropped, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
