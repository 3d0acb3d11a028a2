package risk

import (
	"fmt"
	"math"
	"time"

	"mayak/schema/geoip"
)

// norm is what is normal in an hour for one kind of network, seen from one site.
type norm struct {
	visitors int // of one address
	peak     int // events of one address in a minute
	crowd    int // visitors of one network (/24, /48)
	payments int // asked about for one address
}

// normOf knows that a family or a small office shares an address, a large one too, and that thousands share one of an operator of telephones.
func normOf(kind string) norm {
	switch kind {
	case geoip.Mobile:
		return norm{visitors: 2000, peak: 2000, crowd: 20_000, payments: 300}
	case geoip.Corporate, geoip.Education, geoip.Government:
		return norm{visitors: 200, peak: 400, crowd: 2000, payments: 40}
	case geoip.Hosting:
		return norm{visitors: 4, peak: 40, crowd: 20, payments: 3}
	}
	return norm{visitors: 15, peak: 120, crowd: 300, payments: 5}
}

// excess is 0 at what is normal, and 1 at eight times as much.
func excess(seen, normal int) float64 {
	if seen <= normal {
		return 0
	}
	return min(1, math.Log2(float64(seen)/float64(normal))/3)
}

// addressVelocity is less where people read: a small provider has one address for a village.
func addressVelocity(f *Facts) found {
	normal := normOf(f.Place.NetworkKind)
	strength := max(excess(f.Address.Peak, normal.peak), excess(f.Address.Visitors, normal.visitors))
	if f.Address.Openings > 0 {
		strength *= float64(f.Address.Once) / float64(f.Address.Openings)
	}
	return found{strength, fmt.Sprintf("%d visitors in an hour, %d events in a minute", f.Address.Visitors, f.Address.Peak)}
}

func networkVelocity(f *Facts) found {
	return found{excess(f.Network.Visitors, normOf(f.Place.NetworkKind).crowd), fmt.Sprintf("%d visitors in an hour", f.Network.Visitors)}
}

// What one person does at most; twice as much is as strong as it gets.
const (
	mostInMinute = 40
	mostInHour   = 600
)

// visitorVelocity is of who consented: without consent the counts are of many.
func visitorVelocity(f *Facts) found {
	if f.Shared {
		return found{}
	}
	strength := 3 * max(excess(f.Visitor.Peak, mostInMinute), excess(f.Visitor.Events, mostInHour))
	return found{strength, fmt.Sprintf("%d events in an hour, %d in a minute", f.Visitor.Events, f.Visitor.Peak)}
}

const (
	mostPayments = 4 // of one visitor in an hour
	readAPayment = 8 // pages that were read behind an address for each payment that is normal
)

// paymentVelocity expects more of an address behind which more is read.
func paymentVelocity(f *Facts) found {
	normal := max(normOf(f.Place.NetworkKind).payments, (f.Address.Openings-f.Address.Once)/readAPayment)
	strength := max(1.5*excess(f.AskedAddress, normal), 1.5*excess(f.AskedVisitor, mostPayments))
	return found{strength, fmt.Sprintf("asked %d times for the address and %d for the visitor in an hour", f.AskedAddress, f.AskedVisitor)}
}

const (
	fewOpenings = 12  // fewer may be alike by chance
	mostlyOnce  = 0.7 // share of those who open one page and leave: above, nobody reads
	mostlyAlike = 0.6 // share of them with one browser
)

// cookieChurn asks for all of it at once. Who is not like the crowd is not of the crowd.
func cookieChurn(f *Facts) found {
	n := &f.Network
	if n.Openings < fewOpenings {
		return found{}
	}
	once, alike := float64(n.Once)/float64(n.Openings), float64(n.Crowd)/float64(n.Openings)
	if once < mostlyOnce || alike < mostlyAlike {
		return found{}
	}
	strength := 0.5 + 0.25*(once-mostlyOnce)/(1-mostlyOnce) + 0.25*(alike-mostlyAlike)/(1-mostlyAlike)
	if f.Visitor.Events > 0 && !n.InCrowd {
		strength *= 0.2
	}
	return found{strength, fmt.Sprintf("%d came in an hour, %.0f %% of them once, %.0f %% alike", n.Openings, 100*once, 100*alike)}
}

func unusualAmount(f *Facts) found {
	if !f.Unusual {
		return found{}
	}
	return found{1, "above 99 % of the amounts asked about"}
}

const longRead = 2 * time.Minute

// reading of all who look the same behind an operator's address is nobody's.
func reading(f *Facts) found {
	strength := float64(f.Visitor.Engaged) / float64(longRead)
	if f.Visitor.Engaged < 10*time.Second || f.Browser.Bot != "" || f.Shared && f.Place.NetworkKind == geoip.Mobile {
		return found{}
	}
	return found{strength, fmt.Sprintf("%.0f seconds", f.Visitor.Engaged.Seconds())}
}

// unread needs page views, so that there was something to look at.
func unread(f *Facts) found {
	if f.Visitor.Events == 0 || f.Visitor.Engaged > 0 || !f.Browser.Script {
		return found{}
	}
	return found{1, fmt.Sprintf("%d events, no attention", f.Visitor.Events)}
}

func unseen(f *Facts) found {
	if f.Visitor.Events > 0 || f.Address.Events > 0 {
		return found{}
	}
	return found{1, "no event in the last hour"}
}
