package audit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Read is an entry as people are shown it.
type Read struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Role   string    `json:"role"`
	Action string    `json:"action"`
	Ticket string    `json:"ticket,omitempty"`
	Site   string    `json:"site,omitempty"`
	Why    string    `json:"why,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Entry  string    `json:"entry"` // writer and number
	Hash   string    `json:"hash"`
}

// Newest are the last entries, the newest first; of one ticket unless that is empty.
func (l *Log) Newest(ctx context.Context, ticket string, limit int) ([]Read, error) {
	rows, err := l.o.Conn.Query(ctx, `SELECT at, who, role, action, ticket, site, why, detail, concat(writer, ':', toString(sequence)), hash FROM audit_log
		WHERE {ticket:String} = '' OR ticket = {ticket:String} ORDER BY at DESC, writer, sequence DESC LIMIT {limit:UInt32}`,
		clickhouse.Named("ticket", ticket), clickhouse.Named("limit", strconv.Itoa(limit)))
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := []Read{}
	for rows.Next() {
		var r Read
		if err := rows.Scan(&r.At, &r.Who, &r.Role, &r.Action, &r.Ticket, &r.Site, &r.Why, &r.Detail, &r.Entry, &r.Hash); err != nil {
			return nil, fmt.Errorf("read audit log: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return all, nil
}
