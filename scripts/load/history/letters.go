package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"mayak/collector/hit"
	"mayak/collector/mail"
	"mayak/collector/privacy"
	"mayak/schema/event"
	"mayak/schema/policy"
	"mayak/schema/visitor"
	"mayak/scripts/load"
)

// letter is a newsletter of the clinic's.
type letter struct {
	campaign string
	before   time.Duration // the end, when it was sent
	target   string        // of the link in it
}

func letters() []letter {
	return []letter{
		{"vakcinaciya-grippa", 27 * day, "/promotions"},
		{"noyabr", 12 * day, "/services"},
		{"napominanie", 2*day + 4*time.Hour, "/booking"},
	}
}

// machine is what fetches the pictures of letters instead of who got them.
type machine struct {
	agent   string
	address netip.Addr
	place   event.Place
	wait    time.Duration // after sending; zero: until somebody opens it
	share   int           // per cent
}

func mailboxes() []machine {
	return []machine{
		{
			"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
			netip.MustParseAddr("66.249.93.40"),
			event.Place{Country: "US", ASN: 15169, NetworkKind: "hosting"},
			0, 25,
		},
		{"Mozilla/5.0", netip.MustParseAddr("172.224.226.9"), event.Place{Country: "US", ASN: 36183, NetworkKind: "hosting"}, 20 * time.Minute, 14},
		{
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
			netip.MustParseAddr("40.94.20.7"),
			event.Place{Country: "US", ASN: 8075, NetworkKind: "hosting"},
			9 * time.Second, 5,
		},
	}
}

// post has the story's letters opened and followed, as the real gate and the real reader of their links see it.
func (h *history) post(rules *policy.Policy) error {
	key, err := keyOf(h.seed)
	if err != nil {
		return err
	}
	nobody, err := mail.NewUnsubscribed("", slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return err
	}
	gate, err := privacy.New(privacy.Options{Sites: h.known, Policy: rules, Salts: &salts{seed: h.seed}, Lookups: h.lookups, Key: key})
	if err != nil {
		return err
	}
	visits := h.gate
	h.gate = gate // which knows e-mails by the key
	defer func() { h.gate = visits }()
	m := &mailbag{
		history: h, secret: mail.Key(key, h.site), chance: rand.New(rand.NewPCG(h.seed, 3)),
		service: mail.New(mail.Options{Sites: h.known, Key: key, Lookups: h.lookups, Unsubscribed: nobody}),
	}
	for _, l := range letters() {
		for number := range h.events / 4000 {
			m.receive(&l, number)
		}
	}
	return m.err
}

// keyOf is a key that the seed alone makes: a demo's e-mails are nobody's.
func keyOf(seed uint64) (*visitor.Key, error) {
	folder, err := os.MkdirTemp("", "history-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }() // it holds no secret
	file := filepath.Join(folder, "key")
	secret := sha256.Sum256(fmt.Appendf(nil, "e-mails of history %d", seed))
	if err := os.WriteFile(file, secret[:], 0o600); err != nil {
		return nil, err
	}
	return visitor.ReadKey(file)
}

// mailbag has letters received.
type mailbag struct {
	history *history
	service *mail.Service
	secret  string
	chance  *rand.Rand
	err     error
}

// receive is what one recipient's mailbox, and maybe the recipient, do with the letter.
func (m *mailbag) receive(l *letter, number int) {
	sent := m.history.story.end.Add(-l.before).Truncate(time.Hour)
	opened := sent.Add(time.Duration(4+m.chance.ExpFloat64()*500) * time.Minute)
	share := m.chance.IntN(100)
	raw := hit.Hit{Received: opened}
	for _, fetcher := range mailboxes() {
		if share -= fetcher.share; share < 0 {
			raw.Address, raw.UserAgent, m.history.lookups.place = fetcher.address, fetcher.agent, fetcher.place
			if fetcher.wait > 0 {
				raw.Received = sent.Add(fetcher.wait)
			}
			m.take(mail.Open, l, number, sent, &raw)
			return
		}
	}
	v := m.person(opened)
	raw.Address, raw.UserAgent, raw.AcceptLanguage, m.history.lookups.place = v.Address, v.Agent.Text, v.Accept, v.Place
	m.take(mail.Open, l, number, sent, &raw)
	if m.chance.IntN(100) < 22 {
		raw.Received = opened.Add(time.Duration(5+m.chance.IntN(60)) * time.Second)
		m.take(mail.Click, l, number, sent, &raw)
	}
}

// person is one of those who come to the site.
func (m *mailbag) person(at time.Time) *load.Visitor {
	for {
		if v := m.history.crowd.Visit(at).Visitor; v.Agent.Bot == "" {
			return v
		}
	}
}

// take follows a link of the letter.
func (m *mailbag) take(kind mail.Kind, l *letter, number int, sent time.Time, as *hit.Hit) {
	h := m.history
	link := mail.Link{
		Kind: kind, Site: h.site, Campaign: l.campaign, Message: l.campaign + "-" + strconv.Itoa(number), Sent: strconv.FormatInt(sent.Unix(), 10),
	}
	if kind == mail.Click {
		link.Target = h.address(l.target)
	}
	query := map[string]string{
		"site": link.Site, "c": link.Campaign, "m": link.Message, "t": link.Sent, "u": link.Target, "k": link.Sign(m.secret),
	}
	raw := *as
	raw.ID = h.crowd.ID()
	get := func(name string) string { return query[name] }
	var reason hit.Reason
	if kind == mail.Open {
		reason = m.service.Open(get, &raw)
	} else {
		_, reason = m.service.Click(get, &raw)
	}
	if reason != hit.Kept {
		m.err = errors.Join(m.err, fmt.Errorf("letter %s: %s", l.campaign, reason))
		return
	}
	if raw.Received.Before(h.until) && !raw.Received.Before(h.from) {
		h.aside = append(h.aside, h.ask(&raw))
	}
}
