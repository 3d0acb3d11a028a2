package subject

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Kind is what is asked.
type Kind string

// The kinds.
const (
	Export Kind = "export"
	Block  Kind = "block"
	Erase  Kind = "erase"
)

// State is how far a ticket is.
type State string

// The states, as the package's comment draws them.
const (
	Opened     State = "opened"
	Confirmed  State = "confirmed"
	Held       State = "held"
	Erased     State = "erased"
	Blocked    State = "blocked"
	Unblocking State = "unblocking"
	Unblocked  State = "unblocked"
	Done       State = "done"
	Expired    State = "expired"
)

// IsOver tells whether nothing is left to do.
func (s State) IsOver() bool { return s == Done || s == Expired || s == Unblocked }

// Ticket is a request and how far it is.
type Ticket struct {
	ID       string    `json:"ticket"`
	Kind     Kind      `json:"kind"`
	State    State     `json:"state"`
	Step     string    `json:"step,omitempty"`  // that is next, or that it stopped at
	Error    string    `json:"error,omitempty"` // why it stopped
	Site     string    `json:"site"`
	Origin   string    `json:"origin"`
	By       string    `json:"by"`
	Why      string    `json:"why"`
	Opened   time.Time `json:"opened"`
	Deadline time.Time `json:"deadline"`
	Changed  time.Time `json:"changed"`
	Overdue  bool      `json:"overdue"`
	Found    *Found    `json:"found,omitempty"` // what the dry run found
	Code     string    `json:"confirm,omitempty"`
	Receipt  *Receipt  `json:"receipt,omitempty"`

	version   uint64
	sealed    string
	reference uint64
}

// random is eight letters and digits of chance.
func random() string {
	var some [5]byte
	_, _ = rand.Read(some[:]) // never fails
	return spelled(some[:])
}

// spelled is five bytes so that people can read them out.
func spelled(some []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(some)) }

// newID is the number of a ticket: its kind, its day and something of chance or of the wish that it came from.
func newID(kind Kind, now time.Time, rest string) string {
	return strings.ToUpper(string(kind[:1])) + "-" + now.UTC().Format("20060102") + "-" + rest
}

const columns = `ticket, version, kind, state, step, error, site, origin, by, why, opened, deadline, changed, sealed, reference, found, code, receipt`

const requests = "subject_requests"

// ErrTaken is what the slower one of two is told that change a ticket.
var ErrTaken = errors.New("somebody else has gone on with the ticket at the same moment: look at its status, and try again")

// save writes the ticket's state as the newest, unless somebody else has done so since it was read.
func (d *Desk) save(ctx context.Context, t *Ticket) error {
	before, now := t.version, d.o.Now().UTC()
	if err := d.alone(ctx, t, before); err != nil {
		return err
	}
	t.Changed = now
	t.version = max(t.version+1, uint64(now.UnixMicro()))
	if err := d.write(ctx, t); err != nil {
		return err
	}
	return d.alone(ctx, t, before) // who wrote meanwhile finds this one, too
}

// alone tells whether no state but the ticket's own has come since the one before.
func (d *Desk) alone(ctx context.Context, t *Ticket, before uint64) error {
	var others uint64
	err := d.o.Conn.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM %s WHERE ticket = %s AND version > %d AND version != %d", requests, text(t.ID), before, t.version)).Scan(&others)
	if err != nil {
		return fmt.Errorf("look at ticket %s: %w", t.ID, err)
	}
	if others > 0 {
		return fmt.Errorf("ticket %s: %w", t.ID, ErrTaken)
	}
	return nil
}

func (d *Desk) write(ctx context.Context, t *Ticket) error {
	found, err := marshal(t.Found)
	if err != nil {
		return err
	}
	receipt, err := marshal(t.Receipt)
	if err != nil {
		return err
	}
	batch, err := d.o.Conn.PrepareBatch(ctx, "INSERT INTO "+requests+" ("+columns+")")
	if err != nil {
		return fmt.Errorf("save ticket %s: %w", t.ID, err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	err = batch.Append(t.ID, t.version, string(t.Kind), string(t.State), t.Step, t.Error, t.Site, t.Origin, t.By, t.Why, t.Opened, t.Deadline, t.Changed,
		t.sealed, t.reference, found, t.Code, receipt)
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("save ticket %s: %w", t.ID, err)
	}
	return nil
}

// Ticket is the ticket with this number.
func (d *Desk) Ticket(ctx context.Context, id string) (*Ticket, error) {
	all, err := d.load(ctx, "ticket = {ticket:String}", clickhouse.Named("ticket", id))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, missing("ticket %.40q does not exist; the list of tickets has those that do", id)
	}
	return all[0], nil
}

// Tickets are all that there are, the newest first; without those that are over unless all is set.
func (d *Desk) Tickets(ctx context.Context, all bool) ([]*Ticket, error) {
	if all {
		return d.load(ctx, "true")
	}
	return d.load(ctx, "state NOT IN ('done', 'expired', 'unblocked')")
}

func (d *Desk) load(ctx context.Context, where string, arguments ...any) ([]*Ticket, error) {
	rows, err := d.o.Conn.Query(ctx, "SELECT "+columns+" FROM subject_requests FINAL WHERE "+where+" ORDER BY opened DESC, ticket", arguments...)
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := []*Ticket{}
	for rows.Next() {
		t := &Ticket{}
		var kind, state, found, receipt string
		err := rows.Scan(&t.ID, &t.version, &kind, &state, &t.Step, &t.Error, &t.Site, &t.Origin, &t.By, &t.Why, &t.Opened, &t.Deadline, &t.Changed,
			&t.sealed, &t.reference, &found, &t.Code, &receipt)
		if err != nil {
			return nil, fmt.Errorf("read tickets: %w", err)
		}
		t.Kind, t.State = Kind(kind), State(state)
		if t.Found, err = unmarshal[Found](found); err != nil {
			return nil, err
		}
		if t.Receipt, err = unmarshal[Receipt](receipt); err != nil {
			return nil, err
		}
		t.Overdue = t.waits() && d.o.Now().After(t.Deadline)
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	return all, nil
}

// waits tells whether the person still waits for what they asked.
func (t *Ticket) waits() bool {
	return t.State == Opened || t.State == Confirmed || t.State == Held || t.State == Unblocking
}

// change saves the ticket in a new state.
func (d *Desk) change(ctx context.Context, t *Ticket, to State) error {
	t.State, t.Step, t.Error = to, "", ""
	return d.save(ctx, t)
}

// keep saves what is known of the person by now.
func (d *Desk) keep(ctx context.Context, t *Ticket, p *person) (err error) {
	if t.sealed, err = d.seal(t.ID, p); err != nil {
		return err
	}
	return d.save(ctx, t)
}

// forget leaves nothing in the ticket of whom it is about, not in its earlier states either.
func (d *Desk) forget(ctx context.Context, t *Ticket, to State) error {
	t.sealed, t.Code = "", ""
	if t.Found != nil {
		t.Found.Visitors = []Visitor{}
	}
	if err := d.change(ctx, t, to); err != nil {
		return err
	}
	if err := d.delete(ctx, requests, fmt.Sprintf("ticket = %s AND version < %d", text(t.ID), t.version)); err != nil {
		return err
	}
	return d.rewrite(ctx, requests)
}
