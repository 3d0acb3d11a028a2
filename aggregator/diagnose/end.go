package diagnose

import (
	"context"
	"fmt"
	"strings"
)

// End closes an incident that somebody knows to be over, once note has written down who does so. While the signal stays beyond what is
// usual no other one opens: it has to be calm first.
func (d *Diagnosis) End(ctx context.Context, id, why string, note func(*Incident) error) (*Incident, error) {
	found, err := d.lines(ctx, "incident = "+text(id), 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, d.unknown(ctx, id)
	}
	l := found[0]
	if l.State != StateOpen {
		return nil, fmt.Errorf("incident %s is closed already, since %s", l.ID, l.Closed.Format("2006-01-02 15:04 MST"))
	}
	if err := note(&l.Incident); err != nil {
		return nil, err
	}
	l.end(d.o.Now(), "closed by hand: "+why)
	return &l.Incident, d.closed(ctx, l)
}

// unknown says which incidents there are instead.
func (d *Diagnosis) unknown(ctx context.Context, id string) error {
	open, err := d.lines(ctx, "state = '"+StateOpen+"'", usualLimit)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return fmt.Errorf("incident %.40q does not exist, and none is open", id)
	}
	names := make([]string, len(open))
	for i, l := range open {
		names[i] = l.ID
	}
	return fmt.Errorf("incident %.40q does not exist; open are %s", id, strings.Join(names, ", "))
}
