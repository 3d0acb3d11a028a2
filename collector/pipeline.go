package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/beacon"
	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/collector/spool"
	"mayak/schema/event"
)

// pipeline is the life of a hit, step by step. The types make the privacy order a compile-time fact: only the gate
// makes a Cleared, only a Cleared can be enriched, and only what was enriched is encoded.
type pipeline struct {
	gate     *privacy.Gate
	enricher *enrich.Enricher
	sealer   *event.Sealer
	recent   *recent
	sent     *sent // nil where nothing comes by the API
	spool    *spool.Spool
	received map[hit.Way]prometheus.Counter
	dropped  map[hit.Reason]prometheus.Counter
	outcomes *outcomes // nil where nobody asks
	pool     sync.Pool
}

// workspace is the memory of one request, used again by the next.
type workspace struct {
	cleared privacy.Cleared
	record  event.Record
	buffer  []byte
	ends    []int // of each record in buffer
	kept    []int // which hit each record is of
	keys    []uint64
	records [][]byte
	sent    []sentID // the ids of servers and apps
}

func newPipeline(gate *privacy.Gate, enricher *enrich.Enricher, sealer *event.Sealer, queue *spool.Spool, r prometheus.Registerer) *pipeline {
	p := &pipeline{gate: gate, enricher: enricher, sealer: sealer, spool: queue, recent: newRecent()}
	p.received, p.dropped = newMetrics(r)
	p.pool.New = func() any { return new(workspace) }
	return p
}

// Waiting tells whether anything that was stored here is not in the database yet.
func (p *pipeline) Waiting() bool {
	_, records, _ := p.spool.Pending()
	return records > 0
}

// Accept takes the hits of one request. A nil error means that every hit with hit.Kept is durable.
func (p *pipeline) Accept(hits []hit.Hit, reasons []hit.Reason) error {
	err := p.accept(hits, reasons)
	for i := range hits {
		p.outcomes.note(hits[i].Site, hits[i].Way, hits[i].Type, reasons[i]) //nolint:gosec // there are as many reasons as hits.
	}
	return err
}

func (p *pipeline) accept(hits []hit.Hit, reasons []hit.Reason) error {
	w, _ := p.pool.Get().(*workspace)
	w.buffer, w.ends, w.kept, w.keys, w.records = w.buffer[:0], w.ends[:0], w.kept[:0], w.keys[:0], w.records[:0]
	w.sent = w.sent[:0]
	for i := range hits {
		p.received[hits[i].Way].Inc()
		reason, err := p.take(w, i, &hits[i])
		if err != nil {
			err = p.fail(w, i, hits, reasons, err)
			p.pool.Put(w)
			return err
		}
		reasons[i] = reason
		if reason != hit.Kept {
			p.dropped[reason].Inc() // rightly forgotten
		}
	}
	if len(w.sent) > 0 {
		return p.storeSent(w, reasons)
	}
	return p.store(w, reasons)
}

// storeSent remembers the ids as well, before the sender is told that it need not send again. That they are forgotten would
// be no loss but a twin, which the table merges: so it fails the request, and not the events.
func (p *pipeline) storeSent(w *workspace, reasons []hit.Reason) error {
	ids := slices.Clone(w.sent)
	if err := p.store(w, reasons); err != nil {
		return err
	}
	return p.sent.add(ids)
}

// take brings one hit through gate, enricher and codec into the workspace.
func (p *pipeline) take(w *workspace, i int, h *hit.Hit) (hit.Reason, error) {
	reason := p.gate.Clear(h, &w.cleared, nil)
	if reason != hit.Kept {
		return reason, nil
	}
	p.enricher.Enrich(&w.cleared, &w.record)
	key := p.recent.of(&w.record.Event, h.Sender)
	if slices.Contains(w.keys, key) || p.recent.has(key) {
		return hit.Duplicate, nil
	}
	var sent sentID
	if h.Way == hit.API && h.ID != "" {
		if sent = p.sent.of(h.Site, h.Sender, h.ID); slices.Contains(w.sent, sent) || p.sent.has(sent) {
			return hit.Duplicate, nil
		}
	}
	buffer, err := w.record.AppendBinary(w.buffer, p.sealer)
	if err != nil {
		return hit.StorageError, fmt.Errorf("encode event: %w", err)
	}
	if sent != (sentID{}) {
		w.sent = append(w.sent, sent)
	}
	w.buffer = buffer
	w.ends, w.kept, w.keys = append(w.ends, len(buffer)), append(w.kept, i), append(w.keys, key)
	return hit.Kept, nil
}

