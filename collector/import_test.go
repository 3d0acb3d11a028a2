package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/schema/clickhouse/clickhousetest"
)

// importer runs the command on one data folder and one database.
type importer struct {
	*testing.T

	dir string
	db  *clickhousetest.DB
}

func newImporter(t *testing.T) *importer {
	t.Helper()
	i := &importer{T: t, dir: t.TempDir(), db: clickhousetest.Migrated(t)}
	i.write("sites.yaml", "sites: [{id: clinic, hostnames: [clinic.example], time_zone: Asia/Almaty}, {id: shop, hostnames: ['*.shop.example'], time_zone: UTC}]")
	return i
}

func (i *importer) path(name string) string { return filepath.Join(i.dir, name) }

func (i *importer) write(name, text string) string {
	i.Helper()
	if err := os.WriteFile(i.path(name), []byte(text), 0o600); err != nil {
		i.Fatal(err)
	}
	return i.path(name)
}

func (i *importer) args(more ...string) []string {
	return append([]string{
		"import", "access-log", "--sites", i.path("sites.yaml"), "--data", i.path("data"), "--clickhouse-dsn", i.db.DSN, "--geoip", i.dir, "--disk-share", "1",
	}, more...)
}

func (i *importer) try(stdin string, more ...string) (out, errs string, err error) {
	var stdout, stderr bytes.Buffer
	err = run(i.Context(), i.args(more...), strings.NewReader(stdin), &stdout, &stderr)
	return stdout.String(), stderr.String(), err
}

// do runs the command, which has to succeed.
func (i *importer) do(more ...string) string {
	i.Helper()
	out, errs, err := i.try("", more...)
	if err != nil {
		i.Fatalf("%v\n%s%s", err, out, errs)
	}
	return out
}

