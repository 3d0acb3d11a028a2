package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/beacon"
	"mayak/collector/enrich"
	"mayak/collector/hit"
	"mayak/collector/privacy"
	"mayak/collector/spool"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// benchHits are hits as real pages send them, more of them than the processor's caches hold.
func benchHits(b *testing.B, n int) [][]hit.Hit {
	b.Helper()
	chance := rand.New(rand.NewPCG(1, 1))
	pick := func(choices ...string) string { return choices[chance.IntN(len(choices))] }
	hits := make([][]hit.Hit, n)
	for i := range hits {
		title := pick("Кардиолог", "Analyses", "Дәрігерге жазылу", "Reviews") + fmt.Sprintf(" — page %d of the clinic, appointment online", i)
		body := fmt.Sprintf(`{"site":"demo","url":"https://clinic.example/%s/%s-%d%s","id":"%016x",`, pick("ru", "kk"), pick("doctors", "prices"), i,
			pick("", "", "", "?utm_source=google&utm_medium=cpc"), chance.Uint64())
		body += pick(
			fmt.Sprintf(`"referrer":%q,"title":%q,"screen":"412x915","viewport":"412x780","dpr":2.625,"lang":"ru-KZ","tz":"Asia/Almaty","hints":{"touch":5,"formFactors":"\"Mobile\"","model":"","platform":"Android","platformVersion":"15.0.0"}}`,
				pick("", "https://www.google.com/", "https://clinic.example/"), title),
			fmt.Sprintf(`"type":"engage","page":"%016x","engaged_ms":%d,"scroll":%d,"title":%q}`, chance.Uint64(), chance.IntN(90_000), chance.IntN(101), title),
			fmt.Sprintf(`"type":"event","name":"outbound","title":%q,"props":{"url":"https://example.org/files/price-%d.pdf","plan":"a"}}`, title, i%50))
		agent := fmt.Sprintf(pick(
			"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/14%d.0.0.0 Mobile Safari/537.36",
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/14%d.0.0.0 Safari/537.36",
			"Mozilla/5.0 (iPhone; CPU iPhone OS 18_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
		), chance.IntN(10))
		h, err := beacon.NewReader(time.Now()).Read(beacon.Claim{
			Address: netip.AddrFrom4([4]byte{95, 56, byte(i >> 8), byte(i)}),
			Headers: map[string]string{"User-Agent": agent, "Accept-Language": "ru-KZ,ru;q=0.9", "Sec-CH-UA-Platform": `"Android"`},
			Body:    []byte(body),
		})
		if err != nil {
			b.Fatal(err)
		}
		hits[i] = []hit.Hit{*h}
	}
	return hits
}

func benchPipeline(b *testing.B) *pipeline {
	b.Helper()
	dir := b.TempDir()
	known, siteErr := sites.Parse([]byte("sites: [{id: demo, hostnames: [clinic.example]}]"))
	rules, policyErr := policy.Default()
	lookups, lookupsErr := enrich.NewLookups(enrich.Options{})
	salts, saltsErr := visitor.OpenSalts(visitor.Options{Path: filepath.Join(dir, "salts"), Now: time.Now, Registry: prometheus.NewRegistry()})
	for _, err := range []error{siteErr, policyErr, lookupsErr, saltsErr} {
		if err != nil {
			b.Fatal(err)
		}
	}
	gate, gateErr := privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: salts, Lookups: lookups})
	sealer, sealerErr := event.OpenSealer(filepath.Join(dir, "key"))
	queue, queueErr := spool.Open(filepath.Join(dir, "spool"), spool.Options{DiskShare: 1})
	for _, err := range []error{gateErr, sealerErr, queueErr} {
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() {
		if err := queue.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return newPipeline(gate, enrich.New(), sealer, queue, prometheus.NewRegistry())
}

// processorTime is what this process has used of the processors, which is the same on a machine that others use too.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func reportProcessorTime(b *testing.B, before time.Duration) {
	b.Helper()
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkTake is the way from a hit to its record: gate, look-ups, channel, encoding, sealing.
func BenchmarkTake(b *testing.B) {
	hits, p := benchHits(b, 2000), benchPipeline(b)
	var w workspace
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for i := range b.N {
		w.buffer, w.keys = w.buffer[:0], w.keys[:0]
		if reason, err := p.take(&w, 0, &hits[i%len(hits)][0]); reason != hit.Kept || err != nil {
			b.Fatal(reason, err)
		}
	}
	reportProcessorTime(b, before)
}

// BenchmarkAccept is the whole pipeline, from hits that have been read to the answer that they are durable, for so many
// requests at once. No two have the same id.
func BenchmarkAccept(b *testing.B) {
	for _, writers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("requests=%d", writers), func(b *testing.B) {
			hits, p := benchHits(b, 2048), benchPipeline(b)
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			before := processorTime(b)
			done := make(chan error, writers)
			for w := range writers {
				own := hits[w*len(hits)/256 : (w+1)*len(hits)/256]
				go func() { done <- acceptAll(p, own, &next, int64(b.N)) }()
			}
			for range writers {
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
			reportProcessorTime(b, before)
		})
	}
}

// acceptAll takes turns with others until there have been n.
func acceptAll(p *pipeline, own [][]hit.Hit, next *atomic.Int64, n int64) error {
	var id [16]byte
	reasons := []hit.Reason{hit.Kept}
	for {
		turn := next.Add(1)
		if turn > n {
			return nil
		}
		for i := range id {
			id[i] = "ghijklmnopqrstuv"[turn>>(4*i)&15]
		}
		hits := own[turn%int64(len(own))]
		hits[0].ID = strings.Clone(string(id[:]))
		if err := p.Accept(hits, reasons); err != nil || reasons[0] != hit.Kept {
			return fmt.Errorf("%w: %s", err, reasons[0])
		}
	}
}
