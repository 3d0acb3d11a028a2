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

// networks are those that a clinic in Almaty is visited from: Kazakhstan's providers, its neighbours', and a little from all over the world.
func networks() []network { return append(networksAtHome(), networksAbroad()...) }

func networksAtHome() []network {
	home := func(prefix string, asn uint32, city, region string, mobile bool, weight int) network {
		zone := "Asia/Almaty"
		if region == "23" || region == "47" || region == "15" || region == "27" {
			zone = map[string]string{"23": "Asia/Atyrau", "47": "Asia/Aqtau", "15": "Asia/Aqtobe", "27": "Asia/Oral"}[region]
		}
		return network{netip.MustParsePrefix(prefix), event.Place{Country: "KZ", Region: region, City: city, ASN: asn, NetworkKind: kindOf(mobile)}, zone, mobile, weight}
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
	}
}

func networksAbroad() []network {
	abroad := func(prefix string, asn uint32, country, region, city, zone string, weight int) network {
		return network{netip.MustParsePrefix(prefix), event.Place{Country: country, Region: region, City: city, ASN: asn, NetworkKind: kindOf(false)}, zone, false, weight}
	}
	return []network{
		abroad("91.76.0.0/14", 8359, "RU", "MOW", "Moscow", "Europe/Moscow", 16),
		abroad("178.64.0.0/13", 12389, "RU", "SPE", "St Petersburg", "Europe/Moscow", 9),
		abroad("37.218.128.0/18", 12997, "KG", "GB", "Bishkek", "Asia/Bishkek", 13),
		abroad("213.230.64.0/18", 8193, "UZ", "TK", "Tashkent", "Asia/Tashkent", 10),
		abroad("95.0.0.0/12", 9121, "TR", "34", "Istanbul", "Europe/Istanbul", 5),
		abroad("84.128.0.0/10", 3320, "DE", "BE", "Berlin", "Europe/Berlin", 3),
		abroad("49.36.0.0/14", 55836, "IN", "MH", "Mumbai", "Asia/Kolkata", 1),
		abroad("111.0.0.0/10", 9808, "CN", "BJ", "Beijing", "Asia/Shanghai", 1),
		abroad("31.40.0.0/16", 29049, "AZ", "BA", "Baku", "Asia/Baku", 1),
		abroad("46.70.0.0/15", 12297, "AM", "ER", "Yerevan", "Asia/Yerevan", 1),
		abroad("188.129.128.0/17", 35805, "GE", "TB", "Tbilisi", "Asia/Tbilisi", 1),
		abroad("85.9.128.0/18", 43197, "TJ", "DU", "Dushanbe", "Asia/Dushanbe", 1),
		abroad("202.131.224.0/19", 9484, "MN", "1", "Ulaanbaatar", "Asia/Ulaanbaatar", 1),
		abroad("178.120.0.0/13", 6697, "BY", "HM", "Minsk", "Europe/Minsk", 1),
		abroad("93.72.0.0/13", 25229, "UA", "30", "Kyiv", "Europe/Kyiv", 1),
		abroad("83.0.0.0/11", 5617, "PL", "14", "Warsaw", "Europe/Warsaw", 1),
		abroad("90.0.0.0/9", 3215, "FR", "IDF", "Paris", "Europe/Paris", 1),
		abroad("79.0.0.0/10", 3269, "IT", "62", "Rome", "Europe/Rome", 1),
		abroad("81.32.0.0/11", 3352, "ES", "MD", "Madrid", "Europe/Madrid", 1),
		abroad("77.160.0.0/11", 1136, "NL", "NH", "Amsterdam", "Europe/Amsterdam", 1),
		abroad("85.0.0.0/13", 3303, "CH", "ZH", "Zurich", "Europe/Zurich", 1),
		abroad("84.112.0.0/13", 8412, "AT", "9", "Vienna", "Europe/Vienna", 1),
		abroad("90.176.0.0/13", 5610, "CZ", "10", "Prague", "Europe/Prague", 1),
		abroad("81.224.0.0/12", 3301, "SE", "AB", "Stockholm", "Europe/Stockholm", 1),
		abroad("84.248.0.0/13", 1759, "FI", "18", "Helsinki", "Europe/Helsinki", 1),
		abroad("84.208.0.0/13", 2119, "NO", "03", "Oslo", "Europe/Oslo", 1),
		abroad("94.200.0.0/14", 5384, "AE", "DU", "Dubai", "Asia/Dubai", 1),
		abroad("188.48.0.0/13", 25019, "SA", "01", "Riyadh", "Asia/Riyadh", 1),
		abroad("79.176.0.0/13", 8551, "IL", "TA", "Tel Aviv", "Asia/Jerusalem", 1),
		abroad("41.32.0.0/12", 8452, "EG", "C", "Cairo", "Africa/Cairo", 1),
		abroad("126.0.0.0/8", 17676, "JP", "13", "Tokyo", "Asia/Tokyo", 1),
		abroad("175.192.0.0/10", 4766, "KR", "11", "Seoul", "Asia/Seoul", 1),
		abroad("171.96.0.0/13", 17552, "TH", "10", "Bangkok", "Asia/Bangkok", 1),
		abroad("113.160.0.0/11", 45899, "VN", "HN", "Hanoi", "Asia/Ho_Chi_Minh", 1),
		abroad("175.136.0.0/13", 4788, "MY", "14", "Kuala Lumpur", "Asia/Kuala_Lumpur", 1),
		abroad("116.86.0.0/15", 4773, "SG", "", "Singapore", "Asia/Singapore", 1),
		abroad("99.224.0.0/11", 812, "CA", "ON", "Toronto", "America/Toronto", 1),
		abroad("201.0.0.0/12", 27699, "BR", "SP", "Sao Paulo", "America/Sao_Paulo", 1),
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
