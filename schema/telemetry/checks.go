package telemetry

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Check tells whether a part can do its work. The detail is shown either way; a nil error means ready. A check
// returns when its context ends.
type Check func(ctx context.Context) (detail string, err error)

// Checks are the named checks of one process. The zero value is ready to use and safe for concurrent use.
type Checks struct {
	mu    sync.Mutex
	named []namedCheck
}

type namedCheck struct {
	name  string
	check Check
}

// result is one check's line in the answer of /readyz.
type result struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	Detail string `json:"detail,omitempty"`
}

// checkTimeout is shorter than the second or so that orchestrators and load balancers wait by default.
const checkTimeout = 800 * time.Millisecond

// Add registers a check. Names are shown in their alphabetical order.
func (c *Checks) Add(name string, check Check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named = append(c.named, namedCheck{name: name, check: check})
	slices.SortStableFunc(c.named, func(a, b namedCheck) int { return strings.Compare(a.name, b.name) })
}

// run asks all checks at once, so that the slowest decides how long it takes.
func (c *Checks) run(ctx context.Context) []result {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c.mu.Lock()
	named := slices.Clone(c.named)
	c.mu.Unlock()

	results := make([]result, len(named))
	var wg sync.WaitGroup
	for i, n := range named {
		wg.Go(func() {
			detail, err := n.check(ctx)
			if err != nil {
				detail = err.Error()
			}
			results[i] = result{Name: n.name, Ready: err == nil, Detail: detail}
		})
	}
	wg.Wait()
	return results
}

// ServeHTTP is /readyz.
func (c *Checks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := struct {
		Ready  bool     `json:"ready"`
		Checks []result `json:"checks"`
	}{Ready: true, Checks: c.run(r.Context())}
	for _, one := range answer.Checks {
		answer.Ready = answer.Ready && one.Ready
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // the asker has gone; it will ask again
}
