// Package event is the stored row: what one hit left behind after the privacy gate and the enricher.
//
// A Record is what waits in the spool: the Event, a row of the table events, and where the policy allows it
// the Network, a row of the restricted table network_log, encrypted. codec.go draws its encoding. A zero field
// means "not known or not kept"; the table's columns have the same names and the same zero values.
package event

import (
	"net/netip"
	"time"
)

// Event is one row of the table events. Strings may alias the memory that they were decoded from.
type Event struct {
	Site     string
	Time     time.Time // column ts: when it happened, UTC, to the millisecond
	Received time.Time // when the collector took it, UTC, to the second
	Type     Type
	Origin   Origin // how it came in; none in what older programs stored
	ID       string
	Page     string // id of the page view that an engage, vitals or error event belongs to
	Visitor  uint64 // keyed hash; unlinkable across days without consent

	Consent       Level
	PolicyVersion string

	Hostname     string
	Path         string
	Query        string // the allowed parameters only
	Title        string
	ReferrerHost string
	Channel      string
	Campaign     Campaign
	ClickID      string // which click id came, and its value: only with advertising consent

	Place  Place
	Agent  Agent
	Screen Screen

	Language string
	TimeZone string

	EngagedMS uint32
	Scroll    uint8

	Name     string
	Props    []Pair
	Value    float64
	Currency string

	Vitals      []Measure
	Attribution []Pair // what a vital came from
	Error       Error
	Exchange    Exchange
	Weight      float32 // occurrences that the row stands for; 0 is 1
	Reference   string  // the code that the visitor was told
}

// Campaign is the five UTM parameters.
type Campaign struct{ Source, Medium, Name, Term, Content string }

// Place is what the address tells: never the address itself.
type Place struct {
	Country string // ISO 3166-1 alpha-2
	Region  string // ISO 3166-2 subdivision, without the country
	City    string // English name
	ASN     uint32
	Network string // the address truncated to /24 or /48
	// NetworkKind is what the ASN's organisation is: hosting, mobile, isp, corporate, education, government.
	NetworkKind string
}

// Agent is what the user agent and the client hints tell.
type Agent struct {
	Browser, BrowserVersion string
	OS, OSVersion           string
	Device                  string // desktop, mobile, tablet, tv, console, wearable, car, bot
	Brand, Model            string
	App                     string // the application whose web view this is, or that sent the event itself
	AppVersion              string
	Bot                     string // why this is not a person; empty for a person
}

// Screen is the display in CSS pixels.
type Screen struct {
	Width, Height                 uint16
	ViewportWidth, ViewportHeight uint16
	PixelRatio                    float32
	Touch                         uint8 // points of touch
}

// Pair is one custom property.
type Pair struct{ Key, Value string }

// Measure is one performance measurement.
type Measure struct {
	Name  string
	Value float32
}

// Error is what went wrong, scrubbed: a script error, a request of the page that failed, or what the browser itself reports.
type Error struct {
	Message, Source, Stack, Kind string
	Line, Column                 uint32
	Type                         string // what exactly, within the kind
	Fingerprint                  uint64 // the same cause has the same; 0 is none
}

// Exchange is one request and its answer, as the browser or a server's log tells of it.
type Exchange struct {
	Protocol, Method     string
	Phase                string // in which it went wrong: dns, connection, application
	Status               uint16
	Bytes                uint64 // that travelled
	ServerMS, DurationMS float32
}

// Network is one row of the restricted table network_log.
type Network struct {
	Address   netip.Addr
	UserAgent string
}

// Consent is one row of the table consents: what a visitor decided. Of its record's Event it has Site, Time, Visitor (0 for who has
// no id), Consent (the level from now on), PolicyVersion and Language.
type Consent struct {
	Receipt string // random, for the visitor to keep
	Action  Action
	How     string // banner, script or page
}

// Action is what a decision does.
type Action uint8

// The actions.
const (
	Given     Action = iota // a level was chosen
	Withdrawn               // less than what had been consented to
	Erase                   // all that is kept of the visitor is to go
)

// Actions are the names of the actions in the table, by Action.
func Actions() [3]string { return [3]string{"given", "withdrawn", "erase"} }

func (a Action) String() string {
	if names := Actions(); int(a) < len(names) {
		return names[a]
	}
	return "unknown"
}

// Record is what one hit, or one decision, leaves in the spool.
type Record struct {
	Event   Event
	Network Network // the zero Network is none
	Consent Consent // the zero Consent is none: the record is an event
}

// Decided tells whether the record is a row of consents, and not of events.
func (r *Record) Decided() bool { return r.Consent.Receipt != "" }

// Level is a level of consent; the order is from least to most.
type Level uint8

// The levels, as policy.yaml explains them.
const (
	Refused Level = iota
	Essential
	Analytics
	Advertising
)

// Levels are the names of the levels, by Level.
func Levels() [4]string { return [4]string{"refused", "essential", "analytics", "advertising"} }

func (l Level) String() string {
	if names := Levels(); int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// Consents tells whether nobody is at this level who has not consented.
func (l Level) Consents() bool { return l == Analytics || l == Advertising }

// ParseLevel is the inverse of String.
func ParseLevel(name string) (Level, bool) {
	for i, n := range Levels() {
		if n == name {
			return Level(i), true
		}
	}
	return Refused, false
}

// Origin is the way that an event came in by.
type Origin uint8

// The origins. None is that of an event that was stored before origins were.
const (
	NoOrigin Origin = iota
	Script
	Pixel
	Log
	Report
	Mail
	API
)

// Origins are the names of the origins in the table, by Origin.
func Origins() [7]string { return [7]string{"", "script", "pixel", "log", "report", "mail", "api"} }

// String is the origin's name; that of a newer program, which this one does not know, has none.
func (o Origin) String() string {
	if names := Origins(); int(o) < len(names) {
		return names[o]
	}
	return ""
}

// Type is what kind of event this is.
type Type uint8

// The types that the wire knows.
const (
	PageView Type = iota
	Custom
	Engage
	Vitals
	ScriptError
	BrowserReport
	MailOpen
	MailClick
)

// Types are the names of the types on the wire and in the table, by Type.
func Types() [8]string {
	return [8]string{"pageview", "event", "engage", "vitals", "error", "report", "open", "click"}
}

func (t Type) String() string {
	if names := Types(); int(t) < len(names) {
		return names[t]
	}
	return "unknown"
}

// ParseType is the inverse of String; the empty name is a page view.
func ParseType(name string) (Type, bool) {
	if name == "" {
		return PageView, true
	}
	for i, n := range Types() {
		if n == name {
			return Type(i), true
		}
	}
	return PageView, false
}
