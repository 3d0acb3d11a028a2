package enrich

import (
	"strings"

	"github.com/mssola/useragent"

	"mayak/collector/hit"
	"mayak/schema/event"
)

const (
	maxAgent = 1024 // bytes of an agent that are looked at
	maxBase  = 512  // bytes that mssola/useragent is shown, which takes long over what is no agent
	maxHint  = 400  // a longer client hint is nobody's
)

// agents parses agents behind a bounded cache: few agents make most of the traffic.
type agents struct {
	cache   *agentCache
	robots  *botIndex
	metrics *metrics
}

// agentKey is all that an event.Agent is made from. Its strings alias a request's buffers until clone is called.
type agentKey struct {
	agent     string
	hints     hit.Hints
	webdriver bool
	touch     bool // more than one point of touch, which no Mac has
}

func newAgents(size int, m *metrics) *agents {
	return &agents{cache: newAgentCache(size), robots: newBotIndex(), metrics: m}
}

func (a *agents) agent(h *hit.Hit) event.Agent {
	key := agentKey{agent: capped(h.UserAgent), hints: h.Hints, webdriver: h.Webdriver, touch: h.Touch > 1}
	for _, hint := range hintsOf(&key.hints) {
		if len(*hint) > maxHint {
			*hint = ""
		}
	}
	hash := a.cache.hash(&key)
	if known, ok := a.cache.get(hash); ok {
		return known
	}
	a.metrics.agentsParsed.Inc()
	key = key.clone() // what is told of it may be cut from it, and is kept
	told := parse(&key, a.robots)
	a.cache.put(hash, told)
	return told
}

func capped(agent string) string { return agent[:min(len(agent), maxAgent)] }

// hintsOf are the hints that a parser reads.
func hintsOf(h *hit.Hints) [9]*string {
	return [...]*string{
		&h.Brands, &h.Mobile, &h.Platform, &h.PlatformVersion, &h.Model, &h.FormFactors, &h.Architecture, &h.Bitness,
		&h.RequestedWith,
	}
}

// clone makes the key outlive the request, in one allocation.
func (k agentKey) clone() agentKey {
	hints := hintsOf(&k.hints)
	size := len(k.agent)
	for _, hint := range hints {
		size += len(*hint)
	}
	var b strings.Builder
	b.Grow(size)
	keep := func(s string) string {
		start := b.Len()
		b.WriteString(s)
		return b.String()[start:]
	}
	k.agent = keep(k.agent)
	for _, hint := range hints {
		*hint = keep(*hint)
	}
	return k
}

// parse reads the agent with mssola/useragent and mends what it says. Whatever it returns comes from the tables, or is
// cut to the few characters that versions, models and names are made of.
func parse(k *agentKey, robots *botIndex) event.Agent {
	base := new(useragent.UserAgent)
	if shown := k.agent[:min(len(k.agent), maxBase)]; strings.IndexByte(shown, '(') >= 0 {
		base.Parse(shown) // without a comment it would only repeat the first word, and take long over it
	}
	var ua scanned
	ua.scan(k.agent)
	var told event.Agent
	addBrowser(&told, &ua, base)
	addSystem(&told, &ua, base)
	addModel(&told, &ua)
	addHints(&told, k)
	addDevice(&told, &ua, k)
	robots.addBot(&told, &ua, base, k)
	return told
}