// store makes the records of the workspace durable, all of them or none. A lone record, as most requests have, gives the
// workspace to the next request before it waits: so a few workspaces serve hundreds that wait, and stay in the
// processor's caches.
func (p *pipeline) store(w *workspace, reasons []hit.Reason) error {
	begin := 0
	for _, end := range w.ends {
		w.records = append(w.records, w.buffer[begin:end:end])
		begin = end
	}
	joined, err := p.spool.Join(w.records...)
	if len(w.kept) == 1 {
		key, at := [...]uint64{w.keys[0]}, [...]int{w.kept[0]}
		p.pool.Put(w)
		return p.settle(joined, err, key[:], at[:], reasons)
	}
	err = p.settle(joined, err, w.keys, w.kept, reasons)
	p.pool.Put(w)
	return err
}

// settle waits for the records, unless they were not taken, and tells what became of the hits that they are of.
func (p *pipeline) settle(joined spool.Joined, err error, keys []uint64, kept []int, reasons []hit.Reason) error {
	if err == nil {
		err = joined.Wait()
	}
	if err == nil {
		for _, key := range keys {
			p.recent.add(key)
		}
		return nil
	}
	reason, cause := hit.StorageError, fmt.Errorf("spool event: %w", err)
	if errors.Is(err, spool.ErrFull) || errors.Is(err, spool.ErrClosed) {
		reason, cause = hit.Overloaded, fmt.Errorf("%w: %w", beacon.ErrOverloaded, err)
	}
	for _, i := range kept {
		reasons[i] = reason
		p.dropped[reason].Inc()
	}
	return cause
}

// fail drops the whole request: a client that gets an error sends all of it again, and ids make that harmless.
func (p *pipeline) fail(w *workspace, at int, hits []hit.Hit, reasons []hit.Reason, err error) error {
	for i := range hits[at+1:] {
		p.received[hits[at+1+i].Way].Inc()
	}
	for i := range hits {
		if i >= at || slices.Contains(w.kept, i) {
			reasons[i] = hit.StorageError
			p.dropped[hit.StorageError].Inc()
		}
	}
	return err
}

// Decide makes a decision of a visitor durable, as hits are.
func (p *pipeline) Decide(decision *event.Record) error {
	p.received[hit.Choice].Inc()
	reasons := make([]hit.Reason, 1)
	defer func() { p.outcomes.note(decision.Event.Site, hit.Choice, noType, reasons[0]) }()
	encoded, err := decision.AppendBinary(nil, p.sealer)
	if err != nil {
		reasons[0] = hit.StorageError
		p.dropped[hit.StorageError].Inc()
		return fmt.Errorf("encode decision: %w", err)
	}
	joined, err := p.spool.Join(encoded)
	return p.settle(joined, err, nil, []int{0}, reasons)
}

// Refuse counts a hit that the edge could not even read or would not take.
func (p *pipeline) Refuse(way hit.Way, reason hit.Reason) { p.RefuseOf("", way, reason) }

// RefuseOf is Refuse where it is known which site the hit was for.
func (p *pipeline) RefuseOf(site string, way hit.Way, reason hit.Reason) {
	p.received[way].Inc()
	p.dropped[reason].Inc()
	p.outcomes.note(site, way, noType, reason)
}

// remember takes the ids of the events that an earlier process stored and had not yet delivered. Those of servers and apps, of which only sent
// knows who sent them, it need not know.
func (p *pipeline) remember() error {
	var r event.Record
	err := p.spool.Recovered(func(record []byte) {
		if _, err := r.UnmarshalBinary(record, nil); err == nil && !r.Decided() { // what cannot be read, delivery will set aside
			p.recent.add(p.recent.of(&r.Event, ""))
		}
	})
	if err != nil {
		return fmt.Errorf("read the spool: %w", err)
	}
	return nil
}
