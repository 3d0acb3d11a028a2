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

// said is one answer.
type said struct {
	status      int
	body, retry string
	own         bool // the collector's, and no proxy's
	err         error
}

// collector answers as the one in the list says, and then with success. It is a transport, so that time can stand still.
type collector struct {
	mu      sync.Mutex
	answers []said
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
	answer := saying(200, fmt.Sprintf(`{"accepted":%d,"rejected":[]}`, len(names)), "")
	if len(c.answers) > 0 {
		answer, c.answers = c.answers[0], c.answers[1:]
	}
	if answer.err != nil {
		return nil, answer.err
	}
	header := http.Header{}
	if answer.retry != "" {
		header.Set("Retry-After", answer.retry)
	}
	if answer.own {
		header.Set("Mayak-Outcome", "stored")
	}
	if answer.status == 302 {
		header.Set("Location", "http://elsewhere.test/login")
	}
	return &http.Response{StatusCode: answer.status, Header: header, Body: io.NopCloser(strings.NewReader(answer.body))}, nil
}

// saying is an answer of the collector, proxy one of what stands before it.
func saying(status int, body, retry string) said {
	return said{status: status, body: body, retry: retry, own: true}
}

func proxy(status int, body string) said { return said{status: status, body: body} }

func lost() said { return said{err: errors.New("connection reset")} }

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
		at := &collector{answers: []said{
			lost(), saying(503, `{"error":"not stored","accepted":1,"rejected":[]}`, "7"), saying(429, `{}`, ""), proxy(502, "<html>"), saying(200, "not JSON", ""),
			saying(408, `{"error":"body: did not come whole","accepted":1,"rejected":[]}`, ""), proxy(403, `{"error":"blocked"}`), proxy(404, "<html>"), proxy(400, "<html>"),
			proxy(302, ""), proxy(200, "{}"), proxy(401, ""), proxy(405, ""),
		}}
		var failed []string
		c, ran := started(t, at, Options{Linger: time.Millisecond, Patience: time.Second, Failed: func(why error, again time.Duration) {
			failed = append(failed, why.Error())
			if again <= 0 {
				t.Errorf("after %v it waits %v", why, again)
			}
		}})
		send(t, c, "a", "b")
		if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
			t.Fatal(err)
		}
		if got := c.Stats(); got != (Stats{Accepted: 2, Retries: 13}) || len(at.batches) != 14 {
			t.Errorf("stats %+v, %d requests", got, len(at.batches))
		}
		if len(failed) != 13 || !strings.Contains(failed[6], "403") || !strings.Contains(failed[9], "302") {
			t.Errorf("told of %q", failed)
		}
		for id, times := range at.ids {
			if times != 14 || id == "" {
				t.Errorf("id %q came %d times, want the same id 14 times", id, times)
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
		at := &collector{answers: []said{
			saying(200, `{"accepted":1,"rejected":[{"index":1,"error":"url: missing"}]}`, ""),
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
			at := &collector{answers: []said{saying(503, "", "60")}}
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

// unsent collects what Run gives back at its end.
func unsent(into *[]string) func([]byte) {
	return func(event []byte) {
		var e Event
		_ = json.Unmarshal(event, &e)
		*into = append(*into, e.Name)
	}
}

func TestTheEndOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{}
		for range 100 {
			at.answers = append(at.answers, saying(401, `{"error":"authorization"}`, ""))
		}
		var left []string
		c, ran := started(t, at, Options{Batch: 1, KeyPatience: 10 * time.Second, Unsent: unsent(&left)})
		began := time.Now()
		send(t, c, "a", "b")
		if err := <-ran; !errors.Is(err, ErrKey) {
			t.Errorf("nobody's key: %v", err)
		}
		if took := time.Since(began); took < 10*time.Second || took > time.Minute {
			t.Errorf("a key that nobody knows is tried for %v", took)
		}
		if err := c.Send(t.Context(), Event{}); !errors.Is(err, ErrClosed) {
			t.Errorf("when nobody sends any more: %v", err)
		}
		if err := c.Close(t.Context()); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "2 events are not sent") {
			t.Errorf("Close tells %v", err)
		}
		if diff := cmp.Diff([]string{"a", "b"}, left); diff != "" || c.Stats().Unsent != 2 {
			t.Errorf("stats %+v, given back (-want +got):\n%s", c.Stats(), diff)
		}

		at = &collector{answers: []said{saying(503, "", "60")}}
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

func TestWhatIsNotSentWhenTheContextEndsIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, left := &collector{answers: []said{saying(503, "", "60")}}, []string(nil)
		c, err := New(Options{URL: "http://collector.test", Key: "mayak_x", HTTP: &http.Client{Transport: at}, Queue: 2, Batch: 1, Unsent: unsent(&left)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- c.Run(ctx) }()
		send(t, c, "a")
		synctest.Wait() // it is under way
		send(t, c, "b", "c")
		full := make(chan error, 1)
		go func() { full <- c.Send(t.Context(), Event{Name: "d"}) }()
		synctest.Wait()
		stop()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("Run tells %v", err)
		}
		if err := <-full; !errors.Is(err, ErrClosed) {
			t.Errorf("who waited for room is told %v", err)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, left); diff != "" {
			t.Errorf("given back (-want +got):\n%s", diff)
		}
	})
}

func TestABatchThatIsTooLargeForAProxyIsHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &collector{answers: []said{proxy(413, "<html>"), proxy(413, "<html>")}}
		c, ran := started(t, at, Options{Batch: 4, Linger: time.Second})
		send(t, c, "a", "b", "c", "d")
		if err := errors.Join(c.Close(t.Context()), <-ran); err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"a", "b", "c", "d"}, {"a", "b"}, {"a"}, {"b"}, {"c", "d"}}
		if diff := cmp.Diff(want, at.batches); diff != "" || c.Stats() != (Stats{Accepted: 4, Retries: 2}) {
			t.Errorf("stats %+v, batches (-want +got):\n%s", c.Stats(), diff)
		}
	})
}
