package mail_test

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mayak/collector/hit"
	"mayak/collector/mail"
	"mayak/schema/event"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// The vectors of the recipe in docs/pages.md: whoever follows it gets these.
func TestTheRecipesVectors(t *testing.T) {
	const key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	for _, tt := range []struct {
		link mail.Link
		want string
	}{
		{mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "spring", Message: "m-1"}, "bc4439c97fb48f1b718788a4dec79a39"},
		{mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "Наурыз", Message: "m-1", Recipient: "r_9", Sent: "1795420800"}, "2ed5819d5f3957a6e0bd853075a65d7f"},
		{mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "spring", Message: "m-1", Target: "https://clinic.example/booking?from=mail"}, "30a950bd8f1249423aab508cb11275c2"},
	} {
		if got := tt.link.Sign(key); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.link, got, tt.want)
		}
	}
}

const sitesFile = `
sites:
  - id: clinic
    hostnames: [clinic.example, "*.clinic.example"]
`

// lookups know one robot and some networks.
type lookups struct{}

func (lookups) Agent(h *hit.Hit) event.Agent {
	if strings.Contains(h.UserAgent, "Barracuda") {
		return event.Agent{Bot: "scanner:Barracuda"}
	}
	return event.Agent{}
}

func (lookups) Place(address netip.Addr) event.Place {
	return map[string]event.Place{
		"192.0.2.1":    {ASN: 9198, NetworkKind: "isp"},
		"198.51.100.1": {ASN: 8075, NetworkKind: "hosting"},
		"198.51.100.2": {ASN: 24940, NetworkKind: "hosting"},
		"198.51.100.3": {ASN: 15169},
	}[address.String()]
}

// post is a service with one site, and its mail key.
func post(t *testing.T, unsubscribed string) (*mail.Service, string) {
	t.Helper()
	all, err := sites.Parse([]byte(sitesFile))
	if err != nil {
		t.Fatal(err)
	}
	key, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := mail.NewUnsubscribed(unsubscribed, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return mail.New(mail.Options{Sites: all, Key: key, Lookups: lookups{}, Unsubscribed: list}), mail.Key(key, "clinic")
}

// take follows a link as it stands in an e-mail.
func take(t *testing.T, s *mail.Service, link string, h *hit.Hit) (target string, reason hit.Reason) {
	t.Helper()
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if at.Path == "/o.gif" {
		return "", s.Open(at.Query().Get, h)
	}
	return s.Click(at.Query().Get, h)
}

const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"

func TestWhoFetchedThePicture(t *testing.T) {
	s, key := post(t, "")
	sent := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const anySite, microsoft, hosting, google = "192.0.2.1", "198.51.100.1", "198.51.100.2", "198.51.100.3"
	for _, tt := range []struct {
		name, agent, address, purpose string
		after                         time.Duration
		want                          mail.Reader
	}{
		{"a person on a phone", phone, anySite, "", time.Hour, mail.Human},
		{"Gmail's proxy", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", google, "", time.Hour, mail.Proxy},
		{"Yahoo's proxy", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", anySite, "", time.Hour, mail.Proxy},
		{"Yandex's proxy", "Mozilla/5.0 (compatible; YandexImageResizer/2.0; +http://yandex.com/bots)", anySite, "", time.Hour, mail.Proxy},
		{"a provider's network without a name", phone, google, "", time.Hour, mail.Proxy},
		{"somebody behind a machine for hire", phone, hosting, "", time.Hour, mail.Proxy},
		{"Apple's protection", "Mozilla/5.0", anySite, "", time.Hour, mail.Prefetch},
		{"Gmail ahead of who is logged in", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0", google, "", time.Second, mail.Prefetch},
		{"a browser that says so", phone, anySite, "prefetch", time.Hour, mail.Prefetch},
		{"a scanner with a name", "BarracudaCentral", anySite, "", time.Hour, mail.Scanner},
		{"a scanner without a name", "", anySite, "", time.Hour, mail.Scanner},
		{"Microsoft's, before it is delivered", phone, microsoft, "", 20 * time.Second, mail.Scanner},
		{"Microsoft's, later", phone, microsoft, "", time.Hour, mail.Proxy},
		{"a person, by a sender's clock that is fast", phone, anySite, "", -time.Minute, mail.Human},
		{"quicker than anybody", phone, anySite, "", time.Second, mail.Scanner},
	} {
		t.Run(tt.name, func(t *testing.T) {
			link := mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "spring", Message: "m-1", Sent: "1795338000"}
			h := &hit.Hit{Received: sent.Add(tt.after), UserAgent: tt.agent, Address: netip.MustParseAddr(tt.address), Purpose: tt.purpose, Cookie: "a=b"}
			if _, reason := take(t, s, link.URL("https://stats.clinic.example/", key), h); reason != hit.Kept {
				t.Fatalf("dropped: %s", reason)
			}
			if h.Name != string(tt.want) {
				t.Errorf("read by %s, want %s", h.Name, tt.want)
			}
			if known := h.Address.IsValid() || h.UserAgent != "" || h.Cookie != ""; known != (tt.want == mail.Human) {
				t.Errorf("of a %s is known: %v %q %q", tt.want, h.Address.IsValid(), h.UserAgent, h.Cookie)
			}
			if h.Way != hit.Mail || h.Type != "open" || h.Purpose != "" || h.Message != "spring\nm-1\n" {
				t.Errorf("way %s, type %s, purpose %q, message %q", h.Way, h.Type, h.Purpose, h.Message)
			}
		})
	}
}

func TestOnlyWhoHasTheKeyMakesLinks(t *testing.T) {
	s, key := post(t, "")
	good := mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "spring", Message: "m-1", Target: "https://clinic.example/booking"}
	signed := good.URL("https://stats.clinic.example", key)
	for _, tt := range []struct {
		name, link, target string
		want               hit.Reason
	}{
		{"as it was made", signed, good.Target, hit.Kept},
		{"with another target", strings.Replace(signed, "booking", "phishing", 1), "", hit.BadSignature},
		{"with another message", strings.Replace(signed, "m-1", "m-2", 1), "", hit.BadSignature},
		{"without a signature", strings.Replace(signed, "k=", "kk=", 1), "", hit.BadSignature},
		{"of another site", strings.Replace(signed, "site=clinic", "site=other", 1), "", hit.UnknownSite},
		{"a picture's signature for a click", strings.Replace((&mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "spring", Message: "m-1"}).URL("https://x", key), "/o.gif", "/c", 1), "", hit.BadSignature},
		{"to a script", (&mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "c", Message: "m", Target: "javascript:alert(1)"}).URL("https://x", key), "", hit.Malformed},
		{"with somebody's address for a campaign", (&mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "a@b.kz", Message: "m"}).URL("https://x", key), "", hit.Malformed},
		{"with somebody's address in the target", (&mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "c", Message: "m", Target: "https://clinic.example/?e=a%40b.kz"}).URL("https://x", key), "", hit.Malformed},
		{"with somebody's address for a message", (&mail.Link{Kind: mail.Open, Site: "clinic", Campaign: "c", Message: "a@b.kz"}).URL("https://x", key), "", hit.Malformed},
	} {
		target, reason := take(t, s, tt.link, &hit.Hit{Received: time.Now(), UserAgent: phone})
		if target != tt.target || reason != tt.want {
			t.Errorf("%s: leads to %q, %q; want %q, %q", tt.name, target, reason, tt.target, tt.want)
		}
	}
}

