package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"mayak/collector/spool"
	"mayak/schema/event"
)

// carrier brings one segment after the other into the database. Its memory is used again.
type carrier struct {
	*Deliverer
	events  *rows[record]
	network *rows[record]
	record  record
	arena   []byte
	pause   *backoff.ExponentialBackOff
}

func newCarrier(d *Deliverer) *carrier {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, d.MaxWait
	return &carrier{Deliverer: d, events: newEvents(), network: newNetworkLog(), pause: pause}
}

// handle ends the segment one way or another, and returns when the next can be tried.
func (c *carrier) handle(ctx context.Context, segment *spool.Segment) {
	started := time.Now()
	err := c.deliver(ctx, segment)
	var refusal *refusal
	switch {
	case err == nil:
		c.delivered(segment, started)
	case errors.As(err, &refusal):
		c.setAside(segment, err)
	case errors.Is(err, spool.ErrCorrupt):
		segment.Release() // the spool hands out what is left of it
	default:
		c.metrics.retries.Inc()
		if ctx.Err() == nil && c.away.CompareAndSwap(false, true) {
			c.Log.Warn("delivery interrupted, events wait in the spool", "segment", segment.Name(), "err", err)
		}
		c.wait(ctx)
		segment.Release()
	}
}

func (c *carrier) setAside(segment *spool.Segment, cause error) {
	c.Log.Error("segment set aside", "segment", segment.Name(), "rows", segment.Len(), "err", cause)
	if err := segment.SetAside(cause.Error()); err != nil {
		c.Log.Error("segment not set aside", "segment", segment.Name(), "err", err)
		segment.Release()
		return
	}
	c.metrics.setAside.Inc()
	c.metrics.setAsideRows.Add(float64(segment.Len()))
}

func (c *carrier) delivered(segment *spool.Segment, started time.Time) {
	if err := segment.Delivered(); err != nil {
		// It will be sent again, and the token makes that harmless.
		c.Log.Error("delivered segment not removed", "segment", segment.Name(), "err", err)
		return
	}
	if c.away.CompareAndSwap(true, false) {
		c.Log.Info("delivery goes on")
	}
	c.pause.Reset()
	c.metrics.rows.Add(float64(segment.Len()))
	c.metrics.segments.Inc()
	c.metrics.seconds.Observe(time.Since(started).Seconds())
}

// wait pauses, and goes on pausing for as long as the database does not answer at all. The segment stays handed out
// meanwhile: asking the spool for another would only cut the events of an outage into small segments.
func (c *carrier) wait(ctx context.Context) {
	for {
		timer := time.NewTimer(c.pause.NextBackOff())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if c.Conn.Ping(ctx) == nil {
			return
		}
	}
}

// deliver decodes the segment and inserts its rows.
func (c *carrier) deliver(ctx context.Context, segment *spool.Segment) error {
	defer c.forget()
	if err := c.decode(segment); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for _, table := range []*rows[record]{c.events, c.network} {
		if err := insert(ctx, c.Conn, table, segment.Name()); err != nil {
			return classify(fmt.Errorf("insert %s: %w", table.table, withoutText(err)))
		}
	}
	return nil
}

func (c *carrier) decode(segment *spool.Segment) error {
	if size := int(segment.Size()); cap(c.arena) < size {
		c.arena = make([]byte, 0, size)
	}
	number := 0
	return segment.Each(func(lent []byte) error {
		begin := len(c.arena)
		c.arena = append(c.arena, lent...)
		sealed, err := c.record.UnmarshalBinary(c.arena[begin:len(c.arena):len(c.arena)], c.Sealer)
		if err != nil {
			return &refusal{fmt.Errorf("record %d: %w", number, err)}
		}
		if sealed {
			c.metrics.unopened.Inc()
		}
		c.events.add(&c.record)
		if c.record.Network != (event.Network{}) {
			c.network.add(&c.record)
		}
		number++
		return nil
	})
}

// forget drops the rows of the batch, which hold a segment's strings, and keeps the memory.
func (c *carrier) forget() {
	c.events.clear()
	c.network.clear()
	c.record = record{}
	c.arena = c.arena[:0]
	if cap(c.arena) > 32<<20 {
		c.arena = nil
	}
}
