package enrich

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// FuzzAgent sends anything as an agent and as hints: what comes out is short, whole UTF-8 and holds nothing that a page could
// take for markup.
func FuzzAgent(f *testing.F) {
	for _, e := range examples(f) {
		f.Add(e.key.agent, e.key.hints.Brands, e.key.hints.Model, e.key.hints.PlatformVersion, e.key.touch)
	}
	for _, agent := range hostile() {
		f.Add(agent, agent, agent, agent, true)
	}
	f.Add("Mozilla/5.0 (Linux; Android 12; <b>{x}</b>&amp;\xff\xfe Build/1)", `"<i>";v="{1}"`, `"<b>"`, `"\xff"`, false)
	l := newTestLookups(f)
	f.Fuzz(func(t *testing.T, agent, brands, model, version string, touch bool) {
		h := hit.Hit{UserAgent: agent, Hints: hit.Hints{
			Brands: brands, Model: model, PlatformVersion: version, Platform: brands, FormFactors: model, RequestedWith: agent,
		}}
		if touch {
			h.Touch = 5
		}
		got := l.Agent(&h)
		for _, text := range fieldsOf(&got) {
			if len(text) > 64 || !utf8.ValidString(text) || strings.ContainsAny(text, "<>{}&\"'\\\x00\n") {
				t.Errorf("%q came out of %q", text, agent)
			}
		}
		if again := l.Agent(&h); again != got {
			t.Errorf("the cache says %+v, the parser said %+v", again, got)
		}
	})
}

func fieldsOf(a *event.Agent) []string {
	return []string{a.Browser, a.BrowserVersion, a.OS, a.OSVersion, a.Device, a.Brand, a.Model, a.App, a.Bot}
}

// hostile are the longest agents that are looked at, of the kinds that make parsers slow.
func hostile() map[string]string {
	all := map[string]string{}
	for name, piece := range map[string]string{
		"spaces": " ", "letters": "a", "open": "(", "close": ")", "semicolons": ";a", "slashes": "a/1 ", "marks": "goo ", "robots": "bot ",
		"systems": "android; ", "addresses": "http://a.b;", "own browsers": "abrowser/1 ", "models": "; sm-", "words": "win web tab ", "whole agents": "Mozilla/5.0 (Linux; Android 1; x) ", "bytes": "\xff\x00",
	} {
		all[name] = "Mozilla/5.0 (" + strings.Repeat(piece, maxAgent/len(piece))
		all[name+" alone"] = strings.Repeat(piece, maxAgent/len(piece))
	}
	return all
}

func TestNoAgentTakesLong(t *testing.T) {
	const limit = 20 * time.Millisecond // some 200 times what it takes: only what grows with the square gets there
	robots := newBotIndex()
	for name, agent := range hostile() {
		fastest := time.Hour
		for range 5 {
			started := time.Now()
			parse(&agentKey{agent: capped(agent)}, robots)
			fastest = min(fastest, time.Since(started))
		}
		if fastest > limit {
			t.Errorf("%s took %s", name, fastest)
		}
	}
}

func BenchmarkAgentHostile(b *testing.B) {
	robots := newBotIndex()
	for name, agent := range hostile() {
		b.Run(name, func(b *testing.B) {
			key := agentKey{agent: capped(agent)}
			for b.Loop() {
				parse(&key, robots)
			}
		})
	}
}
