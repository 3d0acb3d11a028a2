package diagnose_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mayak/aggregator/diagnose"
)

func TestASlowWebhookHoldsNobodyElseUp(t *testing.T) {
	w := newEmptyWorld(t)
	ids := strings.Fields("i1 i2 i3 i4 i5 i6")
	w.open("demo", ids...)
	var under, most, told atomic.Int64
	arrived, released := make(chan struct{}, len(ids)), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), under.Add(1)))
		arrived <- struct{}{}
		<-released
		under.Add(-1)
	}))
	defer slow.Close()
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer quick.Close()
	hooks, err := diagnose.ParseHooks("json=" + slow.URL + " slack=" + quick.URL)
	if err != nil {
		t.Fatal(err)
	}
	tellers := w.diagnosis(hooks...).Tellers()
	ended := make(chan error, 1)
	go func() {
		_, err := tellers[0](t.Context())
		ended <- err
	}()
	for range 4 { // as many messages as are under way at once
		<-arrived
	}
	if n, err := tellers[1](t.Context()); n != uint64(len(ids)) || err != nil || told.Load() != int64(len(ids)) {
		t.Errorf("while a webhook is slow, another was told of %d incidents, %v; want %d", n, err, len(ids))
	}
	close(released)
	if err := <-ended; err != nil || most.Load() != 4 || len(arrived) != 2 {
		t.Errorf("the slow one: %v, %d messages at once and %d more; want four, and the other two after them", err, most.Load(), len(arrived))
	}
}

// A webhook that fails is asked ever more rarely, for a day, whichever aggregator asks.
func TestAWebhookThatFailsIsTriedAgainForADay(t *testing.T) {
	w := newEmptyWorld(t)
	w.open("demo", "i1")
	var asked []time.Duration
	began := w.now
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked = append(asked, w.now.Sub(began))
		rw.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	hooks, err := diagnose.ParseHooks("json=" + server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, 4 * time.Second, 6 * time.Second, 10 * time.Second, 17 * time.Second, 26 * time.Hour, 27 * time.Hour} {
		w.now = began.Add(after)
		_ = w.tell(w.diagnosis(hooks...))
	}
	want := []time.Duration{0, 6 * time.Second, 17 * time.Second}
	if len(asked) != len(want) || asked[1] != want[1] || asked[2] != want[2] {
		t.Errorf("asked after %v, want %v: five seconds later, ten after that, and not after a day", asked, want)
	}
}
