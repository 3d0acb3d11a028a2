package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/consent"
	"mayak/schema/visitor"
	"mayak/scripts/demo"
)

// rows looks stored rows up for the demo's pages, and has the collector explain how each came to be so.
type rows struct {
	conn    driver.Conn
	explain *explainer
	key     *visitor.Key // the collector's
}

const (
	// Both restrict ts: the table is ordered by time first, and an id alone would have to be looked for everywhere.
	byID = `SELECT formatRowNoNewline('JSONEachRow', *), toUnixTimestamp64Milli(ts) FROM events FINAL
		WHERE site = 'demo' AND ts > now64() - INTERVAL 1 DAY AND type = 'pageview' AND id = ? LIMIT 1`
	// The ids of events of who consented are the collector's secret, so the newest view of the visitor has to do.
	byVisitor = `SELECT formatRowNoNewline('JSONEachRow', *), toUnixTimestamp64Milli(ts) FROM events FINAL
		WHERE site = 'demo' AND ts > now64() - INTERVAL 1 DAY AND type = 'pageview' AND visitor = ? AND path = ? ORDER BY ts DESC LIMIT 1`
	byPath = `SELECT formatRowNoNewline('JSONEachRow', *), toUnixTimestamp64Milli(ts) FROM events FINAL
		WHERE site = 'demo' AND ts >= fromUnixTimestamp64Milli(?) AND type = 'pageview' AND path = ? ORDER BY ts DESC LIMIT 1`
	ofPage = `SELECT formatRowNoNewline('JSONEachRow', type, ts, name, props, engaged_ms, scroll) FROM events FINAL
		WHERE site = 'demo' AND ts > now64() - INTERVAL 1 DAY AND page = ? AND type != 'pageview' ORDER BY ts LIMIT 20`
)

// Lookup finds the row of a page view.
func (r *rows) Lookup(ctx context.Context, pageID, path string, raw demo.Raw) (demo.Stored, error) {
	query, arguments := byID, []any{pageID}
	if known := consent.Read(raw.Header.Get("Cookie"), "demo").ID; pageID != "" && known != (consent.ID{}) {
		query, arguments = byVisitor, []any{r.key.Consented("demo", known), pathOf(raw.URL)}
	} else if pageID == "" {
		query, arguments = byPath, []any{raw.Since.UnixMilli(), path}
	}
	var text string
	var millis int64
	err := r.conn.QueryRow(ctx, query, arguments...).Scan(&text, &millis)
	if errors.Is(err, sql.ErrNoRows) {
		return demo.Stored{}, demo.ErrNotYet
	}
	if err != nil {
		return demo.Stored{}, fmt.Errorf("look the row up: %w", err)
	}
	columns, err := ordered(text)
	if err != nil {
		return demo.Stored{}, err
	}
	notes, err := r.explain.ask(raw)
	if err != nil {
		return demo.Stored{}, fmt.Errorf("explain the row: %w", err)
	}
	later, err := r.later(ctx, idOf(columns))
	return demo.Stored{Columns: columns, Notes: notes, AgeMillis: time.Since(time.UnixMilli(millis)).Milliseconds(), Later: later}, err
}

// pathOf is the path of a page of the demo.
func pathOf(page string) string {
	address, err := url.Parse(page)
	if err != nil {
		return ""
	}
	return address.Path
}

// idOf is the id that the view is stored under.
func idOf(columns []demo.Column) string {
	for _, column := range columns {
		if column.Name == "id" {
			return column.Value
		}
	}
	return ""
}

// later are the events that belong to the page view.
func (r *rows) later(ctx context.Context, pageID string) ([]demo.Row, error) {
	if pageID == "" {
		return nil, nil
	}
	found, err := r.conn.Query(ctx, ofPage, pageID)
	if err != nil {
		return nil, fmt.Errorf("look events up: %w", err)
	}
	defer func() { _ = found.Close() }() // Err tells
	var all []demo.Row
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			return nil, fmt.Errorf("look events up: %w", err)
		}
		columns, err := ordered(text)
		if err != nil {
			return nil, err
		}
		columns = slices.DeleteFunc(columns, func(c demo.Column) bool { return c.Value == "" })
		all = append(all, demo.Row{Columns: columns})
	}
	return all, found.Err()
}

// ordered reads a JSON object and keeps the order of its keys. A column's zero value means "not kept" and is empty here.
func ordered(text string) ([]demo.Column, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	var columns []demo.Column
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read row: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("read row: %w", err)
		}
		name, _ := key.(string)
		column := demo.Column{Name: name, Value: shown(value)}
		if name == "weight" && column.Value == "1" { // it stands for itself
			column.Value = ""
		}
		columns = append(columns, column)
	}
	return columns, nil
}

func shown(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		if text == "0" {
			return ""
		}
		return text
	}
	if zero := []byte("0"); bytes.Equal(value, zero) || bytes.Equal(value, []byte("{}")) {
		return ""
	}
	return string(value)
}
