package main

import (
	"time"

	"mayak/schema/geoip"
)

// bazaar is a third shop, written down after everything was chosen: nothing was changed for it but its own mistake, that its people declared
// the country of the first one.
func bazaar() scenario {
	return scenario{"bazaar", bazaarNetworks, func(w *world) {
		w.home = "KG"
		w.sellersAndBuyers()
		w.swindlers()
	}}
}

func bazaarNetworks(add adding) {
	add("cable", "KG", "Bishkek", "Asia/Bishkek", "ru", geoip.ISP, 12997, 42.9, 74.6, "10.80.0.0/16")
	add("cable", "KG", "Osh", "Asia/Bishkek", "ky", geoip.ISP, 8511, 40.5, 72.8, "10.81.0.0/16")
	add("valley", "KG", "Talas", "Asia/Bishkek", "ky", geoip.ISP, 39659, 42.5, 72.2, "10.82.0.0/24")
	add("cell", "KG", "Bishkek", "Asia/Bishkek", "ru", geoip.Mobile, 29061, 42.9, 74.6, "10.83.0.0/24", "10.83.1.0/24")
	add("school", "KG", "Naryn", "Asia/Bishkek", "ky", geoip.Education, 60010, 41.4, 76.0, "10.84.0.0/16")
	add("migrants", "RU", "Moscow", "Europe/Moscow", "ru", geoip.Mobile, 31133, 55.8, 37.6, "10.85.0.0/24", "10.85.1.0/24")
	add("migrants", "RU", "Yekaterinburg", "Asia/Yekaterinburg", "ru", geoip.ISP, 12389, 56.8, 60.6, "10.86.0.0/16")
	add("firm", "KG", "Bishkek", "Asia/Bishkek", "ru", geoip.Corporate, 60011, 42.9, 74.6, "10.87.0.0/16")
	add("homes", "KG", "Bishkek", "Asia/Bishkek", "ru", geoip.ISP, 12997, 42.9, 74.6, "10.88.0.0/16")
	add("homes", "BD", "Dhaka", "Asia/Dhaka", "bn", geoip.ISP, 45245, 23.8, 90.4, "10.89.0.0/16")
	add("homes", "PE", "Lima", "America/Lima", "es", geoip.ISP, 6147, -12.0, -77.0, "10.90.0.0/16")
	add("servers", "FR", "Roubaix", "Europe/Paris", "fr", geoip.Hosting, 16276, 50.7, 3.2, "10.91.0.0/16")
	add("servers", "US", "Dallas", "America/Chicago", "en", geoip.Hosting, 20473, 32.8, -96.8, "10.92.0.0/16")
}

func (w *world) sellersAndBuyers() {
	all := append(phones(), desktops()...)
	come := func(name, where string, n, among int, of []device) {
		for range n {
			at := w.somewhere(where)
			w.browses(w.newActor(name, false, at, w.address(at, among), of), w.chance(0.2))
		}
	}
	come("buyer", "cable", 700, 30_000, all)
	come("cell", "cell", 1000, 4, phones()[:5])
	come("valley", "valley", 250, 3, all)
	come("clerk", "firm", 200, 40, desktops()[:3])
	for range 6 { // a class that does the same at the same minute
		n := w.somewhere("school")
		address, at := w.address(n, 20_000), w.begin.Add(time.Duration(w.IntN(45))*time.Minute)
		for range 25 {
			a := w.newActor("pupil", false, n, address, desktops()[:1])
			a.clock, a.version = at.Add(time.Duration(w.IntN(120))*time.Second), 2
			w.browses(a, w.chance(0.2))
		}
	}
	for range 300 { // who works abroad and pays for the family at home, often at somebody else's clock
		n := w.somewhere("migrants")
		a := w.newActor("migrant", false, n, w.address(n, 300), phones())
		a.language = []string{"ky", "ru"}[w.IntN(2)]
		if w.chance(0.2) {
			a.zone = "Asia/Bishkek"
		}
		w.reads(a, 1+w.IntN(5))
		w.pays(a, "KG", w.amount())
	}
}

func (w *world) swindlers() {
	for range 250 { // stolen passwords, two tries from each of many homes
		n := w.somewhere("homes")
		a := w.newActor("spread", true, n, w.address(n, 30_000), desktops()[:1])
		a.consented, a.language, a.zone, a.version = w.chance(0.1), "en", "America/New_York", 0
		if w.chance(0.25) {
			a.bot = "automation:webdriver"
		}
		for range 2 {
			w.hops(a, 1, 1)
			w.pays(a, "KG", w.amount())
		}
	}
	for range 25 { // one card after another, from a rack, with hints that do not fit
		n := w.somewhere("servers")
		address := w.address(n, 5000)
		for range 6 + w.IntN(10) {
			a := w.newActor("rack", true, n, address, desktops()[7:])
			a.consented = w.chance(0.1)
			if w.chance(0.4) {
				a.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
			}
			w.hops(a, 1, 3)
			w.pays(a, "KG", 300)
		}
	}
	for range 60 { // telephones that are rented by the minute: an operator's address, and nothing is read
		n := w.somewhere("cell")
		a := w.newActor("rented", true, n, w.address(n, 4), phones()[:3])
		a.consented = w.chance(0.3)
		w.hops(a, 2, 3)
		for range 1 + w.IntN(4) {
			w.pays(a, "KG", w.amount()*2)
		}
	}
	for range 50 { // a stolen cookie, used from far away at once
		n := w.somewhere("cable")
		a := w.newActor("stolen", true, n, w.address(n, 30_000), desktops()[:6])
		a.consented, a.silent = true, false
		w.reads(a, 2)
		a.clock = a.clock.Add(time.Duration(3+w.IntN(25)) * time.Minute)
		away := w.somewhere([]string{"homes", "servers"}[w.IntN(2)])
		a.net, a.address = away, w.address(away, 30_000)
		w.hops(a, 1, 3)
		w.pays(a, "KG", w.amount()*3)
	}
}
