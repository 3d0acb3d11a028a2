// Package deliver carries the spool's sealed segments into ClickHouse.
//
// A batch is one segment: an insert into events, one into network_log and one into consents, each with the segment's name as
// insert_deduplication_token. A segment's content and name never change, so sending it again changes nothing, given
// a deduplication window in the table. What happens to a segment:
//
//	next ─► decoded ─► inserted ─► removed
//	           │          ├─ the database is away, busy or not migrated: back to the spool, wait, again
//	           │          └─ the database will never take it ─┐
//	           └─ it does not decode ─────────────────────────┴─► set aside with its reason, counted, can be replayed
//
// Rows of who was erased are left out, however late they come, and a database whose ids are made with another visitor key gets none. One segment's trouble does not stop the next. Nothing that a row holds gets into a log or a reason.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/spool"
	"mayak/schema/event"
	"mayak/schema/visitor"
)

// Options are the parts that a Deliverer is made of.
type Options struct {
	Spool      *spool.Spool
	Conn       driver.Conn
	Sealer     *event.Sealer // opens the restricted network rows
	Marker     Marker        // the visitor key, which knows who was erased; nil lets every row through
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Timeout    time.Duration // of one insert; zero is 2 min
	MaxWait    time.Duration // longest pause between tries; zero is 10 s
}

// Deliverer is the only reader of a spool.
type Deliverer struct {
	Options
	metrics  *metrics
	events   *rows[record]
	network  *rows[record]
	consents *rows[record]
	record   record
	pause    *backoff.ExponentialBackOff
	away     bool // the last insert did not go through

	tombstones *tombstones
	foreign    atomic.Bool // the database's ids are made with another key

	unopened int // restricted rows of the segment whose key is gone
	leftOut  int // rows of the segment that are of who was erased
}

// New makes a Deliverer; Run makes it work.
func New(o Options) *Deliverer {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, 10*time.Second
	if o.MaxWait != 0 {
		pause.MaxInterval = o.MaxWait
	}
	return &Deliverer{
		Options: o, metrics: newMetrics(o.Registerer), events: newEvents(), network: newNetworkLog(), consents: newConsents(), pause: pause,
		tombstones: &tombstones{conn: o.Conn, marker: o.Marker, asked: map[asked]bool{}},
	}
}

// Run delivers until the spool is sealed and empty, or until ctx ends, whichever is first. What it could not
// deliver stays in the spool.
func (d *Deliverer) Run(ctx context.Context) error {
	for {
		segment, err := d.Spool.Next(ctx)
		switch {
		case errors.Is(err, spool.ErrClosed) || ctx.Err() != nil:
			return nil //nolint:nilerr // the end that was asked for.
		case err != nil:
			return fmt.Errorf("next segment: %w", err)
		}
		d.handle(ctx, segment)
	}
}

// handle ends the segment one way or another, and returns when the next can be tried.
func (d *Deliverer) handle(ctx context.Context, segment *spool.Segment) {
	started := time.Now()
	err := d.deliver(ctx, segment)
	var refusal *refusal
	switch {
	case err == nil:
		d.delivered(ctx, segment, started)
	case errors.As(err, &refusal):
		d.setAside(segment, err)
	case errors.Is(err, spool.ErrCorrupt):
		segment.Release() // the spool hands out what is left of it
	default:
		d.metrics.retries.Inc()
		if !d.away && ctx.Err() == nil {
			d.away = true
			d.Log.Warn("delivery interrupted, events wait in the spool", "segment", segment.Name(), "err", err)
		}
		d.wait(ctx)
		segment.Release()
	}
}

func (d *Deliverer) setAside(segment *spool.Segment, cause error) {
	d.Log.Error("segment set aside", "segment", segment.Name(), "rows", segment.Len(), "err", cause)
	if err := segment.SetAside(cause.Error()); err != nil {
		d.Log.Error("segment not set aside", "segment", segment.Name(), "err", err)
		segment.Release()
		return
	}
	d.metrics.setAside.Inc()
	d.metrics.setAsideRows.Add(float64(segment.Len()))
}

func (d *Deliverer) delivered(ctx context.Context, segment *spool.Segment, started time.Time) {
	for err := segment.Delivered(); err != nil; err = segment.Delivered() {
		d.Log.Error("delivered segment not removed", "segment", segment.Name(), "err", err)
		if d.wait(ctx); ctx.Err() != nil {
			return // the next start sends it again, and the token makes that harmless
		}
	}
	if d.away {
		d.away = false
		d.Log.Info("delivery goes on")
	}
	d.pause.Reset()
	d.metrics.rows.Add(float64(segment.Len() - d.leftOut))
	d.metrics.leftOut.Add(float64(d.leftOut))
	d.metrics.segments.Inc()
	d.metrics.unopened.Add(float64(d.unopened))
	d.metrics.seconds.Observe(time.Since(started).Seconds())
}

// wait pauses, and goes on pausing for as long as the database does not answer at all. The segment stays handed out
// meanwhile: asking the spool for another would only cut the events of an outage into small segments.
func (d *Deliverer) wait(ctx context.Context) {
	for {
		timer := time.NewTimer(d.pause.NextBackOff())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if d.Conn.Ping(ctx) == nil {
			return
		}
	}
}

// deliver decodes the segment and inserts its rows.
func (d *Deliverer) deliver(ctx context.Context, segment *spool.Segment) error {
	defer d.forget()
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	if err := d.refresh(ctx); err != nil {
		return err
	}
	if err := d.decode(segment); err != nil {
		return err
	}
	for _, table := range []*rows[record]{d.events, d.network, d.consents} {
		if err := insert(ctx, d.Conn, table, segment.Name()); err != nil {
			return classify(fmt.Errorf("insert %s: %w", table.table, withoutText(err)))
		}
	}
	return nil
}

// refresh learns who was erased, and whose the database is.
func (d *Deliverer) refresh(ctx context.Context) error {
	err := d.tombstones.refresh(ctx)
	if foreign := errors.Is(err, visitor.ErrOtherKey); d.foreign.Swap(foreign) != foreign && foreign {
		d.Log.Error("nothing is delivered, events wait in the spool", "err", err)
	}
	return err
}

// Ready is readiness: where the database's ids are made with another key nothing is delivered until somebody has mended it.
func (d *Deliverer) Ready(context.Context) (string, error) {
	if d.foreign.Load() {
		return "", visitor.ErrOtherKey
	}
	return "not another's", nil
}

// decode brings the records into columns, which copy what they take: a record's memory is only lent.
func (d *Deliverer) decode(segment *spool.Segment) error {
	number := 0
	d.unopened, d.leftOut = 0, 0
	return segment.Each(func(lent []byte) error {
		sealed, err := d.record.UnmarshalBinary(lent, d.Sealer)
		if err != nil {
			return &refusal{fmt.Errorf("record %d: %w", number, err)}
		}
		if sealed {
			d.unopened++
		}
		number++
		if d.tombstones.erased(d.record.Event.Site, d.record.Event.Visitor) {
			d.leftOut++
			return nil
		}
		d.add()
		return nil
	})
}

// add puts the record among the rows of its tables.
func (d *Deliverer) add() {
	if d.record.Decided() {
		d.consents.add(&d.record)
		return
	}
	d.events.add(&d.record)
	if d.record.Network != (event.Network{}) {
		d.network.add(&d.record)
	}
}

// forget drops the rows of the batch and keeps the memory.
func (d *Deliverer) forget() {
	d.events.clear()
	d.network.clear()
	d.consents.clear()
	d.record = record{}
}
