package subject

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Found is what is kept of a person.
type Found struct {
	Rows     uint64      `json:"rows"`
	Tables   []TableRows `json:"tables"`
	Visitors []Visitor   `json:"visitors"`
	Windows  int         `json:"windows"` // of five minutes, whose reports change when the rows go
}

// TableRows is how many rows a table has of the person.
type TableRows struct {
	Table string `json:"table"`
	Rows  uint64 `json:"rows"`
}

// Visitor is one of the ids that the person goes by, without the id.
type Visitor struct {
	Alias   string    `json:"visitor"`
	Events  uint64    `json:"events"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
	Consent string    `json:"consent"` // highest level
	Browser string    `json:"browser"`
	System  string    `json:"system"`
}

func (f *Found) String() string {
	var parts []string
	for _, t := range f.Tables {
		if t.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", t.Table, t.Rows))
		}
	}
	if len(parts) == 0 {
		return "no rows"
	}
	return strings.Join(parts, ", ")
}

// Find tells what is kept of a person. Nothing changes.
func (d *Desk) Find(ctx context.Context, who Actor, w *Wanted) (*Found, error) {
	p, err := d.resolve(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := d.note(ctx, who, "find", &Ticket{Site: w.Site}, ""); err != nil {
		return nil, err
	}
	return d.find(ctx, p)
}

func (d *Desk) find(ctx context.Context, p *person) (*Found, error) {
	f := &Found{Tables: []TableRows{}, Visitors: []Visitor{}}
	counted, err := d.counts(ctx, d.tables, p)
	if err != nil {
		return nil, err
	}
	for _, t := range d.tables {
		f.Tables = append(f.Tables, TableRows{t.name, counted[t.name]})
		f.Rows += counted[t.name]
	}
	windows, err := d.windowsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	f.Windows = len(windows)
	for _, id := range p.Visitors {
		v, err := d.describe(ctx, p, id)
		if err != nil {
			return nil, err
		}
		f.Visitors = append(f.Visitors, v)
	}
	return f, nil
}

// counts are how many rows of the person tables have, asked at once.
func (d *Desk) counts(ctx context.Context, tables []held, p *person) (map[string]uint64, error) {
	all := map[string]uint64{}
	if len(tables) == 0 {
		return all, nil
	}
	parts := make([]string, len(tables))
	for i, t := range tables {
		parts[i] = fmt.Sprintf("SELECT %s AS name, count() AS n FROM %s WHERE %s", text(t.name), t.name, t.where(p, t.ids(p, d.o.Now())))
	}
	rows, err := d.o.Conn.Query(wide(ctx), strings.Join(parts, "\nUNION ALL\n"))
	if err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var name string
		var n uint64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, fmt.Errorf("count rows: %w", err)
		}
		all[name] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return all, nil
}

// windowsOf are the five minutes in which the person's events are.
func (d *Desk) windowsOf(ctx context.Context, p *person) (windows []time.Time, err error) {
	err = d.o.Conn.QueryRow(wide(ctx), "SELECT arraySort(groupUniqArray(toStartOfFiveMinute(ts))) FROM events WHERE "+ofEvents(p)).Scan(&windows)
	if err != nil {
		return nil, fmt.Errorf("ask for windows: %w", err)
	}
	return windows, nil
}

func (d *Desk) describe(ctx context.Context, p *person, id uint64) (v Visitor, err error) {
	if v.Alias, err = d.alias(p.Site, id); err != nil {
		return v, err
	}
	err = d.o.Conn.QueryRow(wide(ctx), `SELECT count(), min(ts), max(ts), ['refused', 'essential', 'analytics', 'advertising'][max(indexOf(['refused', 'essential', 'analytics', 'advertising'], consent))],
		anyLast(browser), anyLast(os) FROM events WHERE `+ofEvents(p.only(id))).Scan(&v.Events, &v.First, &v.Last, &v.Consent, &v.Browser, &v.System)
	if err != nil {
		return v, fmt.Errorf("describe visitor: %w", err)
	}
	if v.Events == 0 {
		v.First, v.Last = time.Time{}, time.Time{}
	}
	return v, nil
}
