package accesslog_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mayak/collector/accesslog"
)

const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"

func compile(tb testing.TB, text string, m accesslog.Meaning) *accesslog.Format {
	tb.Helper()
	f, err := accesslog.Compile(text, m)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// at is a line's time, and what a line is that says no more than it must.
func at(clock string, more ...func(*accesslog.Line)) accesslog.Line {
	when, err := time.Parse(time.RFC3339Nano, clock)
	if err != nil {
		panic(err)
	}
	l := accesslog.Line{
		Address: netip.MustParseAddr("2.132.7.9"), Time: when.UTC(), Method: "GET", Target: "/a?b=c", Status: 200, Bytes: 512, Protocol: "HTTP/1.1",
		RequestTime: -1, UpstreamTime: -1,
	}
	for _, change := range more {
		change(&l)
	}
	return l
}

func seen(l *accesslog.Line) { l.Referrer, l.UserAgent = "https://x.example/?q=1", agent }

func TestALineIsReadAsItsFormatSays(t *testing.T) {
	const begin = `2.132.7.9 - - [22/Nov/2026:10:11:12 +0500] "GET /a?b=c HTTP/1.1" 200 512`
	const tail = ` "https://x.example/?q=1" "` + agent + `"`
	almaty, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, format, line string
		want               accesslog.Line
	}{
		{"common", "common", begin, at("2026-11-22T05:11:12Z")},
		{"combined", "combined", begin + tail, at("2026-11-22T05:11:12Z", seen)},
		{"combined with more behind it", "combined", begin + tail + ` "-" 0.123`, at("2026-11-22T05:11:12Z", seen)},
		{"with a host before it", "vhost_combined", "clinic.kz:443 " + begin + tail, at("2026-11-22T05:11:12Z", seen, func(l *accesslog.Line) { l.Host = "clinic.kz:443" })},
		{"a user's name with a blank", "common", strings.Replace(begin, "- - [", "- Aigerim K [", 1), at("2026-11-22T05:11:12Z")},
		{"no size, no referrer, no agent", "combined", strings.Replace(begin, "512", "-", 1) + ` "-" "-"`, at("2026-11-22T05:11:12Z", func(l *accesslog.Line) { l.Bytes = 0 })},
		{
			"quotes and other letters in an agent", "combined", begin + ` "-" "a \"b\" \\ \xd0\x96 \u0416"`,
			at("2026-11-22T05:11:12Z", func(l *accesslog.Line) { l.UserAgent = `a "b" \ Ж Ж` }),
		},
		{
			"nginx, with times", `$remote_addr [$time_iso8601] $scheme "$request" $status $body_bytes_sent $request_time $upstream_response_time "$http_user_agent"`,
			`2a03:32c0::1 [2026-11-22T10:11:12.345+05:00] http "GET /a?b=c HTTP/2.0" 200 512 0.250 0.010, 0.200 "x"`,
			at("2026-11-22T05:11:12.345Z", func(l *accesslog.Line) {
				l.Address, l.Scheme, l.UserAgent, l.Protocol = netip.MustParseAddr("2a03:32c0::1"), "http", "x", "HTTP/2.0"
				l.RequestTime, l.UpstreamTime = 250*time.Millisecond, 200*time.Millisecond
			}),
		},
		{
			"nginx, in pieces", `${msec}|${remote_addr}|$request_method|$uri|$args|$status|$bytes_sent|$http_host|$upstream_response_time`,
			`1795324272.5|2.132.7.9|GET|/a|b=c|200|512|clinic.kz|-`, at("2026-11-22T05:11:12.5Z", func(l *accesslog.Line) { l.Host, l.Protocol = "clinic.kz", "" }),
		},
		{
			"what the browser asks for", `$remote_addr [$time_local] "$request" $status $body_bytes_sent "$http_accept_language" $http_sec_gpc $http_dnt "$http_sec_purpose"`,
			`2.132.7.9 [22/Nov/2026:10:11:12 +0500] "GET /a?b=c HTTP/2.0" 200 512 "kk-KZ,kk;q=0.9" 1 - "prefetch"`,
			at("2026-11-22T05:11:12Z", func(l *accesslog.Line) {
				l.Language, l.GPC, l.Purpose, l.Protocol = "kk-KZ,kk;q=0.9", true, "prefetch", "HTTP/2.0"
			}),
		},
		{
			"Apache", `%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D`, begin + tail + " 1500",
			at("2026-11-22T05:11:12Z", seen, func(l *accesslog.Line) { l.RequestTime = 1500 * time.Microsecond }),
		},
		{
			"Apache, in pieces", `%v %a %{sec}t %m %U%% %H %s %O %q`, `clinic.kz 2.132.7.9 1795324272 GET /a% HTTP/1.1 200 512 ?b=c`,
			at("2026-11-22T05:11:12Z", func(l *accesslog.Line) { l.Host = "clinic.kz" }),
		},
		{
			"a time without zone", `$remote_addr $time_iso8601 "$request" $status $body_bytes_sent`, `2.132.7.9 2024-02-01T10:00:00 "GET /a?b=c HTTP/1.1" 200 512`,
			at("2024-02-01T04:00:00Z"), // Almaty was at +06 until March of that year
		},
		{"a client that went before the answer", "common", strings.Replace(begin, "200 512", "000 0", 1), at("2026-11-22T05:11:12Z", func(l *accesslog.Line) { l.Status, l.Bytes = 0, 0 })},
		{"an old protocol", "common", strings.Replace(begin, " HTTP/1.1", "", 1), at("2026-11-22T05:11:12Z", func(l *accesslog.Line) { l.Protocol = "" })},
		{
			"Caddy", "caddy", `{"level":"info","ts":1795324272.25,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"2.132.7.9","remote_port":"41342",` +
				`"client_ip":"2.132.7.9","proto":"HTTP/2.0","method":"GET","host":"clinic.kz","uri":"/a?b=c","headers":{"User-Agent":["` + agent + `"],"Referer":["https://x.example/?q=1"],` +
				`"Accept-Language":["kk-KZ"],"Sec-Gpc":["1"],"Cookie":["REDACTED"]},"tls":{"proto":"h2"}},"bytes_read":0,"duration":0.0035,"size":512,"status":200,"resp_headers":{"Server":["Caddy"]}}`,
			at("2026-11-22T05:11:12.25Z", seen, func(l *accesslog.Line) {
				l.Host, l.Protocol, l.Scheme, l.Language, l.GPC, l.RequestTime = "clinic.kz", "HTTP/2.0", "https", "kk-KZ", true, 3500*time.Microsecond
			}),
		},
		{
			"Caddy, with texts for times", "caddy", `{"ts":"2026/11/22 05:11:12.250","request":{"remote_ip":"2.132.7.9","proto":"HTTP/1.1","method":"GET","host":"clinic.kz","uri":"/a?b=c"},"duration":"1.5ms","size":512,"status":200}`,
			at("2026-11-22T00:11:12.25Z", func(l *accesslog.Line) { l.Host, l.Scheme, l.RequestTime = "clinic.kz", "http", 1500*time.Microsecond }),
		},
		{"IPv4 in IPv6", "common", "::ffff:" + begin, at("2026-11-22T05:11:12Z")},
	} {
		var got accesslog.Line
		reason := compile(t, tt.format, accesslog.Meaning{Zone: almaty}).Parse(tt.line, &got)
		if reason != accesslog.Page {
			t.Errorf("%s: %s", tt.name, reason)
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatIsNoLineOfTheFormatIsNotRead(t *testing.T) {
	const good = `2.132.7.9 - - [22/Nov/2026:10:11:12 +0500] "GET /a HTTP/1.1" 200 512 "-" "x"`
	f := compile(t, "combined", accesslog.Meaning{})
	var l accesslog.Line
	if reason := f.Parse(good, &l); reason != accesslog.Page {
		t.Fatalf("the good line: %s", reason)
	}
	for name, tt := range map[string]struct {
		line string
		want accesslog.Reason
	}{
		"empty":                       {"", accesslog.Unreadable},
		"cut in the agent":            {good[:len(good)-1], accesslog.Unreadable},
		"cut in the status":           {good[:strings.Index(good, "200")+2], accesslog.Unreadable},
		"no such month":               {strings.Replace(good, "Nov", "Nox", 1), accesslog.Unreadable},
		"no such day":                 {strings.Replace(good, "22/Nov", "31/Nov", 1), accesslog.Unreadable},
		"no such hour":                {strings.Replace(good, ":10:", ":24:", 1), accesslog.Unreadable},
		"letters in the time":         {strings.Replace(good, ":10:", ":1a:", 1), accesslog.Unreadable},
		"a time without zone":         {strings.Replace(good, " +0500", "", 1), accesslog.Unreadable},
		"a zone that is none":         {strings.Replace(good, "+0500", "*0500", 1), accesslog.Unreadable},
		"a status that is none":       {strings.Replace(good, "200", "2x0", 1), accesslog.Unreadable},
		"a status of two digits":      {strings.Replace(good, "200", "20", 1), accesslog.Unreadable},
		"a size below zero":           {strings.Replace(good, "512", "-512", 1), accesslog.Unreadable},
		"a name for an address":       {strings.Replace(good, "2.132.7.9", "host.example", 1), accesslog.NoAddress},
		"an address of an interface":  {strings.Replace(good, "2.132.7.9", "fe80::1%eth0", 1), accesslog.NoAddress},
		"no request, as scanners do":  {strings.Replace(good, "GET /a HTTP/1.1", `\x16\x03\x01`, 1), accesslog.NotGet},
		"JSON of another program":     {`{"status":200}`, accesslog.Unreadable},
		"longer than any server logs": {good + strings.Repeat("x", accesslog.MaxLine), accesslog.TooLong},
	} {
		if got := f.Parse(tt.line, &l); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	exact := compile(t, `$remote_addr $msec "$request" $status`, accesslog.Meaning{})
	for _, line := range []string{`1.2.3.4 1 "GET / x" 200 more`, `1.2.3.4 99999999999999 "GET / x" 200`, `1.2.3.4 -1 "GET / x" 200`} {
		if got := exact.Parse(line, &l); got != accesslog.Unreadable {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestNobodyCanForgeHisAddressInTheHeaderOfTheProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	const both, header = `$remote_addr $msec "$request" $status "$http_x_forwarded_for"`, `$msec "$request" $status "$http_x_forwarded_for"`
	for _, tt := range []struct {
		name, format, line string
		trusted            []netip.Prefix
		want               string
	}{
		{"the header of a client", both, `2.132.7.9 1 "GET / x" 200 "9.9.9.9"`, trusted, "2.132.7.9"},
		{"no proxy is believed", both, `10.0.0.1 1 "GET / x" 200 "9.9.9.9"`, nil, "10.0.0.1"},
		{"one proxy", both, `10.0.0.1 1 "GET / x" 200 "9.9.9.9, 2.132.7.9"`, trusted, "2.132.7.9"},
		{"two proxies", both, `10.0.0.1 1 "GET / x" 200 "9.9.9.9, 2.132.7.9, 10.0.0.2"`, trusted, "2.132.7.9"},
		{"nothing in the header", both, `10.0.0.1 1 "GET / x" 200 "-"`, trusted, "10.0.0.1"},
		{"nonsense in the header", both, `10.0.0.1 1 "GET / x" 200 "unknown"`, trusted, "10.0.0.1"},
		{"all are proxies", both, `10.0.0.1 1 "GET / x" 200 "10.0.0.3, 10.0.0.2"`, trusted, "10.0.0.3"},
		{"the header alone", header, `1 "GET / x" 200 "9.9.9.9, 2.132.7.9"`, nil, "2.132.7.9"},
		{"the header alone, of two proxies", header, `1 "GET / x" 200 "9.9.9.9, 2.132.7.9, 10.0.0.2"`, trusted, "2.132.7.9"},
	} {
		var l accesslog.Line
		if reason := compile(t, tt.format, accesslog.Meaning{Proxies: tt.trusted}).Parse(tt.line, &l); reason != accesslog.Page || l.Address.String() != tt.want {
			t.Errorf("%s: %s, %s, want %s", tt.name, reason, l.Address, tt.want)
		}
	}
}

func TestAFormatThatCannotBeReadIsRefusedWithTheReason(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "there are auto, caddy, vhost_combined, combined, common",
		"fancy":                                "there are auto, caddy, vhost_combined, combined, common",
		"$status":                              "it lacks the client's address",
		`$remote_addr$msec "$request" $status`: "side by side",
		`$remote_addr ${msec`:                  "${ without }",
		`$ x`:                                  "$ without a name",
		`%h %{User-Agent`:                      "%{ without }",
		`%h %`:                                 "% without a letter",
		`%h %{%Y-%m-%d}t "%r" %s`:              "of the times that Apache writes",
		`%% %%`:                                "it has no variable",
	} {
		if _, err := accesslog.Compile(text, accesslog.Meaning{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile(%q): %v, want %q", text, err, want)
		}
	}
}

func TestTheFormatIsFoundOutByWhatItReads(t *testing.T) {
	const line = `2.132.7.9 - - [22/Nov/2026:10:11:12 +0500] "GET /a HTTP/1.1" 200 512`
	for want, lines := range map[string][]string{
		"common":         {line, line},
		"combined":       {"noise", line + ` "-" "x"`, line + ` "-" "x" "-"`},
		"caddy":          {`{"ts":1,"request":{"remote_ip":"2.132.7.9","method":"GET","host":"a.example","uri":"/"},"status":200}`, "noise"},
		"vhost_combined": {"a.example " + line + ` "-" "x"`, "noise"},
	} {
		if got := accesslog.Detect(lines, accesslog.Meaning{}); got == nil || got.Name() != want || got.HasAgent() != (want != "common") || got.HasHost() != (want == "vhost_combined" || want == "caddy") {
			t.Errorf("Detect() = %+v, want %s", got, want)
		}
	}
	if got := accesslog.Detect([]string{"noise", "{}"}, accesslog.Meaning{}); got != nil {
		t.Errorf("Detect() of noise = %s", got.Name())
	}
}

func TestAPageViewIsAGetOfAPageThatWasShown(t *testing.T) {
	for _, tt := range []struct {
		method, target string
		status         int
		want           accesslog.Reason
	}{
		{"GET", "/", 200, accesslog.Page},
		{"GET", "/ru/doctors/", 203, accesslog.Page},
		{"GET", "/index.html?x=a.png", 304, accesslog.Page},
		{"GET", "/dr.smith", 200, accesslog.Page},
		{"GET", "/v2.0/page", 200, accesslog.Page},
		{"GET", "/report.php", 200, accesslog.Page},
		{"GET", "http://clinic.example/a", 200, accesslog.Page},
		{"HEAD", "/", 200, accesslog.NotGet},
		{"POST", "/", 200, accesslog.NotGet},
		{"GET", "/", 0, accesslog.NotServed},
		{"GET", "/", 101, accesslog.NotServed},
		{"GET", "/", 204, accesslog.NotServed},
		{"GET", "/", 206, accesslog.NotServed},
		{"GET", "/", 302, accesslog.NotServed},
		{"GET", "/", 404, accesslog.NotServed},
		{"GET", "/", 500, accesslog.NotServed},
		{"GET", "/App.CSS?v=1", 200, accesslog.Asset},
		{"GET", "/a/photo.webp#x", 304, accesslog.Asset},
		{"GET", "/favicon.ico", 200, accesslog.Asset},
		{"GET", "/robots.txt", 200, accesslog.Asset},
		{"GET", "/price.pdf", 200, accesslog.Asset},
		{"GET", "/.well-known/gpc", 200, accesslog.Asset},
		{"GET", "*", 200, accesslog.Unreadable},
	} {
		l := accesslog.Line{Method: tt.method, Target: tt.target, Status: tt.status}
		if got := l.Page(); got != tt.want {
			t.Errorf("%s %s %d: %q, want %q", tt.method, tt.target, tt.status, got, tt.want)
		}
	}
	now := time.Now()
	for after, want := range map[time.Duration]accesslog.Reason{
		0: accesslog.Page, 30 * time.Second: accesslog.Page, 2 * time.Minute: accesslog.FromFuture,
		-23 * time.Hour: accesslog.Page, -25 * time.Hour: accesslog.TooOld,
	} {
		l := accesslog.Line{Time: now.Add(after)}
		if got := l.InTime(now.Add(-24*time.Hour), now); got != want {
			t.Errorf("%v from now: %q, want %q", after, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	const line = `2.132.7.9 - - [22/Nov/2026:10:11:12 +0500] "GET /a?b=c HTTP/1.1" 200 512 "https://x.example/" "a \"b\" \x41\\"`
	formats := []string{
		"common", "combined", "vhost_combined", `$remote_addr,$msec,$request_method,$uri,$args,$status,$request_time,$upstream_response_time,"$http_x_forwarded_for"`,
		`%h %t %{Host}i \"%r\" %>s %b %D`, `[$time_iso8601] "$http_x_forwarded_for" "$request" $status "$http_user_agent"`, "caddy",
	}
	for i := range formats {
		f.Add(uint8(i), line)
	}
	f.Add(uint8(2), "a.example:80 "+line)
	f.Add(uint8(3), `2.132.7.9,1795324272.123,GET,/a,b=c,200,0.1,0.1,"1.1.1.1, 2.2.2.2"`)
	f.Add(uint8(5), `[2026-11-22T10:11:12.5Z] "2.2.2.2" "GET /\u00e9 HTTP/1.1" 200 "\\"`)
	f.Add(uint8(6), `{"ts":1795324272.25,"request":{"remote_ip":"2.132.7.9","method":"GET","uri":"/a","headers":{"User-Agent":["x",1]}},"duration":1e999,"size":-5,"status":200}`)
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		format := compile(t, formats[int(which)%len(formats)], accesslog.Meaning{Zone: time.UTC, Proxies: []netip.Prefix{netip.MustParsePrefix("1.0.0.0/8")}})
		var l accesslog.Line
		if format.Parse(text, &l) != accesslog.Page {
			return
		}
		if !l.Address.IsValid() || l.Method == "" || l.Target == "" || l.Time.IsZero() || l.Status < 0 || l.Status > 999 || l.Bytes < 0 {
			t.Errorf("a line that was read lacks something: %+v", l)
		}
		l.Page() // must not panic on any target
	})
}
