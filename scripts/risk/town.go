package main

import (
	"net/netip"
	"time"

	"mayak/schema/geoip"
)

// town is another shop, with other customers and other attackers. It was written down before anything was chosen anew. No weight was chosen on
// it; its first look showed that people behind the one address of a small provider were taken for programs, which was mended.
func town() scenario {
	return scenario{"town", townNetworks, func(w *world) {
		w.townspeople()
		w.intruders()
	}}
}

func townNetworks(add adding) {
	add("fibre", "KZ", "Karaganda", "Asia/Almaty", "ru", geoip.ISP, 9198, 49.8, 73.1, "10.60.0.0/16")
	add("fibre", "KZ", "Aktau", "Asia/Aqtau", "kk", geoip.ISP, 9198, 43.6, 51.2, "10.61.0.0/16")
	add("village", "KZ", "Zhezkazgan", "Asia/Almaty", "kk", geoip.ISP, 48716, 47.8, 67.7, "10.62.0.0/24")
	add("carrier", "KZ", "Astana", "Asia/Almaty", "ru", geoip.Mobile, 29355, 51.2, 71.4, "10.63.0.0/24", "10.63.1.0/24", "10.63.2.0/24")
	add("hotel", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.ISP, 9198, 43.2, 76.9, "10.64.0.0/16")
	add("hospital", "KZ", "Astana", "Asia/Almaty", "kk", geoip.Government, 60002, 51.2, 71.4, "10.65.0.0/16")
	add("foreign", "UZ", "Tashkent", "Asia/Tashkent", "uz", geoip.ISP, 28910, 41.3, 69.2, "10.66.0.0/16")
	add("foreign", "KR", "Seoul", "Asia/Seoul", "ko", geoip.ISP, 4766, 37.6, 127.0, "10.67.0.0/16")
	add("foreign", "PL", "Warsaw", "Europe/Warsaw", "pl", geoip.ISP, 5617, 52.2, 21.0, "10.68.0.0/16")
	add("relay", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.Hosting, 13335, 43.2, 76.9, "10.69.0.0/16")
	add("rack", "DE", "Falkenstein", "Europe/Berlin", "de", geoip.Hosting, 24940, 50.5, 12.4, "10.70.0.0/16")
	add("rack", "SG", "Singapore", "Asia/Singapore", "en", geoip.Hosting, 14061, 1.3, 103.8, "10.71.0.0/16")
	add("rack", "KZ", "Almaty", "Asia/Almaty", "ru", geoip.Hosting, 48716, 43.2, 76.9, "10.72.0.0/16")
	add("exit", "NL", "Amsterdam", "Europe/Amsterdam", "nl", geoip.Hosting, 60404, 52.4, 4.9, tor().String())
	add("infected", "KZ", "Pavlodar", "Asia/Almaty", "ru", geoip.ISP, 9198, 52.3, 77.0, "10.73.0.0/16")
	add("infected", "IN", "Pune", "Asia/Kolkata", "hi", geoip.ISP, 9829, 18.5, 73.9, "10.74.0.0/16")
	add("infected", "MX", "Puebla", "America/Mexico_City", "es", geoip.ISP, 8151, 19.0, -98.2, "10.75.0.0/16")
}

// townspeople pay honestly.
func (w *world) townspeople() {
	all := append(phones(), desktops()...)
	for range 800 {
		n := w.somewhere("fibre")
		w.browses(w.newActor("resident", false, n, w.address(n, 30_000), all), false)
	}
	for range 1500 { // one browser that most have, at six addresses
		n := w.somewhere("carrier")
		of := phones()
		if w.chance(0.5) {
			of = of[:2]
		}
		w.browses(w.newActor("carrier", false, n, w.address(n, 6), of), false)
	}
	for range 120 { // a small provider that has two addresses for everybody
		n := w.somewhere("village")
		w.browses(w.newActor("village", false, n, w.address(n, 2), all), w.chance(0.3))
	}
	for range 10 {
		w.guests()
		w.ward()
	}
	for range 250 {
		w.abroad()
	}
	for range 100 {
		w.relayed()
	}
	for range 60 {
		w.hasty()
	}
}

// guests of a hotel have browsers and languages of everywhere, behind one address.
func (w *world) guests() {
	n := w.somewhere("hotel")
	address := w.address(n, 20_000)
	for range 10 + w.IntN(15) {
		a := w.newActor("hotel", false, n, address, append(phones(), desktops()...))
		a.language = []string{"ru", "kk", "en", "zh", "de", "tr"}[w.IntN(6)]
		if w.chance(0.15) {
			a.zone = []string{"Europe/Berlin", "Asia/Shanghai"}[w.IntN(2)] // the clock was not set
		}
		w.browses(a, w.chance(0.2))
	}
}

// ward is a hospital whose computers are all alike, at the same minute.
func (w *world) ward() {
	n := w.somewhere("hospital")
	address := w.address(n, 20_000)
	at := w.begin.Add(time.Duration(w.IntN(40)) * time.Minute)
	for range 30 + w.IntN(30) {
		a := w.newActor("hospital", false, n, address, desktops()[1:2])
		a.version, a.clock = 2, at.Add(time.Duration(w.IntN(300))*time.Second)
		w.browses(a, false)
	}
}

