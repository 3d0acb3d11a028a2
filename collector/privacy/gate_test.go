package privacy

import (
	"net/netip"
	"testing"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// fixedSalts gives each day its own salt.
type fixedSalts struct{}

func (fixedSalts) Salt(day string) (s visitor.Salt) {
	copy(s[:], day)
	return s
}

// fixedLookups knows everything.
type fixedLookups struct{}

func (fixedLookups) Agent(*hit.Hit) event.Agent {
	return event.Agent{
		Browser: "Chrome", BrowserVersion: "142", OS: "Android", OSVersion: "16", Device: "mobile", Brand: "Samsung", Model: "SM-S921B",
	}
}

func (fixedLookups) Place(netip.Addr) event.Place {
	return event.Place{Country: "KZ", Region: "75", City: "Almaty", ASN: 9198}
}

const sitesFile = `
sites:
  - id: clinic
    hostnames: [clinic.example, "*.clinic.example", xn--80a1acny.xn--p1ai, "127.0.0.1", "[::1]"]
    time_zone: Asia/Almaty
    allowed_query: [page, q]
    gpc: ignore
    dnt: ignore
  - id: strict
    hostnames: [strict.example]
    gpc: refuse
    dnt: essential
`

func newGate(t testing.TB, policyText string) *Gate {
	t.Helper()
	s, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Default()
	if policyText != "" {
		p, err = policy.Parse([]byte(policyText))
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Sites: s, Policy: p, Salts: fixedSalts{}, Lookups: fixedLookups{}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var received = time.Date(2026, 11, 22, 8, 30, 15, 123456789, time.UTC)

// visit is a page view that is kept.
func visit() hit.Hit {
	return hit.Hit{
		Way: hit.Beacon, Received: received, Address: netip.MustParseAddr("37.99.42.77"),
		UserAgent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
		Site:      "clinic", URL: "https://clinic.example/vrachi/kardiolog?utm_source=yandex&utm_medium=cpc&page=2&secret=1",
		ID: "f3kQ9-x_2aZ", Referrer: "https://yandex.kz/search?text=kardiolog", Title: "Кардиолог в Алматы — клиника",
		Screen: "412x915", Viewport: "412x780", DPR: 2.625, Language: "ru-KZ", TimeZone: "Asia/Almaty", Touch: 5,
	}
}

func BenchmarkClear(b *testing.B) {
	g := newGate(b, "")
	h := visit()
	var c Cleared
	b.ReportAllocs()
	for b.Loop() {
		if reason := g.Clear(&h, &c, nil); reason != hit.Kept {
			b.Fatal(reason)
		}
	}
}

func BenchmarkScrub(b *testing.B) {
	for name, text := range map[string]string{
		"clean ascii":    "Cardiologist in Almaty, prices and reviews of patients",
		"clean cyrillic": "Кардиолог в Алматы — цены и отзывы пациентов, запись",
		"date":           "Расписание приёма на 22.11.2026, понедельник",
		"dirty":          "Запись: Иван, ivan.petrov@mail.ru, тел. +7 (701) 123-45-67",
	} {
		b.Run(name, func(b *testing.B) {
			var s scrubber
			b.ReportAllocs()
			for b.Loop() {
				s.text(text, kind{uuid: markToken})
			}
		})
	}
}

func TestQuickClear(t *testing.T) {
	g := newGate(t, "")
	h := visit()
	var c Cleared
	var n Notes
	t.Log(g.Clear(&h, &c, &n))
	t.Logf("%+v", *c.Facts())
	for _, x := range n.List {
		t.Logf("%+v", x)
	}
}
