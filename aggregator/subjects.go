package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"mayak/aggregator/audit"
	"mayak/aggregator/subject"
)

// whom says who a person is.
type whom struct {
	Site    string    `required:"" help:"id of the site"`
	Cookie  string    `help:"value of the cookie __Host-mayak-SITE, or the random part at its end; - reads it from standard input, as for all of these, so that it gets into no list of processes"`
	Device  string    `help:"id that the person's app sends"`
	Receipt string    `help:"receipt of a decision on cookies"`
	Address string    `help:"address of the person, with --from and --to"`
	From    time.Time `help:"since when the person had the address, as 2026-11-22T09:00:00Z"`
	To      time.Time `help:"until when"`
	Choose  []string  `help:"whom of several who had the address, as find names them; all for all"`
	Why     string    `required:"" help:"on what ground: who asked and by which letter; no names, addresses or numbers of persons"`
}

func (w *whom) wanted(in io.Reader) (*subject.Wanted, error) {
	for _, value := range []*string{&w.Cookie, &w.Device, &w.Receipt, &w.Address} {
		if *value != "-" {
			continue
		}
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		*value = strings.TrimSpace(line)
	}
	return &subject.Wanted{
		Site: w.Site, Cookie: w.Cookie, Device: w.Device, Receipt: w.Receipt, Address: w.Address, From: w.From, To: w.To, Choose: w.Choose,
	}, nil
}

// subjectCommands are requests about one person's data.
type subjectCommands struct {
	Find struct {
		whom `embed:""`
	} `cmd:"" help:"tell what is kept of a person; nothing changes"`
	Export struct {
		whom `embed:""`

		Out string `required:"" help:"file to write, which only you may read"`
	} `cmd:"" help:"write all that is kept of a person to a file, as JSON"`
	Block struct {
		whom `embed:""`
	} `cmd:"" help:"take a person's rows out of every report, rollup and export, and keep them until they are unblocked"`
	Unblock struct {
		Ticket string `arg:"" help:"number of the blocking"`
		Why    string `required:"" help:"on what ground"`
	} `cmd:"" help:"put the rows of a person back"`
	Erase struct {
		whom `embed:""`
	} `cmd:"" help:"first step of an erasure: say what would be erased; confirm is the second"`
	Confirm struct {
		Ticket string `arg:"" help:"number of the erasure"`
		Code   string `arg:"" help:"what the first step printed"`
		Why    string `required:"" help:"on what ground"`
	} `cmd:"" help:"second step of an erasure: erase, for ever; a ticket that stopped is gone on with"`
	Cancel struct {
		Ticket string `arg:"" help:"number of the request"`
		Why    string `required:"" help:"on what ground"`
	} `cmd:"" help:"end a request that nothing was done for yet, or that was made with a visitor key that is lost"`
	AdoptKey struct {
		InsteadOf string `required:"" help:"fingerprint of the database's key, as the error says it: whoever knows it has looked twice"`
		Why       string `required:"" help:"on what ground"`
	} `cmd:"" help:"the visitor key is lost for good: go on with the one that MAYAK_VISITOR_KEY names; who consented before can be found by address or receipt only"`
	Status struct {
		Ticket  string `arg:"" optional:"" help:"number of the request; all that are open when none is given"`
		All     bool   `help:"those that are over, too"`
		Site    string `help:"site of the receipt"`
		Receipt string `help:"receipt of a decision on cookies that the request was made with"`
	} `cmd:"" help:"tell how far requests are, and print the receipt of an erasure"`
	CheckReceipt struct {
		File string `arg:"" help:"file with the receipt"`
	} `cmd:"" help:"tell whether this installation signed a receipt as it is"`
}

// run carries a command about persons out.
func (s *subjectCommands) run(ctx context.Context, command string, a *aggregator, in io.Reader, out io.Writer) error {
	switch command {
	case "subject find":
		return s.find(ctx, a, in, out)
	case "subject export":
		return s.export(ctx, a, in, out)
	case "subject block":
		return s.block(ctx, a, in, out)
	case "subject erase":
		return s.erase(ctx, a, in, out)
	case "subject unblock <ticket>":
		if _, err := a.subjects.Unblock(ctx, atTerminal(s.Unblock.Why), s.Unblock.Ticket); err != nil {
			return err
		}
		return carry(ctx, a, s.Unblock.Ticket, out)
	case "subject confirm <ticket> <code>":
		if _, err := a.subjects.Confirm(ctx, atTerminal(s.Confirm.Why), s.Confirm.Ticket, s.Confirm.Code); err != nil {
			return err
		}
		return carry(ctx, a, s.Confirm.Ticket, out)
	case "subject cancel <ticket>":
		t, err := a.subjects.Cancel(ctx, atTerminal(s.Cancel.Why), s.Cancel.Ticket)
		if err != nil {
			return err
		}
		return show(out, t)
	case "subject adopt-key":
		return s.adoptKey(ctx, a, out)
	case "subject check-receipt <file>":
		return s.checkReceipt(a, out)
	}
	return s.status(ctx, a, out)
}

// show prints as JSON.
func show(out io.Writer, what any) error {
	printer := json.NewEncoder(out)
	printer.SetIndent("", "  ")
	printer.SetEscapeHTML(false)
	return printer.Encode(what)
}

