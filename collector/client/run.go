package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxBatchBytes is far below what the collector takes at once.
const maxBatchBytes = 1 << 20

// Run sends what is queued, one batch after the other, so that no event overtakes another. It returns nil when Close has been called
// and all has been sent; once it has returned, the client is of no more use.
func (c *Client) Run(ctx context.Context) error {
	defer close(c.ended)
	c.failed = c.run(ctx)
	return c.failed
}

func (c *Client) run(ctx context.Context) error {
	for {
		batch, size, err := c.collect(ctx)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		if err := c.deliver(ctx, batch, size); err != nil {
			return fmt.Errorf("%d events are not sent: %w", len(batch)+len(c.queue), err)
		}
	}
}

// collect waits for an event, and then a little for others. Without any the queue has been closed.
func (c *Client) collect(ctx context.Context) (batch [][]byte, size int, err error) {
	timer := time.NewTimer(c.options.Linger)
	defer timer.Stop()
	for len(batch) < c.options.Batch && size < maxBatchBytes-maxEventBytes {
		select {
		case event, more := <-c.queue:
			if !more {
				return batch, size, nil
			}
			if len(batch) == 0 {
				timer.Reset(c.options.Linger)
			}
			batch, size = append(batch, event), size+len(event)+1
		case <-timer.C:
			if len(batch) > 0 {
				return batch, size, nil
			}
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("%d events are not sent: %w", len(batch)+len(c.queue), ctx.Err())
		}
	}
	return batch, size, nil
}

// deliver sends a batch until the collector has taken it, or never will.
func (c *Client) deliver(ctx context.Context, batch [][]byte, size int) error {
	body, err := packed(batch, size)
	if err != nil {
		return err
	}
	const first = 250 * time.Millisecond
	for pause := first; ; pause = min(2*pause, c.options.Patience) {
		wait, err := c.try(ctx, batch, body)
		if err == nil || errors.Is(err, ErrKey) {
			return err
		}
		c.retries.Add(1)
		if wait == 0 {
			wait = pause/2 + rand.N(pause/2+1) // many senders must not come back at the same moment
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}

func packed(batch [][]byte, size int) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(size / 4)
	to := gzip.NewWriter(&body)
	for _, event := range batch {
		if _, err := to.Write(append(event, '\n')); err != nil {
			return nil, fmt.Errorf("pack events: %w", err)
		}
	}
	if err := to.Close(); err != nil {
		return nil, fmt.Errorf("pack events: %w", err)
	}
	return body.Bytes(), nil
}

// answer is what the collector says.
type answer struct {
	Accepted int    `json:"accepted"`
	Error    string `json:"error"`
	Rejected []struct {
		Index int    `json:"index"`
		Error string `json:"error"`
	} `json:"rejected"`
}

// try sends a batch once. An error asks for another try, after the wait if it is given.
func (c *Client) try(ctx context.Context, batch [][]byte, body []byte) (wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("send events: %w", err)
	}
	request.Header = http.Header{
		"Authorization": {"Bearer " + c.options.Key}, "Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"},
		"Date": {time.Now().UTC().Format(http.TimeFormat)}, // so that a wrong clock does no harm
	}
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return 0, fmt.Errorf("send events: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end, or there is no use in it
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	return retryAfter(response.Header), c.settle(response.StatusCode, text, batch)
}

// settle counts what the answer tells. What may yet be taken is an error.
func (c *Client) settle(status int, text []byte, batch [][]byte) error {
	var told answer
	parsed := json.Unmarshal(text, &told)
	switch {
	case status == http.StatusUnauthorized:
		return ErrKey
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return fmt.Errorf("send events: the collector says %d", status)
	case status == http.StatusOK && parsed != nil:
		return fmt.Errorf("read the answer: %w", parsed)
	}
	c.accepted.Add(uint64(max(told.Accepted, 0)))
	for _, one := range told.Rejected {
		if one.Index >= 0 && one.Index < len(batch) {
			c.reject(batch[one.Index], one.Error)
		}
	}
	if status == http.StatusOK {
		return nil
	}
	// The collector reads no further, and will not the next time either. Nobody says which of the rest it has.
	for _, event := range batch[min(max(told.Accepted+len(told.Rejected), 0), len(batch)):] {
		c.reject(event, fmt.Sprintf("%d %s", status, told.Error))
	}
	return nil
}

func (c *Client) reject(event []byte, why string) {
	c.rejected.Add(1)
	c.options.Rejected(event, why)
}

// retryAfter is how long the collector asks to wait; 0 if it does not. Nobody waits for longer than five minutes.
func retryAfter(header http.Header) time.Duration {
	asked, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || asked <= 0 {
		return 0
	}
	return min(time.Duration(asked)*time.Second, 5*time.Minute)
}
