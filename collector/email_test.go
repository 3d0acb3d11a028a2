package main

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/visitor"
)

// fetch asks for a link as a mail program does.
func (p *process) fetch(link, agent string) *http.Response {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, link, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	answer, err := http.DefaultTransport.RoundTrip(r) // a redirect is not followed
	if err != nil {
		p.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

func TestAnOpenedEMailBecomesARowThatNamesNobody(t *testing.T) {
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	p := start(t, dir, db.DSN)
	link := func(more ...string) string {
		t.Helper()
		var out strings.Builder
		args := append([]string{"email-link", "--sites", dir + "/sites.yaml", "--site=demo", "--campaign=spring", "--message=m-77", "--collector", p.url}, more...)
		if err := run(t.Context(), args, nil, &out, p.log); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out.String())
	}
	const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	for _, agent := range []string{phone, phone, "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"} {
		if got := p.fetch(link(), agent); got.Header.Get("Mayak-Outcome") != "stored" || got.Header.Get("Content-Type") != "image/gif" {
			t.Errorf("picture: %v", got.Header)
		}
	}
	clicked := p.fetch(link("--to=http://localhost/booking?name=Aigerim"), phone)
	if clicked.StatusCode != http.StatusFound || clicked.Header.Get("Location") != "http://localhost/booking?name=Aigerim" {
		t.Errorf("click: %d %v", clicked.StatusCode, clicked.Header)
	}
	if got := p.fetch(link("--to=http://localhost/")+"x", phone); got.StatusCode != http.StatusForbidden || got.Header.Get("Location") != "" {
		t.Errorf("a changed link: %d %v", got.StatusCode, got.Header)
	}

	conn := db.Conn(t)
	const asked = `SELECT arraySort(groupArray(concat(type, ' ', name, ' ', path, ' ', utm_campaign, ' ', os, ' ', origin))), uniqExact(visitor),
		countIf(position(formatRow('TSV', *), 'm-77') > 0 OR position(formatRow('TSV', *), 'Aigerim') > 0) FROM events FINAL`
	var rows []string
	var mails, named uint64
	p.await("the rows", func() bool {
		if err := conn.QueryRow(t.Context(), asked).Scan(&rows, &mails, &named); err != nil {
			t.Fatal(err)
		}
		return len(rows) == 4
	})
	want := "click human /booking spring iOS mail, open human / spring iOS mail, open human / spring iOS mail, open proxy / spring  mail"
	if got := strings.Join(rows, ", "); got != want || mails != 1 || named != 0 {
		t.Errorf("rows %s of %d e-mails, %d of which name the message or the person; want %s of one", got, mails, named, want)
	}
	p.await("all restricted rows", func() bool { // each comes behind its event
		var addresses uint64
		if err := conn.QueryRow(t.Context(), "SELECT count() FROM network_log").Scan(&addresses); err != nil {
			t.Fatal(err)
		}
		return addresses == 3 // those of the person: none of the proxy
	})
}

func TestALinkThatCannotBeMadeIsToldWhy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/sites.yaml", []byte("sites: [{id: demo, hostnames: [localhost]}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAYAK_VISITOR_KEY", dir+"/visitor.key")
	link := func(args ...string) error {
		args = append([]string{"email-link", "--sites", dir + "/sites.yaml", "--campaign=spring", "--collector=https://stats.clinic.example"}, args...)
		return run(t.Context(), args, nil, &strings.Builder{}, &strings.Builder{})
	}
	if err := link("--site=demo", "--message=m"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the collectors' key: %v", err)
	}
	if _, err := visitor.OpenKey(dir + "/visitor.key"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--site=shop", "--message=m"}, "there are demo"},
		{[]string{"--site=demo", "--message=aigerim@clinic.example"}, "no e-mail address"},
		{[]string{"--site=demo", "--message=m", "--to=javascript:alert(1)"}, "begins with http"},
		{[]string{"--site=demo", "--message=m", "--recipient=a b"}, "recipient: want"},
	} {
		err := link(tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want %q", tt.args, err, tt.want)
		}
	}
}
