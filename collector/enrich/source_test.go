package enrich

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"mayak/schema/event"
)

// TestChannel reads testdata/sources.tsv: channel, referrer host, utm_source, utm_medium, click id, one case a line. "own"
// as the host is a page of the same site; "-" is nothing.
func TestChannel(t *testing.T) {
	f, err := os.Open("testdata/sources.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	cases := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 5 {
			t.Fatalf("%d fields: %q", len(fields), lines.Text())
		}
		for i := range fields {
			fields[i] = strings.TrimPrefix(fields[i], "-")
		}
		cases++
		a := arrival{
			referrerHost: fields[1], campaign: event.Campaign{Source: fields[2], Medium: fields[3]}, click: fields[4],
		}
		if a.referrerHost == "own" {
			a.referrerHost, a.ownReferrer = "", true
		}
		if got := a.channel(); got != fields[0] {
			t.Errorf("channel of %q = %q, want %q", lines.Text(), got, fields[0])
		}
	}
	if cases < 150 {
		t.Errorf("%d cases, want at least 150", cases)
	}
}

func BenchmarkChannel(b *testing.B) {
	a := arrival{referrerHost: "www.google.com.tr", campaign: event.Campaign{Source: "Newsletter_May", Medium: "unheard"}}
	b.ReportAllocs()
	for b.Loop() {
		a.channel()
	}
}
