package main

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mayak/schema/clickhouse/clickhousetest"
)

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

// From the choice to the rows that the visitor sees of themselves, and nobody else of them.
func TestAVisitorSeesTheirOwnRowsAndNobodyElses(t *testing.T) {
	db := clickhousetest.Migrated(t)
	p := start(t, t.TempDir(), db.DSN)
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
	p.visit(`{"site":"demo","url":"http://localhost/refused","id":"r1"}`, "mayak-demo=1.refused.x."+time.Now().UTC().Format(time.DateOnly))
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

	// What the page says is what the table holds: the view and what was told of it are joined to each other and to nothing before.
	var joined, visitors, before uint64
	err := db.Conn(t).QueryRow(t.Context(), `SELECT countIf(page IN (SELECT id FROM events WHERE path = '/mine')), uniqIf(visitor, path = '/mine'),
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
		return db.Conn(t).QueryRow(t.Context(), `SELECT count() FROM consents WHERE action = 'withdrawn' AND level = 'refused' AND how = 'page'
			AND visitor = (SELECT visitor FROM events WHERE path = '/mine' LIMIT 1)`).Scan(&n) == nil && n == 1
	})
}
