package load_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/scripts/load"
)

func TestTheSameSeedMakesTheSameTraffic(t *testing.T) {
	one, two := load.New(7, "demo", "http://localhost"), load.New(7, "demo", "http://localhost")
	other := load.New(8, "demo", "http://localhost")
	for range 200 {
		a, b := one.Next(), two.Next()
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("two sources of one seed differ:\n%s", diff)
		}
		if cmp.Equal(a.IDs, other.Next().IDs) {
			t.Fatal("two seeds made the same ids")
		}
	}
}

func TestEveryHitIsNamedByAnIDOfItsOwn(t *testing.T) {
	traffic := load.New(1, "demo", "http://localhost")
	seen := map[string]bool{}
	kinds := map[string]int{}
	for range 5000 {
		request := traffic.Next()
		if got := idsIn(t, request, kinds); !cmp.Equal(got, request.IDs) {
			t.Fatalf("request %s holds the ids %v, and says %v", request.Path, got, request.IDs)
		}
		for _, id := range request.IDs {
			if len(id) != 16 || seen[id] {
				t.Fatalf("id %q is no id, or stands twice", id)
			}
			seen[id] = true
		}
	}
	for kind, least := range map[string]int{"": 1500, "engage": 1000, "vitals": 500, "event": 150, "pixel": 100, "error": 1} {
		if kinds[kind] < least {
			t.Errorf("only %d hits of kind %q in 5000 requests: %v", kinds[kind], kind, kinds)
		}
	}
}

func idsIn(t *testing.T, request load.Request, kinds map[string]int) []string {
	t.Helper()
	if request.Method == http.MethodGet {
		address, err := url.Parse(request.Path)
		if err != nil {
			t.Fatal(err)
		}
		kinds["pixel"]++
		return []string{address.Query().Get("id")}
	}
	type hit struct{ ID, Type string }
	var hits []hit
	if err := json.Unmarshal(request.Body, &hits); err != nil {
		hits = make([]hit, 1)
		if err := json.Unmarshal(request.Body, &hits[0]); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.ID)
		kinds[h.Type]++
	}
	return ids
}

func TestOnlyADurableAnswerCountsAsStored(t *testing.T) {
	for _, tt := range []struct {
		answer load.Answer
		want   bool
	}{
		{load.Answer{Status: 202, Outcome: "stored"}, true},
		{load.Answer{Status: 200, Outcome: "stored"}, true},
		{load.Answer{Status: 202, Outcome: "dropped; reason=duplicate"}, true},
		{load.Answer{Status: 202, Outcome: "stored; count=2, dropped; reason=duplicate; count=1"}, true},
		{load.Answer{Status: 202, Outcome: "stored; count=2, dropped; reason=bad_url; count=1"}, false},
		{load.Answer{Status: 202, Outcome: "dropped; reason=bad_url"}, false},
		{load.Answer{Status: 200, Outcome: "dropped; reason=overloaded"}, false},
		{load.Answer{Status: 503, Outcome: "stored"}, false},
		{load.Answer{Status: 202}, false},
	} {
		if got := tt.answer.Stored(); got != tt.want {
			t.Errorf("%+v.Stored() = %v", tt.answer, got)
		}
	}
}

func TestOnlyWhatAnAnswerCallsStoredIsCounted(t *testing.T) {
	for _, tt := range []struct {
		answer load.Answer
		want   int
	}{
		{load.Answer{Status: 202, Outcome: "stored"}, 3},
		{load.Answer{Status: 202, Outcome: "dropped; reason=duplicate"}, 0},
		{load.Answer{Status: 202, Outcome: "stored; count=2, dropped; reason=duplicate; count=1"}, 2},
		{load.Answer{Status: 200, Outcome: "dropped; reason=bad_url; count=1, stored; count=2"}, 2},
		{load.Answer{Status: 503, Outcome: "stored"}, 0},
		{load.Answer{Status: 202}, 0},
	} {
		if got := tt.answer.StoredHits(3); got != tt.want {
			t.Errorf("%+v.StoredHits(3) = %d, want %d", tt.answer, got, tt.want)
		}
	}
}

func TestAQuantileIsRightToTwoInAHundred(t *testing.T) {
	var l load.Latencies
	for i := range 1_000_000 {
		l.Add(time.Duration(i) * 10 * time.Microsecond) // up to 10 s
	}
	for _, share := range []float64{0.001, 0.5, 0.9, 0.99, 0.999} {
		want := time.Duration(share * float64(10*time.Second))
		if got := l.Quantile(share); got < want || float64(got) > 1.02*float64(want) {
			t.Errorf("quantile %v is %v, want %v to 2 %%", share, got, want)
		}
	}
	if got := l.Quantile(1); got != 9_999_990*time.Microsecond {
		t.Errorf("the worst is %v", got)
	}
}

func TestAStallCountsForEveryRequestThatWasDueInIt(t *testing.T) {
	const stall = 300 * time.Millisecond
	first := make(chan struct{}, 1)
	first <- struct{}{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-first:
			<-time.After(stall)
		default:
		}
		w.Header().Set("Mayak-Outcome", "stored")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	client := load.NewClient(server.URL, time.Minute)
	defer client.Close()

	report := load.Run(context.Background(), load.Plan{
		Traffic: load.New(3, "demo", "http://localhost"), Client: client, Rate: 200, For: stall, Workers: 1,
	})
	if report.Outcomes["stored"] != report.Requests || report.Requests < 20 {
		t.Fatalf("%d requests, outcomes %v", report.Requests, report.Outcomes)
	}
	// With one worker all wait behind the first; the one due in the middle of the stall waits for half of it.
	if got := report.Quantile(0.5); got < stall/4 {
		t.Errorf("median latency %v hides a stall of %v", got, stall)
	}
}
