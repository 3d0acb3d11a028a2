package main

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/collector/deliver"
	"mayak/schema/event"
	"mayak/scripts/load"
)

// choices are what visitors of a story decided on being tracked: most in the banner, when they came first.
type choices struct {
	story  *story
	chance *rand.Rand
	made   []event.Record
	wishes int // to have everything erased
}

func newChoices(s *story, seed uint64) *choices {
	if s == nil {
		return nil
	}
	return &choices{story: s, chance: rand.New(rand.NewPCG(seed, 2))}
}

// wished are the moments after which somebody wants to be forgotten. The aggregator makes requests of these and carries them out.
func wished() []time.Duration { return []time.Duration{26 * time.Hour, 3 * time.Hour} }

// see takes the page view that a visit begins with, as it was stored.
func (c *choices) see(e *event.Event, s *load.Step, v *load.Visitor) {
	if c == nil || !s.First || s.Pixel || v.Visits > 1 || v.Agent.Bot != "" || e.Consent == event.Essential {
		return
	}
	at := e.Time.Add(time.Duration(2000+c.chance.IntN(9000)) * time.Millisecond)
	c.decide(e, v, at, event.Given, e.Consent, "banner")
	if !e.Consent.Consents() {
		return
	}
	at = at.Add(time.Duration(1+c.chance.IntN(30)) * time.Minute)
	if left := wished()[c.wishes:]; len(left) > 0 && e.Time.After(c.story.end.Add(-left[0])) {
		c.wishes++
		c.decide(e, v, at, event.Erase, event.Essential, "page")
	} else if c.chance.IntN(40) == 0 {
		c.decide(e, v, at, event.Withdrawn, event.Essential, "page")
	}
}

// decide notes a decision. Of who has not consented nobody knows who it was.
func (c *choices) decide(e *event.Event, v *load.Visitor, at time.Time, action event.Action, level event.Level, how string) {
	if !at.Before(c.story.end) {
		return
	}
	language, _, _ := strings.Cut(v.Language, "-")
	r := event.Record{
		Event: event.Event{
			Site: e.Site, Time: at, Received: at.Truncate(time.Second), Consent: level, PolicyVersion: e.PolicyVersion, Language: language,
		},
		Consent: event.Consent{Receipt: c.receipt(), Action: action, How: how},
	}
	if e.Consent.Consents() {
		r.Event.Visitor = e.Visitor
	}
	c.made = append(c.made, r)
}

// receipt looks as those that visitors are given.
func (c *choices) receipt() string {
	var some [10]byte
	binary.BigEndian.PutUint64(some[:], c.chance.Uint64())
	binary.BigEndian.PutUint16(some[8:], uint16(c.chance.Uint32())) //nolint:gosec // its bits only
	text := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding).EncodeToString(some[:])
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
}

// write stores them as a collector would, once.
func (c *choices) write(ctx context.Context, conn driver.Conn, token string) (int, error) {
	rows := deliver.NewDecisions(conn, len(c.made))
	for i := range c.made {
		rows.Add(&c.made[i])
	}
	return len(c.made), rows.Insert(ctx, token)
}
