package beacon

import (
	"errors"
	"io"
	"net"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	leastRate = 32 << 10 // bytes a second that a large upload must come with, over the time that was waited for it
	forEach   = time.Second / leastRate
)

// arrival is the body of an upload that comes over a connection which was taken over. It has to keep up a rate, so that nobody holds a
// place with a few bytes; and one that did not come whole is told from one that is wrong: the first may be sent again.
type arrival struct {
	conn     net.Conn
	body     io.Reader
	most     time.Duration // that is waited at a time
	patience time.Duration // what is left of it: waiting takes it, and what comes gives it back
	cut      bool          // it did not come whole
}

// newArrival reads a body of the length that the header tells.
func newArrival(c net.Conn, length string, longest time.Duration) *arrival {
	a := &arrival{conn: c, most: longest, patience: longest}
	a.body = httputil.NewChunkedReader(wire{a})
	if size, err := strconv.Atoi(length); err == nil {
		a.body = &exact{wire{a}, size}
	}
	return a
}

// Read implements io.Reader.
func (a *arrival) Read(into []byte) (int, error) {
	n, err := a.body.Read(into)
	a.cut = a.cut || errors.Is(err, io.ErrUnexpectedEOF)
	return n, err
}

// wire is what an arrival's body is read from.
type wire struct{ *arrival }

// Read implements io.Reader. Only the wait counts: for how long its own disk takes the collector does not blame who sends.
func (w wire) Read(into []byte) (int, error) {
	began := time.Now()
	if err := w.conn.SetReadDeadline(began.Add(w.patience)); err != nil {
		w.cut = true
		return 0, err
	}
	n, err := w.conn.Read(into)
	w.patience = min(w.most, w.patience-time.Since(began)+time.Duration(n)*forEach)
	w.cut = w.cut || err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// places are those of uploads that are read at once: so many in all, and of them so many with one key. The key of an app is no secret, and
// must not take those of others.
type places struct {
	all, each int

	mu    sync.Mutex
	taken int
	byKey map[netip.Addr]int
}

func newPlaces(all, each int) *places {
	return &places{all: all, each: each, byKey: map[netip.Addr]int{}}
}

// take takes one, or tells which limit is reached: that of the key, or that of all.
func (p *places) take(key netip.Addr) (overKey, overAll bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.byKey[key] >= p.each:
		return true, false
	case p.taken >= p.all:
		return false, true
	}
	p.taken++
	p.byKey[key]++
	return false, false
}

func (p *places) giveBack(key netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.byKey[key]--; p.byKey[key] == 0 {
		delete(p.byKey, key)
	}
}

// held is how many are taken.
func (p *places) held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}
