package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"mayak/aggregator/audit"
	"mayak/aggregator/diagnose"
	"mayak/aggregator/report/access"
)

// referenceCommand shows what happened in the visit of somebody who reads out a support reference.
type referenceCommand struct {
	Code string `arg:"" help:"what mayak.ref() told the visitor"`
	Why  string `default:"support" help:"on what ground; no names, addresses or numbers of persons"`
}

func (c *referenceCommand) run(ctx context.Context, a *aggregator, out io.Writer) error {
	visit, err := a.diagnosis.Referred(ctx, c.Code, func(column string) bool {
		known, ok := a.rules.Column("events", column)
		return ok && slices.Contains(known.Roles, string(access.Ops))
	})
	if err != nil {
		return err
	}
	who := atTerminal(c.Why)
	err = a.audit.Write(ctx, audit.Entry{
		Who: who.Name, Role: who.Role, Action: "reference looked up", Site: visit.Site, Why: who.Why, Detail: fmt.Sprintf("events %d", len(visit.Events)),
	})
	if err != nil {
		return err
	}
	return writeVisit(out, visit)
}

// writeVisit prints a line an event; what happened on the page view of the reference is marked.
func writeVisit(out io.Writer, visit *diagnose.Visit) error {
	fmt.Fprintf(out, "%s, reference %s given at %s UTC\n", visit.Site, visit.Reference, visit.Given.UTC().Format("2006-01-02 15:04:05"))
	for _, e := range visit.Events {
		mark := "  "
		if e.Here {
			mark = "* "
		}
		line := []string{e.Values["ts"], e.Values["type"], e.Values["path"]}
		for _, name := range diagnose.VisitColumns() {
			if value := e.Values[name]; value != "" && !slices.Contains([]string{"ts", "type", "path"}, name) {
				line = append(line, name+"="+value)
			}
		}
		fmt.Fprintln(out, mark+strings.Join(line, "  "))
	}
	_, err := fmt.Fprintf(out, "%d events; * is the page view that the reference was shown on\n", len(visit.Events))
	return err
}
