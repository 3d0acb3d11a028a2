package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"mayak/aggregator/risk"
	"mayak/schema/event"
	"mayak/schema/geoip"
	"mayak/schema/visitor"
)

// net is a network of the simulated world: its addresses and where they are.
type net struct {
	prefix   netip.Prefix
	place    geoip.Location
	zone     string
	language string
}

// world is everything that happens, and who asks about whom.
type world struct {
	*rand.Rand

	begin  time.Time
	home   string // country that most declare
	key    *visitor.Key
	salt   visitor.Salt
	nets   map[string][]net
	steps  []step
	serial int
}

// step is an event, or a question with its label.
type step struct {
	at       time.Time
	sighting *risk.Sighting
	question *risk.Question
	actor    string
	fraud    bool
}

const site = "shop"

// newWorld is one with the networks that its scenario lists.
func newWorld(seed uint64, key *visitor.Key, networks func(add adding)) *world {
	w := &world{
		Rand:  rand.New(rand.NewPCG(seed, 0x6d6179616b)),
		begin: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC), nets: map[string][]net{}, key: key, home: "KZ",
	}
	binary.LittleEndian.PutUint64(w.salt[:], w.Uint64())
	networks(func(name, country, city, zone, language, kind string, asn uint32, latitude, longitude float64, prefixes ...string) {
		for _, p := range prefixes {
			w.nets[name] = append(w.nets[name], net{netip.MustParsePrefix(p), geoip.Location{
				Place:        event.Place{Country: country, City: city, ASN: asn, NetworkKind: kind},
				Organisation: name, Latitude: latitude, Longitude: longitude, AccuracyKM: 20,
			}, zone, language})
		}
	})
	return w
}

// adding adds networks to a world.
type adding func(name, country, city, zone, language, kind string, asn uint32, latitude, longitude float64, prefixes ...string)

// shopNetworks are where the customers of the first scenario are.
func shopNetworks(add adding) {
	add("home", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.ISP, 9198, 43.2, 76.9, "10.1.0.0/16", "10.2.0.0/16")
	add("home", "KZ", "Astana", "Asia/Almaty", "kk", geoip.ISP, 9198, 51.2, 71.4, "10.3.0.0/16")
	add("home", "RU", "Omsk", "Asia/Omsk", "ru", geoip.ISP, 12389, 55.0, 73.4, "10.4.0.0/16")
	add("mobile", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.Mobile, 21299, 43.2, 76.9, "10.10.0.0/24", "10.10.1.0/24")
	add("office", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.Corporate, 60000, 43.2, 76.9, "10.20.0.0/16")
	add("university", "KZ", "Astana", "Asia/Almaty", "kk", geoip.Education, 60001, 51.2, 71.4, "10.21.0.0/16")
	add("abroad", "TR", "Antalya", "Europe/Istanbul", "tr", geoip.ISP, 9121, 36.9, 30.7, "10.30.0.0/16")
	add("abroad", "AE", "Dubai", "Asia/Dubai", "ar", geoip.ISP, 5384, 25.2, 55.3, "10.31.0.0/16")
	add("abroad", "TH", "Phuket", "Asia/Bangkok", "th", geoip.ISP, 7470, 7.9, 98.4, "10.32.0.0/16")
	add("abroad", "DE", "Berlin", "Europe/Berlin", "de", geoip.ISP, 3320, 52.5, 13.4, "10.33.0.0/16")
	add("proxied", "KZ", "Shymkent", "Asia/Almaty", "ru", geoip.ISP, 9198, 42.3, 69.6, "10.40.0.0/16", "10.41.0.0/16")
	add("proxied", "BR", "Recife", "America/Recife", "pt", geoip.ISP, 28573, -8.0, -34.9, "10.42.0.0/16")
	add("proxied", "ID", "Jakarta", "Asia/Jakarta", "id", geoip.ISP, 7713, -6.2, 106.8, "10.43.0.0/16")
	add("proxied", "VN", "Hanoi", "Asia/Bangkok", "vi", geoip.ISP, 45899, 21.0, 105.8, "10.44.0.0/16")
	add("cloud", "NL", "Amsterdam", "Europe/Amsterdam", "nl", geoip.Hosting, 60781, 52.4, 4.9, "10.50.0.0/16")
	add("cloud", "US", "Ashburn", "America/New_York", "en", geoip.Hosting, 14618, 39.0, -77.5, "10.51.0.0/16")
}

