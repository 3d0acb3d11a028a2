package rights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Records finds what is kept of a visitor.
type Records interface {
	// Of returns the newest rows of each table, at most so many. ErrBusy says that too many ask at once.
	Of(ctx context.Context, site string, visitor uint64, most int) (*Kept, error)
	// All goes through every row, holding few of them, and a slot until it is closed.
	All(ctx context.Context, site string, visitor uint64) (Rows, error)
	// Holds tells whether there is any row.
	Holds(ctx context.Context, site string, visitor uint64) (bool, error)
}

// ErrBusy is what Records answer who should ask again later.
var ErrBusy = errors.New("too many ask at once")

// Kept is what is kept of a visitor, the newest first.
type Kept struct {
	Events, Network, Consents []Row
	Total                     uint64 // events in all
	Oldest, Newest            time.Time
}

// Row is a row of a table.
type Row struct {
	JSON    json.RawMessage // the whole of it
	Columns []Column        // those that hold something, in the table's order
}

// Column is a column and its value as a person reads it.
type Column struct{ Name, Value string }

// Get is the value of a column, empty if it holds nothing.
func (r Row) Get(name string) string {
	for _, c := range r.Columns {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Time is the moment of the row.
func (r Row) Time() time.Time {
	at, err := time.Parse("2006-01-02 15:04:05.999", r.Get("ts"))
	if err != nil {
		return time.Time{} // a row without its moment is shown without it
	}
	return at
}

// Database reads through the views that answer for one visitor only. The user needs no right but to read these.
type Database struct {
	conn   driver.Conn
	slots  chan struct{}
	wholes chan struct{} // of who reads all
}

// The bounds of what visitors can make the database do.
const (
	atOnce      = 4
	waitForSlot = 2 * time.Second
	readTimeout = 10 * time.Second
	mostHeld    = 4 << 20 // bytes of rows for the page, of each table
)

// NewDatabase makes a Database over conn.
func NewDatabase(conn driver.Conn) *Database {
	return &Database{conn: conn, slots: make(chan struct{}, atOnce), wholes: make(chan struct{}, allAtOnce)}
}

// enter waits for a slot, and returns how to leave it.
func (d *Database) enter(ctx context.Context) (leave func(), err error) {
	waiting := time.NewTimer(waitForSlot)
	defer waiting.Stop()
	select {
	case d.slots <- struct{}{}:
		return func() { <-d.slots }, nil
	case <-waiting.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// asking is a context for questions about one visitor.
func asking(ctx context.Context, site string, visitor uint64, most int) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"of": site, "who": strconv.FormatUint(visitor, 10), "most": strconv.Itoa(most),
	}))
}

// Holds implements Records. Restricted rows are of events.
func (d *Database) Holds(ctx context.Context, site string, visitor uint64) (bool, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var found uint64
	err = d.conn.QueryRow(asking(ctx, site, visitor, 1), "SELECT count() FROM (SELECT 1 FROM visitor_consents(site = {of:String}, visitor = {who:UInt64}) LIMIT {most:UInt32} "+
		"UNION ALL SELECT 1 FROM visitor_events(site = {of:String}, visitor = {who:UInt64}) LIMIT {most:UInt32})").Scan(&found)
	if err != nil {
		return false, fmt.Errorf("look for rows of a visitor: %w", withoutText(err))
	}
	return found > 0, nil
}

// Of implements Records.
func (d *Database) Of(ctx context.Context, site string, visitor uint64, most int) (*Kept, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	ctx = asking(ctx, site, visitor, most)
	kept := &Kept{}
	for i, rows := range []*[]Row{&kept.Events, &kept.Network, &kept.Consents} {
		if *rows, err = d.rows(ctx, views()[i]); err != nil {
			return nil, fmt.Errorf("read %s: %w", views()[i], withoutText(err))
		}
	}
	err = d.conn.QueryRow(ctx, "SELECT count(), toDateTime(min(ts), 'UTC'), toDateTime(max(ts), 'UTC') FROM visitor_events(site = {of:String}, visitor = {who:UInt64})").
		Scan(&kept.Total, &kept.Oldest, &kept.Newest)
	if err != nil {
		return nil, fmt.Errorf("count visitor_events: %w", withoutText(err))
	}
	return kept, nil
}

// views are what the rows of lists are read through.
func views() []string { return []string{"visitor_events", "visitor_network", "visitor_consents"} }

// newest asks for rows as JSON.
func newest(view string) string {
	return "SELECT formatRowNoNewline('JSONEachRow', *) FROM " + view + "(site = {of:String}, visitor = {who:UInt64}) ORDER BY ts DESC LIMIT {most:UInt32}"
}

func (d *Database) rows(ctx context.Context, view string) ([]Row, error) {
	found, err := d.conn.Query(ctx, newest(view))
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }() // Err tells
	var all []Row
	for held := 0; held < mostHeld && found.Next(); {
		var text string
		if err := found.Scan(&text); err != nil {
			return nil, err
		}
		row, err := readRow(text)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
		held += len(text)
	}
	return all, found.Err()
}

// withoutText keeps the server's code and drops its text, which may quote what was asked for.
func withoutText(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return fmt.Errorf("database answered code %d", exception.Code)
	}
	return err
}

// readRow reads a JSON object in the order of its keys.
func readRow(text string) (Row, error) {
	row := Row{JSON: json.RawMessage(text)}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return Row{}, fmt.Errorf("read row: %w", err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return Row{}, fmt.Errorf("read row: %w", err)
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return Row{}, fmt.Errorf("read row: %w", err)
		}
		name, _ := key.(string)
		shown := strings.TrimPrefix(show(value), "::ffff:")    // an IPv4 address
		if shown != "" && (name != "weight" || shown != "1") { // a row that stands for itself tells nothing by it
			row.Columns = append(row.Columns, Column{Name: name, Value: shown})
		}
	}
	return row, nil
}

// show is a value as a person reads it, nothing for zero: a column that holds zero keeps nothing.
func show(value any) string {
	switch value := value.(type) {
	case string:
		if value == "0" {
			return ""
		}
		return value
	case json.Number:
		return show(value.String())
	case map[string]any:
		return showMap(value)
	default:
		return ""
	}
}
