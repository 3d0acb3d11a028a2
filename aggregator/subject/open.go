package subject

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Open makes a ticket: a dry run that says what would be touched. An erasure waits to be confirmed; a blocking is carried out next.
func (d *Desk) Open(ctx context.Context, who Actor, kind Kind, w *Wanted) (*Ticket, error) {
	if strings.TrimSpace(who.Why) == "" {
		return nil, mistake("say why: who asked, and by which letter; no names, addresses or numbers of persons")
	}
	p, err := d.resolve(ctx, w)
	if err != nil {
		return nil, err
	}
	if w.Address != "" && len(p.Visitors) > 1 && len(w.Choose) == 0 {
		if err := d.note(ctx, who, "find", &Ticket{Site: w.Site}, ""); err != nil {
			return nil, err
		}
		found, err := d.find(ctx, p)
		if err != nil {
			return nil, err
		}
		return nil, mistake("%d visitors had this address in this range, maybe several persons: %s; choose whom you mean, or all", len(p.Visitors), described(found.Visitors))
	}
	return d.openFor(ctx, who, kind, p, w.Receipt, random())
}

func described(all []Visitor) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = v.Alias + " (" + v.First.Format(time.DateTime) + " to " + v.Last.Format(time.DateTime) + ", " + v.Browser + " on " + v.System + ")"
	}
	return strings.Join(parts, ", ")
}

func (d *Desk) openFor(ctx context.Context, who Actor, kind Kind, p *person, receipt, rest string) (t *Ticket, err error) {
	now := d.o.Now().UTC()
	t = &Ticket{
		ID: newID(kind, now, rest), Kind: kind, State: Opened, Site: p.Site, Origin: who.Origin, By: who.Name, Why: who.Why,
		Opened: now, Deadline: now.Add(d.o.Deadline).Truncate(time.Second),
	}
	switch {
	case kind == Block, who.Origin == fromPage:
		t.State = Confirmed
	case kind == Erase:
		t.Code = random()
	}
	if t.Found, err = d.find(ctx, p); err != nil {
		return nil, err
	}
	if t.reference, err = d.referenceOf(p.Site, receipt); err != nil {
		return nil, err
	}
	if err := d.note(ctx, who, string(kind)+" opened", t, t.Found.String()); err != nil {
		return nil, err
	}
	return t, d.keep(ctx, t, p)
}

// fromPage is the origin of what a visitor asks for themselves.
const fromPage = "page"

// Confirm is the second step of an erasure: it may be carried out from now on, and cannot be taken back then. One that stopped after
// that is only gone on with.
func (d *Desk) Confirm(ctx context.Context, who Actor, id, code string) (*Ticket, error) {
	t, err := d.Ticket(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case t.Kind == Erase && (t.State == Confirmed || t.State == Erased):
		return t, nil
	case t.Kind != Erase || t.State != Opened && t.State != Held:
		return nil, mistake("ticket %s is a request to %s and is %s: only an erasure that is opened or held can be confirmed", t.ID, t.Kind, t.State)
	case t.Code != code && t.State == Opened:
		return nil, mistake("the code is not that of ticket %s; its dry run shows it", t.ID)
	}
	if err := d.note(ctx, who, "erase confirmed", t, ""); err != nil {
		return nil, err
	}
	t.Code = ""
	return t, d.change(ctx, t, Confirmed)
}

// Unblock has the rows put back that were taken out.
func (d *Desk) Unblock(ctx context.Context, who Actor, id string) (*Ticket, error) {
	t, err := d.Ticket(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case t.Kind != Block || t.State != Blocked && t.State != Confirmed && t.State != Unblocking:
		return nil, mistake("ticket %s is a request to %s and is %s: nothing of it is blocked", t.ID, t.Kind, t.State)
	}
	if err := d.note(ctx, who, "unblock", t, ""); err != nil {
		return nil, err
	}
	return t, d.change(ctx, t, Unblocking)
}

// Cancel ends a ticket that nobody has begun with, and one that cannot be opened any more, since its visitor key is lost.
func (d *Desk) Cancel(ctx context.Context, who Actor, id string) (*Ticket, error) {
	t, err := d.Ticket(ctx, id)
	if err != nil {
		return nil, err
	}
	p, sealed := d.open(t)
	switch {
	case t.State.IsOver():
		return nil, mistake("ticket %s is %s: there is nothing to cancel", t.ID, t.State)
	case t.State == Blocked || t.State == Unblocking:
		return nil, mistake("ticket %s is %s: unblock it", t.ID, t.State)
	case t.State != Opened && t.State != Held && !errors.Is(sealed, errSealed):
		return nil, mistake("ticket %s is %s: what was begun goes on by itself", t.ID, t.State)
	}
	if err := d.note(ctx, who, string(t.Kind)+" cancelled", t, ""); err != nil {
		return nil, err
	}
	if err := d.withdraw(ctx, t, p); err != nil {
		return nil, err
	}
	return t, d.forget(ctx, t, Expired)
}

// withdraw deletes the wish that a ticket was made of, which would be taken up again.
func (d *Desk) withdraw(ctx context.Context, t *Ticket, p *person) error {
	if t.Origin != fromPage || p == nil || len(p.Receipts) == 0 {
		return nil
	}
	return d.delete(ctx, consents, fmt.Sprintf("site = %s AND action = 'erase' AND %s IN %s", text(p.Site), p.blinded("receipt"), numbers(p.blindReceipts())))
}

// Carry does what is to be done for a ticket now, and returns it as it is then.
func (d *Desk) Carry(ctx context.Context, id string) (*Ticket, error) {
	t, err := d.Ticket(ctx, id)
	if err != nil {
		return nil, err
	}
	return t, d.carry(ctx, t)
}

// carry goes on with a ticket. What stops it is kept in it.
func (d *Desk) carry(ctx context.Context, t *Ticket) (err error) {
	switch {
	case t.Kind == Erase && t.State == Confirmed:
		err = d.erase(ctx, t)
	case t.Kind == Erase && t.State == Erased:
		err = d.finish(ctx, t)
	case t.Kind == Block && (t.State == Confirmed || t.State == Blocked):
		err = d.block(ctx, t)
	case t.Kind == Block && (t.State == Unblocking || t.State == Unblocked):
		err = d.unblock(ctx, t)
	}
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrTaken) {
		return err
	}
	d.metrics.stopped.Inc()
	t.Error = clip(err.Error())
	if saved := d.save(ctx, t); saved != nil {
		d.o.Log.Debug("ticket not saved", "ticket", t.ID, "err", saved) // the database is away: err says so as well
	}
	return err
}

const longestError = 300

func clip(text string) string { return text[:min(len(text), longestError)] }
