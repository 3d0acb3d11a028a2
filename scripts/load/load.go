// Package load makes lifelike traffic and measures how it is answered.
//
// The same seed makes the same visitors, pages and ids, in the same order. Requests leave when they are due, whether or
// not the ones before were answered, and a latency counts from the moment that a request was due: a server that stalls
// cannot slow down what it is measured by.
package load

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Plan says how much to send.
type Plan struct {
	Traffic *Traffic
	Client  *Client
	Rate    float64       // requests a second; the gaps between them are as random as people are
	Hits    bool          // Rate is of hits, of which a request may hold several
	Curve   bool          // Rate is a week's mean: nights are quiet and mornings busy, by the clock of Asia/Almaty
	For     time.Duration // how long to send
	Workers int           // requests that may be in flight at once; zero is 256
	Watch   func(Sent)    // is told of every request, one at a time; nil is nobody
}

// Sent is a request that was answered, or was not.
type Sent struct {
	Request Request
	Answer  Answer
	Err     error
	Took    time.Duration // since the moment that it was due
}

// Report is what came back.
type Report struct {
	Latencies

	Requests int
	Hits     int
	Stored   int            // hits of which the answer says that they are durable
	Outcomes map[string]int // requests by Mayak-Outcome, by status where there is none, or "no answer"
	Took     time.Duration
}

func (r *Report) add(s Sent) {
	r.Requests++
	r.Hits += len(s.Request.IDs)
	if s.Err == nil {
		r.Stored += s.Answer.StoredHits(len(s.Request.IDs))
	}
	r.Outcomes[s.Answer.describe(s.Err)]++
	r.Add(s.Took)
}

// Run sends what the plan says and returns when everything is answered, or ctx has ended.
func Run(ctx context.Context, p Plan) *Report {
	workers := p.Workers
	if workers == 0 {
		workers = 256
	}
	started := time.Now()
	waiting := newQueue()
	report := &Report{Outcomes: map[string]int{}}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for d, more := waiting.pop(); more; d, more = waiting.pop() {
				answer, err := p.Client.Send(ctx, d.request)
				sent := Sent{Request: d.request, Answer: answer, Err: err, Took: time.Since(d.at)}
				mu.Lock()
				report.add(sent)
				if p.Watch != nil {
					p.Watch(sent)
				}
				mu.Unlock()
			}
		})
	}
	p.pace(ctx, started, waiting)
	waiting.close()
	wait.Wait()
	report.Took = time.Since(started)
	return report
}

// pace hands out each request when it is due.
func (p *Plan) pace(ctx context.Context, started time.Time, waiting *queue) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for at := started; at.Sub(started) < p.For; {
		timer.Reset(time.Until(at))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		request := p.Traffic.Next()
		waiting.push(due{request: request, at: at})
		at = at.Add(p.gap(at, len(request.IDs)))
	}
}

// gap is the time to the next request of independent visitors.
func (p *Plan) gap(at time.Time, hits int) time.Duration {
	gap := p.Traffic.pacing.ExpFloat64() / p.Rate * float64(time.Second)
	if p.Hits {
		gap *= float64(max(hits, 1))
	}
	if p.Curve {
		gap /= p.Traffic.crowd.calendar.Weight(at)
	}
	return time.Duration(gap)
}

// NewClient makes a client that keeps its connections, as a load balancer in front of a collector does.
func NewClient(base string, timeout time.Duration) *Client {
	return &Client{base: base, http: &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true},
	}}
}

// newChance is a source of chance that only the seed decides.
func newChance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6d6179616b)) }
