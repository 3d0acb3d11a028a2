package main

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// send asks the collector for something, with headers as "Name: value".
func (p *process) send(method, path, body string, headers ...string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(r) // a redirect is not followed
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
}

// labelled reads the counters of one name, by the values of their labels in the order of their names.
func (p *process) labelled(name string) map[string]int {
	p.t.Helper()
	all := map[string]int{}
	value := regexp.MustCompile(`\w+="([^"]*)"`)
	for _, found := range regexp.MustCompile(`(?m)^`+name+`\{([^}]*)\} (\S+)$`).FindAllStringSubmatch(p.metrics(), -1) {
		var labels []string
		for _, label := range value.FindAllStringSubmatch(found[1], -1) {
			labels = append(labels, label[1])
		}
		if n, _ := strconv.Atoi(found[2]); n > 0 {
			all[strings.Join(labels, " ")] = n
		}
	}
	return all
}

// Each way in counts each hit once, for the site that it was for as far as that is known. There is no database here, which counts for nothing.
func TestTheCountersOfEachWayInAddUp(t *testing.T) {
	dir := t.TempDir()
	keysFile := filepath.Join(dir, "keys.yaml")
	key := "Authorization: Bearer " + command(t, "keys", "create", "--keys", keysFile, "--site", "demo", "--name", "backend")
	p := start(t, dir, "http://127.0.0.1:1/mayak", "--keys", keysFile, "--shutdown-timeout", "100ms")
	link := func(more ...string) string {
		made := command(t, append([]string{"email-link", "--sites", dir + "/sites.yaml", "--site=demo", "--campaign=spring", "--message=m-1", "--collector", p.url}, more...)...)
		return strings.TrimPrefix(made, p.url)
	}
	const page, json = `{"site":"demo","url":"http://localhost/"`, "Content-Type: application/reports+json"

	p.send("POST", "/e", page+`,"id":"a"}`)
	p.send("POST", "/e", page+`,"id":"a"}`)
	p.send("POST", "/e", `[`+page+`},{"site":"demo"},{"site":"demo","url":"http://evil.test/"},{"site":"none","url":"http://localhost/"}]`)
	p.send("POST", "/e", `{`)
	p.send("PUT", "/e", page+`}`)
	p.send("GET", "/p.gif?site=demo&url=http://localhost/", "")
	p.send("GET", "/p.gif?site=demo", "")
	p.send("GET", "/p.gif?site=demo&url=http://localhost/&title="+strings.Repeat("a", 9000), "")
	p.send("GET", link(), "")
	p.send("GET", strings.Replace(link(), "m-1", "m-2", 1), "")
	p.send("GET", link("--to=http://localhost/booking"), "")
	p.send("HEAD", link("--to=http://localhost/booking"), "")
	p.send("POST", link(), "")
	p.send("GET", "/c?site=none", "")
	p.send("POST", "/api/events", `[{"url":"http://localhost/"},{"url":"http://evil.test/"},{"url":7},1]`, key)
	p.send("POST", "/api/events", `[{"url":"http://localhost/"}`, key)
	p.send("POST", "/api/events", `[]`, key, "Content-Encoding: br")
	p.send("POST", "/api/events", `[{"url":"http://localhost/"}]`)
	p.send("POST", "/r/demo", `[{"type":"crash","age":1,"url":"http://localhost/","body":{"reason":"oom"}},{"type":"x","url":"http://localhost/"}]`, json)
	p.send("POST", "/r/demo", `[]`, json)
	p.send("POST", "/r/none", `[]`, json)

	got := p.labelled("mayak_collector_hits_total") // outcome, site, way
	want := map[string]int{
		"stored demo beacon": 2, "duplicate demo beacon": 1, "unknown_host demo beacon": 1, "unknown_site (unknown) beacon": 1, "malformed (unknown) beacon": 3,
		"stored demo pixel": 1, "malformed (unknown) pixel": 1, "too_large (unknown) pixel": 1,
		"stored demo mail": 2, "bad_signature demo mail": 1, "prefetch demo mail": 1, "malformed demo mail": 1, "unknown_site (unknown) mail": 1,
		"stored demo api": 2, "unknown_host demo api": 1, "malformed demo api": 4, "unauthorized (unknown) api": 1,
		"stored demo report": 1, "unknown_type demo report": 1, "malformed demo report": 1, "unknown_site (unknown) report": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	received, dropped, stored := map[string]int{}, map[string]int{}, 0
	for labels, n := range got {
		parts := strings.Fields(labels)
		received[parts[2]] += n
		if parts[0] == "stored" {
			stored += n
		} else {
			dropped[parts[0]] += n
		}
	}
	if diff := cmp.Diff(received, p.labelled("mayak_collector_received_total")); diff != "" {
		t.Errorf("received is not the sum of outcomes (-outcomes +received):\n%s", diff)
	}
	if diff := cmp.Diff(dropped, p.labelled("mayak_collector_dropped_total")); diff != "" {
		t.Errorf("dropped is not the sum of outcomes (-outcomes +dropped):\n%s", diff)
	}
	if spooled := p.sums()["mayak_collector_spool_records_total"]; int(spooled) != stored {
		t.Errorf("%v records are spooled, %d hits are stored", spooled, stored)
	}
}
