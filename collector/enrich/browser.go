package enrich

import (
	"strings"

	"github.com/mssola/useragent"

	"mayak/schema/event"
)

// knownAs looks a product up.
func knownAs(name string) browser {
	if known, ok := browsers[name]; ok {
		return known
	}
	if known, ok := apps[name]; ok {
		return known
	}
	return programs[name]
}

// androidBrowser is what came with Android before Chrome did.
const androidBrowser = "Android Browser"

// operaMini renders on Opera's servers; its agent does not say that it is a phone.
const operaMini = "Opera Mini"

// addBrowser names the browser by the highest ranking product of the table, of two equals the first, and falls back to
// what mssola/useragent says.
func addBrowser(told *event.Agent, ua *scanned, base *useragent.UserAgent) {
	var best browser
	for _, p := range ua.products() {
		known := knownAs(p.name)
		if known.rank > best.rank {
			best, told.BrowserVersion = known, p.version
		} else if told.BrowserVersion == "" && known.rank != 0 && known.name == best.name {
			told.BrowserVersion = p.version // "FBAN/FBIOS;FBAV/441.0"
		}
	}
	for i := range phrases {
		if p := &phrases[i]; p.is.rank > best.rank && ua.has(p.mark) {
			best, told.BrowserVersion = p.is, ua.after(p.mark)
		}
	}
	if best.rank < fork {
		if name, version := ua.ownBrowser(); name != "" {
			told.Browser, told.BrowserVersion, ua.browses = name, version, true
			return
		}
	}
	told.Browser, told.App, ua.browses = best.name, best.app, best.rank != 0
	switch {
	case best.rank == 0:
		told.Browser, told.BrowserVersion = unlisted(ua, base)
	case best.rank < inApp:
		mendBrowser(told, ua, best)
	}
}

// ownBrowser knows the forks of no table by their product's name: VenusBrowser/2.0.0.
func (s *scanned) ownBrowser() (name, version string) {
	const word = "browser"
	for i, p := range s.products() {
		if i == 0 || p.version == "" || !strings.HasSuffix(p.name, word) || len(p.name) < len(word)+3 || knownAs(p.name).rank != 0 {
			continue
		}
		at := strings.Index(s.lower, p.name+"/")
		name = strings.Trim(s.text[at:at+len(p.name)-len(word)], "-_.")
		return cleaned(name) + " Browser", p.version
	}
	return "", ""
}

// unlisted takes a name that mssola/useragent found, unless it is one of those that it says when it knows nothing, or the
// agent is a web view of Apple's, where it takes any word for the browser.
func unlisted(ua *scanned, base *useragent.UserAgent) (name, version string) {
	if ua.apple() && ua.has("applewebkit") {
		return "Safari WebView", ""
	}
	if ua.has("playstation 3") || ua.has("playstation portable") || ua.has("nintendo 3ds") {
		return "NetFront", "" // they were sold with it, and do not name it
	}
	name, version = base.Browser()
	switch name = cleaned(name); name {
	case "", "Mozilla", "AppleWebKit", "Mobile App", "Mobile", "Version", "Build", "Gecko", "Ubuntu", "Debian", "Fedora", "Linux", "KHTML", "Symbian":
		return "", ""
	case "Android":
		name = androidBrowser
	}
	return name, versionAt(version, 0)
}

func (s *scanned) apple() bool {
	return s.has("iphone") || s.has("ipad") || s.has("ipod") || s.has("macintosh")
}

// mendBrowser tells the browsers apart that share a product's name, and finds the version where it stands elsewhere.
func mendBrowser(told *event.Agent, ua *scanned, found browser) {
	version, hasVersion := ua.product("version")
	switch found.name {
	case "Safari":
		told.Browser, told.BrowserVersion = safariLike(ua), version.version
	case "Chrome":
		if ua.has("; wv)") || hasVersion && version.version == "4.0" && ua.has("android") {
			told.Browser = "Chrome WebView"
		}
	case "Opera":
		switch {
		case ua.has("opera mini"):
			told.Browser = operaMini
			if mini, ok := ua.product("mini"); ok {
				told.BrowserVersion = mini.version
			}
		case ua.has("(edition") && ua.hasWord("gx"):
			told.Browser = "Opera GX"
		case hasVersion && strings.HasPrefix(ua.lower, "opera/"):
			told.BrowserVersion = version.version
		}
	case "Internet Explorer":
		told.BrowserVersion = explorerVersion(ua, told.BrowserVersion)
	}
}

// safariLike tells who says "Version/… Safari/…": everybody who built a browser on WebKit.
func safariLike(ua *scanned) string {
	switch {
	case ua.apple():
		return "Safari"
	case ua.has("android"):
		return androidBrowser
	case ua.has("symbianos"):
		return "Nokia Browser"
	case ua.has("tizen"):
		return "Tizen Browser"
	case ua.has("blackberry"), ua.has("bb10"), ua.has("playbook"):
		return "BlackBerry Browser"
	}
	return "Safari"
}

// explorerVersion knows that Internet Explorer 11 names itself by rv:, and its compatibility mode by its engine.
func explorerVersion(ua *scanned, said string) string {
	trident, ok := ua.product("trident")
	if !ok {
		return said
	}
	switch trident.version {
	case "7.0":
		return "11.0"
	case "6.0":
		return "10.0"
	case "5.0":
		return "9.0"
	case "4.0":
		return "8.0"
	}
	return said
}
