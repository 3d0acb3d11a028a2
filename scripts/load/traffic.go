package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// Request is one request to a collector, ready to be sent, and to be sent again.
type Request struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
	IDs    []string // of the hits in it
}

// Traffic makes requests. It is not safe for concurrent use.
type Traffic struct {
	site     string
	page     string // address of the site
	chance   *rand.Rand
	visitors []visitor
}

// visitor is one browser somewhere.
type visitor struct {
	agent    agent
	address  string
	language string
	zone     string
	page     string // id of the page view that is open
	path     string
}

// visitorCount is how many browsers take turns, so that each stays well below the limit of one client.
const visitorCount = 4000

// New makes the traffic of a site, whose pages are at an address like http://localhost:8099.
func New(seed uint64, site, page string) *Traffic {
	t := &Traffic{site: site, page: page, chance: newChance(seed), visitors: make([]visitor, visitorCount)}
	for i := range t.visitors {
		t.visitors[i] = t.newVisitor()
	}
	return t
}

// Next is the next request: of a hundred, about 73 are one hit to /e, 12 are several at once, 15 are pixels.
func (t *Traffic) Next() Request {
	v := &t.visitors[t.chance.IntN(len(t.visitors))]
	switch n := t.chance.IntN(100); {
	case n < 15:
		return t.pixel(v)
	case n < 27:
		hits := make([]map[string]any, 2+t.chance.IntN(5))
		for i := range hits {
			hits[i] = t.hit(v)
		}
		return t.beacon(v, hits)
	default:
		return t.beacon(v, []map[string]any{t.hit(v)})
	}
}

func (t *Traffic) beacon(v *visitor, hits []map[string]any) Request {
	ids := make([]string, len(hits))
	for i, hit := range hits {
		ids[i] = fmt.Sprint(hit["id"])
	}
	var content any = hits
	if len(hits) == 1 {
		content = hits[0]
	}
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // strings and numbers are always JSON
	}
	header := t.header(v)
	header.Set("Content-Type", "text/plain;charset=UTF-8")
	header.Set("Origin", t.page)
	return Request{Method: http.MethodPost, Path: "/e", Header: header, Body: body, IDs: ids}
}

func (t *Traffic) pixel(v *visitor) Request {
	id := t.id()
	query := url.Values{"site": {t.site}, "url": {t.page + t.path()}, "id": {id}}
	return Request{Method: http.MethodGet, Path: "/p.gif?" + query.Encode(), Header: t.header(v), IDs: []string{id}}
}

func (t *Traffic) header(v *visitor) http.Header {
	header := http.Header{
		"User-Agent":      {v.agent.text},
		"Accept-Language": {v.language},
		"X-Forwarded-For": {v.address},
		"Referer":         {t.page + "/"},
	}
	if v.agent.brands != "" {
		header.Set("Sec-CH-UA", v.agent.brands)
		header.Set("Sec-CH-UA-Mobile", "?"+strconv.Itoa(min(v.agent.touch, 1)))
		header.Set("Sec-CH-UA-Platform", v.agent.platform)
	}
	return header
}

// hit is one hit as the browser script sends it: a page view, then what happens on that page.
func (t *Traffic) hit(v *visitor) map[string]any {
	hit := map[string]any{"site": t.site, "id": t.id()}
	switch n := t.chance.IntN(100); {
	case v.page == "" || n < 55:
		v.page, v.path = t.id(), t.path()
		hit["id"] = v.page
		t.addPageView(v, hit)
	case n < 85:
		hit["type"], hit["page"] = "engage", v.page
		hit["engaged_ms"], hit["scroll"] = t.chance.IntN(90_000), t.chance.IntN(101)
	default:
		hit["type"], hit["page"], hit["name"] = "event", v.page, pick(t.chance, "outbound", "download", "signup", "call")
		hit["props"] = map[string]any{"url": "https://example.org/files/price.pdf", "plan": pick(t.chance, "a", "b")}
	}
	hit["url"] = t.page + v.path
	return hit
}

func (t *Traffic) addPageView(v *visitor, hit map[string]any) {
	hit["title"] = "Page " + v.path
	hit["referrer"] = t.referrer()
	hit["screen"], hit["viewport"] = v.agent.screen, v.agent.screen
	hit["dpr"] = pick(t.chance, 1, 1.25, 2, 2.625, 3)
	hit["lang"], hit["tz"] = v.language[:5], v.zone
	if v.agent.platform != "" {
		hit["hints"] = map[string]any{"platformVersion": "15.0.0", "architecture": "x86", "bitness": "64", "touch": v.agent.touch}
	}
}

func (t *Traffic) path() string {
	path := pick(t.chance, "/", "/", "/", "/news", "/contacts", "/doctors", "/prices", "/search", "/blog/kak-vybrat", "/kk/qyzmetter")
	if t.chance.IntN(3) == 0 {
		path += "/" + strconv.Itoa(t.chance.IntN(500))
	}
	switch t.chance.IntN(8) {
	case 0:
		path += "?utm_source=instagram&utm_medium=cpc&utm_campaign=spring-" + strconv.Itoa(t.chance.IntN(4))
	case 1:
		path += "?phone=%2B77012345678&gclid=" + t.id()
	}
	return path
}

func (t *Traffic) referrer() string {
	return pick(t.chance, "", "", "https://www.google.com/", "https://yandex.kz/", "https://www.instagram.com/", "https://t.me/", t.page+"/")
}

func (t *Traffic) newVisitor() visitor {
	return visitor{
		agent:    pick(t.chance, agents()...),
		address:  t.address(),
		language: pick(t.chance, "ru-KZ,ru;q=0.9", "ru-RU,ru;q=0.9,en;q=0.8", "kk-KZ,kk;q=0.9,ru;q=0.8", "en-US,en;q=0.9"),
		zone:     pick(t.chance, "Asia/Almaty", "Asia/Almaty", "Asia/Aqtau", "Europe/Moscow"),
	}
}

// address is one of the networks that Kazakhstan's providers, a Russian and an American one have.
func (t *Traffic) address() string {
	low, high := t.chance.IntN(254)+1, t.chance.IntN(256)
	if t.chance.IntN(8) == 0 {
		return fmt.Sprintf("2a03:32c0:%x:%x::%x", high, low, t.chance.IntN(1<<16))
	}
	network := pick(t.chance, "2.132", "95.56", "178.88", "92.46", "37.99", "5.34", "77.88", "8.8")
	return fmt.Sprintf("%s.%d.%d", network, high, low)
}

// id is 64 random bits as 16 letters. The privacy gate keeps the hash of an id in which it sees somebody's number, and what
// was sent must be found again.
func (t *Traffic) id() string {
	var id [16]byte
	for i, bits := 0, t.chance.Uint64(); i < len(id); i, bits = i+1, bits>>4 {
		id[i] = 'a' + byte(bits&0xf)
	}
	return string(id[:])
}

func pick[T any](chance *rand.Rand, choices ...T) T { return choices[chance.IntN(len(choices))] }
