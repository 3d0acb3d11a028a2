package beacon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/hit"
)

func TestPortInUse(t *testing.T) {
	s := overTCP(t, testOptions(&recorder{}))
	options := testOptions(&recorder{})
	options.Listen = s.Addr().String()
	if err := New(options).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for beacons") {
		t.Errorf("Run() = %v, want that the port is in use", err)
	}
}

// slowPipeline holds each hit for as long as an fsync may take.
type slowPipeline struct {
	accepted atomic.Int64
	began    chan struct{} // gets a value when a hit is held, if anyone asks
	hold     chan struct{} // nil holds for a moment
}

func (p *slowPipeline) Accept(hits []hit.Hit, _ []hit.Reason) error {
	if p.hold != nil {
		p.began <- struct{}{}
		<-p.hold
	} else {
		<-time.After(time.Millisecond)
	}
	p.accepted.Add(int64(len(hits)))
	return nil
}

func (*slowPipeline) Refuse(hit.Way, hit.Reason) {}

func (*slowPipeline) RefuseOf(string, hit.Way, hit.Reason) {}

// Clients go on as long as they can. Each request that was written on an open connection is answered, and what is
// answered is what was accepted: the stop loses nothing.
func TestStopUnderLoadLosesNothing(t *testing.T) {
	p := &slowPipeline{}
	options := testOptions(p)
	options.Limits = Limits{Rate: 1e6, Burst: 1e6, DrainTime: 200 * time.Millisecond, StopTime: 10 * time.Second}
	s := New(options)
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	var answered, unanswered, refused atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				c, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					refused.Add(1)
					return // the port is closed
				}
				useUp(c, &answered, &unanswered)
			}
		})
	}
	for answered.Load() < 2000 {
		<-time.After(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
	wg.Wait()
	t.Logf("%d answered, %d accepted, %d connections without an answer", answered.Load(), p.accepted.Load(), unanswered.Load())
	if answered.Load() != p.accepted.Load() {
		t.Errorf("%d answered, %d accepted", answered.Load(), p.accepted.Load())
	}
	// A connection that the system had set up and nobody had accepted when the port was closed is reset: nothing of it
	// was read. There is at most one for each client.
	if unanswered.Load() > 32 {
		t.Errorf("%d requests were cut off", unanswered.Load())
	}
}

// useUp sends one hit after the other until the server says that the connection closes.
func useUp(c net.Conn, answered, unanswered *atomic.Int64) {
	defer c.Close()
	from := bufio.NewReader(c)
	for {
		if _, err := io.WriteString(c, post(good)); err != nil {
			unanswered.Add(1)
			return
		}
		line, err := from.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 202") {
			unanswered.Add(1)
			return
		}
		answered.Add(1)
		closing := false
		for line != "\r\n" {
			if line, err = from.ReadString('\n'); err != nil {
				return
			}
			closing = closing || line == "Connection: close\r\n"
		}
		if closing {
			return
		}
	}
}

func TestStopWaitsForWhatHasBegun(t *testing.T) {
	p := &slowPipeline{began: make(chan struct{}), hold: make(chan struct{})}
	s := New(testOptions(p))
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c := dialTCP(t, s)
	if _, err := io.WriteString(c, post(good)); err != nil {
		t.Fatal(err)
	}
	<-p.began
	if detail, err := s.Ready(ctx); err != nil || detail != "1 connections open" {
		t.Errorf("Ready() = %q, %v", detail, err)
	}
	cancel()
	for {
		if _, err := s.Ready(ctx); err != nil {
			break
		}
		<-time.After(time.Millisecond)
	}
	select {
	case err := <-ended:
		t.Fatalf("Run() = %v while a request is in flight", err)
	case <-time.After(150 * time.Millisecond):
	}
	close(p.hold)
	if got := readAnswer(t, bufio.NewReader(c), false); got.Status != 202 || !got.Closes {
		t.Errorf("answer %d, closes: %t", got.Status, got.Closes)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
}

// Browsers connect ahead of need: a connection on which nothing has come does not hold up a stop.
func TestStopDoesNotWaitForSilence(t *testing.T) {
	s := New(testOptions(&recorder{}))
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	dialTCP(t, s)
	for s.connections.open() == 0 {
		<-time.After(time.Millisecond)
	}
	began := time.Now()
	cancel()
	if err := <-ended; err != nil || time.Since(began) > 4*time.Second { // the library alone waits for five
		t.Errorf("Run() = %v after %s", err, time.Since(began))
	}
}

func TestStopEndsAtItsDeadline(t *testing.T) {
	p := &slowPipeline{began: make(chan struct{}), hold: make(chan struct{})}
	options := testOptions(p)
	options.Limits.StopTime = 50 * time.Millisecond
	s := New(options)
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c := dialTCP(t, s)
	if _, err := io.WriteString(c, post(good)); err != nil {
		t.Fatal(err)
	}
	<-p.began
	cancel()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 connections cut off") {
		t.Errorf("Run() = %v, want that one connection was cut off", err)
	}
	close(p.hold)
}

