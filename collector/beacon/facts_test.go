package beacon

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"mayak/collector/hit"
)

func TestFactsOfARequest(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		body    string
		headers []string
		want    hit.Hit
	}{
		{"none", good, nil, hit.Hit{}},
		{"a browser", good, []string{
			"user-agent: Mozilla/5.0", "Accept-Language: kk,ru;q=0.8", `sec-ch-ua: "A";v="1"`, "sec-ch-ua-mobile: ?0", `sec-ch-ua-platform: "Windows"`,
			"Referer: http://other.test/", "Origin: http://other.test", "Cookie: a=b",
		}, hit.Hit{Cookie: "a=b", UserAgent: "Mozilla/5.0", AcceptLanguage: "kk,ru;q=0.8", Hints: hit.Hints{Brands: `"A";v="1"`, Mobile: "?0", Platform: `"Windows"`}}},
		{"all hints", good, []string{
			`Sec-CH-UA-Full-Version-List: "A";v="1.2.3"`, `Sec-CH-UA: "A";v="1"`, `Sec-CH-UA-Platform-Version: "15"`, `Sec-CH-UA-Model: "M"`,
			`Sec-CH-UA-Form-Factors: "Desktop"`, `Sec-CH-UA-Arch: "x86"`, `Sec-CH-UA-Bitness: "64"`, "X-Requested-With: com.example.app",
		}, hit.Hit{Hints: hit.Hints{
			Brands: `"A";v="1.2.3"`, PlatformVersion: `"15"`, Model: `"M"`, FormFactors: `"Desktop"`, Architecture: `"x86"`, Bitness: `"64"`,
			RequestedWith: "com.example.app",
		}}},
		{"privacy signals", good, []string{"Sec-GPC: 1", "DNT: 1"}, hit.Hit{GPC: true, DNT: true}},
		{"privacy signals that say no", good, []string{"Sec-GPC: 0", "DNT: 0"}, hit.Hit{}},
		{"cookies as they came", good, []string{"Cookie: a=b;c"}, hit.Hit{Cookie: "a=b;c"}},
		{"cookies of two lines", good, []string{"Cookie: a=b", "Cookie: c=d"}, hit.Hit{Cookie: "a=b; c=d"}},
		{"prefetch", good, []string{"Sec-Purpose: prefetch;prerender"}, hit.Hit{Purpose: "prefetch;prerender"}},
		{"prefetch of old", good, []string{"X-Moz: prefetch"}, hit.Hit{Purpose: "prefetch"}},
		{
			"the script's hints win", `{"site":"demo","url":"http://localhost/","hints":{"platform":"macOS","model":"","brands":""}}`,
			[]string{`Sec-CH-UA-Platform: "Windows"`, `Sec-CH-UA-Model: "M"`, `Sec-CH-UA: "A";v="1"`},
			hit.Hit{Hints: hit.Hints{Platform: "macOS", Model: `"M"`, Brands: `"A";v="1"`}},
		},
		{
			"the body cannot say who asks", `{"site":"demo","url":"http://localhost/","ip":"203.0.113.1","user_agent":"x","way":"api","consent":"advertising"}`,
			[]string{"X-Forwarded-For: 203.0.113.1"},
			hit.Hit{Unknown: 4},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &recorder{}
			options := testOptions(p)
			options.Now = func() time.Time { return now }
			_, dial := inMemory(t, options)
			if got := ask(t, dial(), post(tt.body, tt.headers...)); got.Status != 202 {
				t.Fatalf("answer %d %s", got.Status, got.Body)
			}
			tt.want.Way, tt.want.Received, tt.want.Site, tt.want.URL = hit.Beacon, now, "demo", "http://localhost/"
			hitsEqual(t, tt.want, p.hits[0])
		})
	}
}

func TestFactsGoWithEachHitOfABatch(t *testing.T) {
	p := &recorder{}
	_, dial := inMemory(t, testOptions(p))
	ask(t, dial(), post("["+good+`,{"site":"x"},`+good+"]", "User-Agent: Mozilla/5.0"))
	if len(p.hits) != 2 || p.hits[0].UserAgent != "Mozilla/5.0" || p.hits[1].UserAgent != "Mozilla/5.0" {
		t.Errorf("%d hits", len(p.hits))
	}
}