// rows are what a query answers, one string each.
func (i *importer) rows(query string) []string {
	i.Helper()
	found, err := i.db.Conn(i.T).Query(i.Context(), query)
	if err != nil {
		i.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var all []string
	for found.Next() {
		var one string
		if err := found.Scan(&one); err != nil {
			i.Fatal(err)
		}
		all = append(all, one)
	}
	if err := found.Err(); err != nil {
		i.Fatal(err)
	}
	return all
}

func (i *importer) count() string {
	i.Helper()
	return i.rows("SELECT toString(count()) FROM events")[0]
}

const (
	chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	robot  = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

// logged is a line of the combined format, some days ago at this time of the day in Almaty.
func logged(days int, clock, address, request string, status int, referrer, agent string) string {
	day := time.Now().UTC().AddDate(0, 0, -days).Format("02/Jan/2006")
	return fmt.Sprintf("%s - - [%s:%s +0500] \"%s HTTP/1.1\" %d 1234 %q %q\n", address, day, clock, request, status, referrer, agent)
}

// addsUp holds a report to its word: each line is a page view, or is counted under one reason.
func addsUp(t *testing.T, out string) {
	t.Helper()
	lines, sum := 0, 0
	for _, found := range regexp.MustCompile(`(?m)(\d+) (lines), (\d+) page views|^ +(\d+)  \w+ `).FindAllStringSubmatch(out, -1) {
		of, _ := strconv.Atoi(found[1])
		views, _ := strconv.Atoi(found[3])
		reason, _ := strconv.Atoi(found[4])
		lines, sum = lines+of, sum+views+reason
	}
	if lines == 0 || lines != sum {
		t.Errorf("%d lines, but %d are accounted for:\n%s", lines, sum, out)
	}
}

func TestALogBecomesTheRowsThatItsVisitsWouldHaveBeen(t *testing.T) {
	i := newImporter(t)
	log := i.write("access.log", strings.Join([]string{
		logged(9, "10:00:00", "2.132.7.9", "GET /ru/?utm_source=newsletter&email=a%40example.kz", 200, "https://www.google.com/search?q=secret", chrome),
		logged(9, "10:00:01", "2.132.7.9", "GET /app.css", 200, "-", chrome),
		logged(9, "10:00:02", "2.132.7.77", "GET /ru/doctors", 304, "https://clinic.example/ru/", chrome),
		logged(9, "10:05:00", "2.132.7.9", "GET /ru/doctors", 200, "-", chrome),
		logged(8, "10:05:00", "2.132.7.9", "GET /ru/doctors", 200, "-", chrome),
		logged(9, "10:06:00", "66.249.66.1", "GET /kk/", 200, "-", robot),
		logged(9, "10:07:00", "2.132.7.9", "POST /ru/", 200, "-", chrome),
		logged(9, "10:08:00", "2.132.7.9", "GET /old", 301, "-", chrome),
		logged(9, "10:09:00", "2.132.7.9", "HEAD /ru/", 200, "-", chrome),
		logged(500, "10:09:00", "2.132.7.9", "GET /ru/", 200, "-", chrome),
		logged(-2, "10:09:00", "2.132.7.9", "GET /ru/", 200, "-", chrome),
		logged(9, "10:10:00", "client.example", "GET /ru/", 200, "-", chrome),
		"\n", "what is this\n", strings.Repeat("x", 100_000) + "\n",
	}, ""))
	out := i.do("--site", "clinic", log)
	addsUp(t, out)
	for _, want := range []string{
		"14 lines, 5 page views", "1  asset ", "1  not_served ", "2  not_get ", "1  too_old ", "1  from_future ", "1  no_address ", "1  unreadable ", "1  too_long ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.DateOnly) }
	want := []string{
		day(9) + " 05:00:00.000|clinic|log|pageview|essential|clinic.example|/ru/||newsletter|www.google.com|email|Chrome|2.132.7.0/24|",
		day(9) + " 05:00:02.000|clinic|log|pageview|essential|clinic.example|/ru/doctors||||internal|Chrome|2.132.7.0/24|",
		day(9) + " 05:05:00.000|clinic|log|pageview|essential|clinic.example|/ru/doctors||||direct|Chrome|2.132.7.0/24|",
		day(9) + " 05:06:00.000|clinic|log|pageview|essential|clinic.example|/kk/||||direct||66.249.66.0/24|search:Googlebot",
		day(8) + " 05:05:00.000|clinic|log|pageview|essential|clinic.example|/ru/doctors||||direct|Chrome|2.132.7.0/24|",
	}
	got := i.rows(`SELECT concat_ws('|', toString(ts), site, origin, type, consent, hostname, path, query, utm_source, referrer_host, channel, browser, network, bot) FROM events ORDER BY ts, id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// One network and agent is one visitor on a day, and another on the next.
	if got := i.rows("SELECT toString(uniqExact(visitor)) FROM events WHERE bot = '' GROUP BY toDate(ts)"); !cmp.Equal(got, []string{"1", "1"}) {
		t.Errorf("visitors by day: %v", got)
	}
	if got := i.rows("SELECT toString(uniqExact(visitor)) FROM events WHERE bot = ''"); got[0] != "2" {
		t.Errorf("%s visitors on two days, want 2: nobody is followed over midnight", got[0])
	}
	if got := i.rows("SELECT concat_ws('|', toString(count()), toString(countIf(address = toIPv6('2.132.7.77')))) FROM network_log"); got[0] != "5|1" {
		t.Errorf("network_log has %s", got[0])
	}
	i.sameAgain(log, want)
}

// sameAgain imports the same content in other clothes, which adds nothing, and then more of it, which adds that.
func (i *importer) sameAgain(log string, rows []string) {
	i.Helper()
	n := fmt.Sprint(len(rows))
	content, err := os.ReadFile(log)
	if err != nil {
		i.Fatal(err)
	}
	var packed bytes.Buffer
	pack := gzip.NewWriter(&packed)
	_, err = pack.Write(content)
	if err := errors.Join(err, pack.Close()); err != nil {
		i.Fatal(err)
	}
	rotated := i.write("access.log.1.gz", packed.String())
	i.do("--site", "clinic", log)
	i.do("--site", "clinic", rotated)
	if out, _, err := i.try(string(content), "--site", "clinic", "-"); err != nil || !strings.Contains(out, "0 lines, 0 page views") {
		i.Errorf("through a pipe: %v, %s", err, out)
	}
	if got := i.count(); got != n {
		i.Fatalf("%s rows after importing the same again, want %s", got, n)
	}
	// A line that nobody has ended yet is left for later.
	whole := logged(3, "12:00:00", "2.132.7.9", "GET /new", 200, "-", chrome)
	i.write("access.log", string(content)+whole[:60])
	if out := i.do("--site", "clinic", log); !strings.Contains(out, "60  bytes of a last line without an end") {
		i.Errorf("half a line: %s", out)
	}
	i.write("access.log", string(content)+whole)
	if out := i.do("--site", "clinic", log); !strings.Contains(out, "1 lines, 1 page views") {
		i.Errorf("a line more: %s", out)
	}
	if got := i.rows("SELECT path FROM events WHERE ts > now() - INTERVAL 4 DAY"); !cmp.Equal(got, []string{"/new"}) {
		i.Errorf("of the line that was added: %v", got)
	}
	i.do("--site", "clinic", "--again", log)
	if got := i.count(); got != fmt.Sprint(2*(len(rows)+1)) {
		i.Errorf("%s rows after importing again on purpose", got)
	}
}

func TestWhatCannotBeImportedIsSaidClearly(t *testing.T) {
	i := newImporter(t)
	line := logged(3, "10:00:00", "2.132.7.9", "GET /ru/", 200, "-", chrome)
	log := i.write("access.log", line)
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no such file", []string{"--site", "clinic", i.path("none.log")}, "none.log: no such file"},
		{"a folder", []string{"--site", "clinic", i.dir}, "it is a folder: name the files in it"},
		{"a binary file", []string{"--site", "clinic", i.write("binary", "abc\x00def\n")}, "it is no text: byte 4 of its content is zero"},
		{"another format", []string{"--site", "clinic", i.write("other.log", "one\ntwo\n")}, "none of the lines 1 to 2 can be read as caddy, vhost_combined, combined, common"},
		{"another format than was said", []string{"--site", "clinic", "--format", "common", i.write("another.log", "one\n")}, "none of the lines 1 to 1 can be read as common"},
		{"no such format", []string{"--site", "clinic", "--format", "fancy", log}, "there are auto, caddy, vhost_combined, combined, common"},
		{"a format that lacks something", []string{"--site", "clinic", "--format", "$remote_addr $status", log}, "it lacks the time"},
		{"no such site", []string{"--site", "none", log}, `site "none" is not in the sites file; there are clinic, shop`},
		{"no site named", []string{log}, "name the site with --site; there are clinic, shop"},
		{"no such zone", []string{"--site", "clinic", "--timezone", "Nowhere", log}, `timezone "Nowhere"`},
		{"half a gzip file", []string{"--site", "clinic", i.write("half.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x02")}, "unexpected EOF"},
		{"no file", []string{"--site", "clinic"}, "<file>"},
		{"no database", []string{"--site", "clinic", "--clickhouse-dsn", "http://127.0.0.1:1/mayak", log}, "ask the database for today's visitor ids"},
	} {
		out, _, err := i.try("", tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want one with %q\n%s", tt.name, err, tt.want, out)
		}
		if err != nil && strings.Contains(err.Error(), "2.132.7.9") {
			t.Errorf("%s: the error tells an address: %v", tt.name, err)
		}
	}
	if got := i.count(); got != "0" {
		t.Errorf("%s rows", got)
	}
}

func TestRejectedLinesAreWrittenAsideByTheirPlaces(t *testing.T) {
	i := newImporter(t)
	content := logged(3, "10:00:00", "2.132.7.9", "GET /ru/", 200, "-", chrome) + "2.132.7.9 is no line\n"
	for _, tt := range []struct{ mode, want string }{
		{"places", "log\t2\tunreadable\n"}, {"lines", "log\t2\tunreadable\t2.132.7.9 is no line\n"}, {"none", ""},
	} {
		out := i.do("--site", "clinic", "--again", "--rejected", tt.mode, i.write("log", content))
		if told := strings.Contains(out, "rejected lines"); told != (tt.want != "") {
			t.Errorf("%s: %s", tt.mode, out)
			continue
		}
		if tt.want == "" {
			continue
		}
		path := strings.TrimSpace(out[strings.LastIndex(out, ": ")+2:])
		text, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err := errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(text), i.dir+"/", ""); !strings.HasPrefix(got, tt.want) || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, mode %v", tt.mode, got, info.Mode())
		}
	}
}

func TestTheHostOfALineNamesItsSite(t *testing.T) {
	i := newImporter(t)
	line := logged(3, "10:00:00", "2.132.7.9", "GET /ru/", 200, "-", chrome)
	i.do(i.write("log", "clinic.example:443 "+line+"WWW.shop.example:80 "+line+"elsewhere.example "+line))
	want := []string{"clinic|clinic.example", "shop|www.shop.example"}
	if got := i.rows("SELECT concat_ws('|', site, hostname) FROM events ORDER BY site"); !cmp.Equal(got, want) {
		t.Errorf("rows %v", got)
	}
}

func TestAPageViewOfTodayIsThatOfTheVisitorWhomTheScriptCounted(t *testing.T) {
	i := newImporter(t)
	p := start(t, i.dir, i.db.DSN, "--trusted-proxies", "127.0.0.1") // which writes a sites file of its own
	p.await("sharing its salts", func() bool { return i.rows("SELECT toString(count() > 0) FROM salts")[0] == "1" })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/e", strings.NewReader(`{"site":"demo","url":"http://localhost/","id":"live"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "2.132.7.9")
	request.Header.Set("User-Agent", chrome)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	p.await("in the table", func() bool { return i.count() == "1" })
	now := time.Now().Format("02/Jan/2006:15:04:05 -0700")
	i.do(i.write("log", fmt.Sprintf("2.132.7.200 - - [%s] \"GET / HTTP/1.1\" 200 5 \"-\" %q\n", now, chrome)))
	if got := i.rows("SELECT concat_ws('|', toString(count()), toString(uniqExact(visitor)), arrayStringConcat(arraySort(groupArray(origin)))) FROM events"); got[0] != "2|1|logscript" {
		t.Errorf("rows|visitors|origins are %s, want one visitor by two ways", got)
	}
}

func TestAnAddressIsNotStoredLongerThanTheRestrictedTableKeepsIt(t *testing.T) {
	i := newImporter(t)
	i.do("--site", "clinic", i.write("log",
		logged(31, "10:00:00", "2.132.7.1", "GET /old", 200, "-", chrome)+logged(3, "10:00:00", "2.132.7.2", "GET /new", 200, "-", chrome)+
			logged(40, "10:00:00", "2.132.7.3", "GET /older", 200, "-", chrome)))
	if got := i.rows("SELECT toString(address) FROM network_log"); !cmp.Equal(got, []string{"::ffff:2.132.7.2"}) || i.count() != "3" {
		t.Errorf("network_log has %v, events %s rows", got, i.count())
	}
}

func TestALogWithoutAgentsKeepsAllForRobots(t *testing.T) {
	i := newImporter(t)
	line := logged(3, "10:00:00", "2.132.7.9", "GET /", 200, "-", chrome)
	common, _, _ := strings.Cut(line, " \"-\"")
	_, errs, err := i.try("", "--site", "clinic", i.write("log", common+"\n"))
	if err != nil || !strings.Contains(errs, "read as common") || !strings.Contains(errs, "robots cannot be told from people") {
		t.Errorf("%v, %s", err, errs)
	}
	if got := i.rows("SELECT bot FROM events"); !cmp.Equal(got, []string{"other:empty agent"}) {
		t.Errorf("bot = %v", got)
	}
}

func TestAVisitorWhoRefusedIsOnlyCountedIfTheLogSaysSo(t *testing.T) {
	i := newImporter(t)
	i.write("sites.yaml", "sites: [{id: clinic, hostnames: [clinic.example], gpc: refuse}]")
	at := time.Now().UTC().AddDate(0, 0, -3).Format("2006-01-02T15:04") + ":07Z"
	i.do("--format", `$remote_addr $time_iso8601 "$request" $status $http_sec_gpc "$http_user_agent" "$http_accept_language"`, i.write("log",
		fmt.Sprintf("2.132.7.9 %s \"GET /a HTTP/1.1\" 200 1 %q \"kk-KZ\"\n2.132.7.9 %s \"GET /b HTTP/1.1\" 200 - %q \"kk-KZ\"\n", at, chrome, at, chrome)))
	got := i.rows("SELECT concat_ws('|', consent, path, language, toString(visitor = 0), toString(toSecond(ts))) FROM events ORDER BY consent")
	if !cmp.Equal(got, []string{"essential|/b|kk|0|7", "refused|||1|0"}) {
		t.Errorf("rows %q", got)
	}
}
