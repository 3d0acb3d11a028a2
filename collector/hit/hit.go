// Package hit holds the raw facts of one request: what the wire said and what the page claimed.
//
// A hit is transient. It is never stored, logged or queued: only the privacy gate may read it, and what
// the gate lets through is a Cleared. Its strings may alias the request's buffers, so nothing may keep them
// once Accept has returned. Every way of printing a Hit prints "[hit]".
package hit

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Way is the way in by which a hit arrived.
type Way string

// The ways in; a closed set, used as a metric label.
const (
	Beacon Way = "beacon"
	Pixel  Way = "pixel"
	Report Way = "report" // a report of the browser itself, to the Reporting API's endpoint
	Mail   Way = "mail"   // the picture or a link of an e-mail
	API    Way = "api"    // a server or an app with a key of the site
	Log    Way = "log"    // a line of a web server's access log, long after the request
	Choice Way = "choice" // no hit, but a decision of the visitor, which is spooled as hits are
)

// Ways lists every way, so that each has a counter from the start.
func Ways() []Way { return []Way{Beacon, Pixel, Report, Mail, API, Log, Choice} }

// Hit is one request's raw facts.
type Hit struct {
	Way      Way
	Received time.Time

	// What the connection and its headers say.
	Address        netip.Addr
	UserAgent      string
	AcceptLanguage string
	GPC            bool   // Sec-GPC: 1
	DNT            bool   // DNT: 1
	Purpose        string // Sec-Purpose or Purpose: prefetch, prerender, preview
	Hints          Hints
	Cookie         string // the header as sent; the choice of the visitor is in it
	Sender         string // which of the site's servers and apps sent it, by its key
	Consent        string // the level that the visitor chose, from another source that the page cannot forge; empty is no choice

	// What the page claims.
	Site      string
	URL       string
	Type      string
	ID        string
	Page      string
	Referrer  string
	Title     string
	Screen    string
	Viewport  string
	DPR       float64
	Language  string
	TimeZone  string
	Name      string
	Props     []Prop
	Value     float64
	HasValue  bool
	Currency  string
	EngagedMS int64
	Scroll    int64
	Vitals    []Vital
	Error     Error
	Exchange  Exchange
	Weight    float64 // occurrences that this one stands for; 0 is 1
	Sources   []Prop  // what a vital came from
	Message   string  // the number of the e-mail that was opened
	Reference string  // the code that the visitor was told
	Webdriver bool
	Touch     int64     // navigator.maxTouchPoints, from hints.touch
	Time      time.Time // the client's own time of the event; zero when it sent none
	Sent      time.Time // what the client's clock said when it sent this; zero when it did not tell
	App       App
	Unknown   int // keys that were ignored
}

// App is what an app says of itself and of the device that it runs on.
type App struct {
	Name, Version string
	OS, OSVersion string
	Model         string
	Screen        string // of the app, which stands for the page
	Device        string // an id that the person can reset
}

// Prop is one custom property of an event.
type Prop struct{ Key, Value string }

// Vital is one measurement of the page's performance: a time in milliseconds, a score or a status.
type Vital struct {
	Name  string
	Value float64
}

// Error is a script error as the browser reported it.
type Error struct {
	Message, Source, Stack, Kind string
	Line, Column                 int64
	Type                         string
}

// Exchange is one request and its answer, as a report, a failed fetch or a server's log tells of it.
type Exchange struct {
	Protocol, Method, Phase string
	Status, Bytes           int64
	ServerMS, DurationMS    float64
}

// Hints are the client hints, from request headers and, for those that come only when asked, from the script.
// Values are as sent: header values still carry their quotes. The script's win where both are there.
type Hints struct {
	Brands          string // Sec-CH-UA, or "Name;v=version, …" from fullVersionList
	Mobile          string // Sec-CH-UA-Mobile: ?1, ?0
	Platform        string // Sec-CH-UA-Platform
	PlatformVersion string
	Model           string
	FormFactors     string
	Architecture    string
	Bitness         string
	RequestedWith   string // X-Requested-With: the package name of an Android web view
}

// Reset makes h ready for another request and keeps its slices' memory.
func (h *Hit) Reset() {
	clear(h.Props)
	clear(h.Vitals)
	clear(h.Sources)
	*h = Hit{Props: h.Props[:0], Vitals: h.Vitals[:0], Sources: h.Sources[:0]}
}

const printed = "[hit]"

// LogValue keeps a hit out of every log.
func (Hit) LogValue() slog.Value { return slog.StringValue(printed) }

// Format keeps a hit out of every formatted text, whatever the verb.
func (Hit) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(printed)) }

// MarshalText keeps a hit out of every encoding.
func (Hit) MarshalText() ([]byte, error) { return []byte(printed), nil }
