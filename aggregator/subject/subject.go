// Package subject carries out what one person may ask of an operator: to see what is kept of them, to have it blocked, to have it erased.
//
//	export   opened ─► done
//	block    opened ─► confirmed ─► blocked ─► unblocking ─► unblocked
//	erase    opened ─► confirmed ─► erased ─► done          opened ─► expired when nobody confirms it
//	                   ▲    held, while the person is blocked (the visitor's own wish)
//	visitor's page ────┘
//
// Which tables hold a person's rows, and how they are found there, is what the policy file says; nothing is listed here. A ticket is a
// row of subject_requests, so any aggregator goes on with it; every step may be done again, and a ticket that stopped says at which.
// Whom it is about stands in it sealed, and no longer than needed. No statement that changes rows names an id, since the database
// keeps the text of such statements: it names keyed hashes. What somebody does with a person's rows is in the audit log before it is done.
package subject

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/audit"
	"mayak/schema/cluster"
	"mayak/schema/policy"
	"mayak/schema/visitor"
)

// Rollups are told which five minutes have lost or got events.
type Rollups interface {
	// Changed makes reports right at once, and has what counts these windows computed again.
	Changed(ctx context.Context, site string, windows []time.Time) error
	// Settled tells whether nothing counts that was computed from these windows before the moment.
	Settled(ctx context.Context, site string, windows []time.Time, since time.Time) (bool, error)
}

// Options are what a Desk works with.
type Options struct {
	Conn       driver.Conn
	Cluster    cluster.Name
	Policy     *policy.Policy
	Key        func() (*visitor.Key, error) // the visitor key; asked for whenever it is needed
	Audit      *audit.Log
	Erased     *Journal // may be nil
	Rollups    Rollups
	Log        *slog.Logger
	Registerer prometheus.Registerer // may be nil
	Now        func() time.Time
	Deadline   time.Duration // of a request; zero is three days
	Backups    time.Duration // how long a backup is kept; zero: there are none
	Chase      time.Duration // how long rows that were under way are looked for after an erasure; zero is ten minutes
	Rewrite    time.Duration // the shortest time between two rewritings of a table's files; zero is none
}

// Desk is where requests are handled. Safe for concurrent use, also by several processes.
type Desk struct {
	o       Options
	tables  []held
	metrics *metrics

	mu        sync.Mutex
	looked    map[string]time.Time // by ticket: up to which change later rows of who is blocked were looked for
	whole     map[string]time.Time // by ticket: when they were looked for everywhere
	rewritten map[string]time.Time // by table
	compared  time.Time            // when the journal of the erased was held against the database
	patience  map[string]retry     // by ticket that stopped
}

// retry is when a ticket that stopped is tried again.
type retry struct {
	at    time.Time
	tries int
}

// New touches nothing.
func New(o Options) *Desk {
	if o.Deadline == 0 {
		o.Deadline = 72 * time.Hour
	}
	if o.Chase == 0 {
		o.Chase = 10 * time.Minute
	}
	return &Desk{
		o: o, tables: tablesOf(o.Policy), metrics: newMetrics(o.Registerer),
		looked: map[string]time.Time{}, whole: map[string]time.Time{}, rewritten: map[string]time.Time{}, patience: map[string]retry{},
	}
}

// Actor is who acts, for the audit log.
type Actor struct {
	Name   string // of a user, a token or an account
	Role   string
	Origin string // command, api or page
	Why    string // on what ground
}

// note writes down what is about to be done.
func (d *Desk) note(ctx context.Context, who Actor, action string, t *Ticket, detail string) error {
	return d.o.Audit.Write(ctx, audit.Entry{
		Who: who.Name, Role: who.Role, Action: action, Ticket: t.ID, Site: t.Site, Why: who.Why, Detail: detail,
	})
}

// aggregator is who carries out what was asked.
func aggregator() Actor { return Actor{Name: audit.Aggregator, Role: audit.Aggregator} }

// MistakeError is a request that cannot be carried out as it was made.
type MistakeError struct {
	text    string
	Missing bool // what it names does not exist
}

func (m *MistakeError) Error() string { return m.text }

func mistake(format string, arguments ...any) error {
	return &MistakeError{text: fmt.Sprintf(format, arguments...)}
}

func missing(format string, arguments ...any) error {
	return &MistakeError{text: fmt.Sprintf(format, arguments...), Missing: true}
}

// IsMistake tells a mistake of who asks from a failure.
func IsMistake(err error) (*MistakeError, bool) {
	var m *MistakeError
	ok := errors.As(err, &m)
	return m, ok
}
