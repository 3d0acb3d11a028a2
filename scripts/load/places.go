package load

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"mayak/schema/event"
)

// network is a provider's network and where its customers are.
type network struct {
	prefix netip.Prefix
	place  event.Place
	zone   string
	mobile bool // an address is somebody else's an hour later
	weight int
}

// networks are those that a clinic in Almaty is visited from: Kazakhstan's providers, and a few from elsewhere.
func networks() []network {
	home := func(prefix string, asn uint32, city, region string, mobile bool, weight int) network {
		zone := "Asia/Almaty"
		if region == "23" || region == "47" || region == "15" || region == "27" {
			zone = map[string]string{"23": "Asia/Atyrau", "47": "Asia/Aqtau", "15": "Asia/Aqtobe", "27": "Asia/Oral"}[region]
		}
		return network{netip.MustParsePrefix(prefix), event.Place{Country: "KZ", Region: region, City: city, ASN: asn, NetworkKind: kindOf(mobile)}, zone, mobile, weight}
	}
	abroad := func(prefix string, asn uint32, country, region, city, zone string, weight int) network {
		return network{netip.MustParsePrefix(prefix), event.Place{Country: country, Region: region, City: city, ASN: asn, NetworkKind: kindOf(false)}, zone, false, weight}
	}
	return []network{
		home("2.132.0.0/16", 9198, "Almaty", "75", false, 190),
		home("95.56.0.0/16", 9198, "Almaty", "75", false, 130),
		home("2.133.0.0/16", 9198, "Astana", "71", false, 85),
		home("178.88.0.0/16", 9198, "Karaganda", "35", false, 40),
		home("178.89.0.0/16", 9198, "Shymkent", "79", false, 40),
		home("37.150.0.0/16", 9198, "Aktobe", "15", false, 18),
		home("5.76.0.0/16", 9198, "Atyrau", "23", false, 12),
		home("147.30.0.0/16", 9198, "Pavlodar", "55", false, 14),
		home("5.251.0.0/16", 9198, "Oral", "27", false, 9),
		home("92.46.0.0/18", 50482, "Almaty", "75", false, 22),
		home("2a00:12f8::/32", 9198, "Almaty", "75", false, 16),
		home("2.72.0.0/15", 29355, "Almaty", "75", true, 120),
		home("2.74.0.0/15", 29355, "Astana", "71", true, 45),
		home("149.27.0.0/16", 29355, "Aktau", "47", true, 14),
		home("37.99.0.0/18", 21299, "Almaty", "75", true, 85),
		home("5.34.0.0/17", 21299, "Almaty", "75", true, 35),
		home("145.249.192.0/18", 21299, "Astana", "71", true, 25),
		home("85.117.96.0/19", 29555, "Almaty", "75", true, 34),
		home("2a03:32c0::/40", 29555, "Almaty", "75", true, 42),
		home("62.84.32.0/19", 39824, "Almaty", "75", false, 14),
		home("91.185.0.0/19", 41798, "Astana", "71", false, 9),
		abroad("91.76.0.0/14", 8359, "RU", "MOW", "Moscow", "Europe/Moscow", 16),
		abroad("178.64.0.0/13", 12389, "RU", "SPE", "St Petersburg", "Europe/Moscow", 9),
		abroad("37.218.128.0/18", 12997, "KG", "GB", "Bishkek", "Asia/Bishkek", 13),
		abroad("213.230.64.0/18", 8193, "UZ", "TK", "Tashkent", "Asia/Tashkent", 10),
		abroad("95.0.0.0/12", 9121, "TR", "34", "Istanbul", "Europe/Istanbul", 5),
		abroad("84.128.0.0/10", 3320, "DE", "BE", "Berlin", "Europe/Berlin", 3),
	}
}

// machines are where bots live.
func machines() map[string]network {
	at := func(prefix string, asn uint32, country string) network {
		return network{prefix: netip.MustParsePrefix(prefix), place: event.Place{Country: country, ASN: asn, NetworkKind: "hosting"}, zone: "UTC"}
	}
	return map[string]network{
		"google": at("142.250.0.0/15", 15169, "US"), "yandex": at("95.108.128.0/17", 13238, "RU"), "azure": at("20.64.0.0/10", 8075, "US"),
		"amazon": at("44.192.0.0/11", 14618, "US"), "hetzner": at("116.202.0.0/15", 24940, "DE"), "meta": at("173.252.64.0/18", 32934, "US"),
		"telegram": at("149.154.160.0/21", 62041, "GB"),
	}
}

// address is one of the network's addresses; an IPv6 customer has a /64.
func (n *network) address(chance *rand.Rand) netip.Addr {
	base := n.prefix.Addr()
	if base.Is4() {
		b := base.As4()
		host := chance.Uint32() >> n.prefix.Bits()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])|host)
		return netip.AddrFrom4(b)
	}
	b := base.As16()
	customer := chance.Uint64() >> n.prefix.Bits()
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])|customer)
	binary.BigEndian.PutUint64(b[8:], chance.Uint64())
	return netip.AddrFrom16(b)
}

// kindOf is the kind of a provider's network, as the enricher names it.
func kindOf(mobile bool) string {
	if mobile {
		return "mobile"
	}
	return "isp"
}
