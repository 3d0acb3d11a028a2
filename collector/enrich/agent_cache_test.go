package enrich

import (
	"strconv"
	"sync"
	"testing"

	"mayak/collector/hit"
	"mayak/schema/event"
)

func TestTheCacheOfAgentsKeepsWhatIsAskedFor(t *testing.T) {
	c := newAgentCache(100)
	key := func(i int) uint64 { return c.hash(&agentKey{agent: strconv.Itoa(i)}) }
	usual := key(-1)
	c.put(usual, event.Agent{Browser: "usual"})
	for i := range 10_000 {
		if _, ok := c.get(key(i)); ok {
			t.Fatalf("%d was known before it was put in", i)
		}
		c.put(key(i), event.Agent{Browser: strconv.Itoa(i)})
		if told, ok := c.get(key(i)); !ok || told.Browser != strconv.Itoa(i) {
			t.Fatalf("%d is told as %q", i, told.Browser)
		}
		if told, ok := c.get(usual); !ok || told.Browser != "usual" {
			t.Fatalf("an agent that is asked for again and again was forgotten after %d others", i)
		}
	}
	held := 0
	for i := range 10_000 {
		if _, ok := c.get(key(i)); ok {
			held++
		}
	}
	if held > 128 || held < 64 {
		t.Errorf("a cache for 100 agents holds %d", held)
	}
}

func TestWhateverAnAgentIsToldFromIsInItsKey(t *testing.T) {
	c := newAgentCache(100)
	seen := map[uint64]string{}
	note := func(name string, k agentKey) {
		sum := c.hash(&k)
		if other, ok := seen[sum]; ok {
			t.Errorf("%s and %s are one key", name, other)
		}
		seen[sum] = name
	}
	base := agentKey{agent: "a"}
	note("agent", base)
	note("another agent", agentKey{agent: "b"})
	note("webdriver", agentKey{agent: "a", webdriver: true})
	note("touch", agentKey{agent: "a", touch: true})
	note("both", agentKey{agent: "a", webdriver: true, touch: true})
	for i := range hintsOf(&hit.Hints{}) {
		k := base
		*hintsOf(&k.hints)[i] = "x"
		note("hint "+strconv.Itoa(i), k)
	}
}

func TestTheCacheOfAgentsNeverTellsOneForAnother(t *testing.T) {
	c := newAgentCache(8)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				name := strconv.Itoa((i*7 + g) % 40)
				key := c.hash(&agentKey{agent: name})
				if told, ok := c.get(key); ok && told.Browser != name {
					t.Errorf("%s is told as %s", name, told.Browser)
				}
				c.put(key, event.Agent{Browser: name})
			}
		})
	}
	wg.Wait()
}
