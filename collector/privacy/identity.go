package privacy

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"mayak/collector/hit"
	"mayak/schema/consent"
	"mayak/schema/event"
	"mayak/schema/visitor"
)

const (
	maxID        = 64
	maxUserAgent = 1024

	// A browser's beacon may be late by a day (it kept the event while it was offline) and its clock early by a minute.
	maxLate  = 24 * time.Hour
	maxEarly = time.Minute
	// A browser keeps its own reports until it can send them, and an app what happened while it was offline.
	maxReportLate = 7 * 24 * time.Hour
)

// clearIdentity fills what each row has, and for a visitor who refused, that is all: the minute and not the moment, and
// an id that only keeps rows apart and retries together.
func (p *passage) clearIdentity() {
	e := &p.into.facts.Event
	today := p.today()
	salt := p.gate.salts.Salt(today.day)
	e.Site, e.Type, e.Consent, e.PolicyVersion = p.site.ID, p.kind, p.level, p.gate.version
	e.Origin = origin(p.hit.Way)
	e.Received = p.hit.Received.UTC().Truncate(time.Second)
	if p.level == event.Refused {
		e.Received = e.Received.Truncate(minute)
		e.Time = e.Received
		if p.hit.Way == hit.API && !p.hit.Time.IsZero() { // sent again in another minute it must be the same row
			p.clearTime()
			e.Time = e.Time.Truncate(minute)
		}
		e.ID = p.hashedID(salt, p.hit.ID)
		p.into.facts.KeepChannel = false
		p.notes.add("", Dropped, "", "", "the visitor refused: only the count of the page view is kept")
		return
	}
	if p.gate.key == nil || !p.level.Consents() {
		p.known = consent.ID{}
	}
	p.owner = p.gate.key != nil && p.level.Consents() && p.hit.App.Device != ""
	p.clearTime()
	p.clearVisitor(today, &salt)
	e.ID, e.Page = p.id("id", salt, p.hit.ID), ""
	if p.hit.Page != "" && (p.kind != event.PageView || p.hit.Page != p.hit.ID) { // that a view is its own page need not be stored
		e.Page = p.id("page", salt, p.hit.Page)
	}
}

// clearVisitor cuts the address to its network and gives the visitor an id. Who has consented has the cookie's, for as long as the
// cookie lasts. For others, a visit that goes on over midnight keeps the id of the day before, and with it the salt for whatever
// else is hashed.
func (p *passage) clearVisitor(today *localDay, salt *visitor.Salt) {
	e := &p.into.facts.Event
	network := truncate(p.hit.Address)
	if network.IsValid() {
		start := len(p.into.scratch)
		p.into.scratch = network.AppendTo(p.into.scratch)
		e.Place.Network = p.into.kept(start)
		if p.notes != nil {
			p.notes.add("network", Shortened, p.hit.Address.String(), e.Place.Network,
				"the address is cut to its network; whole, and with the user agent, it goes into network_log only")
		}
	}
	if p.hit.Way == hit.Mail { // it is known by the e-mail alone, and joins nothing that the recipient does elsewhere
		if p.gate.key != nil {
			message := p.hit.Message
			if !p.level.Consents() { // then no id is the same on two days
				message += "\n" + today.day
			}
			e.Visitor = p.gate.key.Mail(p.site.ID, message)
		}
		return
	}
	if p.known != (consent.ID{}) {
		e.Visitor = p.gate.key.Consented(p.site.ID, p.known)
		return
	}
	if p.owner {
		e.Visitor = p.gate.key.Device(p.site.ID, p.hit.App.Device)
		return
	}
	source := visitor.Source{Site: p.site.ID, Network: e.Place.Network, UserAgent: cut(p.hit.UserAgent, maxUserAgent)}
	if p.hit.Way == hit.API || p.hit.Way == hit.Report { // which come late: of a day whose salt has ended the id is no other day's either
		if day := e.Time.In(p.site.Location()).Format(time.DateOnly); day != today.day {
			source.Network += " " + day
		}
	}
	e.Visitor = visitor.ID(*salt, source)
	switch {
	case today.evening:
		p.site.night.Remember(e.Visitor, p.hit.Received)
	case today.before != "":
		old := p.gate.salts.Salt(today.before)
		if id := visitor.ID(old, source); p.site.night.GoesOn(id, p.hit.Received) {
			e.Visitor, *salt = id, old
		}
	}
}

