package enrich

import (
	"strings"

	"mayak/schema/event"
)

// The channels that a visit can come through: a closed set, the values of the column channel.
const (
	Direct        = "direct"
	OrganicSearch = "organic search"
	PaidSearch    = "paid search"
	Social        = "social"
	Email         = "email"
	Referral      = "referral"
	Assistant     = "ai assistant"
	Internal      = "internal"
	Campaign      = "campaign"
)

// Channels lists all channels.
func Channels() []string {
	return []string{Direct, OrganicSearch, PaidSearch, Social, Email, Referral, Assistant, Internal, Campaign}
}

// arrival is all that tells where a page view came from.
type arrival struct {
	referrerHost string
	ownReferrer  bool
	campaign     event.Campaign
	click        string // name of the click id that came
}

// channel asks first what the link says of itself, then the page that held it: a tagged link in an e-mail has no
// referrer, and an advertisement's referrer is the search engine.
func (a *arrival) channel() string {
	if told := a.tagged(); told != "" {
		return told
	}
	if told, ok := clickIDs[a.click]; ok {
		return told
	}
	switch {
	case a.ownReferrer:
		return Internal
	case a.referrerHost == "":
		return Direct
	}
	if told := channelOfHost(a.referrerHost); told != "" {
		return told
	}
	return Referral
}

// tagged is what the utm parameters say; empty when there are none.
func (a *arrival) tagged() string {
	if a.campaign == (event.Campaign{}) {
		return ""
	}
	medium := channelOfMedium(a.campaign.Medium)
	source := channelOfSource(a.campaign.Source)
	if paid, ok := clickIDs[a.click]; ok && paid == PaidSearch && medium == "" && (source == "" || source == OrganicSearch) {
		return PaidSearch
	}
	switch {
	case source == Assistant, source == Email:
		return source
	case medium == PaidSearch && source == Social:
		return Social
	case medium == Direct: // tags that say that there was no campaign
		return ""
	case medium != "":
		return medium
	case source != "":
		return source
	}
	return Campaign
}

func channelOfMedium(medium string) string {
	var buffer [maxTag]byte
	return mediums[string(lowered(&buffer, medium))]
}

// channelOfSource knows a source by its name, its domain, or the first word of it: "vk", "vk.com", "vk_ads".
func channelOfSource(source string) string {
	var buffer [maxTag]byte
	lower := lowered(&buffer, source)
	if told, ok := sources[string(lower)]; ok {
		return told
	}
	for i, c := range lower {
		if c == '_' || c == '-' || c == ' ' || c == '|' {
			if told, ok := sources[string(lower[:i])]; ok {
				return told
			}
			break
		}
	}
	if strings.IndexByte(source, '.') > 0 && len(lower) == len(source) {
		return channelOfHost(string(lower))
	}
	return ""
}

const maxTag = 64

// lowered is s in lower case; what is too long for any table is cut.
func lowered(buffer *[maxTag]byte, s string) []byte {
	n := copy(buffer[:], s)
	for i, c := range buffer[:n] {
		if c >= 'A' && c <= 'Z' {
			buffer[i] = c + 'a' - 'A'
		}
	}
	return buffer[:n]
}

// channelOfHost looks the host up from its most specific name to its domain: mail.google.com is no search engine,
// though google.com is one. The names of worldwide brands stand in the table without a country.
func channelOfHost(host string) string {
	host = strings.TrimSuffix(host, ".")
	if told := walk(host); told != "" {
		return told
	}
	if name, brand := worldwide(host); brand {
		return walk(name)
	}
	return ""
}

func walk(host string) string {
	for {
		if told, ok := hosts[host]; ok {
			return told
		}
		dot := strings.IndexByte(host, '.')
		if dot < 0 {
			return ""
		}
		host = host[dot+1:]
	}
}

// worldwide cuts the country off a brand's host: "mail.yandex.kz" and "www.google.com.tr" end as "mail.yandex" and
// "www.google".
func worldwide(host string) (string, bool) {
	for range 2 {
		dot := strings.LastIndexByte(host, '.')
		if dot < 0 || len(host)-dot > len(".online") {
			return "", false
		}
		host = host[:dot]
		if brandLabels[host[strings.LastIndexByte(host, '.')+1:]] {
			return host, true
		}
	}
	return "", false
}

// isSpam tells hosts that send no visitors, only referrers that they hope someone will look up.
func isSpam(host string) bool {
	for host != "" {
		if spamHosts[host] {
			return true
		}
		dot := strings.IndexByte(host, '.')
		if dot < 0 {
			return false
		}
		host = host[dot+1:]
	}
	return false
}
