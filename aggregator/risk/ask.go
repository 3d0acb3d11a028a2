package risk

import (
	"net/netip"
	"sync"
	"time"
)

// Question is what the payment step asks.
type Question struct {
	Site     string
	Address  netip.Addr
	Visitor  uint64 // who consented; 0 is not known
	Page     string // id of a page view, or the reference that the visitor was told, instead
	Declared string
	Amount   float64
	Caller   string // whose amounts are compared with one another
}

// Facts puts together what is known when a question is asked, and counts the question.
func (w *Window) Facts(q *Question, lists *Lists, now time.Time) *Facts {
	f := &Facts{Now: now, Place: w.locator.Locate(q.Address), Declared: q.Declared}
	if lists != nil {
		f.Lists = lists.Find(q.Address, f.Place.ASN)
	}
	look := w.whom(f, q, now)
	f.Address = w.of(q, ofAddress, client(q.Address), look, now)
	f.Network = w.of(q, ofNetwork, NetworkOf(q.Address), look, now)
	f.AskedAddress = w.askedAddress(q, now)
	if q.Amount > 0 {
		f.Unusual = w.amounts.unusual(q.Caller, q.Amount)
	}
	f.Complete = w.cuts.complete(now, f.visitor != 0 && !f.Shared)
	return f
}

// whom finds out who is meant, adds what is known of them, and tells how their browser looks. Who was erased or is blocked is nobody.
func (w *Window) whom(f *Facts, q *Question, now time.Time) *look {
	if q.Visitor != 0 {
		return w.addPersonTo(f, q, q.Visitor, now)
	}
	var page *look
	if q.Page != "" {
		e, ok := w.visitorOf(q.Site, q.Page, now)
		if !ok {
			return nil
		}
		if e.look != nil && e.look.Consented {
			return w.addPersonTo(f, q, e.visitor, now)
		}
		f.visitor, page = e.visitor, e.look
	}
	return w.addGuestTo(f, q, page, now)
}

// addPersonTo adds what is known of a visitor who consented.
func (w *Window) addPersonTo(f *Facts, q *Question, visitor uint64, now time.Time) (own *look) {
	if w.barred.has(q.Site, visitor) {
		return nil
	}
	f.visitor = visitor
	key := w.visitorKey(q.Site, visitor)
	peek(w, ofVisitor, key, func(p *person) {
		f.Visitor, f.Browser, f.began, own = p.activity(now), p.browser(), p.began, p.look
	})
	var stops []stop
	peek(w, ofTrail, key, func(t *trail) {
		f.Browser.Systems, f.Browser.Consented = len(t.systems), true
		stops = append(stops, t.stops...)
	})
	if len(stops) > 0 {
		f.Trail = append(w.located(stops), Position{At: now, Place: f.Place, Network: NetworkOf(q.Address)})
	}
	in(w, ofAsked, hashed(new([32]byte), ofAsked, q.Site, visitor), now, func(h *hour) {
		h.add(now)
		f.AskedVisitor, _ = h.so(now)
	})
	return own
}

// located looks up where somebody was.
func (w *Window) located(stops []stop) []Position {
	all := make([]Position, 0, len(stops)+1)
	for _, s := range stops {
		if len(all) > 0 && all[len(all)-1].Network == s.network {
			all = append(all, Position{At: s.at, Place: all[len(all)-1].Place, Network: s.network})
			continue
		}
		if prefix, err := netip.ParsePrefix(s.network); err == nil {
			all = append(all, Position{At: s.at, Place: w.locator.Locate(prefix.Addr()), Network: s.network})
		}
	}
	return all
}

// addGuestTo adds what is known of somebody who did not consent: of all who look the same behind the address. Where the page is not known
// either, there has to be one visitor alone.
func (w *Window) addGuestTo(f *Facts, q *Question, page *look, now time.Time) (own *look) {
	if f.visitor != 0 && w.barred.has(q.Site, f.visitor) {
		f.visitor = 0
		return nil
	}
	var found guest
	known, address := false, client(q.Address)
	for _, day := range days(now) {
		peek(w, ofAddress, hash(w.keys.of(day), ofAddress, q.Site, address), func(g *group) {
			if f.visitor == 0 {
				found, known = g.alone()
				return
			}
			one := step{visitor: f.visitor, look: page}
			if v, ok := g.guests[guestKey(address, &one)]; ok {
				found, known = v, true
			}
		})
		if known {
			break
		}
	}
	switch {
	case known && found.consented && page == nil && f.visitor == 0:
		return w.addPersonTo(f, q, found.visitor, now)
	case known:
		f.visitor, f.Shared = found.visitor, true
		f.Visitor = Activity{Events: int(found.events), Visitors: 1, Robots: int(found.robots), Engaged: time.Duration(found.engaged) * time.Millisecond}
		if page == nil {
			page = found.look
		}
	case f.visitor != 0: // seen, from elsewhere
		f.Shared, f.Visitor = true, Activity{Events: 1, Visitors: 1}
	}
	if page != nil {
		f.Browser = page.Browser
	}
	return page
}

// of is what an address or network did. Shortly after midnight (UTC) that is known under two keys.
func (w *Window) of(q *Question, k kind, value string, own *look, now time.Time) (a Activity) {
	for _, day := range days(now) {
		peek(w, k, hash(w.keys.of(day), k, q.Site, value), func(g *group) { a = a.with(g.activity(now, own)) })
	}
	return a
}

// askedAddress counts the question, and tells how many there were about the address in the hour.
func (w *Window) askedAddress(q *Question, now time.Time) (asked int) {
	address := client(q.Address)
	for i, day := range days(now) {
		key := hash(w.keys.of(day), ofAsked, q.Site, address)
		if i > 0 {
			peek(w, ofAsked, key, func(h *hour) {
				before, _ := h.so(now)
				asked += before
			})
			continue
		}
		in(w, ofAsked, key, now, func(h *hour) {
			h.add(now)
			asked, _ = h.so(now)
		})
	}
	return asked
}

func (a Activity) with(b Activity) Activity {
	crowd, in := a.Crowd, a.InCrowd
	if b.Crowd > a.Crowd {
		crowd, in = b.Crowd, b.InCrowd
	}
	return Activity{
		Events: a.Events + b.Events, Peak: max(a.Peak, b.Peak), Visitors: a.Visitors + b.Visitors, Openings: a.Openings + b.Openings, Once: a.Once + b.Once,
		Crowd: crowd, InCrowd: in, Robots: a.Robots + b.Robots, Engaged: a.Engaged + b.Engaged,
	}
}

// amounts are those that each caller asked about of late; they are compared with one another and tell of nobody.
type amounts struct {
	mu sync.Mutex
	of map[string]*[200]float64
	at map[string]int
}

const mostCallers = 1000

// unusual tells whether an amount is above 99 of a hundred asked about before, once there are enough.
func (a *amounts) unusual(caller string, amount float64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil || len(a.of) > mostCallers {
		a.of, a.at = map[string]*[200]float64{}, map[string]int{}
	}
	known := a.of[caller]
	if known == nil {
		known = new([200]float64)
		a.of[caller] = known
	}
	above, n := 0, min(a.at[caller], len(known))
	for _, other := range known[:n] {
		if amount > other {
			above++
		}
	}
	known[a.at[caller]%len(known)] = amount
	a.at[caller]++
	return n == len(known) && above*100 >= 99*n
}
