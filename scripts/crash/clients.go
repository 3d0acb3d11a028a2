package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"mayak/scripts/load"
	"mayak/scripts/processes"
)

// clients send for as long as they are told to, and give up no request before it is answered.
type clients struct {
	client   *load.Client
	stopping chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	answered []string         // ids that an answer called stored
	retries  atomic.Int64     // requests sent again
	refusals map[string]int64 // answers that no retry would change, by outcome: the traffic is at fault, or the collector
}

func startClients(ctx context.Context, address string, s settings) *clients {
	c := &clients{client: load.NewClient(address, 20*time.Second), stopping: make(chan struct{}), refusals: map[string]int64{}}
	for i := range s.clients {
		seed := s.seed + uint64(i) + 1
		c.running.Go(func() { c.send(ctx, load.New(seed, processes.Site, processes.Page), rand.New(rand.NewPCG(seed, 1))) })
	}
	return c
}

// stop lets every client end its last request and returns the ids that were answered.
func (c *clients) stop() []string {
	close(c.stopping)
	c.running.Wait()
	c.client.Close()
	return c.answered
}

func (c *clients) send(ctx context.Context, traffic *load.Traffic, chance *rand.Rand) {
	for {
		c.insist(ctx, traffic.Next(), chance)
		select {
		case <-c.stopping:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(chance.IntN(40)) * time.Millisecond): // people do not click without pause
		}
	}
}

// insist sends a request until it is answered as stored.
func (c *clients) insist(ctx context.Context, request load.Request, chance *rand.Rand) {
	for ctx.Err() == nil {
		answer, err := c.client.Send(ctx, request)
		switch {
		case err == nil && answer.Stored():
			c.mu.Lock()
			c.answered = append(c.answered, request.IDs...)
			c.mu.Unlock()
			return
		case err == nil && !worthRepeating(answer):
			c.mu.Lock()
			c.refusals[fmt.Sprintf("%d %s", answer.Status, answer.Outcome)]++
			c.mu.Unlock()
			return
		}
		c.retries.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(10+chance.IntN(90)) * time.Millisecond):
		}
	}
}

// worthRepeating tells whether the collector asked for another try.
func worthRepeating(a load.Answer) bool {
	switch a.Outcome {
	case "dropped; reason=overloaded", "dropped; reason=storage_error", "dropped; reason=rate_limited":
		return true
	default:
		return a.Status == http.StatusServiceUnavailable || a.Status == http.StatusTooManyRequests || a.Status >= http.StatusInternalServerError
	}
}
