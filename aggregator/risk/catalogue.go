package risk

import "sync"

// prior is the logarithm of the odds of fraud at a payment step before anything is known: one in a hundred.
const prior = -4.6

// Description is a signal as people see it.
type Description struct {
	Name   string
	About  string
	Weight float64 // what it adds to the logarithm of the odds when it speaks as strongly as it can
	Why    string  // it weighs so much
}

// signal is one row of the table of signals.
type signal struct {
	Description

	placed bool // it says nothing where nothing is known of the address
	look   func(*Facts) found
}

// found is what a signal saw: how strongly it speaks, from 0 to 1, and the figures.
type found struct {
	strength float64
	detail   string
}

// catalogue is every signal, put together once: each question goes through all of them.
//
//nolint:gochecknoglobals // a table, which nothing writes to.
var catalogue = sync.OnceValue(signals)

// signals is the table. Weights were chosen on the labelled simulation of scripts/risk, with one seed, and are tried with others; those
// that one list or flag gives by itself are as heavy as that list's word is good.
func signals() []signal {
	one := func(name, about string, weight float64, why string, look func(*Facts) found) signal {
		return signal{Description: Description{name, about, weight, why}, look: look}
	}
	placed := func(s signal) signal {
		s.placed = true
		return s
	}
	return []signal{
		one("known_bad", "the address stands on a list of the operator", 6, "the operator put it there", knownBad),
		one("tor_exit", "the address is an exit of the Tor network", 3, "few customers pay through Tor, and most who do hide", torExit),
		placed(one("hosting_network", "the address belongs to a data centre, a cloud or a VPN", 2.2, "people seldom sit there, but those with a VPN do", hostingNetwork)),
		placed(one("hosting_language", "a browser in a language of people elsewhere comes through a data centre", 0.9, "what a proxy looks like; a VPN too", hostingLanguage)),
		placed(one("zone_mismatch", "the time zone of the browser is not one of the address's country", 2.4, "a proxy moves the address and not the clock; so does a journey, for a day", zoneMismatch)),
		placed(one("language_mismatch", "the language of the browser is not one of the address's country", 0.7, "many live abroad", languageMismatch)),
		placed(one("declared_mismatch", "the country that was declared is not the address's", 1.3, "travellers pay too", declaredMismatch)),
		one("impossible_travel", "the same visitor was too far away too short a time ago", 3, "a cookie that was stolen, or a proxy that changes; a telephone abroad that goes through home is told apart", impossibleTravel),
		one("address_velocity", "far more comes from the address than from others in such a network", 2, "programs are faster than people; what is normal depends on the kind of network", addressVelocity),
		one("network_velocity", "far more visitors come from the network than from others of its kind", 1.2, "a busy network is no crime by itself", networkVelocity),
		one("visitor_velocity", "one visitor asks for more than a person can look at", 3, "no person opens a page every two seconds for long", visitorVelocity),
		one("payment_velocity", "many payments are tried from the address or by the visitor", 3.5, "testing stolen cards looks like this and nothing else does", paymentVelocity),
		one("cookie_churn", "many new visitors with one and the same browser, none of whom reads", 3.6, "a program that forgets its cookies; what many telephones share is more varied", cookieChurn),
		one("agent_conflict", "the browser contradicts itself about its system", 2.8, "user agents are changed by hand; browsers agree with themselves", agentConflict),
		one("touch_conflict", "a telephone without a touch screen", 2, "an emulator, or a program that says it is a telephone", touchConflict),
		one("agent_changed", "one visitor came with several systems", 2.2, "a cookie lives in one browser", agentChanged),
		one("automation", "the browser was driven by a program", 4.5, "it says so itself", automation),
		one("unusual_amount", "the amount is above nearly all that was asked about", 0.6, "large purchases are rare and mostly honest", unusualAmount),
		one("unread", "the visitor came to pay without looking at anything for a moment", 2, "programs do; a person whose browser tells nothing of attention does too", unread),
		one("unseen", "nothing was seen of the address before it came to pay", 0.8, "programs skip the pages; who blocks counting does too", unseen),
		one("reading", "the visitor has read on the site for a while", -1.2, "attention is dear to programs", reading),
	}
}

// Catalogue lists the signals in order.
func Catalogue() []Description {
	var all []Description
	for _, s := range catalogue() {
		all = append(all, s.Description)
	}
	return all
}
