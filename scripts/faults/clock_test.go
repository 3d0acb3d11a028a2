package faults_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/deliver"
	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/collector/spool"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// A process's clock cannot be set back alone, so here the collector's own parts are put together around a clock that can.
type clockWorld struct {
	now      time.Time
	gate     *privacy.Gate
	enricher *enrich.Enricher
	sealer   *event.Sealer
	spool    *spool.Spool
	db       *clickhousetest.DB
	sent     int
}

func TestTheClockJumpsBack(t *testing.T) {
	w := newClockWorld(t)
	noon := w.now
	today := w.visit(t)
	w.now = noon.Add(-time.Hour)
	if diff := cmp.Diff(today, w.visit(t)); diff != "" {
		t.Errorf("an hour back, on the same day, visitors are others (-before +after):\n%s", diff)
	}
	w.now = noon.Add(-50 * time.Hour) // to a day whose salt was destroyed
	w.visit(t)
	w.now = noon
	if diff := cmp.Diff(today, w.visit(t)); diff != "" {
		t.Errorf("once the clock is right again, visitors are others (-before +after):\n%s", diff)
	}
	w.deliver(t)
	var rows, ids, days uint64
	query := "SELECT count(), uniqExact(id), uniqExact(toDate(ts)) FROM events"
	if err := w.db.Conn(t).QueryRow(context.Background(), query).Scan(&rows, &ids, &days); err != nil {
		t.Fatal(err)
	}
	if rows != uint64(w.sent) || ids != uint64(w.sent) || days != 2 {
		t.Errorf("%d hits on two days: the database holds %d rows of %d ids on %d days", w.sent, rows, ids, days)
	}
}

func newClockWorld(t *testing.T) *clockWorld {
	t.Helper()
	w := &clockWorld{db: clickhousetest.Migrated(t), enricher: enrich.New()}
	w.now = time.Now().UTC().Truncate(24 * time.Hour).Add(7 * time.Hour) // noon in Almaty
	dir := t.TempDir()
	known, err := sites.Parse([]byte("sites: [{id: demo, hostnames: [localhost], time_zone: Asia/Almaty}]"))
	must(t, err)
	rules, err := policy.Default()
	must(t, err)
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	salts, err := visitor.OpenSalts(visitor.Options{
		Path: filepath.Join(dir, "salts"), Zones: []*time.Location{known.Find("demo").Location()},
		Now: func() time.Time { return w.now }, Registry: registry, Log: log,
	})
	must(t, err)
	lookups, err := enrich.NewLookups(enrich.Options{})
	must(t, err)
	w.gate, err = privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: salts, Lookups: lookups})
	must(t, err)
	w.sealer, err = event.OpenSealer(filepath.Join(dir, "network.key"))
	must(t, err)
	w.spool, err = spool.Open(filepath.Join(dir, "spool"), spool.Options{Registerer: registry})
	must(t, err)
	return w
}

// visit sends a page view of each of twenty visitors and returns how they are known.
func (w *clockWorld) visit(t *testing.T) []uint64 {
	t.Helper()
	var known []uint64
	for i := range 20 {
		w.sent++
		h := hit.Hit{
			Way: hit.Beacon, Received: w.now, Site: "demo", URL: "http://localhost/", ID: fmt.Sprintf("hit-%d", w.sent),
			Address: netip.AddrFrom4([4]byte{2, 132, byte(i), 1}), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
		}
		var cleared privacy.Cleared
		if reason := w.gate.Clear(&h, &cleared, nil); reason != hit.Kept {
			t.Fatalf("at %v a hit is dropped: %s", w.now, reason)
		}
		var record event.Record
		w.enricher.Enrich(&cleared, &record)
		encoded, err := record.AppendBinary(nil, w.sealer)
		must(t, err)
		must(t, w.spool.Append(encoded))
		known = append(known, record.Event.Visitor)
	}
	return known
}

// deliver carries everything into the database, as a collector that stops does.
func (w *clockWorld) deliver(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	must(t, w.spool.Seal(ctx))
	deliverer := deliver.New(deliver.Options{
		Spool: w.spool, Conn: w.db.Conn(t), Sealer: w.sealer, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	must(t, deliverer.Run(ctx))
	if _, records, _ := w.spool.Pending(); records != 0 {
		t.Errorf("%d events were not delivered", records)
	}
	must(t, w.spool.Close(ctx))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
