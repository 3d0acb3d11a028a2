package mail

import (
	"slices"
	"strings"
	"time"

	"mayak/collector/hit"
	"mayak/schema/event"
)

// Reader is who fetched a picture or followed a link.
type Reader string

// The readers. Only of a human it is known that somebody looked at the e-mail, and where.
const (
	Human    Reader = "human"
	Proxy    Reader = "proxy"    // of the mailbox's provider, when somebody opens the e-mail: that it was opened is true, where is not known
	Prefetch Reader = "prefetch" // fetched ahead, whether anybody opens the e-mail or not
	Scanner  Reader = "scanner"  // looks for what is dangerous, or is another robot
)

// proxies fetch pictures when somebody opens an e-mail. Gmail and Yahoo say so of themselves; Yandex's and Mail.ru's resize pictures
// of their mailboxes among others.
func proxies() []string {
	return []string{"GoogleImageProxy", "YahooMailProxy", "YandexImageResizer", "YandexImages", "Mail.RU_Bot/Img", "DuckDuckGo-Email", "ProtonMail"}
}

const (
	// applePrefetch is all that Mail Privacy Protection says of itself.
	applePrefetch = "Mozilla/5.0"
	// gmailPrefetch is how Gmail fetches ahead for who is logged in (mautic/mautic#10245, ankane/ahoy_email#139): a browser of 2015 with
	// a second beginning behind its end.
	gmailPrefetch = "Edge/12.246 Mozilla/5.0"
)

// providers are the autonomous systems out of which mailboxes' own machines fetch, and people hardly ever do: Google, Yahoo, Yandex,
// Mail.ru, Microsoft, Apple.
func providers() []uint32 {
	return []uint32{15169, 36646, 26101, 34010, 13238, 208722, 47764, 8075, 714, 6185}
}

// microsoft looks at links and pictures from its own network before an e-mail is delivered.
const microsoft = 8075

const (
	// noEyes is how soon after sending nobody can have opened an e-mail.
	noEyes = 2 * time.Second
	// scanning is how soon after sending what looks at e-mails for a company does it.
	scanning = time.Minute
)

// readerOf tells who asks, by agent, network and time since sending.
func (l *Link) readerOf(h *hit.Hit, agent event.Agent, place event.Place) Reader {
	age, known := l.age(h.Received)
	soon := known && age < scanning
	switch {
	case contains(h.UserAgent, proxies()):
		return Proxy
	case strings.TrimSpace(h.UserAgent) == applePrefetch, strings.HasSuffix(h.UserAgent, gmailPrefetch), contains(h.Purpose, []string{"prefetch", "preview"}):
		return Prefetch
	case agent.Bot != "", h.UserAgent == "", known && age < noEyes:
		return Scanner
	case place.ASN == microsoft && soon, place.NetworkKind == hosting && soon:
		return Scanner
	case slices.Contains(providers(), place.ASN), place.NetworkKind == hosting:
		return Proxy
	}
	return Human
}

// hosting is the kind of a network in which machines are, and no people.
const hosting = "hosting"

func contains(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