// Locate makes the world what signals ask about places.
func (w *world) Locate(address netip.Addr) geoip.Location {
	for _, all := range w.nets {
		for i := range all {
			if all[i].prefix.Contains(address) {
				return all[i].place
			}
		}
	}
	return geoip.Location{}
}

// somewhere is a network of that name.
func (w *world) somewhere(name string) *net {
	all := w.nets[name]
	return &all[w.IntN(len(all))]
}

// address is one of a network; in numbers below some, so that many are shared.
func (w *world) address(n *net, among int) netip.Addr {
	bytes := n.prefix.Addr().As4()
	number := w.IntN(among)
	bytes[3] = byte(1 + number%250) //nolint:gosec // at most 250
	if n.prefix.Bits() <= 16 {
		bytes[2] = byte(number / 250 % 250) //nolint:gosec // below 250
	}
	return netip.AddrFrom4(bytes)
}

func (w *world) chance(p float64) bool { return w.Float64() < p }

// device is a browser as events tell it. A version is put into the agent, where it names one.
type device struct{ browser, os, kind, agent, screen string }

func phones() []device {
	android := "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
	iphone := "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	return []device{
		{"Chrome", "Android", "mobile", android + "Chrome/14%d.0.0.0 Mobile Safari/537.36", "360x800"},
		{"Chrome", "Android", "mobile", android + "Chrome/14%d.0.0.0 Mobile Safari/537.36", "412x915"},
		{"Samsung Internet", "Android", "mobile", android + "SamsungBrowser/2%d.0 Chrome/136.0.0.0 Mobile Safari/537.36", "384x832"},
		{"Yandex Browser", "Android", "mobile", "Mozilla/5.0 (Linux; arm_64; Android 13; SM-A525F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.%d.0.0 Mobile Safari/537.36", "393x873"},
		{"Safari", "iOS", "mobile", iphone + "Version/26.%d Mobile/15E148 Safari/604.1", "390x844"},
		{"Safari", "iOS", "mobile", iphone + "Version/26.%d Mobile/15E148 Safari/604.1", "430x932"},
		{"Instagram", "iOS", "mobile", iphone + "Mobile/22G100 Instagram 40%d.0.0.30.80", "393x852"},
		{"Opera", "Android", "mobile", android + "Chrome/138.0.0.0 Mobile Safari/537.36 OPR/9%d.0.0.0", "360x780"},
	}
}

func desktops() []device {
	windows := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	mac := "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	return []device{
		{"Chrome", "Windows", "desktop", windows + "Chrome/14%d.0.0.0 Safari/537.36", "1920x1080"},
		{"Yandex Browser", "Windows", "desktop", windows + "Chrome/138.0.0.0 YaBrowser/25.%d.0.0 Safari/537.36", "1366x768"},
		{"Edge", "Windows", "desktop", windows + "Chrome/14%[1]d.0.0.0 Safari/537.36 Edg/14%[1]d.0.0.0", "1536x864"},
		{"Firefox", "Windows", "desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:14%[1]d.0) Gecko/20100101 Firefox/14%[1]d.0", "1920x1080"},
		{"Safari", "macOS", "desktop", mac + "Version/26.%d Safari/605.1.15", "1440x900"},
		{"Chrome", "macOS", "desktop", mac + "Chrome/14%d.0.0.0 Safari/537.36", "1512x982"},
		{"Safari", "iPadOS", "tablet", mac + "Version/26.%d Safari/605.1.15", "820x1180"},
		{"Chrome", "Linux", "desktop", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/14%d.0.0.0 Safari/537.36", "1920x1080"},
	}
}

