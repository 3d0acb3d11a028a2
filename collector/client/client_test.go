package client

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector answers as the one in the list says, and then with success. It is a transport, so that time can stand still.
type collector struct {
	mu      sync.Mutex
	answers []func(names []string) (status int, body, retry string, err error)
	batches [][]string // the names of the events
	times   []time.Time
	ids     map[string]int
}

func (c *collector) RoundTrip(r *http.Request) (*http.Response, error) {
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	var names []string
	c.mu.Lock()
	defer c.mu.Unlock()
	for lines := bufio.NewScanner(unpacked); lines.Scan(); {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		names = append(names, e.Name)
		if c.ids == nil {
			c.ids = map[string]int{}
		}
		c.ids[e.ID]++
	}
	c.batches, c.times = append(c.batches, names), append(c.times, time.Now())
	status, body, retry := 200, fmt.Sprintf(`{"accepted":%d,"rejected":[]}`, len(names)), ""
	if len(c.answers) > 0 {
		status, body, retry, err = c.answers[0](names)
		c.answers = c.answers[1:]
	}
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if retry != "" {
		header.Set("Retry-After", retry)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func saying(status int, body, retry string) func([]string) (int, string, string, error) {
	return func([]string) (int, string, string, error) { return status, body, retry, nil }
}

func lost([]string) (int, string, string, error) { return 0, "", "", errors.New("connection reset") }

// started is a client that runs in a bubble of time; close it before the end.
func started(t *testing.T, at *collector, o Options) (*Client, chan error) {
	t.Helper()
	o.URL, o.Key, o.HTTP = "http://collector.test", "mayak_x", &http.Client{Transport: at}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- c.Run(t.Context()) }()
	return c, ran
}

func send(t *testing.T, c *Client, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := c.Send(t.Context(), Event{URL: "http://site.test/", Type: "event", Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventsTravelInBatchesAndCloseSendsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{}
		c, ran := started(t, at, Options{Batch: 2, Linger: time.Second})
		send(t, c, "a", "b", "c")
		<-time.After(2 * time.Second) // of the bubble's time
		send(t, c, "d")
		if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"a", "b"}, {"c"}, {"d"}}, at.batches); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if got := c.Stats(); got != (Stats{Accepted: 4}) {
			t.Errorf("stats %+v", got)
		}
		if err := c.Send(t.Context(), Event{}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestWhatMayYetBeTakenIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{answers: []func([]string) (int, string, string, error){
			lost, saying(503, `{"error":"not stored","accepted":1,"rejected":[]}`, "7"), saying(429, `{}`, ""), saying(502, "<html>", ""), saying(200, "not JSON", ""),
		}}
		c, ran := started(t, at, Options{Linger: time.Millisecond, Patience: time.Second})
		send(t, c, "a", "b")
		if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
			t.Fatal(err)
		}
		if got := c.Stats(); got != (Stats{Accepted: 2, Retries: 5}) || len(at.batches) != 6 {
			t.Errorf("stats %+v, %d requests", got, len(at.batches))
		}
		for id, times := range at.ids {
			if times != 6 || id == "" {
				t.Errorf("id %q came %d times, want the same id 6 times", id, times)
			}
		}
		if asked := at.times[2].Sub(at.times[1]); asked != 7*time.Second {
			t.Errorf("after Retry-After: 7 it waits %v", asked)
		}
		for i, want := range map[int]time.Duration{1: 250 * time.Millisecond, 3: time.Second, 5: time.Second} {
			if got := at.times[i].Sub(at.times[i-1]); got < want/2 || got > want {
				t.Errorf("pause %d is %v, want half of %v to all of it", i, got, want)
			}
		}
	})
}

func TestWhatIsRejectedIsToldAndNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{answers: []func([]string) (int, string, string, error){
			saying(200, `{"accepted":1,"rejected":[{"index":1,"error":"url: missing"},{"index":9,"error":"x"}]}`, ""),
			saying(400, `{"error":"body: not JSON","accepted":1,"rejected":[]}`, ""),
		}}
		var told []string
		c, ran := started(t, at, Options{Batch: 2, Rejected: func(event []byte, why string) {
			var e Event
			_ = json.Unmarshal(event, &e)
			told = append(told, e.Name+": "+why)
		}})
		send(t, c, "a", "b", "c", "d")
		if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"b: url: missing", "d: 400 body: not JSON"}, told); diff != "" || c.Stats() != (Stats{Accepted: 2, Rejected: 2}) {
			t.Errorf("stats %+v, told (-want +got):\n%s", c.Stats(), diff)
		}
	})
}

func TestAFullQueueRefusesOrWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, refuse := range []bool{true, false} {
			at := &collector{answers: []func([]string) (int, string, string, error){saying(503, "", "60")}}
			c, ran := started(t, at, Options{Queue: 2, Batch: 1, Refuse: refuse})
			send(t, c, "a")
			synctest.Wait() // it is under way
			send(t, c, "b", "c")
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			want := context.DeadlineExceeded
			if refuse {
				want = ErrFull
			}
			if err := c.Send(short, Event{URL: "u"}); !errors.Is(err, want) {
				t.Errorf("a full queue, refuse %v: %v", refuse, err)
			}
			cancel()
			if !refuse {
				send(t, c, "d") // waits until the collector takes events again
			}
			if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheEndOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{answers: []func([]string) (int, string, string, error){saying(401, "", "")}}
		c, ran := started(t, at, Options{Batch: 1})
		send(t, c, "a")
		if err := <-ran; !errors.Is(err, ErrKey) {
			t.Errorf("nobody's key: %v", err)
		}
		if err := c.Send(t.Context(), Event{}); !errors.Is(err, ErrClosed) {
			t.Errorf("when nobody sends any more: %v", err)
		}
		if err := c.Close(t.Context()); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "1 events are not sent") {
			t.Errorf("Close tells %v", err)
		}

		at = &collector{answers: []func([]string) (int, string, string, error){saying(503, "", "60")}}
		c, ran = started(t, at, Options{Batch: 1})
		send(t, c, "a")
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close of one that waits: %v", err)
		}
		if err := <-ran; err != nil {
			t.Errorf("it is sent all the same: %v", err)
		}
	})
	for _, o := range []Options{{URL: "collector", Key: "x"}, {URL: "ftp://c", Key: "x"}, {URL: "http://c"}} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%q) took it", o.URL)
		}
	}
}
