package load

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"mayak/collector/client"
)

// Tell sends what the plan says as a server that tells of its visitors, until all of it is stored. It returns how many hits that were.
func Tell(ctx context.Context, p Plan, to *client.Client) (told int, err error) {
	started, waiting := time.Now(), newQueue()
	ended := make(chan error, 1)
	go func() { ended <- to.Run(ctx) }()
	var sending sync.WaitGroup
	var failed error
	sending.Go(func() {
		for d, more := waiting.pop(); more; d, more = waiting.pop() {
			for _, e := range d.request.events(d.at) {
				if failed == nil {
					failed = to.Send(ctx, e)
					told++
				}
			}
		}
	})
	p.pace(ctx, started, waiting)
	waiting.close()
	sending.Wait()
	return told, errors.Join(failed, to.Close(ctx), <-ended)
}

// events are the hits of a request, as the site's server knows them. What no browser would send it does not tell.
func (r *Request) events(at time.Time) []client.Event {
	var hits []client.Event
	switch {
	case r.Method == http.MethodGet:
		page, err := url.Parse(r.Path)
		if err != nil {
			return nil
		}
		hits = []client.Event{{URL: page.Query().Get("url"), ID: page.Query().Get("id")}}
	case len(r.Body) > 0 && r.Body[0] == '[':
		if json.Unmarshal(r.Body, &hits) != nil {
			return nil
		}
	default:
		hits = make([]client.Event, 1)
		if json.Unmarshal(r.Body, &hits[0]) != nil {
			return nil
		}
	}
	for i := range hits {
		e := &hits[i]
		e.IP, e.UserAgent, e.Time = r.Header.Get("X-Forwarded-For"), r.Header.Get("User-Agent"), &at
		if e.Language == "" {
			e.Language, _, _ = strings.Cut(r.Header.Get("Accept-Language"), ",")
		}
		if r.Header.Get("Sec-Gpc") != "" || r.Header.Get("Dnt") != "" {
			e.Consent = "essential" // which is what a server has to make of the signal itself
		}
	}
	return hits
}
