package privacy

import (
	"time"

	"mayak/schema/event"
)

// Cleared is what the gate let through of one hit. Only Gate.Clear can fill one, so whatever asks for a Cleared can
// not be given a hit. It is made to be used again and again: its memory is kept, and all that Facts tells of the last hit is
// void at the next Clear. The zero Cleared is ready and empty. Not for concurrent use.
type Cleared struct {
	facts   Facts
	scratch []byte // what the strings of facts point into, where they could not point into the hit
	query   []byte // the allowed parameters, while they are collected
	text    scrubber
}

// Facts are what may be known of the hit. Strings may alias the hit's own, so they live no longer than the request.
func (c *Cleared) Facts() *Facts { return &c.facts }

// Facts are what the visitor's side told, cleaned, and cut to the consent level.
type Facts struct {
	// Event lacks only what the enricher derives: Channel and Campaign. ReferrerHost is empty for a page of the same site.
	Event event.Event
	// Network is the full address and user agent, where the policy allows them at this level; else zero.
	Network event.Network

	OwnReferrer  bool           // the page before was one of the same site
	Campaign     event.Campaign // the utm_* parameters as they came, scrubbed
	KeepChannel  bool           // the policy keeps the kind of source at this level
	ClickPresent string         // name of the click id parameter that came (gclid, yclid, ...); its value is in Event.ClickID if that may be kept
}

func (c *Cleared) reset() {
	props, vitals, attribution := c.facts.Event.Props[:0], c.facts.Event.Vitals[:0], c.facts.Event.Attribution[:0]
	clear(props[:cap(props)])
	clear(vitals[:cap(vitals)])
	clear(attribution[:cap(attribution)])
	c.facts = Facts{Event: event.Event{Props: props, Vitals: vitals, Attribution: attribution}, KeepChannel: true}
	c.scratch, c.query = c.scratch[:0], c.query[:0]
	if cap(c.scratch)+cap(c.text.raw) > mostKept {
		c.scratch, c.query, c.text = nil, nil, scrubber{}
	}
}

// mostKept bounds the memory that one huge request leaves to all later ones, in bytes of text.
const mostKept = 32 << 10

// minute is what is left of the time of a visitor who refused.
const minute = time.Minute
