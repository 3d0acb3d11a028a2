package privacy

import (
	"strings"
	"unicode/utf8"

	"mayak/schema/event"
	"mayak/schema/sites"
)

// The most bytes that are stored of each text.
const (
	maxPath     = 1024
	maxQuery    = 512
	maxTitle    = 300
	maxCampaign = 200
	maxClickID  = 200
)

// clearPage keeps host, path, allowed parameters and title of the page.
func (p *passage) clearPage() {
	e := &p.into.facts.Event
	if screen := p.hit.App.Screen; screen != "" {
		p.url.path, p.url.route = p.into.screenPath(screen), ""
	}
	e.Hostname = p.host
	if p.host != "" && !isLiteral(p.host) { // the site's own address is nobody's
		e.Hostname = p.into.scrub(p.host, kind{uuid: markToken}, maxHost)
	}
	rule := p.clearPath()
	p.clearQuery()
	switch {
	case p.hit.Title == "":
	case p.site.Titles == sites.Drop:
		p.notes.add("title", Dropped, p.hit.Title, "", "the sites file: titles are not kept")
	case rule != nil && !rule.KeepTitle:
		p.notes.add("title", Dropped, p.hit.Title, "", "the sites file: a title tells what its path does")
	default:
		e.Title = p.text("title", p.hit.Title, maxTitle)
	}
}

// isLiteral tells whether a canonical host name is an address.
func isLiteral(host string) bool { return host[0] == '[' || isDigit(host[len(host)-1]) }

// clearPath keeps the path in its canonical form, scrubbed, or what the sites file puts in its place.
func (p *passage) clearPath() *sites.PathRule {
	path := p.url.path
	if path == "" {
		path = "/"
	}
	if p.url.route != "" || !plainPath(path) {
		start := len(p.into.scratch)
		p.into.scratch = appendPath(p.into.scratch, path)
		if p.url.route != "" {
			p.into.scratch = appendPath(append(p.into.scratch, '#'), p.url.route)
		}
		path = p.into.kept(start)
	}
	if rule, matched := p.site.Collapse(path, p.level); matched {
		p.into.facts.Event.Path = rule.As
		p.noteRule(rule)
		return rule
	}
	stored := p.into.scrub(path, kind{uuid: markID}, maxPath)
	p.noteText("path", p.url.path, stored, maxPath)
	p.into.facts.Event.Path = stored
	return nil
}

func (p *passage) noteRule(rule *sites.PathRule) {
	if p.notes == nil {
		return
	}
	why := "the sites file: " + rule.As + " stands for " + rule.Path
	if rule.Below != "" {
		why += " below the consent level " + rule.Below
	}
	p.notes.add("path", Replaced, p.url.path, rule.As, why)
}

// isPathByte knows the ASCII characters that stand in a path for themselves.
func isPathByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("/-._~!$&'()*+,=:@[]|^{}", c) >= 0
}

func plainPath(path string) bool {
	for i := range len(path) {
		if !isPathByte(path[i]) {
			return false
		}
	}
	return true
}

// appendPath appends the one form of all the ways to write a path: characters that stand for themselves unescaped, letters of all
// scripts among them; the others as %XX in capitals; no ;parameters (they carry session ids); a backslash is a slash.
func appendPath(dst []byte, path string) []byte {
	for i := 0; i < len(path); {
		switch c := path[i]; {
		case c == ';':
			for i < len(path) && !isSlash(path[i]) {
				i++
			}
			continue
		case c == '\\':
			dst = append(dst, '/')
			i++
			continue
		case isPathByte(c):
			dst = append(dst, c)
			i++
			continue
		}
		r, size := decodeChar(path[i:])
		dst = appendChar(dst, r, path[i:i+size])
		i += size
	}
	return dst
}

// decodeChar reads one character that may be written in escapes. An escape of what must stay escaped, a broken escape and
// broken UTF-8 are utf8.RuneError.
func decodeChar(text string) (rune, int) {
	var room [utf8.UTFMax]byte
	size := 0
	for n := range room {
		c, width := byteAt(text[size:])
		if width == 0 {
			break
		}
		room[n] = c
		size += width
		if n == 0 && c < utf8.RuneSelf {
			return rune(c), size
		}
		if r, used := utf8.DecodeRune(room[:n+1]); used == n+1 && r != utf8.RuneError {
			return r, size
		}
	}
	_, width := byteAt(text)
	return utf8.RuneError, width
}

// byteAt is the byte that text begins with, and the length of its escape or 1.
func byteAt(text string) (byte, int) {
	if text == "" {
		return 0, 0
	}
	if text[0] == '%' && len(text) > 2 {
		if c, ok := hexPair(text[1], text[2]); ok {
			return c, 3
		}
	}
	return text[0], 1
}

// appendChar appends a character that came as raw.
func appendChar(dst []byte, r rune, raw string) []byte {
	const hexDigits = "0123456789ABCDEF"
	switch {
	case r == utf8.RuneError || r < utf8.RuneSelf && (r == '/' || !isPathByte(byte(r))): //nolint:gosec // ASCII.
		c, _ := byteAt(raw)
		return append(dst, '%', hexDigits[c>>4], hexDigits[c&0xF])
	default:
		return utf8.AppendRune(dst, r)
	}
}

