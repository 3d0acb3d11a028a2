package subject

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"mayak/schema/visitor"
)

// person is whom a ticket is about. It is written sealed only.
type person struct {
	Site     string       `json:"site"`
	Visitors []uint64     `json:"visitors,omitempty"`
	Receipts []string     `json:"receipts,omitempty"`
	Hiding   visitor.Salt `json:"hiding"` // the key under which this ticket's statements name ids

	// What an erasure noted before the rows went.
	Windows []int64           `json:"windows,omitempty"` // five minutes in which events were
	Late    []uint64          `json:"late,omitempty"`    // keyed hashes of the newest events' ids: restricted rows arrive after their events
	Gone    map[string]uint64 `json:"gone,omitempty"`    // rows deleted so far, by table
	Going   map[string]uint64 `json:"going,omitempty"`   // rows that were there when a deletion began that has not ended
	Since   time.Time         `json:"since,omitzero"`    // when they were gone
}

func newPerson(site string) *person {
	p := &person{Site: site, Gone: map[string]uint64{}}
	_, _ = rand.Read(p.Hiding[:]) // never fails
	return p
}

// blinded is an expression for the keyed hash of a column.
func (p *person) blinded(column string) string {
	return fmt.Sprintf("sipHash64Keyed((toUInt64(%d), toUInt64(%d)), %s)",
		binary.LittleEndian.Uint64(p.Hiding[:8]), binary.LittleEndian.Uint64(p.Hiding[8:]), column)
}

func (p *person) blindVisitors() []uint64 {
	all := make([]uint64, len(p.Visitors))
	for i, v := range p.Visitors {
		all[i] = visitor.Blind(p.Hiding, binary.LittleEndian.AppendUint64(nil, v))
	}
	return all
}

func (p *person) blindReceipts() []uint64 {
	all := make([]uint64, len(p.Receipts))
	for i, r := range p.Receipts {
		all[i] = visitor.Blind(p.Hiding, []byte(r))
	}
	return all
}

// only is the person as one of their visitors.
func (p *person) only(id uint64) *person {
	one := *p
	one.Visitors, one.Receipts = []uint64{id}, nil
	return &one
}

// windows are the five minutes that were noted.
func (p *person) windows() []time.Time {
	all := make([]time.Time, len(p.Windows))
	for i, w := range p.Windows {
		all[i] = time.Unix(w, 0).UTC()
	}
	return all
}

// noteWindows adds to what is noted.
func (p *person) noteWindows(more []time.Time) {
	for _, w := range more {
		p.Windows = append(p.Windows, w.Unix())
	}
	slices.Sort(p.Windows)
	p.Windows = slices.Compact(p.Windows)
}

// meets tells whether another person is the same one, at least in part.
func (p *person) meets(other *person) bool {
	return p.Site == other.Site && (slices.ContainsFunc(p.Visitors, func(v uint64) bool { return slices.Contains(other.Visitors, v) }) ||
		slices.ContainsFunc(p.Receipts, func(r string) bool { return slices.Contains(other.Receipts, r) }))
}

// seal encrypts the person for the ticket; it can be opened for no other one.
func (d *Desk) seal(ticket string, p *person) (string, error) {
	aead, err := d.sealer()
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("seal ticket: %w", err)
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(ticket))), nil
}

var errSealed = errors.New("the ticket was sealed with another visitor key: MAYAK_VISITOR_KEY must name the collectors' file")

// open is whom the ticket is about.
func (d *Desk) open(t *Ticket) (*person, error) {
	aead, err := d.sealer()
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(t.sealed)
	if err != nil || len(text) < aead.NonceSize() {
		return nil, fmt.Errorf("ticket %s: it names nobody any more", t.ID)
	}
	plain, err := aead.Open(nil, text[:aead.NonceSize()], text[aead.NonceSize():], []byte(t.ID))
	if err != nil {
		return nil, fmt.Errorf("ticket %s: %w", t.ID, errSealed)
	}
	p := &person{}
	if err := json.Unmarshal(plain, p); err != nil {
		return nil, fmt.Errorf("ticket %s: %w", t.ID, err)
	}
	if p.Gone == nil {
		p.Gone = map[string]uint64{}
	}
	return p, nil
}

func (d *Desk) sealer() (cipher.AEAD, error) {
	key, err := d.o.Key()
	if err != nil {
		return nil, err
	}
	secret := key.Derive("subject requests: sealing")
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return cipher.NewGCM(block)
}

// reference is a short keyed hash to speak of something by that is not to be named.
func (d *Desk) reference(of ...string) ([32]byte, error) {
	key, err := d.o.Key()
	if err != nil {
		return [32]byte{}, err
	}
	secret := key.Derive("subject requests: references")
	mac := hmac.New(sha256.New, secret[:])
	for _, part := range of {
		_, _ = mac.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part)))) // a hash never fails
		_, _ = mac.Write([]byte(part))
	}
	return [32]byte(mac.Sum(nil)), nil
}

// alias is what a visitor is called towards officers.
func (d *Desk) alias(site string, id uint64) (string, error) {
	sum, err := d.reference("visitor", site, strconv.FormatUint(id, 10))
	return hex.EncodeToString(sum[:4]), err
}
