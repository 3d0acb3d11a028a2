package subject

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// heading is what an export says before the rows.
type heading struct {
	Ticket   string              `json:"ticket"`
	Site     string              `json:"site"`
	Made     time.Time           `json:"made"`
	Policy   string              `json:"policy_version"`
	Operator string              `json:"operator"`
	Meaning  map[string][]column `json:"meaning"` // by table
	Derived  []TableRows         `json:"derived"` // rows that are made of the others, for reports
}

type column struct {
	Name    string   `json:"name"`
	Clause  string   `json:"clause"`
	Purpose []string `json:"purpose"`
	Basis   string   `json:"basis"`
	Kept    int      `json:"kept_days"`
}

// Export writes all that is kept of the person of a ticket, as JSON, also what is blocked, and ends the ticket.
func (d *Desk) Export(ctx context.Context, who Actor, id string, to io.Writer) error {
	t, err := d.Ticket(ctx, id)
	switch {
	case err != nil:
		return err
	case t.Kind != Export || t.State != Opened:
		return mistake("ticket %s is a request to %s and is %s: only an export that is opened can be fetched", t.ID, t.Kind, t.State)
	}
	p, err := d.open(t)
	if err != nil {
		return err
	}
	if err := d.note(ctx, who, "rows exported", t, t.Found.String()); err != nil {
		return err
	}
	if err := d.export(ctx, t, p, to); err != nil {
		return err
	}
	d.metrics.exported.Inc()
	return d.forget(ctx, t, Done)
}

func (d *Desk) export(ctx context.Context, t *Ticket, p *person, to io.Writer) error {
	out := bufio.NewWriterSize(to, 64<<10)
	head, err := d.heading(ctx, t, p)
	if err != nil {
		return err
	}
	_, _ = out.Write(head[:len(head)-1]) // Flush tells
	_, _ = out.WriteString(",\"rows\":{")
	first := true
	for _, table := range d.tables {
		if !table.exported() {
			continue
		}
		if !first {
			_ = out.WriteByte(',')
		}
		first = false
		if err := d.writeTable(ctx, out, table, p); err != nil {
			return err
		}
	}
	_, _ = out.WriteString("}}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func (d *Desk) heading(ctx context.Context, t *Ticket, p *person) ([]byte, error) {
	h := heading{
		Ticket: t.ID, Site: t.Site, Made: d.o.Now().UTC(), Policy: d.o.Policy.Version, Operator: d.o.Policy.Operator,
		Meaning: map[string][]column{}, Derived: []TableRows{},
	}
	counted, err := d.counts(ctx, d.tables, p)
	if err != nil {
		return nil, err
	}
	for _, table := range d.tables {
		if !table.exported() {
			h.Derived = append(h.Derived, TableRows{table.name, counted[table.name]})
			continue
		}
		for _, name := range table.columns {
			c := d.o.Policy.Tables[table.name].Columns[name]
			kept := c.Retention
			if kept == 0 {
				kept = d.o.Policy.Tables[table.name].Retention
			}
			h.Meaning[table.name] = append(h.Meaning[table.name], column{name, c.Clause, c.Purpose, c.Basis, kept.Days()})
		}
	}
	return json.Marshal(h)
}

func (d *Desk) writeTable(ctx context.Context, out *bufio.Writer, t held, p *person) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": 64 << 20, "output_format_json_quote_64bit_integers": 1, "output_format_json_quote_denormals": 1, "final": 1, // where a table knows it
	}))
	rows, err := d.o.Conn.Query(ctx, fmt.Sprintf("SELECT formatRowNoNewline('JSONEachRow', %s) FROM %s WHERE %s", t.list(), t.name, t.where(p, t.ids(p, d.o.Now()))))
	if err != nil {
		return fmt.Errorf("read rows of %s: %w", t.name, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	_, _ = fmt.Fprintf(out, "%q:[", t.name)
	for n := 0; rows.Next(); n++ {
		var row string
		if err := rows.Scan(&row); err != nil {
			return fmt.Errorf("read rows of %s: %w", t.name, err)
		}
		if n > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.WriteString("\n" + row)
	}
	_ = out.WriteByte(']')
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows of %s: %w", t.name, err)
	}
	return nil
}
