// Package deliver carries the spool's sealed segments into ClickHouse.
//
// A batch is one segment: an insert into events and one into network_log, both with the segment's name as
// insert_deduplication_token. A segment's content and name never change, so sending it again changes nothing, given
// a deduplication window in the table. What happens to a segment:
//
//	next ─► decoded ─► inserted ─► removed
//	           │          ├─ the database is away, busy or not migrated: back to the spool, wait, again
//	           │          └─ the database will never take it ─┐
//	           └─ it does not decode ─────────────────────────┴─► set aside with its reason, counted, can be replayed
//
// While segments wait, two are under way: one is decoded while the other is inserted. One segment's trouble does not stop
// the next. Nothing that a row holds gets into a log or a reason.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/spool"
	"mayak/schema/event"
)

// Options are the parts that a Deliverer is made of.
type Options struct {
	Spool      *spool.Spool
	Conn       driver.Conn
	Sealer     *event.Sealer // opens the restricted network rows
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Timeout    time.Duration // of one insert; zero is 2 min
	MaxWait    time.Duration // longest pause between tries; zero is 10 s
}

// Deliverer is the only reader of a spool.
type Deliverer struct {
	Options
	metrics *metrics
	idle    []*carrier
	ended   chan *carrier // those that were under way
	away    atomic.Bool   // the last insert did not go through
}

// atOnce is how many segments are under way at most, each of which takes memory.
const atOnce = 2

// New makes a Deliverer; Run makes it work.
func New(o Options) *Deliverer {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.MaxWait == 0 {
		o.MaxWait = 10 * time.Second
	}
	d := &Deliverer{Options: o, metrics: newMetrics(o.Registerer), ended: make(chan *carrier, atOnce)}
	for range atOnce {
		d.idle = append(d.idle, newCarrier(d))
	}
	return d
}

// Run delivers until the spool is sealed and empty, or until ctx ends, whichever is first. What it could not
// deliver stays in the spool.
func (d *Deliverer) Run(ctx context.Context) error {
	defer d.settle(atOnce)
	for {
		d.settle(1)
		segment, err := d.Spool.Next(ctx)
		switch {
		case errors.Is(err, spool.ErrClosed) && len(d.idle) < atOnce:
			d.takeBack() // what is under way may come back to the spool
			continue
		case errors.Is(err, spool.ErrClosed) || ctx.Err() != nil:
			return nil //nolint:nilerr // the end that was asked for.
		case err != nil:
			return fmt.Errorf("next segment: %w", err)
		}
		last := len(d.idle) - 1
		c := d.idle[last]
		d.idle = d.idle[:last]
		go func() {
			c.handle(ctx, segment)
			d.ended <- c
		}()
	}
}

// settle waits until so many carriers are idle, and without a backlog for all: who asks the spool for a segment while
// another is under way makes it cut small ones, unless there are more than the one that is still growing.
func (d *Deliverer) settle(idle int) {
	for {
		underWay := atOnce - len(d.idle)
		waiting, _, _ := d.Spool.Pending()
		if underWay == 0 || len(d.idle) >= idle && waiting > underWay+1 {
			return
		}
		d.takeBack()
	}
}

func (d *Deliverer) takeBack() { d.idle = append(d.idle, <-d.ended) }
