package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	if a.Status != http.StatusAccepted && a.Status != http.StatusOK || a.Outcome == "" {
		return false
	}
	for part := range strings.SplitSeq(a.Outcome, ",") {
		switch part, _, _ = strings.Cut(strings.TrimSpace(part), "; count="); part {
		case "stored", "dropped; reason=duplicate":
		default:
			return false
		}
	}
	return true
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
