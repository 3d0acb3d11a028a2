package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/visitor"
)

// command runs a command of the collector and returns what it prints.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), args, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// upload sends a body with a key, and returns the answer in a line.
func (p *process) upload(key, body string) string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/events", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprint(answer.StatusCode, " ", strings.TrimSpace(string(text)))
}

// salts are the days' salts that a collector has on disk.
func salts(t *testing.T, data string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "salts"))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(regexp.MustCompile(`(?m)^[0-9-]{10} [0-9a-f]{32}`).FindAllString(string(text), -1))
}

// One database and few collectors, since each costs a second: keys, an upload to its rows, idempotency over a restart, at another
// collector, and of an app that was offline.
func TestEventsOfServersAndAppsAreRows(t *testing.T) {
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	keysFile := filepath.Join(dir, "keys.yaml")
	key := command(t, "keys", "create", "--keys", keysFile, "--site", "demo", "--name", "backend")
	renewed := command(t, "keys", "create", "--keys", keysFile, "--site", "demo", "--name", "backend@2")
	revoked := command(t, "keys", "create", "--keys", keysFile, "--site", "demo", "--name", "old")
	p := start(t, dir, db.DSN, "--keys", keysFile)

	at := time.Now().Add(-50 * time.Hour).UTC().Truncate(time.Millisecond)
	recently := time.Now().Add(-time.Second).UTC().Truncate(time.Millisecond)
	stamp := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	screen := func(id, name, level string, at time.Time) string {
		return fmt.Sprintf(`{"id":%q,"ts":%q,"app":"kz.clinic","app_version":"5.12.0","os":"ios","os_version":"26.1","device_model":"iPhone17,1","screen_name":%q,"device_id":"6f1e-77aa","consent":%q,"ip":"203.0.113.7"}`,
			id, stamp(at), name, level)
	}
	body := strings.Join([]string{
		screen("s1", "Doctors", "analytics", at), screen("s2", "ivan@mail.ru", "analytics", at.Add(time.Minute)), screen("s3", "Doctors", "essential", recently),
		fmt.Sprintf(`{"id":"order 7","ts":%q,"url":"http://localhost/paid","type":"event","name":"order","value":9.5,"ip":"203.0.113.7","user_agent":"Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}`, stamp(recently)),
		`{"url":"http://evil.test/"}`,
	}, "\n")
	const taken = `200 {"accepted":4,"rejected":[{"index":4,"error":"url: its host name is not one of the site's"}]}`
	if got := p.upload(key, body); got != taken {
		t.Fatalf("answer %s, want %s", got, taken)
	}
	if got := p.upload(revoked, `{"url":"http://localhost/"}`); !strings.HasPrefix(got, "200") {
		t.Errorf("before it is revoked: %s", got)
	}
	command(t, "keys", "revoke", "--keys", keysFile, "old")
	if got := p.upload(revoked, `{"url":"http://localhost/"}`); !strings.HasPrefix(got, "401") {
		t.Errorf("after it is revoked: %s", got)
	}
	if got := command(t, "keys", "--keys", keysFile); !strings.Contains(got, "backend") || strings.Contains(got, "old") {
		t.Errorf("keys:\n%s", got)
	}
	if got := p.upload(key, body); got != taken {
		t.Errorf("sent again: %s", got)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir, db.DSN, "--keys", keysFile)
	if got := p.upload(key, body); got != taken {
		t.Errorf("sent again after a restart: %s", got)
	}
	if got := p.upload(renewed, body); got != taken {
		t.Errorf("sent again with the key that takes the place of the first: %s", got)
	}
	if got := p.sums()["mayak_collector_spool_records_total"]; got != 0 {
		t.Errorf("%v events were spooled again", got)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	// Another collector does not know the ids; the table does.
	p = start(t, dir, db.DSN, "--keys", keysFile, "--data", filepath.Join(dir, "other"))
	p.await("the day's salt agreed on", func() bool {
		return salts(t, filepath.Join(dir, "data")) == salts(t, filepath.Join(dir, "other"))
	})
	if got := p.upload(key, body); got != taken {
		t.Errorf("sent again to another collector: %s", got)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}

	secret, err := visitor.OpenKey(filepath.Join(dir, "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	device := secret.Device("demo", "6f1e-77aa")
	conn := db.Conn(t)
	var got []string
	rows, err := conn.Query(t.Context(), `SELECT concat(path, ' ', type, ' ', consent, ' ', app, ' ', app_version, ' ', os, ' ', os_version, ' ', model, ' ', device, ' ', bot,
		if(visitor = ?, ' device', ' other'), if(ts = fromUnixTimestamp64Milli(?, 'UTC') AND type = 'pageview', ' then', ''))
		FROM events FINAL WHERE origin = 'api' AND name != '' OR app != '' ORDER BY path, consent`, device, at.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // read to its end
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := []string{
		"/Doctors pageview analytics kz.clinic 5.12.0 iOS 26.1 iPhone17,1 mobile  device then",
		"/Doctors pageview essential kz.clinic  iOS   mobile  other",
		"/[email] pageview analytics kz.clinic 5.12.0 iOS 26.1 iPhone17,1 mobile  device",
		"/paid event essential   Windows   desktop  other",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
