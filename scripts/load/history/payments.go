package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"mayak/aggregator/diagnose"
	"mayak/aggregator/risk"
	"mayak/schema/event"
	"mayak/schema/geoip"
	"mayak/scripts/load"
)

// payments are what a clinic that asks before it takes money has asked, and what everybody did before: the days of which scores are kept.
type payments struct {
	story   *story
	chance  *rand.Rand
	moments []risk.Moment
	places  map[string]geoip.Location // by network
}

// scored is how long scores are kept, with an hour to spare.
const scored = 30*day - time.Hour

func newPayments(s *story, seed uint64) *payments {
	if s == nil {
		return nil
	}
	return &payments{story: s, chance: rand.New(rand.NewPCG(seed, 1)), places: map[string]geoip.Location{}}
}

// Locate is where an address of the history's is.
func (p *payments) Locate(address netip.Addr) geoip.Location {
	return p.places[risk.NetworkOf(address)]
}

// see takes a step of a visit in, as it was stored.
func (p *payments) see(e *event.Event, v *load.Visitor) {
	if p == nil || e.Visitor == 0 || e.Time.Before(p.story.end.Add(-scored)) {
		return
	}
	p.places[risk.NetworkOf(v.Address)] = geoip.Location{Place: v.Place}
	consented := e.Consent == event.Analytics || e.Consent == event.Advertising
	p.moments = append(p.moments, risk.Moment{At: e.Time, Sighting: &risk.Sighting{
		Site: e.Site, At: e.Time, ID: e.ID, Page: e.Page, Visitor: e.Visitor, Consented: consented, Address: v.Address, Agent: v.Agent.Text,
		View: e.Type == event.PageView, Action: e.Type == event.Custom, Engaged: time.Duration(e.EngagedMS) * time.Millisecond,
		Browser: risk.Browser{
			Language: e.Language, TimeZone: e.TimeZone, OS: e.Agent.OS, Device: e.Agent.Device, Bot: e.Agent.Bot, Touch: e.Screen.Touch,
			Script: e.Origin == event.Script, Consented: consented,
		},
		Look: fmt.Sprint(e.Agent.Browser, e.Agent.BrowserVersion, e.Agent.OS, e.Agent.Device, e.Agent.Brand, e.Screen.Width, e.Screen.Height, e.Language),
	}})
	if e.Value > 0 {
		p.ask(e, v)
	}
}

// ask is the payment step's question. Of half of the honest payments it is told later that they were, of most of the ring's that they were not.
func (p *payments) ask(e *event.Event, v *load.Visitor) {
	m := risk.Moment{
		At:       e.Time.Add(2 * time.Second),
		Question: &risk.Question{Site: e.Site, Address: v.Address, Page: e.Page, Declared: "KZ", Amount: e.Value, Caller: "payment"},
		Told:     e.Time.Add(time.Duration(2+p.chance.IntN(18)) * time.Hour),
	}
	n := p.chance.IntN(10)
	switch fraud := isFarmed(v.Address); {
	case m.Told.After(p.story.end):
	case fraud && n < 8:
		m.Verdict = risk.Fraud
	case !fraud && n < 5:
		m.Verdict = risk.Legit
	}
	p.moments = append(p.moments, m)
}

// diagnose tells of the site's deployments, and judges the hours in which the booking service failed as they would have been judged then: what is
// over is looked for nowhere else.
func (h *history) diagnose(ctx context.Context, conn driver.Conn) error {
	now := h.until
	diagnosis := diagnose.New(diagnose.Options{
		Conn: conn, Sites: h.known, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return now },
		Settle: time.Millisecond,
	})
	deployments := h.story.deployments(h.site)
	for i := range deployments {
		if err := diagnosis.Deploy(ctx, &deployments[i]); err != nil {
			return err
		}
	}
	if _, err := diagnosis.Windows(ctx); err != nil {
		return err
	}
	failed := h.story.failure()
	for left := failed.from - 30*time.Minute; left >= failed.until-90*time.Minute; left -= 30 * time.Minute {
		now = h.story.whole().Add(-left)
		if _, err := diagnosis.Round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tellMore stores what else a story leaves behind: scores with what became of them, and the deployments of the site.
func (h *history) tellMore(ctx context.Context, conn driver.Conn, out io.Writer) error {
	scores, err := risk.Replay(ctx, conn, h.payments, h.payments.moments, h.token()+" scores")
	if err != nil {
		return err
	}
	if err := h.diagnose(ctx, conn); err != nil {
		return err
	}
	chosen, err := h.choices.write(ctx, conn, h.token()+" choices")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d scores of payments and of what stood out, %d deployments, %d choices of visitors\n", scores, len(h.story.deployments(h.site)), chosen)
	return err
}
