package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// asking is a load on an aggregator that runs: questions come at a steady rate, whether those before are answered or not.
type asking struct {
	url, token, site string
	rate             int
	lasts            time.Duration
}

const atOnce = 64

// run asks, and tells how long answers took from the moment at which each question was due.
func (a *asking) run(ctx context.Context, out io.Writer) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}, Timeout: 10 * time.Second}
	total := a.rate * int(a.lasts/time.Second)
	due := make(chan int, total)
	took := make([]time.Duration, total)
	codes := make([]int, total)
	begin := time.Now()
	at := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second / time.Duration(a.rate)) }
	var asking sync.WaitGroup
	for range atOnce {
		asking.Go(func() {
			for i := range due {
				codes[i] = a.ask(ctx, client, i)
				took[i] = time.Since(at(i))
			}
		})
	}
	for i := range total {
		<-time.After(time.Until(at(i)))
		due <- i
	}
	close(due)
	asking.Wait()
	wrong := 0
	for _, code := range codes {
		if code != http.StatusOK {
			wrong++
		}
	}
	slices.Sort(took)
	share := func(p float64) time.Duration { return took[int(p*float64(total-1))].Round(100 * time.Microsecond) }
	_, err := fmt.Fprintf(out, "risk: %d questions at %d/s, %d not answered with 200, p50 %s, p95 %s, p99 %s, p99.9 %s, most %s\n",
		total, a.rate, wrong, share(.5), share(.95), share(.99), share(.999), share(1))
	return err
}

// ask is one question about one of many addresses; the code is 0 where no answer came.
func (a *asking) ask(ctx context.Context, client *http.Client, i int) int {
	body := fmt.Sprintf(`{"site":%q,"ip":"10.%d.%d.%d","declared_country":"KZ","amount":%d}`, a.site, i%4, i/4%250, 1+i%250, 1000+i%9000)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/api/risk", bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	_, _ = io.Copy(io.Discard, answer.Body)    // the code says whether it is one
	return answer.StatusCode
}
