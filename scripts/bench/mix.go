package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"mayak/scripts/load"
	"mayak/scripts/processes"
)

// replay is the script by which wrk sends the requests of a file, each with an id of its own.
//
//go:embed replay.lua
var replay string

// The mix: enough requests that no cache can hold all of what differs in them.
const (
	mixSize  = 20_000
	mixPages = 3_000
	mixHosts = 4_000
	idSize   = 16
	minBody  = 300
	maxBody  = 700
)

// mix makes requests as the browser script and the pixel send them, byte by byte.
type mix struct {
	chance    *rand.Rand
	agents    []string // header lines, client hints included
	addresses []string
	pages     []page
}

type page struct{ path, title string }

func newMix(seed uint64) *mix {
	m := &mix{chance: rand.New(rand.NewPCG(seed, seed))}
	m.addAgents(seed)
	for range mixHosts {
		networks := []string{"2.132", "95.56", "178.88", "92.46", "37.99", "5.34", "77.88", "8.8"}
		m.addresses = append(m.addresses, fmt.Sprintf("%s.%d.%d", m.pick(networks...), m.chance.IntN(256), 1+m.chance.IntN(254)))
	}
	subjects := []string{"Кардиолог", "Analyses", "Цены на приём", "Дәрігерге жазылу", "News of the clinic", "Вакцинация детей", "УЗИ", "Reviews"}
	for i := range mixPages {
		subject := m.pick(subjects...)
		m.pages = append(m.pages, page{
			path:  fmt.Sprintf("/%s/%s-%d", m.pick("ru", "kk", "en"), m.pick("doctors", "prices", "articles", "clinics", "news/archive"), i),
			title: fmt.Sprintf("%s — page %d of the clinic, appointment online", subject, i),
		})
	}
	return m
}

// addAgents takes the agents of the load generator in a few hundred versions.
func (m *mix) addAgents(seed uint64) {
	traffic := load.New(seed, processes.Site, processes.Page)
	known := map[string]bool{}
	for range 60_000 {
		header := traffic.Next().Header
		agent := header.Get("User-Agent")
		for _, version := range []string{"/141.0", "/140.0", "/144.0", "/18.6", "/26.0"} {
			if m.chance.IntN(4) == 0 {
				agent = strings.Replace(agent, version, fmt.Sprintf("%s.%d", version, m.chance.IntN(12)), 1)
			}
		}
		var b strings.Builder
		b.WriteString("User-Agent: " + agent + "\r\n")
		for _, name := range []string{"Accept-Language", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform"} {
			if value := header.Get(name); value != "" {
				b.WriteString(name + ": " + value + "\r\n")
			}
		}
		lines := b.String()
		if !known[lines] && len(known) < 400 {
			known[lines] = true
			m.agents = append(m.agents, lines)
		}
	}
}

// url is a page's address; few pages have most of the visits.
func (m *mix) url() (string, page) {
	p := m.pages[int(float64(len(m.pages))*m.chance.Float64()*m.chance.Float64())]
	url := processes.Page + p.path
	switch m.chance.IntN(8) {
	case 0:
		url += fmt.Sprintf("?utm_source=%s&utm_medium=cpc&utm_campaign=spring-%d", m.pick("instagram", "google", "2gis"), m.chance.IntN(20))
	case 1:
		url += "?gclid=" + m.letters(40)
	}
	return url, p
}

// event is a request to /e in two parts: the id goes between them.
func (m *mix) event() (before, after string) {
	url, p := m.url()
	var kind string
	switch n := m.chance.IntN(100); {
	case n < 60:
		kind = fmt.Sprintf(`"referrer":%q,"title":%q,"screen":%q,"viewport":%q,"dpr":%s,"lang":"ru-KZ","tz":"Asia/Almaty",`,
			m.pick("", "https://www.google.com/", "https://yandex.kz/search/?text=vrach", "https://t.me/", processes.Page+"/"), p.title,
			m.pick("1920x1080", "1366x768", "412x915", "390x844", "360x780"), m.pick("1263x927", "412x780", "390x664"), m.pick("1", "1.5", "2", "2.625", "3")) +
			`"hints":{"touch":5,"formFactors":"\"Mobile\"","model":"","platform":"Android","platformVersion":"15.0.0"},`
	case n < 85:
		kind = fmt.Sprintf(`"type":"engage","page":%q,"engaged_ms":%d,"scroll":%d,"title":%q,`, m.letters(idSize), m.chance.IntN(90_000), m.chance.IntN(101), p.title)
	default:
		kind = fmt.Sprintf(`"type":"event","page":%q,"name":%q,"title":%q,"props":{"url":"https://example.org/files/price-%d.pdf","plan":%q},`,
			m.letters(idSize), m.pick("outbound", "download", "signup", "call"), p.title, m.chance.IntN(50), m.pick("a", "b"))
	}
	start := fmt.Sprintf(`{"site":%q,"url":%q,%s`, processes.Site, url, kind)
	const end = `"id":"`
	size := len(start) + len(end) + idSize + len(`"}`)
	if size < minBody { // as long as a page's longer title would make it
		start += fmt.Sprintf(`"lang":"ru-KZ","tz":"Asia/Almaty","viewport":%q,"hints":{"touch":0,"platform":"Windows","platformVersion":"19.0.0","architecture":"x86","bitness":"64"},`, m.pick("1263x927", "1519x730"))
		size = len(start) + len(end) + idSize + len(`"}`)
	}
	head := m.head("POST /e HTTP/1.1") + fmt.Sprintf("Origin: %s\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: %d\r\n\r\n", processes.Page, size)
	return head + start + end, `"}`
}

// pixel is a request to /p.gif in two parts.
func (m *mix) pixel() (before, after string) {
	url, _ := m.url()
	escaped := strings.NewReplacer(":", "%3A", "/", "%2F", "?", "%3F", "=", "%3D", "&", "%26").Replace(url)
	return "GET /p.gif?site=" + processes.Site + "&url=" + escaped + "&id=", m.head(" HTTP/1.1") + "\r\n"
}

// head is what a browser sends from the end of the request's first line on.
func (m *mix) head(line string) string {
	return line + "\r\nHost: collect.example.org\r\nX-Forwarded-For: " + m.pick(m.addresses...) + "\r\n" + m.pick(m.agents...) +
		"Accept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nReferer: " + processes.Page + "/\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\n"
}

// letters is a text that looks like nobody's number.
func (m *mix) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnop"[m.chance.IntN(16)]
	}
	return string(b)
}

func (m *mix) pick(choices ...string) string { return choices[m.chance.IntN(len(choices))] }

// write makes the requests' file and the script that sends them, and returns the script's path.
func (m *mix) write(dir, name string, request func() (before, after string)) (string, error) {
	var requests bytes.Buffer
	for range mixSize {
		before, after := request()
		fmt.Fprintf(&requests, "%d %d\n%s%s", len(before), len(after), before, after)
	}
	file, script := filepath.Join(dir, name+".requests"), filepath.Join(dir, name+".lua")
	if err := os.WriteFile(file, requests.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write the requests: %w", err)
	}
	var text bytes.Buffer
	if err := template.Must(template.New("replay").Parse(replay)).Execute(&text, map[string]string{"File": file}); err != nil {
		return "", fmt.Errorf("write the script: %w", err)
	}
	if err := os.WriteFile(script, text.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write the script: %w", err)
	}
	return script, nil
}
