package enrich

import "strings"

// listedBot looks for a known robot: wherever a word starts, the names of the table are compared.
func listedBot(ua *scanned) (kind, name string) {
	lower := ua.lower
	for i := 0; i < len(lower); i++ {
		if !isAlphanumeric(lower[i]) || i > 0 && isAlphanumeric(lower[i-1]) {
			continue
		}
		for _, b := range bots {
			if strings.HasPrefix(lower[i:], b.mark) {
				return b.kind, b.name
			}
		}
		end := i
		for end < len(lower) && isAlphanumeric(lower[end]) {
			end++
		}
		for _, tail := range robotWords {
			if strings.HasSuffix(lower[i:end], tail) && !strings.HasSuffix(lower[i:end], "cubot") {
				return "other", cleaned(ua.text[i:end])
			}
		}
	}
	return "", ""
}

var robotWords = []string{"bot", "bots", "crawler", "spider", "scraper", "crawl"}

type botMark struct{ mark, kind, name string }

var bots = []botMark{
	{"googlebot", "search", "Googlebot"},
}

// loneProduct tells programs that say only their name: "curl/8.5.0", "python-requests/2.31". A browser says more.
func loneProduct(ua *scanned) (kind, name string) {
	if strings.HasPrefix(ua.lower, "mozilla/") || strings.ContainsAny(ua.text, "(;") {
		return "", ""
	}
	name, _, _ = strings.Cut(strings.TrimSpace(ua.text), "/")
	return "http-library", cleaned(name)
}
