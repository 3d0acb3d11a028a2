package enrich

import (
	"mayak/collector/privacy"
	"mayak/schema/event"
)

// Enricher completes a cleared hit: the gate has looked its agent and its place up already, what is left is to say
// where the visit came from.
type Enricher struct{}

// New makes an Enricher.
func New() *Enricher { return &Enricher{} }

// Enrich fills out with what the gate let through and the channel behind it. The strings of out live as long as those
// of c. A visitor who refused keeps the bare row.
func (e *Enricher) Enrich(c *privacy.Cleared, out *event.Record) {
	facts := c.Facts()
	out.Event, out.Network = facts.Event, facts.Network
	if facts.Event.Consent == event.Refused {
		return
	}
	complete(&out.Event, facts)
}

func complete(e *event.Event, facts *privacy.Facts) {
	e.Campaign = facts.Campaign
	if e.Type != event.PageView {
		return
	}
	came := arrival{
		referrerHost: e.ReferrerHost, ownReferrer: facts.OwnReferrer, campaign: facts.Campaign, click: facts.ClickPresent,
	}
	if facts.KeepChannel {
		e.Channel = came.channel()
	}
	if e.Agent.Bot == "" && isSpam(e.ReferrerHost) {
		e.Agent.Bot = "spam:referrer"
	}
}
