package deliver_test

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/deliver"
	"mayak/schema/event"
	"mayak/schema/visitor"
)

// marked delivers what waits, with the marks of who was erased, and returns how many rows were left out.
func (b *bench) marked(key *visitor.Key) float64 {
	b.Helper()
	metrics := prometheus.NewRegistry()
	d := deliver.New(deliver.Options{
		Spool: b.spool, Conn: b.conn, Sealer: b.sealer, Marker: key, Log: slog.New(slog.DiscardHandler), Registerer: metrics, MaxWait: 50 * time.Millisecond,
	})
	if err := d.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
	return counted(b.T, metrics, "mayak_collector_deliver_erased_rows_total")
}

func (b *bench) bury(key *visitor.Key, site string, who uint64) {
	b.Helper()
	if err := b.conn.Exec(b.Context(), fmt.Sprintf("INSERT INTO tombstones (site, mark, made, ticket) SELECT '%s', %d, now64(3), 'E-1'", site, key.Mark(site, who))); err != nil {
		b.Fatal(err)
	}
}

func TestRowsThatWaitForWhoWasErasedMeanwhileAreLeftOut(t *testing.T) {
	b := newBench(t)
	key, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	const erased, other = 41, 42
	of := func(who uint64, site string, id int) event.Record {
		r := full()
		r.Event.Site, r.Event.Visitor, r.Event.ID = site, who, fmt.Sprint(site, who, "-", id)
		return r
	}
	decided := of(erased, "demo", 9)
	decided.Network, decided.Consent = event.Network{}, event.Consent{Receipt: "K7QF-9D2M", Action: event.Given, How: "page"}
	b.append(of(erased, "demo", 1), of(other, "demo", 1), of(erased, "demo", 2), decided, of(erased, "shop", 1), of(0, "demo", 1))
	b.seal()
	b.bury(key, "demo", erased)
	if leftOut := b.marked(key); leftOut != 3 {
		t.Errorf("%v rows were left out, want 3", leftOut)
	}
	if n := b.count(fmt.Sprintf("SELECT (SELECT count() FROM events WHERE site = 'demo' AND visitor = %[1]d) + (SELECT count() FROM consents WHERE visitor = %[1]d)", erased)); n != 0 {
		t.Errorf("%d rows of who was erased", n)
	}
	if n := b.count("SELECT count() FROM network_log WHERE startsWith(id, 'demo41')"); n != 0 {
		t.Errorf("%d restricted rows of who was erased", n)
	}
	if n := b.count("SELECT count() FROM events"); n != 3 {
		t.Errorf("%d events are there, want those of another visitor, of the same number at another site, and of nobody", n)
	}
}

func TestWithoutTombstonesEverythingWaits(t *testing.T) {
	b := newBench(t)
	key, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.conn.Exec(t.Context(), "RENAME TABLE tombstones TO away"); err != nil {
		t.Fatal(err)
	}
	b.append(full())
	b.seal()
	metrics := prometheus.NewRegistry()
	d := deliver.New(deliver.Options{Spool: b.spool, Conn: b.conn, Sealer: b.sealer, Marker: key, Log: slog.New(slog.DiscardHandler), Registerer: metrics, MaxWait: 50 * time.Millisecond})
	done := make(chan error, 1)
	go func() { done <- d.Run(t.Context()) }()
	for counted(t, metrics, "mayak_collector_deliver_retries_total") == 0 {
		<-time.After(5 * time.Millisecond) // another process answers: there is nothing to wait on but what is counted
	}
	if n := b.count("SELECT count() FROM events"); n != 0 {
		t.Errorf("%d events arrived although nobody could say who was erased", n)
	}
	if err := b.conn.Exec(t.Context(), "RENAME TABLE away TO tombstones"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count() FROM events"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestNothingIsDeliveredToADatabaseOfAnotherKey(t *testing.T) {
	b := newBench(t)
	var keys [2]*visitor.Key
	for i := range keys {
		var err error
		if keys[i], err = visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key")); err != nil {
			t.Fatal(err)
		}
	}
	if err := keys[0].Register(t.Context(), b.conn, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.append(full())
	b.seal()
	metrics := prometheus.NewRegistry()
	d := deliver.New(deliver.Options{
		Spool: b.spool, Conn: b.conn, Sealer: b.sealer, Marker: keys[1], Log: slog.New(slog.DiscardHandler), Registerer: metrics, MaxWait: 50 * time.Millisecond,
	})
	done := make(chan error, 1)
	go func() { done <- d.Run(t.Context()) }()
	for counted(t, metrics, "mayak_collector_deliver_retries_total") == 0 {
		<-time.After(5 * time.Millisecond) // another process answers: there is nothing to wait on but what is counted
	}
	if _, err := d.Ready(t.Context()); !errors.Is(err, visitor.ErrOtherKey) {
		t.Errorf("ready: %v", err)
	}
	if n := b.count("SELECT count() FROM events"); n != 0 {
		t.Errorf("%d events arrived under ids that nobody would find", n)
	}
	if err := keys[1].Adopt(t.Context(), b.conn, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count() FROM events"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	if _, err := d.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
}

func counted(t *testing.T, metrics *prometheus.Registry, name string) float64 {
	t.Helper()
	gathered, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range gathered {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("nothing counts", name)
	return 0
}
