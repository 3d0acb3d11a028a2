package main

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mayak/aggregator/diagnose"
	"mayak/schema/event"
	"mayak/scripts/load"
)

// story is what happened to a clinic in a quarter, so that every panel has something to tell. Its moments are counted back from the end
// of the history, so that the newest are always new.
type story struct{ end time.Time }

// span is a part of it.
type span struct{ from, until time.Duration } // before the end

const day = 24 * time.Hour

// The parts. The outage is the newest, since incidents are looked for in the last hour only.
func campaign() span { return span{40 * day, 26 * day} }
func season() span   { return span{60 * day, 0} }
func robots() span   { return span{3*day + 9*time.Hour, 3*day + 5*time.Hour} }
func ring() span     { return span{day + 8*time.Hour, day + 5*time.Hour} }
func logged() span   { return span{14 * day, 0} } // the server's log is imported, and the script measures what the server answered
func told() span     { return span{21 * day, 0} } // browsers send their own reports
func outage() span   { return span{45 * time.Minute, 12 * time.Minute} }

// failure is the hour in which the booking service failed: the last one by day, some hours before the end.
func (s *story) failure() span {
	part := span{5 * time.Hour, 4 * time.Hour}
	for clinic := time.FixedZone("", 5*60*60); ; part.from, part.until = part.from+time.Hour, part.until+time.Hour {
		if hour := s.whole().Add(-part.from).In(clinic).Hour(); hour >= 9 && hour < 20 {
			return part
		}
	}
}

// whole is the end of the hour that the history ends in.
func (s *story) whole() time.Time { return s.end.Add(time.Hour - 1).Truncate(time.Hour) }

// provider is whose customers the outage was for, and farm where bots and fraud came from.
const (
	provider = 9198
	farm     = 60781
)

func (s *story) in(p span, at time.Time) bool {
	end := s.end
	if p.from > time.Hour {
		// How busy an hour is, is one number: whoever makes it busy is there for all of it, or people would have to come in their place.
		end = s.whole()
	}
	return !at.Before(end.Add(-p.from)) && at.Before(end.Add(-p.until))
}

// busy is how much more went on than in an ordinary week.
func (s *story) busy(at time.Time) float64 {
	if s == nil {
		return 1
	}
	weight := 1.0
	if s.in(season(), at) { // colds: three fifths more by the end
		weight += 0.6 * at.Sub(s.end.Add(-season().from)).Hours() / season().from.Hours()
	}
	if s.in(campaign(), at) {
		weight *= 1.35
	}
	if s.in(robots(), at) {
		weight *= 6
	}
	if s.in(ring(), at) {
		weight *= 1.5
	}
	return weight
}

// visiting makes the next visit, as it is at that time.
func (s *story) visiting(crowd *load.Crowd, v *load.Visit, at time.Time, chance *rand.Rand) {
	if s == nil {
		crowd.Visiting(v, at)
		return
	}
	switch {
	case s.in(robots(), at) && chance.IntN(6) > 0:
		crowd.Crawling(v, at)
	case s.in(ring(), at) && chance.IntN(3) == 0:
		crowd.Booking(v, at)
		s.defraud(v, chance)
	case s.in(s.failure(), at) && chance.IntN(4) == 0:
		crowd.Booking(v, at)
	default:
		crowd.Visiting(v, at)
		s.bend(v, at, chance)
	}
	if s.in(s.failure(), at) {
		unbook(v)
	}
	if s.isLogged(v) {
		anybody := *v.Visitor
		anybody.Consent = event.Essential // no log tells what a visitor chose
		v.Visitor = &anybody
	}
}

// isLogged tells whether only the server's log has told of a visit.
func (s *story) isLogged(v *load.Visit) bool {
	return s != nil && v.Steps[0].Pixel && s.in(logged(), v.Begin)
}

// unbook ends a visit where an appointment would have been made.
func unbook(v *load.Visit) {
	if i := slices.IndexFunc(v.Steps, func(step load.Step) bool { return strings.HasSuffix(step.Page.Path, "/booking/done") }); i > 0 {
		v.Steps = v.Steps[:i]
	}
}

// bend is what campaign and outage do to a visit of somebody.
func (s *story) bend(v *load.Visit, at time.Time, chance *rand.Rand) {
	if v.Visitor.Agent.Bot != "" {
		return
	}
	if s.in(campaign(), at) && v.Source.Campaign.Name == "" && chance.IntN(100) < 30 {
		v.Source = load.Source{
			Referrer: "https://l.instagram.com/", Click: "fbclid",
			Campaign: event.Campaign{Source: "instagram", Medium: "paid_social", Name: "vakcinaciya-grippa", Content: "stories"},
		}
	}
	if s.isOut(v, at) && chance.IntN(2) == 0 {
		giveUp(v)
	}
}

// isOut tells whether the outage is the visitor's.
func (s *story) isOut(v *load.Visit, at time.Time) bool {
	return s != nil && s.in(outage(), at) && v.Visitor.Place.ASN == provider && v.Visitor.Agent.Bot == ""
}

// giveUp ends a visit after its first page.
func giveUp(v *load.Visit) {
	first := v.Steps[0].ID
	if i := slices.IndexFunc(v.Steps, func(step load.Step) bool { return step.View != first }); i > 0 {
		v.Steps = v.Steps[:i]
	}
}

// slow makes everything of a page take six times as long.
func slow(step *load.Step) {
	for i := range step.Vitals {
		if step.Vitals[i].Name != "cls" {
			step.Vitals[i].Value *= 6
		}
	}
}

// machines is how many the ring has.
const machines = 4

// defraud makes the visit one of a few machines of a data centre which book at once, without reading.
func (s *story) defraud(v *load.Visit, chance *rand.Rand) {
	machine := *v.Visitor
	machine.Place = event.Place{Country: "NL", ASN: farm, NetworkKind: "hosting"}
	machine.Address = farmed(chance.IntN(machines))
	machine.Consent = event.Essential
	v.Visitor = &machine
	v.Source = load.Source{}
	for i := range v.Steps {
		v.Steps[i].After = time.Duration(i) * time.Duration(300+chance.IntN(400)) * time.Millisecond
	}
}

// ringNetwork is where their addresses are.
func ringNetwork() netip.Prefix { return netip.MustParsePrefix("85.17.40.0/24") }

// farmed is the address of a machine of the ring.
func farmed(machine int) netip.Addr {
	address := ringNetwork().Addr()
	for range machine + 1 {
		address = address.Next()
	}
	return address
}

func isFarmed(address netip.Addr) bool { return ringNetwork().Contains(address) }

// deployments are the versions of the site that came out.
func (s *story) deployments(site string) []diagnose.Deployment {
	told := func(before time.Duration, version, text string) diagnose.Deployment {
		return diagnose.Deployment{Site: site, At: s.end.Add(-before).Truncate(time.Hour), Version: version, Text: text}
	}
	return []diagnose.Deployment{
		told(72*day, "5.1", "booking in Kazakh"),
		told(41*day, "5.2", "a page for the flu campaign"),
		told(19*day, "5.2.1", "smaller pictures"),
		told(4*day+6*time.Hour, "5.3", "appointments are paid by card"),
	}
}
