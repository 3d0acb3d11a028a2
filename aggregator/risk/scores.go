package risk

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What a score is of; the closed set that the column kind holds.
const (
	scoreQuery   = "query"
	scoreSession = "session"
	scoreAddress = "address"
	scoreNetwork = "network"
)

// score is a row of risk_scores.
type score struct {
	Standing

	id     string
	at     time.Time
	caller string
}

// names are the signals that were seen.
func (s *score) names() []string {
	all := make([]string, 0, len(s.Signals))
	for _, signal := range s.Signals {
		all = append(all, signal.Name)
	}
	return all
}

// newID names a score, so that it can be spoken of later.
func newID() string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
}

// mostWaiting is how many scores wait for a database that is away: some minutes at 500 questions a second.
const mostWaiting = 100_000

// scores are written in batches, so that no answer waits for the database.
type scores struct {
	conn    driver.Conn
	metrics *metrics
	barred  *barred

	writing sync.Mutex // held while a batch is sent
	mu      sync.Mutex
	waiting []score
}

func (s *scores) add(one ...score) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lost := len(s.waiting) + len(one) - mostWaiting; lost > 0 {
		s.metrics.lost.Add(float64(lost))
		one = one[:max(0, len(one)-lost)]
	}
	s.waiting = append(s.waiting, one...)
}

// flush writes what waits. What could not be written waits on.
func (s *scores) flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	taken := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	if taken = s.allowed(taken); len(taken) == 0 {
		return nil
	}
	if err := s.write(ctx, taken); err != nil {
		s.mu.Lock()
		newer := s.waiting
		s.waiting = taken
		s.mu.Unlock()
		s.add(newer...)
		return fmt.Errorf("write risk scores: %w", err)
	}
	for i := range taken {
		s.metrics.written.WithLabelValues(taken[i].Kind).Inc()
	}
	return nil
}

// allowed leaves out who was erased or blocked since they were scored. Of an answer it stays that it was given, about nobody.
func (s *scores) allowed(all []score) []score {
	kept := all[:0]
	for _, one := range all {
		if one.Visitor != 0 && s.barred.has(one.Site, one.Visitor) {
			if one.Kind != scoreQuery {
				continue
			}
			one.Visitor, one.Began = 0, time.Time{}
		}
		kept = append(kept, one)
	}
	return kept
}

func (s *scores) write(ctx context.Context, all []score) error {
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO risk_scores (site, ts, id, kind, caller, visitor, began, address, network, asn, country, score, level, signals, weights)")
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	for i := range all {
		one := &all[i]
		if one.Began.IsZero() {
			one.Began = time.Unix(0, 0)
		}
		weights := make([]float32, 0, len(one.Signals))
		for _, signal := range one.Signals {
			weights = append(weights, float32(signal.Weight))
		}
		if err := batch.Append(one.Site, one.at, one.id, one.Kind, one.caller, one.Visitor, one.Began, one.Address, one.Network, one.ASN, one.Country,
			uint8(one.Score), string(one.Level), one.names(), weights); err != nil { //nolint:gosec // 0 to 100
			return err
		}
	}
	return batch.Send()
}