// What comes too slowly is cut off, whichever part of the request it is, and costs others nothing.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	options := testOptions(&recorder{})
	options.Limits.ReadTimeout, options.Limits.IdleTimeout = 500*time.Millisecond, 500*time.Millisecond
	s := overTCP(t, options)
	for _, tt := range []struct {
		name, begin, answer string
		answers             int
	}{
		{"nothing", "", "", 0},
		{"a request line", "POST /e", "HTTP/1.1 408", 1},
		{"a header", "POST /e HTTP/1.1\r\nHost: c", "HTTP/1.1 408", 1},
		{"a body", "POST /e HTTP/1.1\r\nHost: c\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 408", 1},
		{"a chunk", "POST /e HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{", "HTTP/1.1 408", 1},
		{"a second request", post(good), "HTTP/1.1 202", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dialTCP(t, s)
			if _, err := io.WriteString(c, tt.begin); err != nil {
				t.Fatal(err)
			}
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(all), tt.answer) || strings.Count(string(all), "HTTP/1.1") != tt.answers {
				t.Errorf("read %q, %v; want %s, and the end", all, err, tt.answer)
			}
		})
	}
}

// A client that drips bytes gets no more time than one that sends none.
func TestDrippingClientIsCutOff(t *testing.T) {
	options := testOptions(&recorder{})
	options.Limits.ReadTimeout = 150 * time.Millisecond
	c := dialTCP(t, overTCP(t, options))
	began := time.Now()
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(c, "%c", (post(good) + strings.Repeat(" ", 10000))[i%60]); err != nil {
			break
		}
		<-time.After(10 * time.Millisecond)
		if time.Since(began) > 5*time.Second {
			t.Fatal("it is still listened to after 5 s")
		}
	}
}

func TestTooManyConnections(t *testing.T) {
	for _, tt := range []struct {
		name    string
		limits  Limits
		trusted string
		status  int
		body    string
	}{
		{"of one client", Limits{ConnectionsPerClient: 3}, "10.0.0.0/8", 429, `{"error":"too many connections from one client"}` + "\n"},
		{"in all", Limits{Connections: 3}, "127.0.0.0/8", 503, `{"error":"too many connections"}` + "\n"},
		{"of a trusted proxy are not", Limits{ConnectionsPerClient: 3}, "127.0.0.0/8", 202, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			options := testOptions(&recorder{})
			tt.limits.DrainTime = 1
			options.Limits, options.TrustedProxies = tt.limits, prefixes(tt.trusted)
			s := overTCP(t, options)
			var open []net.Conn
			for range 3 {
				c := dialTCP(t, s)
				if got := ask(t, c, post(good)); got.Status != 202 {
					t.Fatalf("answer %d within the limit", got.Status)
				}
				open = append(open, c)
			}
			// The refusal comes unasked, so nothing needs to be sent for it.
			fourth := dialTCP(t, s)
			if tt.status == 202 {
				io.WriteString(fourth, post(good))
			}
			if got := readAnswer(t, bufio.NewReader(fourth), false); got.Status != tt.status || got.Body != tt.body {
				t.Errorf("the fourth is answered %d %q, want %d %q", got.Status, got.Body, tt.status, tt.body)
			}
			refused := testutil.ToFloat64(s.metrics.refusedTotal) + testutil.ToFloat64(s.metrics.refusedClient)
			if (refused == 1) != (tt.status != 202) {
				t.Errorf("%v refused connections are counted", refused)
			}
			open[0].Close()
			fourth.Close()
			for s.connections.open() > 2 {
				<-time.After(time.Millisecond)
			}
			if got := ask(t, dialTCP(t, s), post(good)); got.Status != 202 {
				t.Errorf("after one has closed the answer is %d", got.Status)
			}
		})
	}
}

// The client is still sending when it is refused: it reads why and then the end, not a reset that may take the answer along.
func TestRefusedSenderReadsWhy(t *testing.T) {
	s := overTCP(t, testOptions(&recorder{}))
	for range 5 {
		c := dialTCP(t, s)
		var sending sync.WaitGroup
		sending.Go(func() { io.WriteString(c, post(strings.Repeat("x", 300<<10))) })
		from := bufio.NewReader(c)
		if got := readAnswer(t, from, false); got.Status != 413 {
			t.Errorf("answer %d", got.Status)
		}
		if _, err := from.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("after the answer comes %v, want the end", err)
		}
		sending.Wait()
		c.Close()
	}
}