// actor is somebody, or something, that does things.
type actor struct {
	name      string
	fraud     bool
	cookie    uint64 // of who consented
	consented bool
	device    device
	version   int // most have the newest
	language  string
	zone      string
	touch     uint8
	bot       string
	agent     string // if it is not the device's own
	clock     time.Time
	silent    bool // the browser blocks counting, or the program skips the pages
	address   netip.Addr
	net       *net
	page      string // the newest
}

// newActor is somebody in a network.
func (w *world) newActor(name string, fraud bool, n *net, address netip.Addr, of []device) *actor {
	d := of[w.IntN(len(of))]
	a := &actor{
		name: name, fraud: fraud, cookie: w.Uint64(), consented: w.chance(0.55), device: d, language: n.language, zone: n.zone,
		clock: w.begin.Add(time.Duration(w.Int64N(int64(50 * time.Minute)))), address: address, net: n,
		version: []int{0, 1, 2, 2, 2, 2, 2, 3}[w.IntN(8)],
	}
	if d.kind != "desktop" {
		a.touch = 5
	}
	if w.chance(0.1) {
		a.language = "en"
	}
	a.silent = w.chance(0.05) || fraud && w.chance(0.1)
	return a
}

// sends is the user agent.
func (a *actor) sends() string {
	if a.agent != "" {
		return a.agent
	}
	return fmt.Sprintf(a.device.agent, a.version)
}

// visitor is the id that a collector gives: of the cookie after consent, else of network, user agent and the day's salt.
func (w *world) visitor(a *actor) uint64 {
	if a.consented {
		var cookie [16]byte
		binary.LittleEndian.PutUint64(cookie[:], a.cookie)
		return w.key.Consented(site, cookie)
	}
	return visitor.ID(w.salt, visitor.Source{Site: site, Network: risk.NetworkOf(a.address), UserAgent: a.sends()})
}

// look is what a browser shows of itself, as far as it is kept: without consent no version and of the screen only its class.
func (a *actor) look() string {
	version, screen := "", map[string]string{"mobile": "small", "tablet": "medium", "desktop": "large"}[a.device.kind]
	if a.consented {
		version, screen = strconv.Itoa(a.version), a.device.screen
	}
	return strings.Join([]string{a.device.browser, version, a.device.os, a.device.kind, screen, a.language}, " ")
}

// sees is an event of the actor's.
func (w *world) sees(a *actor, view bool, engaged time.Duration) {
	if a.silent {
		return
	}
	w.serial++
	s := &risk.Sighting{
		Site: site, At: a.clock, ID: fmt.Sprint("event", w.serial), Page: a.page, Visitor: w.visitor(a), Consented: a.consented, Address: a.address,
		Agent: a.sends(), View: view, Engaged: engaged, Look: a.look(),
		Browser: risk.Browser{Language: a.language, OS: a.device.os, Device: a.device.kind, Bot: a.bot, Consented: a.consented, Script: true},
	}
	if view {
		a.page, s.Page = s.ID, ""
	}
	if a.consented { // below, it is not kept
		s.Browser.TimeZone, s.Browser.Touch = a.zone, a.touch
	}
	w.steps = append(w.steps, step{at: a.clock, sighting: s, actor: a.name})
}

// reads looks at pages as people do.
func (w *world) reads(a *actor, pages int) {
	for range pages {
		w.sees(a, true, 0)
		attention := time.Duration(2+w.ExpFloat64()*25) * time.Second
		a.clock = a.clock.Add(attention)
		if w.chance(0.9) { // not every browser tells of attention
			w.sees(a, false, attention)
		}
	}
}

// pays has the payment step ask. Who consented has a cookie that it can name; of others it may know the page that they came from.
func (w *world) pays(a *actor, declared string, amount float64) {
	a.clock = a.clock.Add(time.Duration(3+w.IntN(30)) * time.Second)
	q := &risk.Question{Site: site, Address: a.address, Declared: declared, Amount: amount, Caller: "till"}
	switch {
	case a.silent:
	case a.consented && w.chance(0.8):
		q.Visitor = w.visitor(a)
	case !a.consented && w.chance(0.5):
		q.Page = a.page
	}
	w.steps = append(w.steps, step{at: a.clock, question: q, actor: a.name, fraud: a.fraud})
}
