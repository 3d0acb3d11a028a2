package privacy

import (
	"strings"

	"mayak/collector/hit"
	"mayak/schema/consent"
	"mayak/schema/event"
)

// passage is one hit on its way through the gate, and what the rules found out about it.
type passage struct {
	gate  *Gate
	hit   *hit.Hit
	into  *Cleared
	notes *Notes

	site  *known
	url   splitURL
	host  string // canonical
	kind  event.Type
	level event.Level
	known consent.ID // the visitor's, if they have consented; else none
	owner bool       // the id of an app's device is the visitor's, who has consented
}

// drop asks the rules in their order.
func (p *passage) drop() hit.Reason {
	switch {
	case p.dropUnknownSite():
		return hit.UnknownSite
	case p.dropUnknownHost():
		return hit.UnknownHost
	case p.dropBadURL():
		return hit.BadURL
	case p.dropUnknownType():
		return hit.UnknownType
	case p.dropPrefetch():
		return hit.Prefetch
	case p.dropRefused():
		return hit.Refused
	}
	return hit.Kept
}

func (p *passage) dropUnknownSite() bool {
	p.site = p.gate.sites[p.hit.Site]
	return p.site == nil
}

// dropUnknownHost leaves an address without a host to dropBadURL, which tells the page's author more.
func (p *passage) dropUnknownHost() bool {
	p.url = split(p.hit.URL)
	if p.url.host == "" {
		return false
	}
	p.host = p.into.hostname(p.url.host)
	return p.host != "" && !p.site.Owns(p.host)
}

// maxURL is longer than any browser's address bar holds for a page that works.
const maxURL = 8192

func (p *passage) dropBadURL() bool {
	if p.hit.URL == "" && p.hit.App.Screen != "" {
		return false // an app's screen needs no address
	}
	return p.host == "" || len(p.hit.URL) > maxURL ||
		!strings.EqualFold(p.url.scheme, "https") && !strings.EqualFold(p.url.scheme, "http")
}

func (p *passage) dropUnknownType() bool {
	kind, ok := event.ParseType(p.hit.Type)
	p.kind = kind
	ofMail := kind == event.MailOpen || kind == event.MailClick // which only a signed link can tell
	return !ok || ofMail != (p.hit.Way == hit.Mail)
}

// dropPrefetch drops a page that was only fetched ahead, prerendered or previewed. The script waits until a
// prerendered page is shown and sends then, without this header; a pixel's request comes with it and is not repeated,
// so that visit is lost: better than one that nobody made.
func (p *passage) dropPrefetch() bool {
	return p.hit.Purpose != "" &&
		(hasWord(p.hit.Purpose, "prefetch") || hasWord(p.hit.Purpose, "prerender") || hasWord(p.hit.Purpose, "preview"))
}

// dropRefused lets a page view pass, of which nothing but its count is kept.
func (p *passage) dropRefused() bool {
	p.level = p.consent()
	if p.hit.Way == hit.Report { // no page asked the visitor for what the browser sends by itself
		p.level = min(p.level, event.Essential)
	}
	return p.level == event.Refused && p.kind != event.PageView
}

// consent is the level that the visitor chose, lowered by the browser's signals. No choice, one that was made under another
// policy, and one that nobody offered, is essential. No cookie gives more than the site asks for now: where it
// once asked for advertising, cookies still say so. Sec-GPC switches advertising off whatever the site says.
func (p *passage) consent() event.Level {
	level := event.Essential
	if p.hit.Cookie != "" {
		choice := consent.Read(p.hit.Cookie, p.site.ID)
		level, p.known = choice.Under(p.gate.version, p.hit.Received), choice.ID
		level = p.lower(level, p.site.Most(), "the site asks nobody for advertising")
	}
	if p.hit.Consent != "" {
		chosen, ok := event.ParseLevel(p.hit.Consent)
		if ok {
			level = chosen
			if p.hit.Way == hit.API {
				level = p.lower(level, p.site.Most(), "the site asks nobody for advertising")
			}
		} else {
			p.notes.add("consent", Replaced, p.hit.Consent, level.String(), "not a level of consent")
		}
	}
	if p.hit.GPC {
		level = p.lower(level, min(event.Analytics, p.site.GPC.Most()), "the browser sent Sec-GPC: 1")
	}
	if p.hit.DNT {
		level = p.lower(level, p.site.DNT.Most(), "the browser sent DNT: 1")
	}
	return level
}

func (p *passage) lower(level, most event.Level, why string) event.Level {
	lowered := min(level, most)
	if lowered != level {
		p.notes.add("consent", Replaced, level.String(), lowered.String(), why)
	}
	return lowered
}

// hasWord tells whether text contains the lower-case ASCII word, in whatever case.
func hasWord(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0]|0x20 && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