// carry does what is to be done for a ticket. A running aggregator may do the same at the same moment: then its end is waited for.
func carry(ctx context.Context, a *aggregator, ticket string, out io.Writer) error {
	t, err := backoff.Retry(ctx, func() (*subject.Ticket, error) {
		t, err := a.subjects.Carry(ctx, ticket)
		if err != nil && !errors.Is(err, subject.ErrTaken) {
			err = backoff.Permanent(err)
		}
		return t, err
	}, backoff.WithBackOff(backoff.NewConstantBackOff(500*time.Millisecond)), backoff.WithMaxElapsedTime(time.Minute))
	if err != nil {
		return fmt.Errorf("ticket %s stopped; it goes on by itself, or with the same command: %w", ticket, err)
	}
	return show(out, t)
}

func (s *subjectCommands) find(ctx context.Context, a *aggregator, in io.Reader, out io.Writer) error {
	wanted, err := s.Find.wanted(in)
	if err != nil {
		return err
	}
	found, err := a.subjects.Find(ctx, atTerminal(s.Find.Why), wanted)
	if err != nil {
		return err
	}
	return show(out, found)
}

func (s *subjectCommands) export(ctx context.Context, a *aggregator, in io.Reader, out io.Writer) error {
	wanted, err := s.Export.wanted(in)
	if err != nil {
		return err
	}
	who := atTerminal(s.Export.Why)
	t, err := a.subjects.Open(ctx, who, subject.Export, wanted)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(s.Export.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if err := errors.Join(a.subjects.Export(ctx, who, t.ID, file), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(s.Export.Out)) // half of it would pass for the whole
	}
	_, err = fmt.Fprintf(out, "%s: %d rows written to %s\n", t.ID, t.Found.Rows, s.Export.Out)
	return err
}

func (s *subjectCommands) block(ctx context.Context, a *aggregator, in io.Reader, out io.Writer) error {
	wanted, err := s.Block.wanted(in)
	if err != nil {
		return err
	}
	t, err := a.subjects.Open(ctx, atTerminal(s.Block.Why), subject.Block, wanted)
	if err != nil {
		return err
	}
	return carry(ctx, a, t.ID, out)
}

func (s *subjectCommands) erase(ctx context.Context, a *aggregator, in io.Reader, out io.Writer) error {
	wanted, err := s.Erase.wanted(in)
	if err != nil {
		return err
	}
	t, err := a.subjects.Open(ctx, atTerminal(s.Erase.Why), subject.Erase, wanted)
	if err != nil {
		return err
	}
	if err := show(out, t); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "nothing was erased yet; to erase for ever: aggregator subject confirm %s %s --why=...\n", t.ID, t.Code)
	return err
}

func (s *subjectCommands) status(ctx context.Context, a *aggregator, out io.Writer) error {
	if s.Status.Ticket != "" {
		t, err := a.subjects.Ticket(ctx, s.Status.Ticket)
		if err != nil {
			return err
		}
		return show(out, t)
	}
	list := a.subjects.Tickets
	if s.Status.Receipt != "" {
		list = func(ctx context.Context, _ bool) ([]*subject.Ticket, error) {
			return a.subjects.OfReceipt(ctx, s.Status.Site, s.Status.Receipt)
		}
	}
	all, err := list(ctx, s.Status.All)
	if err != nil {
		return err
	}
	for _, t := range all {
		late := ""
		if t.Overdue {
			late = "overdue"
		}
		_, err := fmt.Fprintln(out, strings.Join([]string{t.ID, string(t.Kind), string(t.State), t.Step, t.Site, t.Opened.Format(time.DateTime), t.Deadline.Format(time.DateTime), late, t.Error}, "\t"))
		if err != nil {
			return err
		}
	}
	return nil
}

// adoptKey notes who did it before it is done. Collectors with another file deliver nothing from then on, and adopting theirs again mends it.
func (s *subjectCommands) adoptKey(ctx context.Context, a *aggregator, out io.Writer) error {
	known, key, err := a.keys.both(ctx)
	if err != nil {
		return err
	}
	if known != s.AdoptKey.InsteadOf {
		return fmt.Errorf("the database's key is %s, and the file's %s: to go on with the file's, say --instead-of=%[1]s", known, key.Fingerprint())
	}
	who := atTerminal(s.AdoptKey.Why)
	err = a.audit.Write(ctx, audit.Entry{Who: who.Name, Role: who.Role, Action: "visitor key adopted", Why: who.Why, Detail: key.Fingerprint() + " instead of " + known})
	if err != nil {
		return err
	}
	if err := key.Adopt(ctx, a.conn, time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "visitors' ids are made with the key %s from now on, instead of %s; collectors need the same file\n", key.Fingerprint(), known)
	return err
}

func (s *subjectCommands) checkReceipt(a *aggregator, out io.Writer) error {
	text, err := os.ReadFile(s.CheckReceipt.File)
	if err != nil {
		return fmt.Errorf("read receipt: %w", err)
	}
	var r subject.Receipt
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("read receipt: %w", err)
	}
	if err := a.subjects.CheckReceipt(&r); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "the receipt is as this installation signed it")
	return err
}
