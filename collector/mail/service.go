package mail

import (
	"net/netip"
	"net/url"
	"strings"

	"mayak/collector/hit"
	"mayak/schema/event"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// Lookups derive from raw values what may be known of them.
type Lookups interface {
	Agent(h *hit.Hit) event.Agent
	Place(address netip.Addr) event.Place
}

// Options are what a Service works with.
type Options struct {
	Sites        *sites.Sites
	Key          *visitor.Key
	Lookups      Lookups
	Unsubscribed *Unsubscribed
}

// Service reads links. Safe for concurrent use.
type Service struct {
	o    Options
	keys map[string]string // by site
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{o: o, keys: map[string]string{}}
	for _, site := range o.Sites.All() {
		s.keys[site.ID] = Key(o.Key, site.ID)
	}
	return s
}

// Open reads a picture's link out of a query and fills the hit, in which is already what it was asked for with.
func (s *Service) Open(get func(name string) string, h *hit.Hit) hit.Reason {
	_, reason := s.take(Open, get, h)
	return reason
}

// Click is Open for a link to follow, and where it leads, also when it is not counted: nowhere when nobody who may has made it.
func (s *Service) Click(get func(name string) string, h *hit.Hit) (target string, reason hit.Reason) {
	return s.take(Click, get, h)
}

func (s *Service) take(kind Kind, get func(name string) string, h *hit.Hit) (target string, reason hit.Reason) {
	l := Link{
		Kind: kind, Site: get("site"), Campaign: get("c"), Message: get("m"), Recipient: get("r"), Sent: get("t"), Target: get("u"),
	}
	h.Way, h.Site = hit.Mail, l.Site
	key, known := s.keys[l.Site]
	switch {
	case !known:
		return "", hit.UnknownSite
	case !l.isSignedBy(key, get("k")):
		return "", hit.BadSignature
	case l.Check() != nil: // whoever has the key did not ask us to make the link
		return "", hit.Malformed
	case s.o.Unsubscribed.Has(l.Recipient):
		return l.Target, hit.Unsubscribed
	}
	s.fill(h, &l)
	return l.Target, hit.Kept
}

// fill makes the hit an event of the e-mail. Behind a machine nobody's place and device is known.
func (s *Service) fill(h *hit.Hit, l *Link) {
	reader := l.readerOf(h, s.o.Lookups.Agent(h), s.o.Lookups.Place(h.Address))
	h.Type, h.Name, h.Purpose = string(l.Kind), string(reader), ""
	h.Message = l.Campaign + "\n" + l.Message + "\n" + l.Recipient
	h.URL = s.page(l)
	if reader == Human {
		return
	}
	h.Address, h.UserAgent, h.AcceptLanguage, h.Hints, h.Cookie = netip.Addr{}, "", "", hit.Hints{}, ""
}

// page is the address under which it is counted: a click's target if it is a page of the site, else the site's front page.
func (s *Service) page(l *Link) string {
	site := s.o.Sites.Find(l.Site)
	at := &url.URL{Scheme: "https", Host: hostOf(site), Path: "/"}
	if target, err := url.Parse(l.Target); err == nil && l.Target != "" && site.Owns(strings.ToLower(target.Hostname())) {
		at = &url.URL{Scheme: "https", Host: target.Host, Path: target.Path}
	}
	at.RawQuery = url.Values{"utm_medium": {"email"}, "utm_campaign": {l.Campaign}}.Encode()
	return at.String()
}

// hostOf is a host name of the site.
func hostOf(site *sites.Site) string { return strings.Replace(site.Hostnames[0], "*", "www", 1) }
