package load

import "mayak/schema/event"

// Source is what a visit came from.
type Source struct {
	Referrer string
	Campaign event.Campaign
	Click    string // name of a click id that comes with the address
	Lands    Landing
	app      string // the in-app browser that this source opens pages in
	weight   int
}

// Landing is the kind of page that a source leads to.
type Landing int

// The landings.
const (
	LandsAnywhere Landing = iota
	LandsHome
	LandsOnArticle
	LandsOnService
	LandsOnResults
)

// sources are where visits come from. A campaign's name is the month's offer, so that there are several at a time.
func sources() []Source {
	paid := func(referrer, source, medium, name, term, content, click, app string, weight int) Source {
		return Source{
			Referrer: referrer, Campaign: event.Campaign{Source: source, Medium: medium, Name: name, Term: term, Content: content},
			Click: click, Lands: LandsOnService, app: app, weight: weight,
		}
	}
	return []Source{
		{weight: 250, Lands: LandsHome},
		{weight: 70, Lands: LandsOnResults},
		{weight: 40},
		{Referrer: "https://www.google.com/", Lands: LandsOnArticle, weight: 190},
		{Referrer: "https://www.google.kz/", Lands: LandsHome, weight: 25},
		{Referrer: "https://yandex.kz/", Lands: LandsOnArticle, weight: 75},
		{Referrer: "https://yandex.ru/search/", Lands: LandsOnArticle, weight: 20},
		{Referrer: "https://go.mail.ru/search", Lands: LandsOnArticle, weight: 7},
		{Referrer: "https://www.bing.com/", Lands: LandsOnArticle, weight: 9},
		{Referrer: "https://duckduckgo.com/", Lands: LandsOnArticle, weight: 3},
		{Referrer: "https://l.instagram.com/", app: "instagram", weight: 55},
		{Referrer: "https://www.tiktok.com/", app: "tiktok", Lands: LandsOnService, weight: 20},
		{Referrer: "https://t.me/", app: "telegram", weight: 14},
		{Referrer: "https://wa.me/", app: "whatsapp", Lands: LandsOnResults, weight: 16},
		{Referrer: "https://vk.com/", weight: 8},
		{Referrer: "https://ok.ru/", weight: 3},
		{Referrer: "https://m.facebook.com/", app: "facebook", weight: 8},
		{Referrer: "https://2gis.kz/almaty/firm/70000001", Lands: LandsHome, weight: 30},
		{Referrer: "https://chatgpt.com/", Lands: LandsOnArticle, weight: 9},
		{Referrer: "https://www.perplexity.ai/", Lands: LandsOnArticle, weight: 2},
		{Referrer: "https://kaspi.kz/", Lands: LandsOnService, weight: 6},
		{Referrer: "https://egov.kz/cms/ru", Lands: LandsHome, weight: 4},
		paid("https://www.google.com/", "google", "cpc", "check-up", "klinika almaty", "search-a", "gclid", "", 35),
		paid("https://www.google.com/", "google", "cpc", "mrt", "mrt cena", "search-b", "gclid", "", 18),
		paid("https://yandex.kz/", "yandex", "cpc", "uzi", "uzi almaty", "poisk", "yclid", "", 14),
		paid("https://l.instagram.com/", "instagram", "paid_social", "stomatolog", "", "stories", "fbclid", "instagram", 32),
		paid("https://l.instagram.com/", "instagram", "paid_social", "pediatr", "", "reels", "fbclid", "instagram", 18),
		paid("https://www.tiktok.com/", "tiktok", "cpc", "dermatolog", "", "video", "ttclid", "tiktok", 12),
		paid("", "newsletter", "email", "sentyabr", "", "knopka", "", "", 15),
		paid("", "2gis", "banner", "vakcinaciya", "", "", "", "", 8),
		paid("", "sms", "sms", "napominanie", "", "", "", "", 10),
	}
}