// clearQuery keeps the parameters that the site allows, the five of campaigns, and which click id came.
func (p *passage) clearQuery() {
	if p.url.query == "" {
		return
	}
	c := p.into
	for rest := p.url.query; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		switch name = c.unescaped(name); {
		case p.clearCampaign(name, value):
		case isClickID(name):
			p.clearClickID(name, value)
		case p.site.DropsSearch(name):
			p.noteParameter(name, value, "the sites file: search terms are not kept")
		case p.site.AllowsQuery(name):
			c.query = p.appendParameter(c.query, name, value)
		default:
			p.noteParameter(name, value, "not among the site's allowed parameters")
		}
	}
	start := len(c.scratch)
	c.scratch = append(c.scratch, c.query...)
	c.facts.Event.Query = cut(c.kept(start), maxQuery)
	p.noteQuery()
}

// noteQuery tells what became of the query as a whole; each parameter that was dropped has a note of its own.
func (p *passage) noteQuery() {
	if stored := p.into.facts.Event.Query; stored != "" || p.into.facts.Campaign == (event.Campaign{}) {
		p.noteText("query", p.url.query, stored, maxQuery)
	} else {
		p.notes.add("query", Shortened, p.url.query, "", "its campaign parameters have columns of their own; no other of them may be kept")
	}
}

// appendParameter appends name=value, canonical and scrubbed.
func (p *passage) appendParameter(dst []byte, name, value string) []byte {
	value = p.into.scrub(p.collapsed(p.into.unescaped(value)), kind{uuid: markToken}, maxQuery)
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	dst = appendQuery(dst, p.into.scrub(name, kind{uuid: markToken}, maxKey))
	if value != "" {
		dst = appendQuery(append(dst, '='), value)
	}
	return dst
}

// appendQuery escapes what would end a parameter.
func appendQuery(dst []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '&', '=', '#', '%', '+':
			dst = appendChar(dst, utf8.RuneError, text[i:i+1])
		case ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (p *passage) clearCampaign(name, value string) bool {
	const prefix = "utm_"
	if len(name) < len(prefix) || name[:len(prefix)] != prefix {
		return false
	}
	var field *string
	campaign := &p.into.facts.Campaign
	switch name[len(prefix):] {
	case "source":
		field = &campaign.Source
	case "medium":
		field = &campaign.Medium
	case "campaign":
		field = &campaign.Name
	case "term":
		if p.site.SearchTerms == sites.Drop {
			p.noteParameter(name, value, "the sites file: search terms are not kept")
			return true
		}
		field = &campaign.Term
	case "content":
		field = &campaign.Content
	default:
		return false
	}
	*field = p.text(name, p.into.unescaped(value), maxCampaign)
	return true
}

// isClickID knows the parameters by which advertisers follow a click.
func isClickID(name string) bool {
	switch name {
	case "gclid", "gbraid", "wbraid", "dclid", "gclsrc", "fbclid", "igshid", "yclid", "ysclid", "ymclid", "msclkid", "ttclid", "twclid",
		"li_fat_id", "rb_clickid", "vkclid", "epik", "rdt_cid", "ScCid", "mc_eid", "_openstat":
		return true
	}
	return false
}

// clearClickID keeps which one came, and its value for the level of consent to decide on.
func (p *passage) clearClickID(name, value string) {
	f := &p.into.facts
	if f.ClickPresent != "" {
		return
	}
	f.ClickPresent = name
	if value == "" || len(value) > maxClickID || strings.ContainsFunc(value, func(r rune) bool {
		return r >= utf8.RuneSelf || !isRun(byte(r)) && r != '.' && r != '~' //nolint:gosec // ASCII.
	}) {
		p.noteParameter(name, value, "not the form of a click id")
		return
	}
	start := len(p.into.scratch)
	p.into.scratch = append(append(append(p.into.scratch, name...), '='), value...)
	f.Event.ClickID = p.into.kept(start)
}

// maxReferrer bounds the work only.
const maxReferrer = 8192

// clearReferrer keeps the host of the page before, unless it is one of the site's own.
func (p *passage) clearReferrer() {
	raw := p.hit.Referrer
	if raw == "" || len(raw) > maxReferrer {
		return
	}
	u := split(raw)
	host := ""
	if strings.EqualFold(u.scheme, "https") || strings.EqualFold(u.scheme, "http") || strings.EqualFold(u.scheme, "android-app") {
		host = p.into.hostname(u.host)
	}
	f := &p.into.facts
	switch {
	case host == "":
		p.notes.add("referrer_host", Dropped, raw, "", "not the address of a page")
	case p.site.Owns(host):
		f.OwnReferrer = true
		p.notes.add("referrer_host", Dropped, raw, "", "a page of the same site")
	default:
		f.Event.ReferrerHost = p.into.scrub(host, kind{uuid: markToken}, maxHost)
		p.notes.add("referrer_host", Shortened, raw, f.Event.ReferrerHost, "only the host of the page before is kept")
	}
}
