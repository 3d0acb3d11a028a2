package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mayak/dashboards/grafanatest"
	"mayak/schema/clickhouse/clickhousetest"
)

// process is a collector inside the test.
type process struct {
	t      *testing.T
	url    string
	admin  string
	cancel context.CancelFunc
	done   chan error
	log    *logbook
}

// logbook is what a process wrote, readable while it writes.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, dir, dsn string, more ...string) *process {
	t.Helper()
	sites := filepath.Join(dir, "sites.yaml")
	if err := os.WriteFile(sites, []byte("sites: [{id: demo, hostnames: [localhost], time_zone: Asia/Almaty}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAYAK_TEST_DSN", "")
	t.Setenv("MAYAK_VISITOR_KEY", filepath.Join(dir, "visitor.key"))
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{t: t, url: "http://" + free(t), admin: "http://" + free(t), cancel: cancel, done: make(chan error, 1), log: &logbook{}}
	args := append([]string{
		"--listen", strings.TrimPrefix(p.url, "http://"), "--admin-listen", strings.TrimPrefix(p.admin, "http://"),
		"--data", filepath.Join(dir, "data"), "--sites", sites, "--clickhouse-dsn", dsn, "--geoip", dir,
		"--segment-age", "50ms", "--disk-share", "1", "--shutdown-timeout", "5s",
	}, more...)
	go func() { p.done <- run(ctx, args, nil, io.Discard, p.log) }()
	p.await("ready", func() bool {
		answer, err := http.Get(p.admin + "/readyz")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
	t.Cleanup(func() { p.stop() })
	return p
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// await asks again and again: what is waited for happens on real sockets and disks.
func (p *process) await(what string, yes func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !yes(); {
		if time.Now().After(deadline) {
			p.t.Fatalf("not %s in time\n%s", what, p.log)
		}
		select {
		case err := <-p.done:
			p.done <- err
			p.t.Fatalf("the collector ended: %v\n%s", err, p.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (p *process) stop() error {
	p.cancel()
	err := <-p.done
	p.done <- err
	http.DefaultClient.CloseIdleConnections()
	return err
}

func (p *process) post(body string) (status int, outcome string) {
	p.t.Helper()
	answer, err := http.Post(p.url+"/e", "text/plain", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("Mayak-Outcome")
}

// metrics is what the process tells of itself.
func (p *process) metrics() string {
	p.t.Helper()
	answer, err := http.Get(p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// sums reads the counters of guarantee 4.
func (p *process) sums() map[string]float64 {
	p.t.Helper()
	sums := map[string]float64{}
	for _, found := range regexp.MustCompile(`(?m)^(mayak_\w+)(?:\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(p.metrics(), -1) {
		var value float64
		_, _ = fmt.Sscan(found[2], &value)
		sums[found[1]] += value
	}
	return sums
}

func TestAHitIsARowInTheDatabaseWithinTwoSeconds(t *testing.T) {
	db := clickhousetest.Migrated(t)
	p := start(t, t.TempDir(), db.DSN, "--segment-age", "500ms")
	began := time.Now()
	if status, outcome := p.post(`{"site":"demo","url":"http://localhost/a","id":"one"}`); status != 202 || outcome != "stored" {
		t.Fatalf("answer %d, %s", status, outcome)
	}
	conn := db.Conn(t)
	p.await("in the table", func() bool {
		var n uint64
		return conn.QueryRow(t.Context(), "SELECT count() FROM events WHERE id = 'one' AND path = '/a'").Scan(&n) == nil && n == 1
	})
	t.Logf("queryable after %v", time.Since(began))
	if took := time.Since(began); took > 2*time.Second && os.Getenv("CI") == "" {
		t.Errorf("queryable after %v, want 2s at most", took)
	}
}

func TestTheCountersAddUp(t *testing.T) {
	db := clickhousetest.Migrated(t)
	p := start(t, t.TempDir(), db.DSN)
	watching, stop := context.WithCancel(t.Context())
	seen, watched := &logbook{}, make(chan error, 1)
	go func() {
		watched <- run(watching, []string{"tail", "--admin-listen", strings.TrimPrefix(p.admin, "http://")}, nil, seen, p.log)
	}()
	p.await("somebody watches", func() bool { // it begins once a hit is shown
		p.post(`{"site":"demo"}`)
		return strings.Contains(seen.String(), "dropped: malformed")
	})
	for _, body := range []string{
		`{"site":"demo","url":"http://localhost/a","id":"1"}`, `{"site":"demo","url":"http://localhost/a","id":"1"}`,
		`{"site":"none","url":"http://localhost/a"}`, `{"site":"demo","url":"http://evil.test/a"}`, `nonsense`, `[]`,
		`[{"site":"demo","url":"http://localhost/b"},{"site":"demo","url":"http://localhost/c"},{"site":"demo"}]`,
		`{"site":"demo","url":"http://localhost/d","type":"engage","engaged_ms":5}`,
	} {
		p.post(body)
	}
	p.await("delivered", func() bool {
		s := p.sums()
		return s["mayak_collector_spool_pending_records"] == 0 && s["mayak_collector_deliver_rows_total"] >= 4
	})
	if absent, err := grafanatest.Absent("..", "collector", p.metrics()); err != nil || len(absent) > 0 {
		t.Errorf("a dashboard, an alert or a document names what nobody has: %q: %v", absent, err)
	}
	s := p.sums()
	if s["mayak_collector_received_total"] != s["mayak_collector_dropped_total"]+s["mayak_collector_spool_records_total"] {
		t.Errorf("received %v is not dropped %v + spooled %v", s["mayak_collector_received_total"], s["mayak_collector_dropped_total"], s["mayak_collector_spool_records_total"])
	}
	if s["mayak_collector_hits_total"] != s["mayak_collector_received_total"] {
		t.Errorf("of %v received hits %v are told what became of them", s["mayak_collector_received_total"], s["mayak_collector_hits_total"])
	}
	for _, line := range []string{
		"demo             beacon  pageview  stored", "demo             beacon  pageview  dropped: duplicate", "demo             beacon  pageview  dropped: unknown_host",
		"(unknown)        beacon  pageview  dropped: unknown_site", "demo             beacon  engage    stored", "(unknown)        beacon  -         dropped: malformed",
	} {
		p.await(line, func() bool { return strings.Contains(seen.String(), line) })
	}
	if strings.Contains(seen.String(), "none") || strings.Contains(seen.String(), "evil") {
		t.Errorf("who watches is shown what a client made up:\n%s", seen.String())
	}
	stop()
	if err := <-watched; err != nil {
		t.Errorf("watching: %v", err)
	}
	if got := s["mayak_collector_deliver_rows_total"]; got != 4 || s["mayak_collector_spool_records_total"] != 4 {
		t.Errorf("spooled %v, delivered %v, want 4", s["mayak_collector_spool_records_total"], got)
	}
}

func TestADuplicateIsKnownAfterARestartToo(t *testing.T) {
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	away := "http://127.0.0.1:1/" + db.Name
	first := start(t, dir, away, "--shutdown-timeout", "2s")
	if _, outcome := first.post(`{"site":"demo","url":"http://localhost/a","id":"again"}`); outcome != "stored" {
		t.Fatalf("outcome %s", outcome)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, dir, db.DSN)
	if _, outcome := second.post(`{"site":"demo","url":"http://localhost/a","id":"again"}`); outcome != "dropped; reason=duplicate" {
		t.Errorf("outcome %s", outcome)
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := db.Conn(t).QueryRow(t.Context(), "SELECT count() FROM events WHERE id = 'again'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v, want 1: what was spooled while the database was away must arrive", n, err)
	}
}

func TestStoppingDeliversWhatWasAnswered(t *testing.T) {
	db := clickhousetest.Migrated(t)
	p := start(t, t.TempDir(), db.DSN, "--segment-age", "1h")
	for i := range 20 {
		p.post(fmt.Sprintf(`{"site":"demo","url":"http://localhost/a","id":"stop-%d"}`, i))
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := db.Conn(t).QueryRow(t.Context(), "SELECT count() FROM events").Scan(&n); err != nil || n != 20 {
		t.Errorf("%d rows, %v, want 20", n, err)
	}
}

func TestOneDataFolderBelongsToOneCollector(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "http://127.0.0.1:1/x", "--shutdown-timeout", "2s")
	var out bytes.Buffer
	err := run(t.Context(), []string{
		"--listen", free(t), "--admin-listen", free(t), "--data", filepath.Join(dir, "data"), "--sites", filepath.Join(dir, "sites.yaml"), "--geoip", dir,
	}, nil, io.Discard, &out)
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("error = %v", err)
	}
}

func TestNothingPersonalIsLoggedOrLiesInTheDataFolder(t *testing.T) {
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	p := start(t, dir, "http://127.0.0.1:1/"+db.Name, "--shutdown-timeout", "2s", "--log-level", "debug", "--trusted-proxies", "127.0.0.1")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/e", strings.NewReader(
		`{"site":"demo","url":"http://localhost/planted-path?email=planted%40example.kz&q=plantedsearch","title":"planted@example.kz +7 701 555 44 33","referrer":"https://yandex.kz/search?text=plantedsearch"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "203.0.113.77")
	request.Header.Set("User-Agent", "PlantedAgent/7.7")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if outcome := answer.Header.Get("Mayak-Outcome"); outcome != "stored" {
		t.Fatalf("outcome %s", outcome)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	planted := [][]byte{
		[]byte("203.0.113.77"), {203, 0, 113, 77}, []byte("PlantedAgent/7.7"), []byte("planted@example.kz"), []byte("plantedsearch"), []byte("701 555 44 33"),
	}
	looked := 0
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		bytesOf, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, secret := range planted {
			if bytes.Contains(bytesOf, secret) {
				t.Errorf("%s holds %q", filepath.Base(path), secret)
			}
		}
		return nil
	})
	if err != nil || looked < 4 {
		t.Errorf("looked into %d files, %v", looked, err)
	}
	for _, secret := range append(planted, []byte("planted-path")) {
		if strings.Contains(p.log.String(), string(secret)) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
