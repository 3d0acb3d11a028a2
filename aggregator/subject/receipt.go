package subject

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Receipt states what was erased, for the person and for the authority. It names nobody.
type Receipt struct {
	Statement Statement `json:"statement"`
	Key       string    `json:"key"`       // public key of the installation, Ed25519 in base64
	Signature string    `json:"signature"` // of the statement as JSON without spaces
}

// Statement is what the receipt says.
type Statement struct {
	Ticket    string      `json:"ticket"`
	Site      string      `json:"site"`
	Asked     time.Time   `json:"asked"`
	Erased    time.Time   `json:"erased"`               // from then on nothing of it was in any answer
	Rows      []TableRows `json:"rows"`                 // that were deleted
	Windows   int         `json:"windows"`              // of five minutes, whose reports were made to be without the rows
	Rewritten time.Time   `json:"rewritten,omitzero"`   // the files that had held the rows were written anew, and nothing was found again
	Backups   time.Time   `json:"backups_until"`        // when the last backup that may hold the rows is thrown away; the moment of erasing if there are none
	Policy    string      `json:"policy_version"`       //
	Operator  string      `json:"operator"`             //
	Limits    string      `json:"limits"`               // what erasing does not reach
	Refused   string      `json:"refused_from_then_on"` // what comes later
}

const (
	limits  = "Numbers of reports that had been exported or shown before, and rows that had been exported, are outside of the system."
	refused = "Rows of the same id that arrive later, from a queue or a copy of one, are refused by a keyed hash of the id."
)

// sign states that the rows are gone.
func (d *Desk) sign(t *Ticket, p *person) (*Receipt, error) {
	s := Statement{
		Ticket: t.ID, Site: t.Site, Asked: t.Opened.UTC(), Erased: p.Since.UTC(), Rows: []TableRows{}, Windows: len(p.Windows),
		Backups: p.Since.Add(d.o.Backups).UTC(), Policy: d.o.Policy.Version, Operator: d.o.Policy.Operator, Limits: limits, Refused: refused,
	}
	for _, name := range slices.Sorted(maps.Keys(p.Gone)) {
		s.Rows = append(s.Rows, TableRows{name, p.Gone[name]})
	}
	return d.signed(s)
}

// signDone states that the files are written anew too.
func (d *Desk) signDone(t *Ticket, p *person) (*Receipt, error) {
	receipt, err := d.sign(t, p)
	if err != nil {
		return nil, err
	}
	receipt.Statement.Rewritten = d.o.Now().UTC()
	return d.signed(receipt.Statement)
}

func (d *Desk) signed(s Statement) (*Receipt, error) {
	key, err := d.o.Key()
	if err != nil {
		return nil, err
	}
	seed := key.Derive("subject requests: receipts")
	private := ed25519.NewKeyFromSeed(seed[:])
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	public, _ := private.Public().(ed25519.PublicKey) // it is what Ed25519 has
	return &Receipt{
		Statement: s, Key: base64.StdEncoding.EncodeToString(public), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(private, body)),
	}, nil
}

var errReceipt = errors.New("the receipt is not as it was signed")

// CheckReceipt tells whether this installation signed the receipt.
func (d *Desk) CheckReceipt(r *Receipt) error {
	mine, err := d.signed(r.Statement)
	if err != nil {
		return err
	}
	if r.Key != mine.Key {
		return errors.New("the receipt was signed by another installation: its visitor key is not the one that MAYAK_VISITOR_KEY names")
	}
	if r.Signature != mine.Signature { // Ed25519 signs the same in one way only
		return errReceipt
	}
	return nil
}
