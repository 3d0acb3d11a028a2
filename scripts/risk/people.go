package main

import (
	"net/netip"
	"time"
)

// people are who pays honestly. Their number is that of an hour of a busy shop.
func (w *world) people() {
	for range 700 {
		w.ordinary()
	}
	for range 60 {
		w.family()
	}
	for range 900 {
		w.onTheirTelephones()
	}
	for range 8 {
		w.colleagues("office")
		w.colleagues("university")
	}
	for range 400 {
		w.traveller()
	}
	for range 60 {
		w.private()
	}
}

func (w *world) amount() float64 { return 1000 + w.ExpFloat64()*9000 }

// browses is a visit; one in three ends with a payment, and now and then the card is refused at first.
func (w *world) browses(a *actor, always bool) {
	if w.chance(0.3) && !always {
		w.sees(a, true, 0) // and away
		return
	}
	w.reads(a, 1+w.IntN(9))
	if !always && !w.chance(0.35) {
		return
	}
	declared := w.home
	if w.chance(0.3) {
		declared = ""
	}
	w.pays(a, declared, w.amount())
	if w.chance(0.08) {
		w.pays(a, declared, w.amount())
	}
}

func (w *world) ordinary() {
	n := w.somewhere("home")
	a := w.newActor("ordinary", false, n, w.address(n, 20_000), append(phones(), desktops()...))
	if n.place.Country == "RU" {
		w.reads(a, 1+w.IntN(6))
		w.pays(a, "RU", w.amount())
		return
	}
	w.browses(a, false)
}

// family is several people and their devices behind one address.
func (w *world) family() {
	n := w.somewhere("home")
	address := w.address(n, 20_000)
	for range 3 + w.IntN(5) {
		w.browses(w.newActor("family", false, n, address, append(phones(), desktops()...)), w.chance(0.4))
	}
}

// onTheirTelephones is one of hundreds behind a few addresses of an operator.
func (w *world) onTheirTelephones() {
	n := w.somewhere("mobile")
	w.browses(w.newActor("cgnat", false, n, w.address(n, 6), phones()), false)
}

// colleagues sit behind one address, many of them at browsers that somebody else chose.
func (w *world) colleagues(where string) {
	n := w.somewhere(where)
	address := w.address(n, 20_000)
	for range 25 + w.IntN(30) {
		of := desktops()
		if w.chance(0.7) {
			of = of[:2]
		}
		w.browses(w.newActor(where, false, n, address, of), false)
	}
}

// traveller is abroad: with the clock of home or of there, at the hotel's network, or on a telephone that goes through home; or switches.
func (w *world) traveller() {
	home, abroad := w.somewhere("home"), w.somewhere("abroad")
	a := w.newActor("traveller", false, abroad, w.address(abroad, 20_000), append(phones(), desktops()[:6]...))
	a.language, a.zone = home.language, abroad.zone
	if w.chance(0.15) {
		a.zone = home.zone // the clock was not set
	}
	if w.chance(0.15) && a.device.kind == "mobile" { // roaming first
		mobile := w.somewhere("mobile")
		a.net, a.address = mobile, w.address(mobile, 6)
		w.reads(a, 1+w.IntN(3))
		a.clock = a.clock.Add(time.Duration(1+w.IntN(10)) * time.Minute)
		a.net, a.address = abroad, w.address(abroad, 20_000)
	} else if w.chance(0.2) { // flew here in the morning
		now := a.clock
		a.net, a.address, a.clock = home, w.address(home, 20_000), now.Add(-time.Duration(6+w.IntN(10))*time.Hour)
		w.reads(a, 1+w.IntN(3))
		a.net, a.address, a.clock = abroad, w.address(abroad, 20_000), now
	}
	w.reads(a, 2+w.IntN(7))
	declared := "KZ"
	if w.chance(0.3) {
		declared = ""
	}
	w.pays(a, declared, w.amount())
}

// private is an honest customer behind a VPN.
func (w *world) private() {
	n, home := w.somewhere("cloud"), w.somewhere("home")
	a := w.newActor("vpn", false, n, w.address(n, 5000), append(phones(), desktops()...))
	a.language, a.zone = home.language, home.zone
	w.reads(a, 2+w.IntN(7))
	w.pays(a, "KZ", w.amount())
}

// tor is where the list of the simulation says that Tor ends.
func tor() netip.Prefix { return netip.MustParsePrefix("10.50.9.0/24") }