func TestAClickCountsForThePageThatItLeadsTo(t *testing.T) {
	s, key := post(t, "")
	for target, want := range map[string]string{
		"https://clinic.example/booking?name=Aigerim": "https://clinic.example/booking?utm_campaign=spring&utm_medium=email",
		"https://elsewhere.example/":                  "https://clinic.example/?utm_campaign=spring&utm_medium=email",
	} {
		h := &hit.Hit{Received: time.Now(), UserAgent: phone}
		link := mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "spring", Message: "m-1", Target: target}
		if got, reason := take(t, s, link.URL("https://stats.clinic.example", key), h); got != target || reason != hit.Kept || h.URL != want {
			t.Errorf("%s: leads to %s, %s, counted as %s", target, got, reason, h.URL)
		}
	}
}

func TestWhoIsUnsubscribedIsNotCountedAndStillGetsThere(t *testing.T) {
	list := filepath.Join(t.TempDir(), "unsubscribed")
	if err := os.WriteFile(list, []byte("# letter 12\nr_9\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, key := post(t, list)
	got := map[string]hit.Reason{}
	for _, recipient := range []string{"r_9", "r_8", ""} {
		link := mail.Link{Kind: mail.Click, Site: "clinic", Campaign: "spring", Message: "m-1", Recipient: recipient, Target: "https://clinic.example/"}
		target, reason := take(t, s, link.URL("https://x", key), &hit.Hit{Received: time.Now(), UserAgent: phone})
		if target != link.Target {
			t.Errorf("recipient %q is led to %q", recipient, target)
		}
		got[recipient] = reason
	}
	if diff := cmp.Diff(map[string]hit.Reason{"r_9": hit.Unsubscribed, "r_8": hit.Kept, "": hit.Kept}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAListWithAnAddressIsRefused(t *testing.T) {
	list := filepath.Join(t.TempDir(), "unsubscribed")
	if err := os.WriteFile(list, []byte("r_9\naigerim@clinic.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := mail.NewUnsubscribed(list, slog.New(slog.DiscardHandler), time.Now)
	if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "aigerim") {
		t.Errorf("error %v", err)
	}
}

// While the list cannot be read, nobody with a number is counted, and who is on it later is not counted from then on.
func TestTheListIsReadAgain(t *testing.T) {
	list := filepath.Join(t.TempDir(), "unsubscribed")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("r_1\n")
	now := time.Now()
	u, err := mail.NewUnsubscribed(list, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		do   func()
		want bool
	}{
		{"as it was", func() {}, false},
		{"with the recipient on it", func() { write("r_1\nr_22\n") }, true},
		{"gone", func() { _ = os.Remove(list) }, true},
		{"back without the recipient", func() { write("r_3\n") }, false},
	} {
		step.do()
		now = now.Add(time.Minute)
		if got := u.Has("r_22"); got != step.want {
			t.Errorf("%s: unsubscribed %v, want %v", step.name, got, step.want)
		}
	}
}
