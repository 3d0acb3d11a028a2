package rights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Rows are gone through one by one. They are not safe for concurrent use.
type Rows interface {
	// Next is the next row and the table that it is of: events, network_log, consents, the newest of each first. It is io.EOF after the last one, and
	// ErrTooMany where there are more than anybody can be given.
	Next() (table string, row json.RawMessage, err error)
	// Close may be called at any time.
	Close() error
}

// ErrTooMany is what ends Rows that go on for too long.
var ErrTooMany = errors.New("more rows than can be given")

// The bounds of going through all rows. What is held are two blocks. Time and rows of one statement are within what the role visitor may ask.
const (
	allAtOnce  = 2                // of the slots: the page needs the others
	allTimeout = 25 * time.Second // of each table; also of a client that takes them slowly
	mostOfAll  = 100_000          // of each table
	blockRows  = 256
)

// All implements Records. It holds a slot until the rows are closed.
func (d *Database) All(ctx context.Context, site string, visitor uint64) (Rows, error) {
	select {
	case d.wholes <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	leave, err := d.enter(ctx)
	if err != nil {
		<-d.wholes
		return nil, err
	}
	ctx = clickhouse.Context(asking(ctx, site, visitor, mostOfAll), clickhouse.WithBlockBufferSize(1), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": blockRows}))
	a := &all{ctx: ctx, conn: d.conn, stop: func() {}, leave: func() {
		leave()
		<-d.wholes
	}}
	if err := a.open(); err != nil { //nolint:contextcheck // it has the one above
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// all are the rows of one table after the other.
type all struct {
	ctx   context.Context //nolint:containedctx // of the whole walk, which goes on after All
	conn  driver.Conn
	leave func() // nil when it has been left

	table int // which of lists is read
	stop  context.CancelFunc
	rows  driver.Rows // nil where none could be asked for
	count int         // of the table
}

func (a *all) open() error {
	a.stop()
	var ctx context.Context
	ctx, a.stop = context.WithTimeout(a.ctx, allTimeout)
	found, err := a.conn.Query(ctx, newest(views()[a.table]))
	if err != nil {
		return fmt.Errorf("read %s: %w", views()[a.table], withoutText(err))
	}
	a.rows, a.count = found, 0
	return nil
}

// Next implements Rows.
func (a *all) Next() (table string, row json.RawMessage, err error) {
	for !a.rows.Next() {
		if err := errors.Join(a.rows.Err(), a.rows.Close()); err != nil {
			return "", nil, fmt.Errorf("read %s: %w", views()[a.table], withoutText(err))
		}
		if a.count >= mostOfAll {
			return "", nil, ErrTooMany
		}
		if a.table == len(views())-1 {
			return "", nil, io.EOF
		}
		a.table++
		if err := a.open(); err != nil {
			return "", nil, err
		}
	}
	var text string
	if err := a.rows.Scan(&text); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", views()[a.table], err)
	}
	a.count++
	return lists()[a.table], json.RawMessage(text), nil
}

// Close implements Rows.
func (a *all) Close() error {
	if a.leave == nil {
		return nil
	}
	a.stop()
	if a.rows != nil {
		_ = a.rows.Close() // it was cut off
	}
	a.leave()
	a.leave = nil
	return nil
}
