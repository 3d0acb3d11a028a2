package mail_test

import (
	"net/url"
	"testing"
	"time"

	"mayak/collector/hit"
	"mayak/collector/mail"
)

// Whatever a query says, a click leads nowhere unless the link was signed.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{
		"site=clinic&c=spring&m=m-1&k=bc4439c97fb48f1b718788a4dec79a39", "site=clinic&c=%D0%9D&m=m&r=r_9&t=1795420800&k=x", "site=clinic&u=javascript:alert(1)&k=",
		"u=//evil.test&site=clinic&c=a&m=b&k=00000000000000000000000000000000", "site=%00&c=%0a&m=%ff", "",
	} {
		f.Add(seed, phone)
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
