package main

import (
	"time"

	"mayak/schema/geoip"
)

// attackers are who does not. They hide as well as what can be bought lets them.
func (w *world) attackers() {
	w.botnet(150)
	for range 3 {
		w.stuffing(120)
	}
	for range 120 {
		w.carder()
	}
	for range 30 {
		w.tester()
	}
	for range 40 {
		w.thief()
	}
}

// botnet is one program on many infected home computers: one browser, no memory, no reading.
func (w *world) botnet(size int) {
	d := phones()
	if w.chance(0.5) {
		d = desktops()
	}
	d = d[w.IntN(len(d)):][:1]
	for range size {
		n := w.somewhere("proxied")
		a := w.newActor("botnet", true, n, w.address(n, 200), d)
		a.consented = w.chance(0.1)              // programs seldom answer a banner
		a.zone, a.language = "Asia/Almaty", "ru" // as it was programmed, wherever it runs
		if w.chance(0.35) {
			a.bot = "automation:webdriver"
		}
		if w.chance(0.3) && a.device.kind == "mobile" {
			a.touch = 0
		}
		w.hops(a, 1, 2)
		w.pays(a, "KZ", w.amount())
		if w.chance(0.5) {
			w.pays(a, "KZ", w.amount())
		}
	}
}

// hops looks at pages as programs do: at once, and without reading.
func (w *world) hops(a *actor, least, more int) {
	for range least + w.IntN(more) {
		w.sees(a, true, 0)
		a.clock = a.clock.Add(time.Duration(300+w.IntN(1500)) * time.Millisecond)
	}
}

// stuffing tries stolen passwords from a rack of servers, and brings no cookie.
func (w *world) stuffing(size int) {
	n := w.somewhere("cloud")
	base := w.address(n, 5000)
	d := desktops()[w.IntN(3):][:1]
	for i := range size {
		bytes := base.As4()
		bytes[3] = byte(1 + i%5)
		a := w.newActor("stuffing", true, n, base, d)
		a.address = addressOf(bytes)
		a.language, a.zone, a.consented = "en", "UTC", w.chance(0.1)
		if w.chance(0.2) {
			a.bot = "automation:Headless Chrome"
		}
		w.hops(a, 1, 1)
		if i > 20 { // the first ones only knock
			w.pays(a, "KZ", w.amount())
		}
	}
}

// carder sits behind a proxy and pays with somebody else's card.
func (w *world) carder() {
	n := w.somewhere("proxied")
	switch p := w.Float64(); {
	case p < 0.35:
		n = w.somewhere("cloud")
	case p < 0.45:
		n = &w.nets["cloud"][0]
	}
	address := w.address(n, 20_000)
	a := w.newActor("carder", true, n, address, append(phones()[:1], desktops()...))
	if n.place.NetworkKind == geoip.Hosting && w.chance(0.25) {
		bytes := tor().Addr().As4()
		bytes[3] = byte(1 + w.IntN(250)) //nolint:gosec // at most 250
		a.address, a.net = addressOf(bytes), &w.nets["cloud"][0]
	}
	a.zone, a.language = []string{"America/Sao_Paulo", "Europe/Moscow", "Asia/Jakarta", "Africa/Lagos"}[w.IntN(4)], []string{"pt", "ru", "id", "en"}[w.IntN(4)]
	if w.chance(0.4) { // a browser that is made to be somebody else's
		a.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
		if a.device.os == "Windows" {
			a.agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
		}
	}
	w.hops(a, 2, 4)
	for range 2 + w.IntN(7) {
		w.pays(a, "KZ", w.amount()*2)
	}
}

// tester tries one stolen card after another, from one address.
func (w *world) tester() {
	n := w.somewhere("proxied")
	address := w.address(n, 20_000)
	for range 8 + w.IntN(10) {
		a := w.newActor("tester", true, n, address, desktops()[:1])
		a.language, a.zone, a.consented = "en", "Europe/London", w.chance(0.2)
		w.hops(a, 1, 2)
		w.pays(a, "KZ", 100)
	}
}

// thief came by the cookie of a customer and goes on from somewhere else.
func (w *world) thief() {
	home := w.somewhere("home")
	a := w.newActor("thief", true, home, w.address(home, 20_000), desktops()[:6])
	a.consented = true
	w.reads(a, 1+w.IntN(5))
	a.clock = a.clock.Add(time.Duration(2+w.IntN(20)) * time.Minute)
	n := w.somewhere("proxied")
	if w.chance(0.4) {
		n = w.somewhere("cloud")
	}
	a.net, a.address = n, w.address(n, 20_000)
	if w.chance(0.5) {
		a.device = phones()[w.IntN(4)]
	}
	w.hops(a, 1, 3)
	w.pays(a, "KZ", w.amount()*3)
	if w.chance(0.6) {
		w.pays(a, "KZ", w.amount()*3)
	}
}
