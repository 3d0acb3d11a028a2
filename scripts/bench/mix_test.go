package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheMixIsAsVariedAndAsLargeAsRealTraffic(t *testing.T) {
	m := newMix(1)
	urls, agents, addresses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for range mixSize {
		before, after := m.event()
		request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(before + "abcdefghijklmnop" + after)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) < minBody || len(body) > maxBody {
			t.Fatalf("body of %d bytes: %s", len(body), body)
		}
		var hit struct{ URL, ID string }
		if err := json.Unmarshal(body, &hit); err != nil || hit.ID != "abcdefghijklmnop" {
			t.Fatalf("%v: %s", err, body)
		}
		urls[hit.URL], agents[request.UserAgent()], addresses[request.Header.Get("X-Forwarded-For")] = true, true, true
	}
	t.Logf("%d addresses of pages, %d agents, %d addresses of clients", len(urls), len(agents), len(addresses))
	if len(urls) < 2000 || len(agents) < 100 || len(addresses) < 2000 {
		t.Error("want at least 2,000 addresses of pages, 100 agents and 2,000 addresses of clients")
	}
}

func TestAPixelsRequestIsOne(t *testing.T) {
	before, after := newMix(1).pixel()
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(before + "abcdefghijklmnop" + after)))
	if err != nil {
		t.Fatal(err)
	}
	query := request.URL.Query()
	if request.URL.Path != "/p.gif" || query.Get("id") != "abcdefghijklmnop" || !strings.HasPrefix(query.Get("url"), "http://localhost") {
		t.Errorf("%v", request.URL)
	}
}
