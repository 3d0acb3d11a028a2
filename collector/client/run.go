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
	left, err := c.run(ctx)
	close(c.stopped)
	c.senders.Lock() // whoever waited for room has seen it
	defer c.senders.Unlock()
	for {
		select {
		case event, more := <-c.queue:
			if more {
				left = append(left, event)
				continue
			}
		default:
		}
		break
	}
	for _, event := range left {
		c.unsent.Add(1)
		c.options.Unsent(event)
	}
	if err != nil {
		c.failed = fmt.Errorf("%d events are not sent: %w", len(left), err)
	}
	return c.failed
}

// run returns what it had taken out of the queue and could not send.
func (c *Client) run(ctx context.Context) (left [][]byte, err error) {
	for {
		batch, err := c.collect(ctx)
		if err != nil || len(batch) == 0 {
			return batch, err
		}
		if left, err := c.deliver(ctx, batch); err != nil {
			return left, err
		}
	}
}

// collect waits for an event, and then a little for others. Without any the queue has been closed.
func (c *Client) collect(ctx context.Context) (batch [][]byte, err error) {
	timer := time.NewTimer(c.options.Linger)
	defer timer.Stop()
	for size := 0; len(batch) < c.options.Batch && size < maxBatchBytes-maxEventBytes; {
		select {
		case event, more := <-c.queue:
			if !more {
				return batch, nil
			}
			if len(batch) == 0 {
				timer.Reset(c.options.Linger)
			}
			batch, size = append(batch, event), size+len(event)+1
		case <-timer.C:
			if len(batch) > 0 {
				return batch, nil
			}
		case <-ctx.Done():
			return batch, ctx.Err()
		}
	}
	return batch, nil
}

// deliver sends a batch until the collector has taken it, or never will. It returns what is left of it when it has to give up.
func (c *Client) deliver(ctx context.Context, batch [][]byte) (left [][]byte, err error) {
	body, err := packed(batch)
	if err != nil {
		return batch, err
	}
	const first = 250 * time.Millisecond
	var unknown time.Time // since when the key is not known
	for pause := first; ; pause = min(2*pause, c.options.Patience) {
		wait, err := c.try(ctx, batch, body)
		switch {
		case err == nil:
			return nil, nil
		case errors.Is(err, errTooLarge) && len(batch) > 1: // for what stands in between
			half := len(batch) / 2
			c.told(err, 0)
			if left, err := c.deliver(ctx, batch[:half]); err != nil {
				return append(left, batch[half:]...), err
			}
			return c.deliver(ctx, batch[half:])
		case !errors.Is(err, ErrKey):
			unknown = time.Time{}
		case unknown.IsZero():
			unknown = time.Now()
		case time.Since(unknown) >= c.options.KeyPatience:
			return batch, err
		}
		if wait == 0 {
			wait = pause/2 + rand.N(pause/2+1) // many senders must not come back at the same moment
		}
		c.told(err, wait)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return batch, errors.Join(ctx.Err(), err)
		}
	}
}

// told tells that a try did not succeed.
func (c *Client) told(why error, again time.Duration) {
	c.retries.Add(1)
	c.options.Failed(why, again)
}

func packed(batch [][]byte) ([]byte, error) {
	var body bytes.Buffer
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

// errTooLarge is what a proxy says, of which the collector takes more.
var errTooLarge = errors.New("send events: too large for what stands before the collector")

// outcome is in every answer of the collector's own.
const outcome = "Mayak-Outcome"

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
	return retryAfter(response.Header), c.settle(response, text, batch)
}

// settle counts what the answer tells. What may yet be taken is an error. The last word is the collector's alone, and a success has to tell of
// each event: what stands in between, and answers by itself, knows of none.
func (c *Client) settle(response *http.Response, text []byte, batch [][]byte) error {
	var told answer
	parsed := json.Unmarshal(text, &told)
	status, own := response.StatusCode, response.Header.Get(outcome) != "" && parsed == nil
	whole := status == http.StatusOK && parsed == nil && told.Accepted+len(told.Rejected) == len(batch)
	if last := own && (status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge); !whole && !last {
		return unsettled(status)
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

// unsettled is why a batch is sent again.
func unsettled(status int) error {
	switch status {
	case http.StatusUnauthorized:
		return ErrKey
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusOK:
		return errors.New("send events: 200 with an answer that does not tell of each event")
	default:
		return fmt.Errorf("send events: %d is answered", status)
	}
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
