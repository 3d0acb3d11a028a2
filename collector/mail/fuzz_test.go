package mail_test

import (
	"net/url"
	"testing"
	"time"

	"mayak/collector/hit"
	"mayak/collector/mail"
)

// fetch is a link as something asked for it.
type fetch struct{ query, agent string }

// fetched are links as the recipes' languages make them, and as what reads e-mails changes them on the way: entities of HTML that were not
// undone, escapes in other capitals, the ends of a sentence or of an attribute, parameters of other programs, a fragment.
func fetched() []fetch {
	const made = "site=clinic&c=spring&m=m-1&k=bc4439c97fb48f1b718788a4dec79a39"
	return []fetch{
		{"site=clinic&c=%D0%9D%D0%B0%D1%83%D1%80%D1%8B%D0%B7+%26+%D0%9A%D0%BE&m=m-1&r=r_9&t=1795420800&k=0", phone},
		{"c=%D0%9D%D0%B0%D1%83%D1%80%D1%8B%D0%B7%20%26%20%D0%9A%D0%BE&k=0&m=m-1&site=clinic", phone},
		{"site=clinic&amp;c=spring&amp;m=m-1&amp;k=bc4439c97fb48f1b718788a4dec79a39", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"},
		{made + "%22", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"},
		{made + ")", "Mozilla/5.0 (compatible; YandexImageResizer/2.0; +http://yandex.com/bots)"},
		{made + "&mc_cid=1a2b3c&mc_eid=UNIQID&utm_source=letter", "Mozilla/5.0"},
		{made + "&site=clinic&k=x", "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"},
		{"site=clinic&c=spring&m=m-1&u=https%3a%2f%2fclinic.example%2fbooking%3ffrom%3dmail&k=30a950bd8f1249423aab508cb11275c2", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"},
		{"site=clinic&c=spring&m=m-1&u=https://clinic.example/booking?from=mail&k=30a950bd8f1249423aab508cb11275c2#top", "BarracudaCentral"},
	}
}

// Whatever a query says, a click leads nowhere unless the link was signed.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{
		"site=clinic&c=spring&m=m-1&k=bc4439c97fb48f1b718788a4dec79a39", "site=clinic&c=%D0%9D&m=m&r=r_9&t=1795420800&k=x", "site=clinic&u=javascript:alert(1)&k=",
		"u=//evil.test&site=clinic&c=a&m=b&k=00000000000000000000000000000000", "site=%00&c=%0a&m=%ff", "",
	} {
		f.Add(seed, phone)
	}
	for _, asked := range fetched() {
		f.Add(asked.query, asked.agent)
	}
	f.Add("site=clinic&c=spring&m=m-1&t=99999999999999&k=bc44", "Mozilla/5.0")
	f.Fuzz(func(t *testing.T, query, agent string) {
		s, key := post(t, "")
		values, _ := url.ParseQuery(query) // what can be read of it
		h := &hit.Hit{Received: time.Now(), UserAgent: agent}
		if target, reason := s.Click(values.Get, h); reason == hit.Kept || target != "" {
			t.Fatalf("an unsigned link leads to %q, %s", target, reason)
		}
		link := mail.Link{
			Kind: mail.Click, Site: "clinic", Campaign: values.Get("c"), Message: values.Get("m"), Recipient: values.Get("r"), Sent: values.Get("t"), Target: values.Get("u"),
		}
		values.Set("site", "clinic")
		values.Set("k", link.Sign(key))
		target, reason := s.Click(values.Get, h)
		if good := link.Check() == nil; good != (reason == hit.Kept) || good != (target != "") {
			t.Fatalf("a signed link %+v leads to %q, %q: %v", link, target, reason, link.Check())
		}
	})
}
