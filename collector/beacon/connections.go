package beacon

import (
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// connections counts what is open, in all and of each client.
type connections struct {
	maxTotal, maxClient int
	exempt              func(netip.Addr) bool // peers that speak for many clients

	mu       sync.Mutex
	all      map[*connection]struct{}
	byClient map[netip.Addr]int

	slack  time.Duration // by how much a deadline may be earlier than was asked for
	chunks sync.Pool     // of *chunk

	// plain answers the request that was read ahead if it is a plain one. nil leaves all of them to the library.
	plain func(*connection) (answered bool, err error)
}

func newConnections(limits Limits, exempt func(netip.Addr) bool) *connections {
	return &connections{
		maxTotal: limits.Connections, maxClient: limits.ConnectionsPerClient, exempt: exempt,
		all: make(map[*connection]struct{}), byClient: make(map[netip.Addr]int),
		slack:  min(limits.ReadTimeout, limits.WriteTimeout, limits.IdleTimeout) / 8,
		chunks: sync.Pool{New: func() any { return new(chunk) }},
	}
}

func (c *connections) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// closeAll cuts off what is left.
func (c *connections) closeAll() {
	for _, one := range c.list() {
		_ = one.cut() // its client has been given the time that there was
	}
}

// endSilent gives the connections that owe nothing until then: those on which nothing has come since the last plain request. Browsers open some ahead of need, and a stop
// would wait for them for seconds.
func (c *connections) endSilent(until time.Time) {
	for _, one := range c.list() {
		if !one.heard.Load() {
			_ = one.hurry(until) // fails on what is closed already
		}
	}
}

func (c *connections) list() []*connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.all))
}

// add admits a connection, or says which limit it is over: the total, or its client's.
func (c *connections) add(plain net.Conn) (admitted *connection, overTotal, overClient bool) {
	peer := peerOf(plain.RemoteAddr())
	client := clientOf(peer)
	counted := peer.IsValid() && !c.exempt(peer)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= c.maxTotal {
		return nil, true, false
	}
	if counted && c.byClient[client] >= c.maxClient {
		return nil, false, true
	}
	admitted = newConnection(plain, c, peer, counted)
	c.all[admitted] = struct{}{}
	if counted {
		c.byClient[client]++
	}
	return admitted, false, false
}

func (c *connections) remove(one *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, open := c.all[one]; !open {
		return
	}
	delete(c.all, one)
	if !one.counted {
		return
	}
	if c.byClient[one.client]--; c.byClient[one.client] == 0 {
		delete(c.byClient, one.client)
	}
}

// listener admits connections within the limits.
type listener struct {
	net.Listener
	connections *connections
	plain       bool // no TLS: a refusal can be told in HTTP

	overTotal, overClient prometheus.Counter
}

const (
	refusalTime = 100 * time.Millisecond
	refusalHead = "Content-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\nRetry-After: 30\r\nConnection: close\r\n"
	refusedAll  = "HTTP/1.1 503 Service Unavailable\r\n" + refusalHead + "Content-Length: 33\r\n\r\n{\"error\":\"too many connections\"}\n"
	refusedOne  = "HTTP/1.1 429 Too Many Requests\r\n" + refusalHead + "Content-Length: 49\r\n\r\n{\"error\":\"too many connections from one client\"}\n"
)

// Accept returns the next connection that is within the limits.
func (l *listener) Accept() (net.Conn, error) {
	for {
		plain, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		admitted, overTotal, overClient := l.connections.add(plain)
		switch {
		case overTotal:
			l.overTotal.Inc()
			l.turnAway(plain, refusedAll)
		case overClient:
			l.overClient.Inc()
			l.turnAway(plain, refusedOne)
		default:
			return admitted, nil
		}
	}
}

func (l *listener) turnAway(c net.Conn, answer string) {
	if l.plain && c.SetWriteDeadline(time.Now().Add(refusalTime)) == nil {
		_, _ = io.WriteString(c, answer) // the client will see that it is closed
	}
	_ = c.Close() // nothing was promised on it
}
