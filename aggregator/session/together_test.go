package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/session"
)

// interrupted is a connection on which something happens, once, before a statement that begins so.
type interrupted struct {
	driver.Conn

	before  string
	do      func() error
	reached bool
}

func (i *interrupted) look(query string) error {
	if i.reached || !strings.HasPrefix(query, i.before) {
		return nil
	}
	i.reached = true
	return i.do()
}

func (i *interrupted) Exec(ctx context.Context, query string, args ...any) error {
	if err := i.look(query); err != nil {
		return err
	}
	return i.Conn.Exec(ctx, query, args...)
}

func (i *interrupted) PrepareBatch(ctx context.Context, query string, options ...driver.PrepareBatchOption) (driver.Batch, error) {
	if err := i.look(query); err != nil {
		return nil, err
	}
	return i.Conn.PrepareBatch(ctx, query, options...)
}

// folderOn is another program's folder.
func (w *world) folderOn(conn driver.Conn) *session.Folder {
	o := w.options()
	o.Conn, o.Registerer = conn, prometheus.NewRegistry()
	return session.New(o)
}

// A program may be killed before it tells of what it cut or before it switches readers over, and another may do all of its own work
// there, with events that the first one has not seen: readers see what the reference says, before and after the next round.
func TestKilledOrOvertaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0)
	now := time.Now().UTC().Truncate(time.Second)
	since, until := now.Add(-20*24*time.Hour), now.Add(time.Hour)
	errKilled := errors.New("killed")
	var all []happening
	add := func(events ...happening) {
		w.insert(t, w.tied(t, events)...)
		all = append(all, events...)
	}
	for i, tt := range []struct {
		before string
		killed bool
	}{
		{"INSERT INTO visit_changes", true},
		{"INSERT INTO rollup_windows", true},
		{"INSERT INTO session_parts", false},
		{"INSERT INTO rollup_windows", false},
	} {
		age := time.Duration(i) * time.Hour
		add(stir(now.Add(-age), 2*24*time.Hour, 12)...) // some of it in windows that are cut
		conn := &interrupted{Conn: w.conn, before: tt.before, do: func() error {
			if tt.killed {
				return errKilled
			}
			add(happening{Visitor: 5, At: now.Add(-age - 25*time.Minute), Type: "pageview", Path: "/", Consent: "analytics"})
			return w.folderOn(w.conn).Round(t.Context())
		}}
		if err := w.folderOn(conn).Round(t.Context()); !conn.reached || tt.killed != errors.Is(err, errKilled) || err != nil && !tt.killed {
			t.Fatalf("before %s: %t, %v", tt.before, conn.reached, err)
		}
		if i == 0 || !tt.killed { // nothing was cut, or everything: what came later into windows that are cut needs the next round
			w.compare(t, all, since, until, false)
		}
		w.round(t)
		w.compare(t, all, since, until, false)
	}
}
