package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/deliver"
	"mayak/collector/spool"
	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/event"
)

// bench is a spool, a database and the deliverer between them.
type bench struct {
	*testing.T
	spool  *spool.Spool
	sealer *event.Sealer
	conn   driver.Conn // straight to the database
	dir    string
	db     *clickhousetest.DB
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, db: clickhousetest.Migrated(t), dir: t.TempDir()}
	b.conn = b.db.Conn(t)
	var err error
	if b.sealer, err = event.OpenSealer(filepath.Join(b.dir, "network.key")); err != nil {
		t.Fatal(err)
	}
	b.spool, err = spool.Open(filepath.Join(b.dir, "spool"), spool.Options{
		SegmentAge: time.Millisecond, DiskShare: 1, Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) append(records ...event.Record) {
	b.Helper()
	for i := range records {
		encoded, err := records[i].AppendBinary(nil, b.sealer)
		if err != nil {
			b.Fatal(err)
		}
		if err := b.spool.Append(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// deliver runs a deliverer over dsn until the spool is empty or ctx ends, and gives what it counted.
func (b *bench) deliver(ctx context.Context, dsn string) *prometheus.Registry {
	b.Helper()
	conn, err := clickhouse.Open(clickhouse.Options{DSN: dsn})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	metrics := prometheus.NewRegistry()
	d := deliver.New(deliver.Options{
		Spool: b.spool, Conn: conn, Sealer: b.sealer, Log: slog.New(slog.DiscardHandler),
		Registerer: metrics, MaxWait: 50 * time.Millisecond,
	})
	if err := d.Run(ctx); err != nil {
		b.Fatal(err)
	}
	return metrics
}

func (b *bench) seal() {
	b.Helper()
	if err := b.spool.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) count(query string) uint64 {
	b.Helper()
	var n uint64
	if err := b.conn.QueryRow(b.Context(), query).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

func full() event.Record {
	now := time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC)
	return event.Record{
		Event: event.Event{
			Site: "demo", Time: now, Received: now.Truncate(time.Second), Type: event.Custom, Origin: event.Pixel, ID: "id-1", Page: "page-1",
			Visitor: 1<<63 + 7, Consent: event.Analytics, PolicyVersion: "2026-11", Hostname: "clinic.example", Path: "/қабылдау",
			Query: "tab=1", Title: "Қабылдау", ReferrerHost: "yandex.kz", Channel: "organic search",
			Campaign: event.Campaign{Source: "a", Medium: "b", Name: "c", Term: "d", Content: "e"}, ClickID: "gclid=x",
			Place:    event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198, Network: "2.132.0.0/24", NetworkKind: "isp"},
			Agent:    event.Agent{Browser: "Yandex Browser", BrowserVersion: "25.1", OS: "Android", OSVersion: "14", Device: "mobile", Brand: "Samsung", Model: "SM-A155F", App: "Instagram", AppVersion: "5.12.0", Bot: "x"},
			Screen:   event.Screen{Width: 412, Height: 915, ViewportWidth: 412, ViewportHeight: 780, PixelRatio: 2.625, Touch: 5},
			Language: "kk-KZ", TimeZone: "Asia/Almaty", EngagedMS: 12345, Scroll: 80, Name: "signup",
			Props: []event.Pair{{Key: "plan", Value: "basic"}, {Key: "step", Value: "2"}}, Value: 9.5, Currency: "KZT",
			Vitals: []event.Measure{{Name: "lcp", Value: 1800.5}}, Error: event.Error{Message: "m", Source: "s", Stack: "t", Kind: "error", Line: 7, Column: 9, Type: "TypeError", Fingerprint: 1<<63 + 9},
			Exchange: event.Exchange{Protocol: "h2", Method: "GET", Phase: "application", Status: 503, Bytes: 1 << 40, ServerMS: 12.5, DurationMS: 143.25},
			Weight:   20, Attribution: []event.Pair{{Key: "lcp_element", Value: "main>img"}}, Reference: "K7QF9D2M",
		},
		Network: event.Network{Address: netip.MustParseAddr("2.132.0.1"), UserAgent: "Agent/1.0"},
	}
}

// onceOnly is what is counted when the first try on a fresh connection is the last.
const onceOnly = `# HELP mayak_collector_deliver_retries_total Deliveries that did not go through and are tried again.
# TYPE mayak_collector_deliver_retries_total counter
mayak_collector_deliver_retries_total 0
`

func TestEveryFieldArrivesInItsColumn(t *testing.T) {
	b := newBench(t)
	b.append(full())
	b.seal()
	metrics := b.deliver(t.Context(), b.db.DSN)
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(onceOnly), "mayak_collector_deliver_retries_total"); err != nil {
		t.Error(err)
	}
	var got string
	err := b.conn.QueryRow(t.Context(), `SELECT concat_ws('|', site, toString(ts), toString(received), type, origin, id, page, toString(visitor), consent, policy_version,
		hostname, path, query, title, referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, click_id,
		country, region, city, toString(asn), network, network_kind, browser, browser_version, os, os_version, device, brand, model, app, bot,
		toString(screen_width), toString(screen_height), toString(viewport_width), toString(viewport_height), toString(pixel_ratio), toString(touch),
		language, timezone, toString(engaged_ms), toString(scroll), name, toString(props), toString(value), currency, toString(vitals),
		error_message, error_source, toString(error_line), toString(error_column), error_stack, error_kind,
		protocol, toString(status), method, toString(bytes), toString(server_ms), toString(duration_ms), phase, error_type, toString(fingerprint),
		toString(weight), toString(attribution), reference) FROM events`).Scan(&got)
	if err != nil {
		t.Fatal(err)
	}
	want := "demo|2026-11-22 10:11:12.345|2026-11-22 10:11:12|event|pixel|id-1|page-1|9223372036854775815|analytics|2026-11|" +
		"clinic.example|/қабылдау|tab=1|Қабылдау|yandex.kz|organic search|a|b|c|d|e|gclid=x|" +
		"KZ|75|Almaty|9198|2.132.0.0/24|isp|Yandex Browser|25.1|Android|14|mobile|Samsung|SM-A155F|Instagram|x|" +
		"412|915|412|780|2.625|5|kk-KZ|Asia/Almaty|12345|80|signup|{'plan':'basic','step':'2'}|9.5|KZT|{'lcp':1800.5}|m|s|7|9|t|error|" +
		"h2|503|GET|1099511627776|12.5|143.25|application|TypeError|9223372036854775817|20|{'lcp_element':'main>img'}|K7QF9D2M"
	if got != want {
		t.Errorf("row\n%s\nwant\n%s", got, want)
	}
	var address, agent string
	if err := b.conn.QueryRow(t.Context(), "SELECT toString(address), user_agent FROM network_log WHERE id = 'id-1'").Scan(&address, &agent); err != nil {
		t.Fatal(err)
	}
	if address != "::ffff:2.132.0.1" || agent != "Agent/1.0" {
		t.Errorf("network_log has %s, %s", address, agent)
	}
}

func TestARecordWithoutANetworkRowLeavesNoneInTheRestrictedTable(t *testing.T) {
	b := newBench(t)
	r := full()
	r.Network = event.Network{}
	b.append(r)
	b.seal()
	b.deliver(t.Context(), b.db.DSN)
	if events, rows := b.count("SELECT count() FROM events"), b.count("SELECT count() FROM network_log"); events != 1 || rows != 0 {
		t.Errorf("%d events, %d network rows", events, rows)
	}
}

// A proxy that answers an error after the database has stored the rows: the deliverer must send the segment again,
// and the database must ignore it.
func TestASegmentWhoseAnswerWasLostIsSentAgainAndCountsOnce(t *testing.T) {
	b := newBench(t)
	var lost atomic.Int64
	dsn := b.through(func(r *http.Request, next http.Handler, w http.ResponseWriter) {
		if r.URL.Query().Get("insert_deduplication_token") != "" && lost.Add(1) <= 3 {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	for i := range 100 {
		r := full()
		r.Event.ID = fmt.Sprint("id-", i)
		b.append(r)
	}
	b.seal()
	b.deliver(t.Context(), dsn)
	if n := lost.Load(); n < 4 {
		t.Fatalf("only %d inserts were tried", n)
	}
	if n := b.count("SELECT count() FROM events"); n != 100 {
		t.Errorf("%d rows without FINAL, want 100", n)
	}
	if n := b.count("SELECT count() FROM network_log"); n != 100 {
		t.Errorf("%d network rows, want 100", n)
	}
}

func TestEventsWaitWhileTheDatabaseIsAwayAndArriveAfterwards(t *testing.T) {
	b := newBench(t)
	var away atomic.Bool
	away.Store(true)
	refused := make(chan struct{}, 1000)
	dsn := b.through(func(r *http.Request, next http.Handler, w http.ResponseWriter) {
		if away.Load() {
			refused <- struct{}{}
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	b.append(full())
	done := make(chan struct{})
	go func() { defer close(done); b.deliver(t.Context(), dsn) }()
	<-refused
	<-refused
	second := full()
	second.Event.ID = "id-2"
	b.append(second)
	away.Store(false)
	b.seal()
	<-done
	if n := b.count("SELECT count() FROM events"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	if segments, records, _ := b.spool.Pending(); segments != 0 || records != 0 {
		t.Errorf("%d segments, %d records still pending", segments, records)
	}
}

func TestAnEventSentTwiceIsMergedIntoOne(t *testing.T) {
	b := newBench(t)
	b.append(full())
	b.append(full())
	b.seal()
	b.deliver(t.Context(), b.db.DSN)
	if n := b.count("SELECT count() FROM events FINAL"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestASegmentThatCannotBeDecodedIsSetAsideAndTheNextGoesOn(t *testing.T) {
	b := newBench(t)
	if err := b.spool.Append([]byte{250, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	segment, err := b.spool.Next(t.Context()) // so that the next record lies in another segment
	if err != nil {
		t.Fatal(err)
	}
	segment.Release()
	b.append(full())
	b.seal()
	b.deliver(t.Context(), b.db.DSN)
	if n := b.count("SELECT count() FROM events"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	found, err := spool.Inspect(filepath.Join(b.dir, "spool"))
	if err != nil || len(found) != 1 || found[0].State != "refused" || found[0].Reason == "" {
		t.Errorf("spool holds %+v, %v", found, err)
	}
}

// A collector may be newer than the database: its events wait until that is migrated too.
func TestEventsWaitForAColumnThatTheDatabaseDoesNotHaveYet(t *testing.T) {
	b := newBench(t)
	if err := b.conn.Exec(t.Context(), "ALTER TABLE events DROP COLUMN origin"); err != nil {
		t.Fatal(err)
	}
	refused := make(chan struct{}, 1000)
	dsn := b.through(func(r *http.Request, next http.Handler, w http.ResponseWriter) {
		next.ServeHTTP(w, r)
		refused <- struct{}{}
	})
	b.append(full())
	b.seal()
	done := make(chan struct{})
	go func() { defer close(done); b.deliver(t.Context(), dsn) }()
	<-refused
	if err := b.conn.Exec(t.Context(), "ALTER TABLE events ADD COLUMN origin LowCardinality(String)"); err != nil {
		t.Fatal(err)
	}
	<-done
	if n := b.count("SELECT count() FROM events WHERE origin = 'pixel'"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestStoppingLeavesWhatIsUndeliveredInTheSpool(t *testing.T) {
	b := newBench(t)
	b.append(full())
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("stop"))
	defer cancel()
	b.deliver(ctx, "http://127.0.0.1:1/"+b.db.Name)
	if _, records, _ := b.spool.Pending(); records != 1 {
		t.Errorf("%d records pending, want 1", records)
	}
}

// through puts a proxy between the deliverer and the database.
func (b *bench) through(handle func(r *http.Request, next http.Handler, w http.ResponseWriter)) string {
	b.Helper()
	target, err := url.Parse(b.db.DSN)
	if err != nil {
		b.Fatal(err)
	}
	database := target.Path
	target.Path = ""
	next := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(r, next, w) }))
	b.Cleanup(server.Close)
	return server.URL + database
}

func TestADecisionArrivesAmongTheConsentsOnly(t *testing.T) {
	b := newBench(t)
	decided := event.Record{
		Event: event.Event{
			Site: "demo", Time: full().Event.Time, Visitor: 7, Consent: event.Essential, PolicyVersion: "2026-11", Language: "kk",
		},
		Consent: event.Consent{Receipt: "K7QF-9D2M", Action: event.Withdrawn, How: "page"},
	}
	b.append(decided, decided) // as after a crash
	b.seal()
	b.deliver(t.Context(), b.db.DSN)
	var got string
	if err := b.conn.QueryRow(t.Context(), `SELECT concat_ws('|', site, toString(ts), toString(visitor), receipt, action, level, policy_version, language, how)
		FROM consents FINAL`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "demo|2026-11-22 10:11:12.345|7|K7QF-9D2M|withdrawn|essential|2026-11|kk|page"; got != want {
		t.Errorf("row %s, want %s", got, want)
	}
	if n := b.count("SELECT count() FROM consents FINAL"); n != 1 {
		t.Errorf("%d rows of one decision", n)
	}
	if n := b.count("SELECT (SELECT count() FROM events) + (SELECT count() FROM network_log)"); n != 0 {
		t.Errorf("a decision left %d rows in other tables", n)
	}
}
