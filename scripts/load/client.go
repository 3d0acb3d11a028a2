package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// Client sends requests to one collector.
type Client struct {
	base string
	http *http.Client
}

// Answer is what the collector said.
type Answer struct {
	Status  int
	Outcome string // Mayak-Outcome
}

// ErrNoAnswer is an answer that did not come whole. Whether the request was taken nobody can tell.
var ErrNoAnswer = errors.New("no answer")

// Send sends one request. An error means that no whole answer came.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("make a request: %w", err)
	}
	request.Header = r.Header
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end, or there is no use in it
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return Answer{Status: response.StatusCode, Outcome: response.Header.Get("Mayak-Outcome")}, nil
}

// Close ends the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Stored tells whether every hit of the request is durable: stored by this answer, or a duplicate of one that is.
func (a Answer) Stored() bool {
	durable := false
	for outcome := range a.outcomes() {
		switch outcome {
		case stored, "dropped; reason=duplicate":
			durable = true
		default:
			return false
		}
	}
	return durable
}

// StoredHits is how many of a request's hits this answer calls stored.
func (a Answer) StoredHits(hits int) int {
	for outcome, count := range a.outcomes() {
		if outcome == stored {
			return min(count, hits)
		}
	}
	return 0
}

const stored = "stored"

// outcomes are what became of the hits and of how many: all, if it was the same for all. An answer that is not the
// collector's own has none.
func (a Answer) outcomes() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if a.Status != http.StatusAccepted && a.Status != http.StatusOK || a.Outcome == "" {
			return
		}
		for part := range strings.SplitSeq(a.Outcome, ",") {
			outcome, number, counted := strings.Cut(strings.TrimSpace(part), "; count=")
			count, err := strconv.Atoi(number)
			if !counted || err != nil {
				count = math.MaxInt
			}
			if !yield(outcome, count) {
				return
			}
		}
	}
}

// describe is the answer in a word or two, for counting.
func (a Answer) describe(err error) string {
	switch {
	case err != nil:
		return ErrNoAnswer.Error()
	case a.Outcome != "":
		return a.Outcome
	default:
		return fmt.Sprintf("status %d", a.Status)
	}
}