// origin is stored for who refused too: without it, a page view that came by two ways could not be counted once.
func origin(way hit.Way) event.Origin {
	switch way {
	case hit.Beacon:
		return event.Script
	case hit.Pixel:
		return event.Pixel
	case hit.Log:
		return event.Log
	case hit.Report:
		return event.Report
	case hit.Mail:
		return event.Mail
	case hit.API:
		return event.API
	default:
		return event.NoOrigin
	}
}

// clearTime takes the client's time where it can be right. A browser's wrong clock is no reason to lose the visit.
func (p *passage) clearTime() {
	e, t, late := &p.into.facts.Event, p.hit.Time, maxLate
	if p.hit.Way == hit.Report || p.hit.Way == hit.API {
		late = maxReportLate
	}
	e.Time = p.hit.Received.UTC().Truncate(time.Millisecond)
	switch {
	case t.IsZero():
	case t.Before(p.hit.Received.Add(-late)), t.After(p.hit.Received.Add(maxEarly)):
		if p.notes != nil {
			p.notes.add("ts", Replaced, t.UTC().Format(time.RFC3339Nano), e.Time.Format(time.RFC3339Nano), "the client's clock is wrong; the time of receipt stands for it")
		}
	default:
		e.Time = t.UTC().Truncate(time.Millisecond)
	}
}

// id is the client's id if it can be nothing but an id, else a keyed hash of it; an event without one gets a random one. Ids of who
// has consented are always hashed, together with the visitor's: a page may have been opened before, and its id must not join what
// was kept of it then to what is kept of the visitor from now on.
func (p *passage) id(column string, salt visitor.Salt, raw string) string {
	if p.known != (consent.ID{}) || p.owner {
		return p.consentedID(column, raw)
	}
	if raw != "" && len(raw) <= maxID && isID(raw) && (isRandom(raw) || !p.into.text.holdsNumber(raw)) {
		return raw
	}
	stored := p.hashedID(salt, raw)
	if raw != "" {
		p.notes.add(column, Replaced, raw, stored, "not an id of 1 to 64 letters, digits, hyphens and underscores, or with somebody's number in it")
	}
	return stored
}

// isID knows the characters of ids.
func isID(text string) bool {
	for i := range len(text) {
		if !isRun(text[i]) {
			return false
		}
	}
	return true
}

// randomHex is how many hexadecimal digits nobody writes by hand.
const randomHex = 16

// isRandom knows UUIDs and long hexadecimal numbers, in which digits that look like somebody's number stand by chance. Ten
// decimal digits that stand alone between hyphens do not: 900101300126-c0ffee is a number that somebody has put there.
func isRandom(id string) bool {
	const longest = 9
	digits, letters, alone := 0, false, 0
	for i := range len(id) {
		switch c := id[i]; {
		case isHex(c):
			digits++
			if alone++; !isDigit(c) {
				letters, alone = true, math.MinInt
			}
		case c != '-':
			return false
		}
		if ends := i+1 == len(id) || id[i+1] == '-'; ends {
			if alone > longest {
				return false
			}
			alone = 0
		}
	}
	return letters && digits >= randomHex
}

func (p *passage) consentedID(column, raw string) string {
	start := len(p.into.scratch)
	p.into.scratch = binary.LittleEndian.AppendUint64(append(p.into.scratch, "id"...), p.into.facts.Event.Visitor)
	p.into.scratch = append(p.into.scratch, p.hit.Sender...)
	stored := p.hashed(raw, visitor.Source{Site: p.site.ID, Network: p.into.kept(start), UserAgent: raw}, p.gate.eventID)
	if raw != "" {
		p.notes.add(column, Replaced, raw, stored, "so that nothing joins it to what was kept before the visitor consented")
	}
	return stored
}

