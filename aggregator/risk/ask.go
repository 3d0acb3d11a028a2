package risk

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Question is what the payment step asks.
type Question struct {
	Site     string
	Address  netip.Addr
	Visitor  uint64 // 0 is not known
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
	visitor := q.Visitor
	if visitor == 0 {
		visitor = w.only(q, now)
	}
	var look uint64
	if visitor != 0 {
		look = w.addVisitor(f, q, visitor, now)
	}
	f.Address, f.AskedAddress = w.of(q, ofAddress, client(q.Address), look, now)
	f.Network, _ = w.of(q, ofNetwork, NetworkOf(q.Address), look, now)
	if q.Amount > 0 {
		f.Unusual = w.amounts.unusual(q.Caller, q.Amount)
	}
	return f
}

// addVisitor adds what is known of a visitor, and tells how the visitor's browser looks.
func (w *Window) addVisitor(f *Facts, q *Question, visitor uint64, now time.Time) (look uint64) {
	w.with(w.visitorKey(q.Site, visitor), func(_ *shard, g *group) {
		g.site, g.visitor = q.Site, visitor
		f.AskedVisitor = g.ask(now)
		f.Visitor = g.activity(now, 0)
		f.Browser = g.browser
		f.Browser.Systems = names(slices.Clone(g.systems))
		f.Trail = slices.Clone(g.trail)
		look = hash(new([32]byte), ofVisitor, "", g.look)
	})
	if len(f.Trail) > 0 {
		f.Trail = append(f.Trail, Position{At: now, Place: f.Place, Network: NetworkOf(q.Address)})
	}
	return look
}

// of is what an address or network did, and how often it was asked about. Shortly after midnight (UTC) that is known under two keys.
func (w *Window) of(q *Question, k kind, value string, look uint64, now time.Time) (a Activity, asked int) {
	for i, at := range days(now) {
		use := w.look
		if i == 0 && k == ofAddress {
			use = w.with // the question is counted
		}
		use(hash(w.keys.of(at), k, q.Site, value), func(_ *shard, g *group) {
			if i == 0 && k == ofAddress {
				g.ask(now)
			}
			a = a.with(g.activity(now, look))
			asked += g.askedSo(now)
		})
	}
	return a, asked
}

// look lets a group be looked at, if there is one.
func (w *Window) look(key uint64, at func(*shard, *group)) {
	sh := w.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if g := sh.groups[key]; g != nil {
		at(sh, g)
	}
}

// only is the visitor of an address that had one alone in the last hour.
func (w *Window) only(q *Question, now time.Time) (visitor uint64) {
	several := false
	for _, at := range days(now) {
		w.look(hash(w.keys.of(at), ofAddress, q.Site, client(q.Address)), func(_ *shard, g *group) {
			for id := range g.guests {
				several = several || visitor != 0 && visitor != id
				visitor = id
			}
		})
	}
	if several {
		return 0
	}
	return visitor
}

func (a Activity) with(b Activity) Activity {
	crowd, in := a.Crowd, a.InCrowd
	if b.Crowd > a.Crowd {
		crowd, in = b.Crowd, b.InCrowd
	}
	return Activity{
		Events: a.Events + b.Events, Peak: max(a.Peak, b.Peak), Visitors: a.Visitors + b.Visitors, Once: a.Once + b.Once,
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
