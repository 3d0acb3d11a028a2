// Package faults_test does to the database, the network and the disk what happens to them in the world, with collector
// and engine as processes of their own and lifelike load on them. Whatever was wrong, at the end every hit that was
// answered as stored stands in the database once, and the counters add up.
package faults_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/collectors"
	"github.com/rs/zerolog"

	"mayak/schema/embedded"
	"mayak/scripts/load"
	"mayak/scripts/processes"
)

const database = "mayak"

var (
	programs processes.Programs
	missing  error // why there can be no engine
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if _, missing = embedded.Locate(os.Getenv); missing != nil {
		return m.Run()
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics talk past the logger that they are given
	dir, err := os.MkdirTemp("", "mayak-faults-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of its own below the system's temporary one
	if programs, err = processes.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// world is an engine, a proxy before it that can be made to fail, and a collector that knows only the proxy.
type world struct {
	engine    *processes.Engine
	proxy     *toxiproxy.Proxy
	collector *processes.Collector
	traffic   *load.Traffic
	client    *load.Client
	hits      int // sent so far
}

// newWorld starts everything; prepare may change the collector before it starts.
func newWorld(t *testing.T, prepare ...func(*processes.Collector)) *world {
	t.Helper()
	if missing != nil {
		if errors.Is(missing, embedded.ErrMissing) && os.Getenv("CI") == "" {
			t.Skip(missing)
		}
		t.Fatal(missing)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	w := &world{traffic: load.New(1, processes.Site, processes.Page)}
	var err error
	if w.engine, err = processes.NewEngine(programs, dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.engine.Kill)
	if err := w.engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := processes.Migrate(ctx, programs, w.engine.DSN(database)); err != nil {
		t.Fatal(err)
	}
	w.proxy = newProxy(t, w.engine.Address())
	if w.collector, err = processes.NewCollector(programs, dir, "http://"+w.proxy.Listen+"/"+database); err != nil {
		t.Fatal(err)
	}
	for _, change := range prepare {
		change(w.collector)
	}
	t.Cleanup(w.collector.Kill)
	if err := w.collector.Run(ctx); err != nil {
		t.Fatal(err)
	}
	w.client = load.NewClient(w.collector.URL(), 20*time.Second)
	t.Cleanup(w.client.Close)
	return w
}

func newProxy(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	metrics := toxiproxy.NewMetricsContainer(nil)
	metrics.ProxyMetrics = collectors.NewProxyMetricCollectors()
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(metrics, zerolog.Nop()), "database", "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy
}

// set adds a toxic, as toxiproxy's documentation writes it.
func (w *world) set(t *testing.T, toxic string) {
	t.Helper()
	if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) heal() { w.proxy.Toxics.ResetToxics(context.Background()) }

// load sends traffic for a while and returns what came back.
func (w *world) load(rate float64, length time.Duration) *load.Report {
	report := load.Run(context.Background(), load.Plan{Traffic: w.traffic, Client: w.client, Rate: rate, For: length})
	w.hits += report.Hits
	return report
}

// loadStored sends traffic of which every request must be answered as stored.
func (w *world) loadStored(t *testing.T, rate float64, length time.Duration) *load.Report {
	t.Helper()
	report := w.load(rate, length)
	if others := outcomesBut(report, "stored"); others != "" || report.Requests == 0 {
		t.Errorf("%d requests, of which not stored: %s", report.Requests, others)
	}
	t.Logf("%d hits in %d requests, answered within p50 %v, p99 %v, worst %v",
		report.Hits, report.Requests, report.Quantile(0.5), report.Quantile(0.99), report.Quantile(1))
	return report
}

func outcomesBut(r *load.Report, good string) string {
	var others []string
	for _, outcome := range slices.Sorted(maps.Keys(r.Outcomes)) {
		if outcome != good && !strings.HasPrefix(outcome, good+"; count=") {
			others = append(others, fmt.Sprintf("%d × %q", r.Outcomes[outcome], outcome))
		}
	}
	return strings.Join(others, ", ")
}

// counters asks the collector how it is, and holds it to its sums in the middle of the trouble too.
func (w *world) counters(t *testing.T) processes.Counters {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	counters, err := w.collector.AtRest(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return counters
}

// settle waits until everything is delivered. Then every hit sent must be counted as received, the sums must hold, and the
// database must hold each stored event once, before any merging of twins: the same segment sent twice changed nothing.
func (w *world) settle(t *testing.T) processes.Counters {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	counters, err := w.collector.Drained(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := int(counters["mayak_collector_received_total"]); got != w.hits {
		t.Errorf("%d hits were sent, %d counted as received", w.hits, got)
	}
	stored := int(counters["mayak_collector_spool_records_total"])
	if rows, ids := w.count(t, "count()"), w.count(t, "uniqExact(id)"); rows != stored || ids != stored {
		t.Errorf("%d events were stored, the database holds %d rows of %d ids", stored, rows, ids)
	}
	t.Logf("received %d = dropped %v + spooled %d; delivered all, after %v deliveries that did not go through",
		w.hits, counters["mayak_collector_dropped_total"], stored, counters["mayak_collector_deliver_retries_total"])
	return counters
}

// count asks the engine itself, past the proxy.
func (w *world) count(t *testing.T, what string) int {
	t.Helper()
	text := w.query(t, "SELECT "+what+" FROM "+database+".events FORMAT TabSeparated")
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) query(t *testing.T, statement string) string {
	t.Helper()
	text, err := w.engine.Query(context.Background(), statement)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// await waits until the counters say something.
func (w *world) await(t *testing.T, what string, ask func(processes.Counters) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := processes.Poll(ctx, func() (bool, error) {
		counters, err := w.collector.Counters(ctx)
		return err == nil && ask(counters), err
	})
	if err != nil {
		t.Fatalf("wait until %s: %v", what, err)
	}
}

func retried(c processes.Counters) bool { return c["mayak_collector_deliver_retries_total"] > 0 }