// hashedID is the same for the same raw id within a day, so that a retry is still known for one, and random without one.
func (p *passage) hashedID(salt visitor.Salt, raw string) string {
	by := "id"
	if p.hit.Sender != "" { // two that number from one mean different events, and nobody's may take the place of another's
		by = "id of " + p.hit.Sender
	}
	return p.hashed(raw, visitor.Source{Site: p.site.ID, Network: by, UserAgent: raw}, salt)
}

func (p *passage) hashed(raw string, source visitor.Source, salt visitor.Salt) string {
	v := rand.Uint64()
	if raw != "" {
		v = visitor.ID(salt, source)
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	start := len(p.into.scratch)
	p.into.scratch = base64.RawURLEncoding.AppendEncode(p.into.scratch, b[:])
	return p.into.kept(start)
}

// clearNetwork looks up the agent and the place, and lays the full address and user agent aside for the restricted table.
func (p *passage) clearNetwork() {
	f := &p.into.facts
	f.Event.Agent = p.gate.lookups.Agent(p.hit)
	p.clearApp()
	p.clearAgent()
	address := plain(p.hit.Address)
	if !address.IsValid() {
		return
	}
	network := f.Event.Place.Network
	f.Event.Place = p.gate.lookups.Place(address)
	f.Event.Place.Network = network
	f.Network = event.Network{Address: address, UserAgent: cut(p.hit.UserAgent, maxUserAgent)}
}

// maxAgent is longer than any name of a device or a robot.
const maxAgent = 120

// clearAgent scrubs the names that may be the user agent's own words: an agent can say anything, and a robot's name and a
// model are cut from it. A version has dots like an address, so there only somebody's number is looked for.
func (p *passage) clearAgent() {
	a := &p.into.facts.Event.Agent
	for _, name := range [...]struct {
		column string
		text   *string
	}{
		{"browser", &a.Browser},
		{"os", &a.OS},
		{"brand", &a.Brand},
		{"model", &a.Model},
		{"app", &a.App},
		{"bot", &a.Bot},
	} {
		*name.text = p.text(name.column, *name.text, maxAgent)
	}
	for _, version := range [...]struct {
		column string
		text   *string
	}{{"browser_version", &a.BrowserVersion}, {"os_version", &a.OSVersion}, {"app_version", &a.AppVersion}} {
		if p.into.text.holdsNumber(*version.text) {
			p.notes.add(version.column, Dropped, *version.text, "", "a number that may be somebody's")
			*version.text = ""
		}
	}
}

// The sizes of the networks that an address is truncated to, in bits.
const (
	networkBits4 = 24
	networkBits6 = 48
)

// truncate is the network of the address: invalid for an invalid one.
func truncate(address netip.Addr) netip.Prefix {
	address = plain(address)
	bits := networkBits6
	if address.Is4() {
		bits = networkBits4
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// plain is the IPv4 address within an IPv6 one (mapped, or NAT64's 64:ff9b::/96), and an IPv6 address without its zone.
func plain(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if b := address.As16(); address.Is6() && [12]byte(b[:12]) == [12]byte{0, 0x64, 0xff, 0x9b} {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return address
}

// localDay is a site's day during a quarter of an hour: no time zone changes its day or its offset within one.
type localDay struct {
	quarter int64
	day     string
	evening bool   // midnight is near: who is there is remembered
	before  string // the day before, while somebody may be there who was at midnight
}

// today is the day at the site.
func (k *known) today(now time.Time) *localDay {
	const quarter = 15 * time.Minute
	at := now.Unix() / int64(quarter/time.Second)
	if d := k.day.Load(); d != nil && d.quarter == at {
		return d
	}
	begin := time.Unix(at*int64(quarter/time.Second), 0)
	d := &localDay{quarter: at, day: begin.In(k.Location()).Format(time.DateOnly)}
	if k.night != nil {
		d.evening = visitor.Evening(begin, quarter, k.Location())
		before := begin.In(k.Location()).AddDate(0, 0, -1).Format(time.DateOnly)
		if !d.evening && k.night.Lasts(begin) && !visitor.Ended(before, now) {
			d.before = before
		}
	}
	k.day.Store(d)
	return d
}
