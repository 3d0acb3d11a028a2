package risk

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Wanted are the scores that somebody of the role security looks for.
type Wanted struct {
	Site    string
	Kind    string // query, session, address or network; empty is all
	Address netip.Addr
	Visitor string // as in a question
	Score   string // id of one
	Least   int    // score
	Limit   int
	Caller  string
	Role    string
}

// Kept is a score as it was stored, with its reasons.
type Kept struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Caller  string    `json:"caller"` // who asked; empty where nobody did
	Began   time.Time `json:"began,omitzero"`
	Network string    `json:"network"`
	ASN     uint32    `json:"asn"`
	Country string    `json:"country"`
	Score   int       `json:"score"`
	Level   Level     `json:"level"`
	Reasons []Reason  `json:"signals"`
}

// Reason is a signal of a kept score.
type Reason struct {
	Name     string  `json:"name"`
	Weight   float64 `json:"weight"`
	Evidence string  `json:"evidence"`
}

// Reading is who looked at scores, for the audit log: it is written before anything is read, and without it nothing is.
type Reading struct{ Caller, Role, Site, Detail string }

// Kinds are what scores are of.
func Kinds() []string { return []string{scoreQuery, scoreSession, scoreAddress, scoreNetwork} }

// Scores are those that were kept, the newest first. Of who is blocked or was erased there are none.
func (d *Desk) Scores(ctx context.Context, of *Wanted) ([]Kept, error) {
	where, by, err := d.where(of)
	if err != nil {
		return nil, err
	}
	if err := d.o.Read(ctx, &Reading{Caller: of.Caller, Role: of.Role, Site: of.Site, Detail: "by " + by}); err != nil {
		return nil, fmt.Errorf("write down who reads scores: %w", err)
	}
	if err := d.scores.flush(context.WithoutCancel(ctx)); err != nil { // who asks may go; what is half written would be written twice
		return nil, err
	}
	rows, err := d.o.Conn.Query(ctx, "SELECT id, ts, kind, caller, visitor, began, network, asn, country, score, level, signals, weights FROM risk_scores WHERE "+
		strings.Join(where, " AND ")+" ORDER BY ts DESC LIMIT {limit:UInt64}",
		clickhouse.Named("site", of.Site), clickhouse.Named("limit", strconv.Itoa(of.Limit)), clickhouse.Named("id", of.Score))
	if err != nil {
		return nil, fmt.Errorf("read scores: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	all := []Kept{}
	for rows.Next() {
		var k Kept
		var visitor uint64
		var score uint8
		var names []string
		var weights []float32
		var level string
		if err := rows.Scan(&k.ID, &k.At, &k.Kind, &k.Caller, &visitor, &k.Began, &k.Network, &k.ASN, &k.Country, &score, &level, &names, &weights); err != nil {
			return nil, fmt.Errorf("read scores: %w", err)
		}
		if visitor != 0 && d.window.barred.has(of.Site, visitor) {
			continue
		}
		if k.Began.Unix() == 0 {
			k.Began = time.Time{}
		}
		k.Score, k.Level, k.Reasons = int(score), Level(level), reasons(names, weights)
		all = append(all, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read scores: %w", err)
	}
	return all, nil
}

// where are the conditions, and in words what is looked for, without saying whom.
func (d *Desk) where(of *Wanted) (where []string, by string, err error) {
	where, by = []string{"site = {site:String}", fmt.Sprintf("score >= %d", of.Least)}, "site"
	if of.Kind != "" {
		if !slices.Contains(Kinds(), of.Kind) {
			return nil, "", mistake("kind %.40q does not exist; there are %s", of.Kind, strings.Join(Kinds(), ", "))
		}
		where, by = append(where, "kind = "+text(of.Kind)), "kind"
	}
	if of.Score != "" {
		where, by = append(where, "id = {id:String}"), "score"
	}
	if of.Address.IsValid() {
		if _, err := d.keyed(); err != nil {
			return nil, "", err
		}
		where, by = append(where, fmt.Sprintf("address = %d", d.called(of.Site, client(of.Address)))), "address"
	}
	if of.Visitor != "" {
		number, err := d.byCookie(of.Site, of.Visitor)
		if err != nil {
			return nil, "", err
		}
		where, by = append(where, fmt.Sprintf("visitor = %d", number)), "visitor"
	}
	return where, by, nil
}

// reasons are the signals of a score in words, as they are today.
func reasons(names []string, weights []float32) []Reason {
	all := []Reason{}
	for i, name := range names {
		one := Reason{Name: name}
		if i < len(weights) {
			one.Weight = round(float64(weights[i]))
		}
		for _, s := range catalogue() {
			if s.Name == name {
				one.Evidence = s.About
			}
		}
		all = append(all, one)
	}
	return all
}
