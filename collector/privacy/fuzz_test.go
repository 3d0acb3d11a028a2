package privacy

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"mayak/collector/hit"
	"mayak/schema/sites"
)

// FuzzURL compares the splitter with the standard library's parser, wherever that one takes the text.
func FuzzURL(f *testing.F) {
	for _, raw := range []string{
		"https://clinic.example/a?b=c#d", "http://user:p%40ss@Host.:80/", "https://[::1]:443/x", "//host/x", "https://host?x#y?z", "http://host#?x",
		"https://a@b@c/", "https://host\\evil", "mailto:ivan@mail.ru", "https://%41/", "https:///x", "http://[::1", "https://пример.рф/ж", "h+t://x",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := split(raw)
		var c Cleared
		host := c.hostname(got.host)
		if strings.ContainsAny(host, "/?#@ \\%\x00") || strings.ToLower(host) != host || len(host) > maxHost {
			t.Fatalf("%q has the host %q", raw, host)
		}
		if c.hostname(host) != host && host != "" {
			t.Fatalf("%q is not canonical: %q", host, c.hostname(host))
		}
		p := passage{into: &c, url: got, site: &known{Site: new(sites.Site)}}
		p.clearPath()
		path := strings.Clone(c.facts.Event.Path)
		if !utf8.ValidString(path) || len(path) > maxPath || strings.ContainsAny(path, "?# \\;") {
			t.Fatalf("%q has the path %q", raw, path)
		}
		want, err := url.Parse(raw)
		if err != nil || want.Host == "" || want.Scheme == "" || strings.ContainsAny(raw, "\\ ") {
			return // browsers take more than it does, a backslash for a slash for one
		}
		if !strings.EqualFold(got.scheme, want.Scheme) {
			t.Fatalf("%q has the scheme %q, want %q", raw, got.scheme, want.Scheme)
		}
		if plain, err := url.PathUnescape(got.path); got.query != want.RawQuery || err != nil || plain != want.Path {
			t.Fatalf("%q is path %q query %q, want %q %q", raw, got.path, got.query, want.Path, want.RawQuery)
		}
		name := strings.ToLower(strings.TrimSuffix(want.Hostname(), "."))
		if ascii, err := idna.Lookup.ToASCII(name); host != "" && host[0] != '[' && (err == nil && host != strings.TrimSuffix(ascii, ".") || err != nil && host != name) {
			t.Fatalf("%q has the host %q, want %q", raw, host, name)
		}
	})
}

// FuzzClear plants what must not be stored into every text of a hit.
func FuzzClear(f *testing.F) {
	g := newGate(f, "")
	f.Add("", "", "", uint8(0))
	f.Add("https://clinic.example/?q=", "&page=", "analytics", uint8(1))
	f.Add("https://clinic.example/%", "%2540", "advertising", uint8(2))
	f.Add("/;x=", "#", "refused", uint8(3))
	const address, address6 = "37.99.42.77", "2a03:32c0:7:8:9:a:b:c"
	secrets := append([]string{address, address6}, planted...)
	f.Fuzz(func(t *testing.T, before, after, consent string, pick uint8) {
		secret := secrets[int(pick)%len(secrets)]
		text := before + " " + secret + " " + after
		h := visit(func(h *hit.Hit) {
			h.Address = netip.MustParseAddr(address)
			if pick&128 != 0 {
				h.Address = netip.MustParseAddr(address6)
			}
			h.Consent = consent
			h.URL = "https://clinic.example/" + text + "?q=" + text + "&utm_source=" + text + "&gclid=" + text + "&" + text
			h.ID, h.Page, h.Referrer, h.Title, h.Screen, h.Viewport = text, secret, "https://"+before+secret+after, text, text, text
			h.Language, h.AcceptLanguage, h.TimeZone, h.Name, h.Currency = text, text, text, text, text
			h.Props = []hit.Prop{{Key: text, Value: text}}
			h.Vitals = []hit.Vital{{Name: text, Value: 1}}
			h.Error = hit.Error{Message: text, Source: text, Stack: text, Kind: text}
		})
		var c Cleared
		var notes Notes
		if reason := g.Clear(h, &c, &notes); reason != hit.Kept {
			t.Fatalf("dropped: %s", reason)
		}
		facts := *c.Facts()
		facts.Network.Address, facts.Network.UserAgent = netip.Addr{}, ""
		stored, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), secret) {
			t.Fatalf("%q came through: %s", secret, stored)
		}
	})
}
