package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mayak/collector/accesslog"
	"mayak/collector/enrich"
	"mayak/collector/privacy"
	"mayak/collector/spool"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
)

// offline is a run without a database: what it stores is thrown away instead of delivered.
func offline(b *testing.B) *importing {
	b.Helper()
	known, err := sites.Parse([]byte("sites: [{id: clinic, hostnames: [clinic.example], time_zone: Asia/Almaty}]"))
	if err != nil {
		b.Fatal(err)
	}
	rules, err := policy.Default()
	if err != nil {
		b.Fatal(err)
	}
	lookups, err := enrich.NewLookups(enrich.Options{})
	if err != nil {
		b.Fatal(err)
	}
	im := &importing{
		command: &importCommand{Format: accesslog.Auto}, log: slog.New(slog.DiscardHandler), oldest: time.Now().AddDate(0, 0, -400), salts: newImportSalts(),
		told: newImportReport(b.TempDir(), asideNone, io.Discard, io.Discard),
	}
	im.pool.New = func() any { return new(importWorker) }
	if im.target, err = newTarget(known, ""); err != nil {
		b.Fatal(err)
	}
	if im.gate, err = privacy.New(privacy.Options{Sites: known, Policy: rules, Salts: im.salts, Lookups: lookups}); err != nil {
		b.Fatal(err)
	}
	sealer, err := event.OpenSealer(filepath.Join(b.TempDir(), "key"))
	if err != nil {
		b.Fatal(err)
	}
	if im.spool, err = spool.Open(filepath.Join(b.TempDir(), "spool"), spool.Options{DiskShare: 1}); err != nil {
		b.Fatal(err)
	}
	im.flow = newPipeline(im.gate, enrich.New(), sealer, im.spool, prometheus.NewRegistry())
	im.bare = im.flow
	if im.journal, err = accesslog.OpenJournal(b.TempDir()); err != nil {
		b.Fatal(err)
	}
	return im
}

// discard takes what is spooled away, as a deliverer would.
func discard(ctx context.Context, queue *spool.Spool) {
	for {
		segment, err := queue.Next(ctx)
		if err != nil {
			return
		}
		_ = segment.Delivered()
	}
}

// BenchmarkImport is what an import costs beside the database, with so many page views among a hundred lines.
func BenchmarkImport(b *testing.B) {
	for _, pages := range []int{25, 100} {
		b.Run(fmt.Sprintf("pages=%d%%", pages), func(b *testing.B) {
			im := offline(b)
			im.command.Again = true
			log := visits(200_000, pages)
			go discard(b.Context(), im.spool)
			b.SetBytes(int64(len(log)))
			before := processorTime(b)
			for b.Loop() {
				if err := im.file(b.Context(), accesslog.Stdin, strings.NewReader(log)); err != nil {
					b.Fatal(err)
				}
			}
			lines := 200_000 * float64(b.N)
			b.ReportMetric(lines/b.Elapsed().Seconds(), "lines/s")
			b.ReportMetric(lines/(processorTime(b)-before).Seconds(), "lines/s/core") // of all that the process did
			if err := im.spool.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// visits is a log of people of many agents.
func visits(lines, pages int) string {
	agents := []string{
		chrome, robot,
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
	}
	referrers := []string{"-", "https://www.google.com/", "https://yandex.kz/search/?text=x", "https://clinic.example/"}
	at := time.Now().UTC().AddDate(0, 0, -30)
	var log strings.Builder
	for n := range lines {
		at = at.Add(time.Duration(n%7) * 100 * time.Millisecond)
		target := fmt.Sprintf("/ru/doctors/%d?utm_source=newsletter&page=%d", n%409, n%3)
		if n%100 >= pages {
			target = fmt.Sprintf("/assets/photo-%06x.webp", n%7919)
		}
		fmt.Fprintf(&log, "%d.132.%d.%d - - [%s] \"GET %s HTTP/2.0\" 200 %d %q %q\n",
			2+n%90, n%251, n%241, at.Format("02/Jan/2006:15:04:05 -0700"), target, n, referrers[n%4], agents[n%len(agents)])
	}
	return log.String()
}
