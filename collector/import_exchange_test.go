package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALogTellsWhatTheServerDid(t *testing.T) {
	i := newImporter(t)
	const format = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time`
	line := func(clock, request, status, times string) string {
		return strings.Replace(strings.TrimSuffix(logged(3, clock, "2.132.7.9", request, 200, "-", chrome), "\n"), " 200 ", " "+status+" ", 1) + " " + times + "\n"
	}
	log := i.write("access.log", line("10:00:00", "GET /ru/", "200", "0.250 0.010, 0.200")+line("10:00:01", "GET /ru/doctors", "200", "0.004 -")+
		line("10:00:02", "GET /ru/slots", "503", "2.000 1.500")+line("10:00:03", "POST /ru/book", "404", "0.001 -")+line("10:00:04", "GET /old", "301", "0.001 -"))

	const columns = `SELECT concat_ws('|', type, error_kind, error_type, path, protocol, method, toString(status), toString(bytes), toString(duration_ms), toString(server_ms),
		toString(fingerprint != 0)) FROM events ORDER BY ts, id`
	views := []string{"pageview|||/ru/|http/1.1||200|1234|250|200|0", "pageview|||/ru/doctors|http/1.1||200|1234|4|0|0"}
	out := i.do("--site", "clinic", "--format", format, log)
	if diff := cmp.Diff(views, i.rows(columns)); diff != "" {
		t.Errorf("rows (-want +got):\n%s\n%s", diff, out)
	}
	failures := []string{
		"error|response|server|/ru/slots|http/1.1|GET|503|1234|2000|1500|1", "error|response|client|/ru/book|http/1.1|POST|404|1234|1|0|1",
	}
	out = i.do("--site", "clinic", "--format", format, "--failures", "--again", log)
	if diff := cmp.Diff(failures, i.rows(strings.Replace(columns, "ORDER BY", "WHERE type = 'error' ORDER BY", 1))); diff != "" {
		t.Errorf("failures (-want +got):\n%s\n%s", diff, out)
	}
}