func TestClientAddress(t *testing.T) {
	const proxies = "10.0.0.0/8 2001:db8:aaaa::/48 127.0.0.1/32"
	for _, tt := range []struct {
		name, peer   string
		only         string
		forwardedFor []string
		forwarded    []string
		want         string
	}{
		{"the peer itself", "198.51.100.7", "", nil, nil, "198.51.100.7"},
		{"a peer that nobody trusts", "198.51.100.7", "", []string{"203.0.113.1"}, nil, "198.51.100.7"},
		{"a peer that nobody trusts, the other header", "198.51.100.7", "", nil, []string{"for=203.0.113.1"}, "198.51.100.7"},
		{"one proxy", "10.0.0.1", "", []string{"203.0.113.1"}, nil, "203.0.113.1"},
		{"a proxy of IPv6", "2001:db8:aaaa::1", "", []string{"203.0.113.1"}, nil, "203.0.113.1"},
		{"a proxy without the header", "10.0.0.1", "", nil, nil, "10.0.0.1"},
		{"an empty header", "10.0.0.1", "", []string{""}, nil, "10.0.0.1"},
		{"what the client claims stands left", "10.0.0.1", "", []string{"8.8.8.8, 203.0.113.1"}, nil, "203.0.113.1"},
		{"two proxies", "10.0.0.1", "", []string{"203.0.113.1, 10.0.0.2"}, nil, "203.0.113.1"},
		{"two proxies and a claim", "10.0.0.1", "", []string{"8.8.8.8, 203.0.113.1, 10.0.0.2"}, nil, "203.0.113.1"},
		{"two lines", "10.0.0.1", "", []string{"8.8.8.8", "203.0.113.1"}, nil, "203.0.113.1"},
		{"two lines, a proxy on the last", "10.0.0.1", "", []string{"8.8.8.8, 203.0.113.1", "10.0.0.2"}, nil, "203.0.113.1"},
		{"a claim to be a proxy", "10.0.0.1", "", []string{"10.9.9.9, 203.0.113.1"}, nil, "203.0.113.1"},
		{"a client inside", "10.0.0.1", "", []string{"10.0.0.3, 10.0.0.2"}, nil, "10.0.0.3"},
		{"blanks and empty elements", "10.0.0.1", "", []string{" ,203.0.113.1 ,\t, 10.0.0.2 ,"}, nil, "203.0.113.1"},
		{"with a port", "10.0.0.1", "", []string{"203.0.113.1:4711"}, nil, "203.0.113.1"},
		{"IPv6", "10.0.0.1", "", []string{"2001:db8::1"}, nil, "2001:db8::1"},
		{"IPv6 in brackets", "10.0.0.1", "", []string{"[2001:db8::1]"}, nil, "2001:db8::1"},
		{"IPv6 with a port", "10.0.0.1", "", []string{"[2001:db8::1]:4711"}, nil, "2001:db8::1"},
		{"IPv4 in IPv6", "10.0.0.1", "", []string{"::ffff:203.0.113.1"}, nil, "203.0.113.1"},
		{"IPv4 in IPv6 is a proxy", "10.0.0.1", "", []string{"203.0.113.1, ::ffff:10.0.0.2"}, nil, "203.0.113.1"},
		{"a zone is no address", "10.0.0.1", "", []string{"203.0.113.1, fe80::1%eth0"}, nil, "10.0.0.1"},
		{"a word", "10.0.0.1", "", []string{"unknown"}, nil, "10.0.0.1"},
		{"a word behind a proxy", "10.0.0.1", "", []string{"8.8.8.8, unknown, 10.0.0.2"}, nil, "10.0.0.2"},
		{"a name", "10.0.0.1", "", []string{"client.test"}, nil, "10.0.0.1"},
		{"leading zeros", "10.0.0.1", "", []string{"203.0.113.001"}, nil, "10.0.0.1"},
		{"five parts", "10.0.0.1", "", []string{"203.0.113.1.1"}, nil, "10.0.0.1"},
		{"a port that is none", "10.0.0.1", "", []string{"203.0.113.1:x"}, nil, "10.0.0.1"},
		{"a port without digits", "10.0.0.1", "", []string{"203.0.113.1:"}, nil, "10.0.0.1"},
		{"a bracket that does not close", "10.0.0.1", "", []string{"[2001:db8::1"}, nil, "10.0.0.1"},
		{"brackets around IPv4", "10.0.0.1", "", []string{"[203.0.113.1]"}, nil, "10.0.0.1"},
		{"something after the bracket", "10.0.0.1", "", []string{"[2001:db8::1]x"}, nil, "10.0.0.1"},
		{"quotes do not belong here", "10.0.0.1", "", []string{`"203.0.113.1"`}, nil, "10.0.0.1"},
		{"semicolons", "10.0.0.1", "", []string{"203.0.113.1;8.8.8.8"}, nil, "10.0.0.1"},

		{"Forwarded", "10.0.0.1", "", nil, []string{"for=203.0.113.1"}, "203.0.113.1"},
		{"Forwarded with all that it may have", "10.0.0.1", "", nil, []string{`by=10.0.0.1; For="203.0.113.1:4711" ;host=c.test;proto=https`}, "203.0.113.1"},
		{"Forwarded with IPv6", "10.0.0.1", "", nil, []string{`for="[2001:db8::1]"`}, "2001:db8::1"},
		{"Forwarded with IPv6 and a port", "10.0.0.1", "", nil, []string{`FOR="[2001:db8::1]:4711"`}, "2001:db8::1"},
		{"Forwarded with a hidden port", "10.0.0.1", "", nil, []string{`for="203.0.113.1:_port"`}, "203.0.113.1"},
		{"Forwarded over two proxies", "10.0.0.1", "", nil, []string{"for=8.8.8.8, for=203.0.113.1;proto=https, for=10.0.0.2"}, "203.0.113.1"},
		{"Forwarded in two lines", "10.0.0.1", "", nil, []string{"for=8.8.8.8", "for=203.0.113.1"}, "203.0.113.1"},
		{"Forwarded hides", "10.0.0.1", "", nil, []string{"for=8.8.8.8, for=_hidden"}, "10.0.0.1"},
		{"Forwarded does not know", "10.0.0.1", "", nil, []string{"for=8.8.8.8, for=unknown, for=10.0.0.2"}, "10.0.0.2"},
		{"Forwarded without for", "10.0.0.1", "", nil, []string{"for=8.8.8.8, proto=https"}, "10.0.0.1"},
		{"a quote that does not end", "10.0.0.1", "", nil, []string{`for="203.0.113.1`}, "10.0.0.1"},
		{"a claimed quote does not hide the proxy's word", "10.0.0.1", "", nil, []string{`for="8.8.8.8, for=203.0.113.1`}, "203.0.113.1"},

		{"both: the commoner wins", "10.0.0.1", "", []string{"203.0.113.1"}, []string{"for=8.8.8.8"}, "203.0.113.1"},
		{"only the one that is set up", "10.0.0.1", "forwarded", []string{"8.8.8.8"}, []string{"for=203.0.113.1"}, "203.0.113.1"},
		{"the one that is set up is not there", "10.0.0.1", "Forwarded", []string{"8.8.8.8"}, nil, "10.0.0.1"},
		{"the commoner one is set up, and not there", "10.0.0.1", "X-Forwarded-For", nil, []string{"for=8.8.8.8"}, "10.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(testOptions(&recorder{}))
			s.options.ForwardedHeader = tt.only
			s.options.TrustedProxies = prefixes(proxies)
			r := &request{forwardedFor: tt.forwardedFor, forwarded: tt.forwarded}
			if got := s.clientAddress(netip.MustParseAddr(tt.peer), r); got.String() != tt.want {
				t.Errorf("client = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestProxyIsAskedOverTheNetwork(t *testing.T) {
	p := &recorder{}
	options := testOptions(p)
	options.TrustedProxies = prefixes("127.0.0.0/8")
	c := dialTCP(t, overTCP(t, options))
	ask(t, c, post(good, "X-Forwarded-For: 8.8.8.8", "Accept: */*", "X-Forwarded-For: 203.0.113.1"))
	ask(t, c, post(good))
	if p.hits[0].Address.String() != "203.0.113.1" || p.hits[1].Address.String() != "127.0.0.1" {
		t.Error("the addresses are not those of the header, and of the peer where there is none")
	}
}

func prefixes(list string) []netip.Prefix {
	var all []netip.Prefix
	for one := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}
