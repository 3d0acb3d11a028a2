package deliver_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/deliver"
	"mayak/collector/spool"
	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/event"
)

// backlog is how many events wait when the deliverer starts.
const backlog = 300_000

// BenchmarkBacklog is what one delivery takes from the spool to the answer of the embedded engine.
func BenchmarkBacklog(b *testing.B) {
	db := clickhousetest.Migrated(b)
	conn, err := clickhouse.Open(clickhouse.Options{DSN: db.DSN})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		queue, sealer := fill(b)
		d := deliver.New(deliver.Options{
			Spool: queue, Conn: conn, Sealer: sealer, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		})
		b.StartTimer()
		began := time.Now()
		if err := d.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	b.ReportMetric(backlog*float64(b.N)/took.Seconds(), "events/s")
}

// fill makes a spool of lifelike events.
func fill(b *testing.B) (*spool.Spool, *event.Sealer) {
	b.Helper()
	dir := b.TempDir()
	sealer, err := event.OpenSealer(filepath.Join(dir, "network.key"))
	if err != nil {
		b.Fatal(err)
	}
	queue, err := spool.Open(filepath.Join(dir, "spool"), spool.Options{DiskShare: 1})
	if err != nil {
		b.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, rand.Uint64()))
	var encoded [][]byte
	for range backlog {
		r := lifelike(chance)
		one, err := r.AppendBinary(nil, sealer)
		if err != nil {
			b.Fatal(err)
		}
		if encoded = append(encoded, one); len(encoded) == 1000 {
			if err := queue.Append(encoded...); err != nil {
				b.Fatal(err)
			}
			encoded = encoded[:0]
		}
	}
	if err := queue.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
	return queue, sealer
}

// lifelike is a page view, or time spent on one, at the level essential.
func lifelike(chance *rand.Rand) event.Record {
	pick := func(of ...string) string { return of[chance.IntN(len(of))] }
	visitor := chance.IntN(20_000)
	page := chance.IntN(3000)
	at := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Duration(chance.IntN(60_000)) * time.Millisecond)
	r := event.Record{Event: event.Event{
		Site: "demo", Time: at, Received: at.Truncate(time.Second), ID: fmt.Sprintf("%016x", chance.Uint64()),
		Visitor: uint64(visitor) * 0x9e3779b97f4a7c15, Consent: event.Essential, PolicyVersion: "2026-11",
		Hostname: "clinic.example", Path: fmt.Sprintf("/ru/doctors/cardiologist-%d", page), Title: fmt.Sprintf("Cardiologist %d in Almaty, appointment online", page),
		Place:    event.Place{Country: "KZ", ASN: 9198, Network: fmt.Sprintf("2.132.%d.0/24", visitor%256), NetworkKind: "isp"},
		Agent:    event.Agent{Browser: pick("Chrome", "Safari", "Yandex Browser"), OS: pick("Android", "iOS", "Windows"), Device: pick("mobile", "desktop"), Brand: pick("", "Apple", "Samsung")},
		Screen:   event.Screen{Width: 414, Height: 900},
		Language: pick("ru", "kk", "en"),
	}}
	if chance.IntN(3) == 0 {
		r.Event.Type, r.Event.Page = event.Engage, fmt.Sprintf("%016x", chance.Uint64())
		r.Event.EngagedMS, r.Event.Scroll = uint32(chance.IntN(90_000)), uint8(chance.IntN(101))
	} else {
		r.Event.ReferrerHost, r.Event.Channel = pick("", "www.google.com", "yandex.kz"), pick("direct", "organic search")
	}
	r.Network = event.Network{
		Address:   netip.AddrFrom4([4]byte{2, 132, byte(visitor), byte(chance.IntN(256))}),
		UserAgent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
	}
	return r
}
