package main

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/migrate"
	"mayak/schema/policy"
	"mayak/schema/roles"
)

// columns are the names of those of a table or a view.
func columns(t *testing.T, conn driver.Conn, of string) (all []string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT * FROM "+of+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // nothing is read
	return rows.Columns()
}

// ask sends a request as the page's own browser does, and returns the answer's text and its cookie, as a browser sends it back.
func (p *process) ask(method, path, body, cookie string) (text, given string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.url)
	r.Header.Set("Cookie", cookie)
	r.Header.Set("Accept-Language", "en")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, page, err)
	}
	for _, c := range answer.Cookies() {
		given = c.Name + "=" + c.Value
	}
	return string(page), given
}

// visit sends a hit with a cookie.
func (p *process) visit(body, cookie string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/e", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	if outcome := answer.Header.Get("Mayak-Outcome"); outcome != "stored" {
		p.t.Fatalf("outcome %s", outcome)
	}
}

// guarded starts an engine whose users have the rights that the policy gives them, and a collector that uses two of them: one that
// delivers, and one that reads for the visitor's page. It returns the aggregator's connection too.
func guarded(t *testing.T) (*process, driver.Conn) {
	t.Helper()
	rules, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rights := &roles.Options{Policy: rules, Database: "mayak"}
	passwords, err := roles.Passwords(filepath.Join(dir, "passwords"))
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users.xml")
	if err := os.WriteFile(users, rights.UsersFile(passwords), 0o600); err != nil {
		t.Fatal(err)
	}
	engine := clickhousetest.StartProcess(t, filepath.Join(dir, "engine"), "MAYAK_ENGINE_USERS_FILE="+users)
	dsn := func(role string) string {
		return strings.Replace(engine.DSN(), "http://", "http://"+role+":"+passwords[role]+"@", 1) + "/mayak"
	}
	all := clickhouse.Options{DSN: dsn(roles.Aggregator)}
	if _, err := migrate.Up(t.Context(), all, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return start(t, dir, dsn(roles.Collector), "--reader-dsn", dsn(roles.Visitor)), conn
}

// From the choice to the rows that the visitor sees of themselves, and nobody else of them.
func TestAVisitorSeesTheirOwnRowsAndNobodyElses(t *testing.T) {
	p, db := guarded(t)
	for _, table := range []string{"events", "network_log", "consents"} {
		view := "visitor_" + strings.TrimSuffix(table, "_log")
		if want, got := columns(t, db, table), columns(t, db, view+"(site = 'a', visitor = 1)"); !slices.Equal(want, got) {
			t.Errorf("%s shows %q of %q: make it anew", view, got, want)
		}
	}
	choose := func(level, cookie string) (page, given string) {
		return p.ask(http.MethodPost, "/privacy/consent", url.Values{"site": {"demo"}, "level": {level}}.Encode(), cookie)
	}
	said, mine := choose("analytics", "")
	_, theirs := choose("analytics", "")
	receipt := regexp.MustCompile(`Receipt: ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})`).FindStringSubmatch(said)
	if receipt == nil {
		t.Fatalf("no receipt: %s", said)
	}
	p.visit(`{"site":"demo","url":"http://localhost/before","id":"b1"}`, "")
	p.visit(`{"site":"demo","url":"http://localhost/mine","id":"m1"}`, mine)
	p.visit(`{"site":"demo","url":"http://localhost/mine","id":"m2","type":"engage","page":"m1","engaged_ms":4000,"scroll":50}`, mine)
	p.visit(`{"site":"demo","url":"http://localhost/theirs","id":"t1"}`, theirs)
	p.visit(`{"site":"demo","url":"http://localhost/refused","id":"r1"}`, "__Host-mayak-demo=1.refused.x."+time.Now().UTC().Format(time.DateOnly))
	p.await("all of it delivered", func() bool {
		s := p.sums()
		return s["mayak_collector_deliver_rows_total"] == 7 && s["mayak_collector_spool_pending_records"] == 0
	})
	s := p.sums()
	if received, spooled := s["mayak_collector_received_total"], s["mayak_collector_spool_records_total"]; received != 7 || spooled != 7 {
		t.Errorf("received %v, spooled %v, want five hits and two decisions", received, spooled)
	}

	page, _ := p.ask(http.MethodGet, "/privacy?site=demo", "", mine)
	for _, want := range []string{"/mine", "looked at for 4 s, 50 % of the page", receipt[1], "Firefox", "Mozilla/5.0 (X11"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, other := range []string{"/before", "/theirs", "/refused"} {
		if strings.Contains(page, other) {
			t.Errorf("the page shows %q", other)
		}
	}
	file, _ := p.ask(http.MethodGet, "/privacy/data?site=demo", "", mine)
	file = strings.ReplaceAll(file, `\/`, "/")
	if strings.Count(file, `"path":"/mine"`) != 2 || strings.Contains(file, "/theirs") || !strings.Contains(file, receipt[1]) {
		t.Errorf("the file holds %s", file)
	}

	// Of a number that somebody made up there are no rows, and the page says so; the wish waits all the same.
	erase := url.Values{"site": {"demo"}, "confirm": {"yes"}}.Encode()
	madeUp := mine[:len(mine)-22] + "AAECAwQFBgcICQoLDA0ODw"
	if said, left := p.ask(http.MethodPost, "/privacy/erase", erase, madeUp); !strings.Contains(said, "there was nothing to erase") || strings.Count(left, ".") != 3 {
		t.Errorf("with a number of nobody: cookie %q, page %s", left, said)
	}
	if said, _ := p.ask(http.MethodPost, "/privacy/erase", erase, theirs); !strings.Contains(said, "Your request to erase is accepted") {
		t.Errorf("with a number that has rows: %s", said)
	}
	p.await("two wishes to erase", func() bool {
		var n uint64
		return db.QueryRow(t.Context(), `SELECT count() FROM consents WHERE action = 'erase'`).Scan(&n) == nil && n == 2
	})

	// What the page says is what the table holds: the view and what was told of it are joined to each other and to nothing before.
	var joined, visitors, before uint64
	err := db.QueryRow(t.Context(), `SELECT countIf(page IN (SELECT id FROM events WHERE path = '/mine')), uniqIf(visitor, path = '/mine'),
		countIf(path = '/before' AND visitor IN (SELECT visitor FROM events WHERE path != '/before')) FROM events`).Scan(&joined, &visitors, &before)
	if err != nil || joined != 1 || visitors != 1 || before != 0 {
		t.Errorf("%d rows joined to the view, %d visitors, %d rows from before joined, %v", joined, visitors, before, err)
	}

	_, left := choose("refused", mine)
	if strings.Count(left, ".") != 3 {
		t.Errorf("after the refusal the browser keeps %q", left)
	}
	p.await("the withdrawal in its table", func() bool {
		var n uint64
		return db.QueryRow(t.Context(), `SELECT count() FROM consents WHERE action = 'withdrawn' AND level = 'refused' AND how = 'page'
			AND visitor = (SELECT visitor FROM events WHERE path = '/mine' LIMIT 1)`).Scan(&n) == nil && n == 1
	})
}

// All that is kept of a visitor may be much: a collector sends it as it reads it.
func TestTheFileOfAVisitorWithFiftyThousandRowsIsNotHeld(t *testing.T) {
	const rows = 50_000
	p, db := guarded(t)
	_, mine := p.ask(http.MethodPost, "/privacy/consent", url.Values{"site": {"demo"}, "level": {"analytics"}}.Encode(), "")
	p.await("the consent in its table", func() bool {
		var n uint64
		return db.QueryRow(t.Context(), "SELECT count() FROM consents").Scan(&n) == nil && n == 1
	})
	err := db.Exec(t.Context(), `INSERT INTO events (site, ts, received, type, id, visitor, consent, path, title)
		SELECT 'demo', now64(3) - number, now(), 'pageview', toString(number), (SELECT any(visitor) FROM consents), 'analytics', concat('/page/', toString(number)), repeat('x', 100) FROM numbers(50000)`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/privacy/data?site=demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", mine)
	r.Header.Set("Accept-Encoding", "identity") // so that not all of it fits between the two
	before, began := heap(), time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var size, found, most uint64
	reader := bufio.NewReader(answer.Body)
	last := ""
	for {
		piece, err := reader.ReadString('}') // one row, more or less
		size += uint64(len(piece))
		if strings.Contains(piece, `\/page\/`) {
			if found++; found%10_000 == 5000 {
				most = max(most, heap())
			}
		}
		if err != nil {
			break
		}
		last = piece
	}
	held := max(most, before) - before
	t.Logf("%d rows, %d bytes sent in %v, %d held at most: 1/%d", found, size, time.Since(began), held, size/max(held, 1))
	if found != rows || !strings.Contains(last, `"complete":true`) || held > size/3 {
		t.Errorf("%d rows of %d, %d bytes held of %d, the end is %q", found, rows, held, size, last)
	}
}

// heap is what is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC() // until the connection is full, more is made meanwhile
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
