// Package load makes lifelike traffic and measures how it is answered.
//
// The same seed makes the same visitors, pages and ids, in the same order. Requests leave when they are due, whether or
// not the ones before were answered, and a latency counts from the moment that a request was due: a server that stalls
// cannot slow down what it is measured by.
package load

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Plan says how much to send.
type Plan struct {
	Traffic *Traffic
	Client  *Client
	Rate    float64       // requests a second; the gaps between them are as random as people are
	For     time.Duration // how long to send
	Workers int           // requests that may be in flight at once; zero is 256
}

// Report is what came back.
type Report struct {
	Requests int
	Hits     int
	Outcomes map[string]int // requests by Mayak-Outcome, by status where there is none, or "no answer"
	Latency  []time.Duration
	Took     time.Duration
}

// Quantile is the latency that this share of the requests stayed below.
func (r *Report) Quantile(share float64) time.Duration {
	if len(r.Latency) == 0 {
		return 0
	}
	at := int(math.Ceil(share*float64(len(r.Latency)))) - 1
	return r.Latency[min(max(at, 0), len(r.Latency)-1)]
}

// due is a request and when it is to leave.
type due struct {
	request Request
	at      time.Time
}

// Run sends what the plan says and returns when everything is answered, or ctx has ended.
func Run(ctx context.Context, p Plan) *Report {
	workers := p.Workers
	if workers == 0 {
		workers = 256
	}
	started := time.Now()
	queue := make(chan due, int(p.Rate*p.For.Seconds())+1) // whatever happens, making requests never waits for sending them
	report := &Report{Outcomes: map[string]int{}}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for d := range queue {
				answer, err := p.Client.Send(ctx, d.request)
				took := time.Since(d.at)
				mu.Lock()
				report.Requests++
				report.Hits += len(d.request.IDs)
				report.Outcomes[answer.describe(err)]++
				report.Latency = append(report.Latency, took)
				mu.Unlock()
			}
		})
	}
	p.pace(ctx, started, queue)
	close(queue)
	wait.Wait()
	report.Took = time.Since(started)
	slices.Sort(report.Latency)
	return report
}

// pace hands out each request when it is due.
func (p *Plan) pace(ctx context.Context, started time.Time, queue chan<- due) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for at := started; at.Sub(started) < p.For; at = at.Add(p.gap()) {
		timer.Reset(time.Until(at))
		select {
		case <-timer.C:
			queue <- due{request: p.Traffic.Next(), at: at}
		case <-ctx.Done():
			return
		}
	}
}

// gap is the time to the next request of independent visitors.
func (p *Plan) gap() time.Duration {
	return time.Duration(p.Traffic.chance.ExpFloat64() / p.Rate * float64(time.Second))
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