// abroad live customers who pay with cards of home, or for somebody there.
func (w *world) abroad() {
	n := w.somewhere("foreign")
	a := w.newActor("emigrant", false, n, w.address(n, 20_000), append(phones(), desktops()...))
	a.language = []string{"ru", "kk", n.language}[w.IntN(3)]
	if w.chance(0.1) {
		a.zone = "Asia/Almaty"
	}
	w.reads(a, 2+w.IntN(6))
	w.pays(a, []string{"KZ", n.place.Country, ""}[w.IntN(3)], w.amount())
}

// relayed are customers whose browser hides their address by itself, behind a relay in their own country.
func (w *world) relayed() {
	n := w.somewhere("relay")
	a := w.newActor("relay", false, n, w.address(n, 5000), append(phones()[4:6], desktops()[4]))
	w.reads(a, 1+w.IntN(8))
	w.pays(a, "KZ", w.amount())
}

// hasty are who come for one thing: they know the shop, look at a page for seconds, pay, mistype, and pay again.
func (w *world) hasty() {
	n := w.somewhere("fibre")
	a := w.newActor("hasty", false, n, w.address(n, 30_000), append(phones(), desktops()...))
	w.sees(a, true, 0)
	a.clock = a.clock.Add(time.Duration(3+w.IntN(5)) * time.Second)
	w.sees(a, false, time.Duration(3+w.IntN(5))*time.Second)
	for range 1 + w.IntN(3) {
		w.pays(a, "KZ", w.amount())
	}
}

// intruders do not pay honestly.
func (w *world) intruders() {
	for range 15 {
		w.rotation()
	}
	for range 4 {
		w.farm()
	}
	w.emulators(60)
	for range 60 {
		w.onionCarder()
	}
	for range 40 {
		w.takeover()
	}
	for range 25 {
		w.hidden()
	}
}

// rotation tries a card at each of many homes that it rents, with a browser made up each time.
func (w *world) rotation() {
	for range 8 + w.IntN(12) {
		n := w.somewhere("infected")
		a := w.newActor("rotation", true, n, w.address(n, 30_000), append(phones(), desktops()...))
		a.consented, a.language, a.zone = w.chance(0.2), "ru", "Asia/Almaty"
		if w.chance(0.3) { // made up badly
			a.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
		}
		w.hops(a, 1, 2)
		w.pays(a, "KZ", 500+w.Float64()*500)
	}
}

// farm is a rack of browsers without a head, of one image.
func (w *world) farm() {
	n := w.somewhere("rack")
	base := w.address(n, 5000)
	for i := range 40 + w.IntN(40) {
		bytes := base.As4()
		bytes[3] = byte(10 + i%8)
		a := w.newActor("farm", true, n, netip.AddrFrom4(bytes), desktops()[7:])
		a.version, a.consented, a.language, a.zone = 1, w.chance(0.1), "en", "Etc/UTC"
		if w.chance(0.3) {
			a.bot = "automation:webdriver"
		}
		w.hops(a, 1, 3)
		w.pays(a, "KZ", w.amount())
	}
}

// emulators say that they are telephones.
func (w *world) emulators(size int) {
	for range size {
		n := w.somewhere([]string{"rack", "infected"}[w.IntN(2)])
		a := w.newActor("emulator", true, n, w.address(n, 3000), phones()[:4])
		a.touch, a.consented = 0, w.chance(0.5)
		w.hops(a, 2, 4)
		w.pays(a, "KZ", w.amount()*2)
		if w.chance(0.5) {
			w.pays(a, "KZ", w.amount()*2)
		}
	}
}

// onionCarder pays through Tor, and takes time.
func (w *world) onionCarder() {
	n := w.somewhere("exit")
	a := w.newActor("onion", true, n, w.address(n, 250), desktops()[3:4])
	a.consented, a.zone, a.language, a.version = w.chance(0.1), "UTC", "en", 0
	w.reads(a, 1+w.IntN(2))
	w.pays(a, "KZ", w.amount()*2)
}

// takeover is somebody abroad with a customer's cookie, an hour after the customer, who reads before paying.
func (w *world) takeover() {
	home := w.somewhere("fibre")
	a := w.newActor("takeover", true, home, w.address(home, 30_000), desktops()[:4])
	a.consented, a.silent = true, false
	a.clock = w.begin.Add(time.Duration(w.IntN(20)) * time.Minute)
	w.reads(a, 1+w.IntN(3))
	a.clock = a.clock.Add(time.Duration(15+w.IntN(15)) * time.Minute)
	n := w.somewhere([]string{"rack", "infected", "foreign"}[w.IntN(3)])
	a.net, a.address, a.zone = n, w.address(n, 20_000), n.zone
	w.reads(a, 1+w.IntN(2))
	w.pays(a, "KZ", w.amount()*3)
}

// hidden are thieves of cards on a telephone of the same operator as everybody: nothing tells them but how often they try.
func (w *world) hidden() {
	n := w.somewhere("carrier")
	a := w.newActor("hidden", true, n, w.address(n, 6), phones()[:2])
	a.consented = w.chance(0.5)
	w.reads(a, 1+w.IntN(2))
	for range 2 + w.IntN(8) {
		w.pays(a, "KZ", w.amount()*2)
	}
}
