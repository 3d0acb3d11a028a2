// Package risk tells how much speaks for fraud behind an address, and why, for a person or a payment step that decides. It decides nothing.
//
//	events, network_log ─► Feed ─► Window: what each address, network and visitor did in the last hour, in memory
//	GeoIP files, lists of the operator ────────┐        │
//	                                           ▼        ▼
//	question of the payment step ───────► Facts ─► signals, each with its weight ─► Assessment ─► risk_scores
//
// A signal is evidence of its own: it is named, says how strongly it speaks, and can be tried alone. The score is what the weights of
// catalogue.go add up to. Addresses are in memory only under a key that lives a day and is nowhere else; no evidence names a person,
// an address or a visitor. Safe for concurrent use.
package risk

import (
	"math"
	"slices"
	"time"

	"mayak/schema/geoip"
)

// Facts are what is known of an address, and of the visitor behind it, when somebody asks.
type Facts struct {
	Now      time.Time
	Place    geoip.Location
	Lists    []Listing // lists that the address stands on
	Declared string    // the country that the customer gave, ISO 3166-1 alpha-2

	Address Activity
	Network Activity // of the address's /24 or /48
	Visitor Activity
	Shared  bool       // the visitor did not consent: what is counted is of all who look the same behind the address
	Browser Browser    // of the visitor's newest page view
	Trail   []Position // where a visitor who consented was, oldest first; the address asked about is the last one

	AskedAddress int  // how often the payment step asked about the address in the last hour, this time included
	AskedVisitor int  // about the visitor, who consented
	Unusual      bool // the amount is above nearly all that the same caller asked about

	Complete bool // all that happened was taken in
	visitor  uint64
	began    time.Time // the visit, of who consented
}

// Activity is what happened in the last hour, of an address, a network or a visitor.
type Activity struct {
	Events   int           // of all kinds
	Peak     int           // most in one minute
	Visitors int           // as many as can be told apart
	Openings int           // a visit of each who consented, a page view of all others: without consent, who comes again and who is new look the same
	Once     int           // of these: one page view, no attention, nothing done
	Crowd    int           // of these: with the most frequent browser among them
	InCrowd  bool          // the visitor asked about has that browser
	Robots   int           // events that were told to be no person's as they came in
	Engaged  time.Duration // attention
}

// Browser is what a visitor's browser tells. Empty is not known.
type Browser struct {
	Language  string
	TimeZone  string
	OS        string
	Device    string
	Bot       string
	AgentOS   string // the system that the user agent names, where the stored one is that of the client hints
	Systems   int    // systems that one id showed in the last day
	Touch     uint8
	Script    bool // the browser's own script told, at a level that keeps what it says of touch
	Consented bool
}

// Position is where a visitor was.
type Position struct {
	At      time.Time
	Place   geoip.Location
	Network string // tells networks apart; not shown to anybody
}

// Level is a score in a word.
type Level string

// The levels.
const (
	Low    Level = "low"
	Medium Level = "medium"
	High   Level = "high"
)

// From these scores on.
const (
	mediumFrom = 35
	highFrom   = 70
)

// Assessment is how much speaks for fraud, and why.
type Assessment struct {
	Score   int      // 0 to 100
	Level   Level    // of the score
	Signals []Signal // that were seen, the heaviest first
}

// Signal is one piece of evidence that was seen.
type Signal struct {
	Name     string
	Weight   float64 // what it adds to the logarithm of the odds; below zero it speaks against fraud
	Evidence string  // in words, without figures of others
	Detail   string  // figures, for who may know them
}

// Assess weighs the facts. It depends on nothing else.
func Assess(f *Facts) Assessment {
	sum := prior
	var seen []Signal
	for _, s := range catalogue() {
		if f.Place.ASN == 0 && f.Place.Country == "" && s.placed {
			continue
		}
		found := s.look(f)
		if found.strength <= 0 {
			continue
		}
		weight := round(s.Weight * min(found.strength, 1))
		sum += weight
		seen = append(seen, Signal{Name: s.Name, Weight: weight, Evidence: s.About, Detail: found.detail})
	}
	slices.SortStableFunc(seen, func(a, b Signal) int { return -compare(a.Weight, b.Weight) })
	score := int(math.Round(100 / (1 + math.Exp(-sum))))
	return Assessment{Score: score, Level: levelOf(score), Signals: seen}
}

func compare(a, b float64) int {
	switch {
	case math.Abs(a) < math.Abs(b):
		return -1
	case math.Abs(a) > math.Abs(b):
		return 1
	}
	return 0
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

func levelOf(score int) Level {
	switch {
	case score >= highFrom:
		return High
	case score >= mediumFrom:
		return Medium
	}
	return Low
}
